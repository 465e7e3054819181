"""The sandbox for tests: a server in this process, and its admin API as methods.

with SandboxServer(today=date(2026, 3, 1), days=60) as sandbox:
    sandbox.fault(path="/cost$", status=503, times=2)
    ...
    assert sandbox.requests("/cost$")[0]["status"] == 503
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from dynatrace_sandbox.admin_client import AdminClient, AdminRefusedError
from dynatrace_sandbox.plugin_settings import account_settings, ingest_settings
from dynatrace_sandbox.sandbox import Options, Sandbox
from dynatrace_sandbox.server import ServerThread, bind
from dynatrace_sandbox.switches import Switches

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path
    from types import TracebackType
    from typing import Self


class SandboxServer(AdminClient):
    """A sandbox on a free loopback port, for the time of a ``with`` block.

    Attributes:
        url: Base URL of all services.
        accounts: UUID, name, client id and secret and environments of the five accounts.
        credentials: The whole answer of ``/sandbox/accounts``, with the ingest credentials.
        subscription_uuid: The subscription that all accounts share.
    """

    def __init__(  # noqa: PLR0913 - one argument for each option of the command line
        self,
        *,
        seed: int | None = None,
        today: date | None = None,
        days: int | None = None,
        environments: int | None = None,
        capabilities: int | None = None,
        data: Path | None = None,
        **switches: object,
    ) -> None:
        """Say what the sandbox should be.

        Args:
            seed: Seed of the customer.
            today: Present day; the real one where not given.
            days: Days of history.
            environments: Environments over all accounts.
            capabilities: Capabilities of each environment.
            data: Directory that survives; in memory where not given.
            **switches: Fields of :class:`dynatrace_sandbox.switches.Switches`.
        """
        self._options = Options(
            data=data,
            seed=seed,
            today=today,
            days=days,
            environments=environments,
            capabilities=capabilities,
            switches=msgspec.convert(switches, Switches),
        )
        super().__init__("")
        self.accounts: list[dict[str, Any]] = []
        self.credentials: dict[str, Any] = {}
        self.subscription_uuid = ""

    def __enter__(self) -> Self:
        """Start serving.

        Returns:
            Itself.
        """
        self.sandbox = Sandbox(self._options)
        try:
            self._server = ServerThread(self.sandbox, bind("127.0.0.1", 0))
        except BaseException:
            self.sandbox.close()
            raise
        self.url = self._server.url
        self.credentials = self.call("GET", "accounts")
        self.accounts = self.credentials["accounts"]
        self.subscription_uuid = self.credentials["subscription_uuid"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop serving."""
        self._server.stop()
        self.sandbox.close()

    def tap_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the tap.

        Args:
            **overrides: More or other settings.

        Returns:
            Settings with all five accounts.
        """
        return {**account_settings(self.url, self.sandbox.customer), **overrides}

    def dps_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the cost-allocation target.

        Args:
            **overrides: More or other settings.

        Returns:
            Settings with all five accounts.
        """
        return {**account_settings(self.url, self.sandbox.customer), **overrides}

    def bizevents_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the business-events target.

        Args:
            **overrides: More or other settings; None takes one away.

        Returns:
            Settings with OAuth.
        """
        made = {**ingest_settings(self.url, self.sandbox.customer), **overrides}
        return {name: value for name, value in made.items() if value is not None}


__all__ = ["AdminRefusedError", "SandboxServer"]
