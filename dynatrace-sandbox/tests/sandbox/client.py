"""A plain client that keeps the digits of numbers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dynatrace_sandbox.testing import SandboxServer

SECONDS = 30
JANUARY = {"startTime": "2026-01-01T00:00:00Z", "endTime": "2026-02-01T00:00:00Z"}


def numbers_kept(text: str) -> Any:
    """Decode JSON with every number as a decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


@dataclass
class Client:
    """One account's way into the sandbox."""

    server: SandboxServer
    account: dict[str, Any]
    scope: str = "account-uac-read"
    token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        """Get a token."""
        if not self.token:
            self.token = str(self.ask_token(scope=self.scope).json()["access_token"])

    def ask_token(self, **changes: str | None) -> requests.Response:
        form: dict[str, str | None] = {
            "grant_type": "client_credentials",
            "client_id": self.account["client_id"],
            "client_secret": self.account["client_secret"],
            "resource": f"urn:dtaccount:{self.account['uuid']}",
            **changes,
        }
        return requests.post(
            self.server.url + "/sso/oauth2/token",
            data={name: value for name, value in form.items() if value is not None},
            timeout=SECONDS,
        )

    @property
    def subscriptions(self) -> str:
        """Path of the account's subscriptions, version 2."""
        return f"/sub/v2/accounts/{self.account['uuid']}/subscriptions"

    @property
    def shared(self) -> str:
        """Path of the shared subscription, version 2."""
        return f"{self.subscriptions}/{self.server.subscription_uuid}"

    @property
    def shared_v3(self) -> str:
        """Path of the shared subscription, version 3."""
        return self.shared.replace("/v2/", "/v3/")

    def settings(self, name: str) -> str:
        return f"/v1/accounts/{self.account['uuid']}/settings/{name}"

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        **query: str | list[str],
    ) -> requests.Response:
        """Send a request; an underscore in a parameter's name stands for a hyphen."""
        return requests.request(
            method,
            self.server.url + path,
            params={name.replace("_", "-"): value for name, value in query.items()},
            data=None if body is None else json.dumps(body),
            headers={"Authorization": f"Bearer {self.token}"},
            timeout=SECONDS,
        )

    def get(self, path: str, **query: str | list[str]) -> requests.Response:
        return self.send("GET", path, **query)

    def read(self, path: str, **query: str | list[str]) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return numbers_kept(answer.text)

    def pages(self, path: str, **query: str) -> list[Any]:
        """Read all pages of a version 3 endpoint, the whole query beside each key."""
        return list(self._pages(path, query, query))

    def pages_by_key(self, path: str, **query: str) -> list[Any]:
        """Read all pages of an endpoint, each key alone."""
        return list(self._pages(path, query, {}))

    def _pages(
        self, path: str, query: dict[str, str], following: dict[str, str]
    ) -> Iterator[dict[str, Any]]:
        page = self.read(path, **query)
        yield page
        while key := page.get("nextPageKey"):
            page = self.read(path, **following, page_key=key)
            yield page


def rows_of(pages: list[Any], kind: str) -> list[tuple[str, str, str, Decimal]]:
    """Flatten v3 pages to environment, capability, day and value, sorted."""
    return sorted(
        (entry["environmentId"], row["capabilityKey"], row["startTime"][:10], row["value"])
        for page in pages
        for entry in page["data"]
        for row in entry[kind]
    )


def truth_rows(facts: list[dict[str, Any]], subscription: str) -> list[Any]:
    """Bring facts into the shape of :func:`rows_of`."""
    return sorted(
        (
            fact["environmentId"],
            fact["capabilityKey"],
            fact["startTime"][:10],
            Decimal(fact["value"]),
        )
        for fact in facts
        if fact["subscriptionUuid"] == subscription
    )
