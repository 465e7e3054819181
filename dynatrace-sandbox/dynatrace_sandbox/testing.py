"""The sandbox for tests: a server in this process, and its admin API as methods.

with SandboxServer(today=date(2026, 3, 1), days=60) as sandbox:
    sandbox.fault(path="/cost$", status=503, times=2)
    ...
    assert sandbox.requests("/cost$")[0]["status"] == 503
"""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from dynatrace_sandbox.sandbox import Options, Sandbox
from dynatrace_sandbox.server import ServerThread, bind
from dynatrace_sandbox.switches import Switches

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal
    from pathlib import Path
    from types import TracebackType
    from typing import Self

FIRST_ERROR_STATUS = 400
SSO_PATH = "/sso/oauth2/token"
ADMIN_SECONDS = 120
"""The truth of a very large customer takes a while."""


class AdminRefusedError(Exception):
    """The admin API refused a request; the text is its answer."""


class SandboxServer:
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
        self.url = ""
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
        self.credentials = self._call("GET", "accounts")
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

    def _raw(self, method: str, path: str, body: object = None) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=ADMIN_SECONDS)
        try:
            content = None if body is None else msgspec.json.encode(body)
            connection.request(method, f"/sandbox/{path}", content)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status >= FIRST_ERROR_STATUS:
            raise AdminRefusedError(text.decode())
        return text

    def _call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        text = self._raw(method, path, body)
        return msgspec.json.decode(text) if text else None

    def _lines(self, path: str) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self._raw("GET", path).splitlines()]

    def fault(self, **rule: object) -> None:
        """Add a fault rule.

        Args:
            **rule: Fields of :class:`dynatrace_sandbox.faults.FaultRule`.
        """
        self._call("POST", "faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """List the fault rules with ``seen`` and ``applied`` counts.

        Returns:
            Rules.
        """
        found: list[dict[str, Any]] = self._call("GET", "faults")
        return found

    def clear_faults(self) -> None:
        """Forget all fault rules."""
        self._call("DELETE", "faults")

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """Read the request log.

        Args:
            path: Regular expression on the path.

        Returns:
            Entries with n, time, method, path, query, headers, bytes, events, in_flight, status,
            fault, seconds (and body for cost centers and products).
        """
        found: list[dict[str, Any]] = self._call(
            "GET", f"requests?{urlencode({'path': path or ''})}"
        )
        return found

    def clear_requests(self) -> None:
        """Forget the request log."""
        self._call("DELETE", "requests")

    def events(
        self,
        type: str | None = None,  # noqa: A002 - the attribute's own name
        account: str | None = None,
        limit: int = 1_000_000,
        offset: int = 0,
        order: str = "asc",
    ) -> list[dict[str, Any]]:
        """Read stored events; numbers are floats, see :meth:`event_lines` for their digits.

        Args:
            type: Only this ``event.type``.
            account: Only this ``accountName``.
            limit: At most this many.
            offset: Leave out the first ones.
            order: ``asc`` or ``desc`` of arrival.

        Returns:
            Attributes.
        """
        lines = self.event_lines(type, account, limit, offset, order)
        return [msgspec.json.decode(line) for line in lines]

    def event_lines(
        self,
        type: str | None = None,  # noqa: A002 - the attribute's own name
        account: str | None = None,
        limit: int = 1_000_000,
        offset: int = 0,
        order: str = "asc",
    ) -> list[bytes]:
        """Read stored events as JSON texts with the digits as they were sent.

        Args:
            type: Only this ``event.type``.
            account: Only this ``accountName``.
            limit: At most this many.
            offset: Leave out the first ones.
            order: ``asc`` or ``desc`` of arrival.

        Returns:
            JSON objects.
        """
        query = {
            "type": type or "",
            "account": account or "",
            "limit": limit,
            "offset": offset,
            "order": order,
        }
        return self._raw("GET", f"events?{urlencode(query)}").splitlines()

    def clear_events(self) -> None:
        """Forget the stored events."""
        self._call("DELETE", "events")

    def report(self) -> list[dict[str, Any]]:
        """Count what arrived.

        Returns:
            Rows with type, account, stored, distinct, duplicates, dropped, first, last.
        """
        found: list[dict[str, Any]] = self._call("GET", "report")
        return found

    def truth(self, dataset: str, account: str | None = None) -> list[dict[str, Any]]:
        """Read the sandbox's own facts; amounts are decimal texts.

        Args:
            dataset: For example ``cost``.
            account: UUID or name.

        Returns:
            Facts.
        """
        return self._lines(f"truth/{quote(dataset)}?{urlencode({'account': account or ''})}")

    def advance(self, days: int = 1) -> str:
        """Let days pass.

        Args:
            days: How many.

        Returns:
            The new present day.
        """
        return str(self._call("POST", "clock/advance", {"days": days})["today"])

    def restate(
        self,
        day: date | str,
        delta: Decimal | str,
        account: str | None = None,
        environment_id: str | None = None,
        capability_key: str | None = None,
    ) -> dict[str, Any]:
        """Add a late booking to a past day.

        Args:
            day: The day.
            delta: Cost to add.
            account: UUID or name.
            environment_id: One of the account's.
            capability_key: One of the customer's.

        Returns:
            What was booked.
        """
        body = {
            "day": str(day),
            "delta": str(delta),
            "account": account,
            "environmentId": environment_id,
            "capabilityKey": capability_key,
        }
        found: dict[str, Any] = self._call("POST", "restate", body)
        return found

    def grant(self, client_id: str, scopes: list[str]) -> None:
        """Change the scopes that a client may ask for.

        Args:
            client_id: The client.
            scopes: All its scopes.
        """
        self._call("POST", "grants", {"client_id": client_id, "scopes": scopes})

    def switch(self, **changes: object) -> dict[str, Any]:
        """Change switches.

        Args:
            **changes: Fields of :class:`dynatrace_sandbox.switches.Switches`.

        Returns:
            All switches.
        """
        found: dict[str, Any] = self._call("PUT", "switches", changes)
        return found

    def tap_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the tap.

        Args:
            **overrides: More or other settings.

        Returns:
            Settings with all five accounts.
        """
        return {**account_settings(self.url, self.credentials), **overrides}

    def dps_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the cost-allocation target.

        Args:
            **overrides: More or other settings.

        Returns:
            Settings with all five accounts.
        """
        return {**account_settings(self.url, self.credentials), **overrides}

    def bizevents_config(self, **overrides: object) -> dict[str, Any]:
        """Make settings for the business-events target.

        Args:
            **overrides: More or other settings; None takes one away.

        Returns:
            Settings with OAuth.
        """
        made = {**ingest_settings(self.url, self.credentials), **overrides}
        return {name: value for name, value in made.items() if value is not None}


def account_settings(url: str, credentials: dict[str, Any]) -> dict[str, Any]:
    """Make the settings that the tap and the cost-allocation target share.

    Args:
        url: Base URL.
        credentials: The answer of ``/sandbox/accounts``.

    Returns:
        Settings.
    """
    names = ("uuid", "name", "client_id", "client_secret")
    return {
        "accounts": [{name: each[name] for name in names} for each in credentials["accounts"]],
        "api_url": url,
        "sso_url": url + SSO_PATH,
    }


def ingest_settings(url: str, credentials: dict[str, Any]) -> dict[str, Any]:
    """Make the settings of the business-events target.

    Args:
        url: Base URL.
        credentials: The answer of ``/sandbox/accounts``.

    Returns:
        Settings.
    """
    ingest = credentials["ingest"]
    return {
        "environment_url": url,
        "client_id": ingest["client_id"],
        "client_secret": ingest["client_secret"],
        "account_uuid": ingest["account_uuid"],
        "sso_url": url + SSO_PATH,
    }
