"""The sandbox as judge: lists before, input, lists after, and the requests that were made."""

from __future__ import annotations

import io
import json
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_dynatrace_dps.target import TargetDynatraceDPS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest
    from dynatrace_sandbox.testing import SandboxServer

LOGGER = "target-dynatrace-dps"


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        states: what the target passed on.
        requests: to the Account Management API: method, and path below the account's settings.
        log: messages of the target.
        failure: what ended it, or an empty text.
    """

    states: list[dict[str, Any]]
    requests: list[tuple[str, str]]
    log: list[str]
    failure: str

    @property
    def writes(self) -> list[tuple[str, str]]:
        """Return the requests other than GET."""
        return [request for request in self.requests if request[0] != "GET"]


class Desk:
    """One sandbox, with lists that a test puts in place and looks at."""

    def __init__(
        self,
        sandbox: SandboxServer,
        capsys: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        """Start with empty lists everywhere and no faults."""
        self.sandbox = sandbox
        self._capsys = capsys
        self._caplog = caplog
        self.uuids = [account["uuid"] for account in sandbox.accounts]
        self.names = [account["name"] for account in sandbox.accounts]
        for number in range(len(self.uuids)):
            for field in ("costcenters", "products"):
                if self.look(field, number):
                    self.put([], field, number)
        sandbox.clear_faults()
        sandbox.switch(settings_write_scope="account-uac-write", token_lifetime=300)

    def put(self, keys: Sequence[str], field: str = "costcenters", account: int = 0) -> None:
        """Put a list in place."""
        inside = self.sandbox.sandbox
        inside.set_values(inside.customer.accounts[account], field, list(keys))

    def look(self, field: str = "costcenters", account: int = 0) -> list[str]:
        """Look at a list as the service has it."""
        inside = self.sandbox.sandbox
        return list(inside.values(inside.customer.accounts[account], field))

    def run(self, messages: Sequence[dict[str, Any]] | str, **config: object) -> Outcome:
        """Run the target over the messages."""
        text = messages if isinstance(messages, str) else "\n".join(map(json.dumps, messages))
        self.sandbox.clear_requests()
        self._capsys.readouterr()
        self._caplog.clear()
        failure = ""
        with self._caplog.at_level(logging.INFO, logger=LOGGER):
            try:
                target = TargetDynatraceDPS(config=self.sandbox.dps_config(**config))
                target.listen(io.StringIO(text))
            except Exception as error:  # noqa: BLE001  (whatever it is, the test looks at it)
                failure = f"{type(error).__name__}: {error}"
        return Outcome(
            states=[json.loads(line) for line in self._capsys.readouterr().out.splitlines()],
            requests=[
                (entry["method"], entry["path"].partition("/settings/")[2])
                for entry in self.sandbox.requests("/settings/")
            ],
            log=[entry.getMessage() for entry in self._caplog.records if entry.name == LOGGER],
            failure=failure,
        )
