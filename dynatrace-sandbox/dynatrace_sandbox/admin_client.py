"""The admin API of a running sandbox as methods."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

FIRST_ERROR_STATUS: Final = 400
ADMIN_SECONDS: Final = 120
"""The truth of a very large customer takes a while."""


class AdminRefusedError(Exception):
    """The admin API refused a request; the text is its answer."""


class AdminClient:
    """Talks to the admin API.

    Attributes:
        url: Base URL of the sandbox.
    """

    def __init__(self, url: str) -> None:
        """Know where the sandbox is.

        Args:
            url: For example ``http://127.0.0.1:8080``.
        """
        self.url = url

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

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - any JSON
        """Send any request to the admin API.

        Args:
            method: HTTP method.
            path: Behind ``/sandbox/``.
            body: What becomes JSON.

        Returns:
            The answer's JSON, None without a body.
        """
        text = self._raw(method, path, body)
        return msgspec.json.decode(text) if text else None

    def _lines(self, path: str) -> list[dict[str, Any]]:
        return [msgspec.json.decode(line) for line in self._raw("GET", path).splitlines()]

    def fault(self, **rule: object) -> None:
        """Add a fault rule.

        Args:
            **rule: Fields of :class:`dynatrace_sandbox.faults.FaultRule`.
        """
        self.call("POST", "faults", rule)

    def faults(self) -> list[dict[str, Any]]:
        """List the fault rules with ``seen`` and ``applied`` counts.

        Returns:
            Rules.
        """
        found: list[dict[str, Any]] = self.call("GET", "faults")
        return found

    def clear_faults(self) -> None:
        """Forget all fault rules."""
        self.call("DELETE", "faults")

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """Read the request log.

        Args:
            path: Regular expression on the path.

        Returns:
            Entries with n, time, method, path, query, headers, bytes, events, in_flight, status,
            fault, seconds (and body for cost centers and products).
        """
        found: list[dict[str, Any]] = self.call(
            "GET", f"requests?{urlencode({'path': path or ''})}"
        )
        return found

    def clear_requests(self) -> None:
        """Forget the request log."""
        self.call("DELETE", "requests")

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
        self.call("DELETE", "events")

    def report(self) -> list[dict[str, Any]]:
        """Count what arrived.

        Returns:
            Rows with type, account, stored, distinct, duplicates, dropped, first, last.
        """
        found: list[dict[str, Any]] = self.call("GET", "report")
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
        return str(self.call("POST", "clock/advance", {"days": days})["today"])

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
        found: dict[str, Any] = self.call("POST", "restate", body)
        return found

    def grant(self, client_id: str, scopes: list[str]) -> None:
        """Change the scopes that a client may ask for.

        Args:
            client_id: The client.
            scopes: All its scopes.
        """
        self.call("POST", "grants", {"client_id": client_id, "scopes": scopes})

    def switch(self, **changes: object) -> dict[str, Any]:
        """Change switches.

        Args:
            **changes: Fields of :class:`dynatrace_sandbox.switches.Switches`.

        Returns:
            All switches.
        """
        found: dict[str, Any] = self.call("PUT", "switches", changes)
        return found
