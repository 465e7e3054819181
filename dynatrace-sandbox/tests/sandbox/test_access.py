"""Tokens open what the real service would open, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from .client import SECONDS, Client

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_secret": "dt0s02.WRONG"}, "client secret is wrong"),
        ({"client_id": "dt0s02.UNKNOWN"}, "client id"),
        ({"grant_type": "password"}, "client_credentials"),
        ({"grant_type": None}, "client_credentials"),
        ({"resource": "urn:dtaccount:other"}, "resource"),
        (
            {"scope": "account-uac-read settings:objects:read"},
            "OAuth client is missing following scopes [settings:objects:read]",
        ),
    ],
)
def test_everything_wrong_at_the_sso_is_a_400(
    changes: dict[str, str | None], words: str, owner: Client
) -> None:
    answer = owner.ask_token(**changes)
    assert answer.status_code == 400
    assert words in answer.json()["error_description"]
    assert owner.account["client_secret"] not in answer.text


def test_a_token_without_resource_is_forbidden_for_accounts(owner: Client) -> None:
    token = owner.ask_token(resource=None).json()["access_token"]
    stranger = Client(owner.server, owner.account, token=token)
    assert stranger.get(owner.subscriptions).status_code == 403


def test_a_token_is_bound_to_its_account(owner: Client, managed: Client) -> None:
    assert managed.get(owner.subscriptions).status_code == 401
    assert managed.get(managed.subscriptions).status_code == 200


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer unknown"}, {"Authorization": "x"}]
)
def test_a_missing_or_unknown_token_is_unauthorized(header: dict[str, str], owner: Client) -> None:
    url = owner.server.url + owner.subscriptions
    assert requests.get(url, headers=header, timeout=SECONDS).status_code == 401


def test_a_token_expires(fresh: SandboxServer) -> None:
    fresh.switch(token_lifetime=0)
    client = Client(fresh, fresh.accounts[0])
    assert client.get(client.subscriptions).status_code == 401
    assert client.ask_token().json()["expires_in"] == 0


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("account-uac-read", "/env/v2/accounts/{}/environments", 403),
        ("account-env-read", "/env/v2/accounts/{}/environments", 200),
        ("account-env-read", "/env/v2/accounts/{}/clusters", 200),
        ("account-env-read", "/sub/v2/accounts/{}/subscriptions", 403),
        ("account-uac-write", "/v1/accounts/{}/settings/products", 403),
    ],
)
def test_a_scope_opens_its_own_endpoints(
    scope: str, path: str, status: int, steady: SandboxServer
) -> None:
    client = Client(steady, steady.accounts[0], scope)
    assert client.get(path.format(client.account["uuid"])).status_code == status


def test_only_the_first_account_lists_subscriptions(owner: Client, managed: Client) -> None:
    assert [each["status"] for each in owner.read(owner.subscriptions)["data"]] == [
        "ACTIVE",
        "EXPIRED",
        "ACTIVE",
    ]
    assert managed.read(managed.subscriptions)["data"] == []


def test_accounts_without_costs_answer_with_nothing_or_404(steady: SandboxServer) -> None:
    empty, missing = (Client(steady, account) for account in steady.accounts[3:])
    for name in ("cost", "usage"):
        assert empty.read(f"{empty.shared}/{name}")["data"] == []
        assert missing.get(f"{missing.shared}/{name}").status_code == 404


def test_the_own_subscriptions_of_the_first_account_are_closed_to_others(
    owner: Client, managed: Client
) -> None:
    _, expired, trial = owner.read(owner.subscriptions)["data"]
    for each in (expired, trial):
        assert owner.get(f"{owner.subscriptions}/{each['uuid']}/cost").status_code == 200
        assert managed.get(f"{managed.subscriptions}/{each['uuid']}/cost").status_code == 404


def test_a_client_can_lose_a_scope(fresh: SandboxServer) -> None:
    client = Client(fresh, fresh.accounts[2], "account-env-read")
    fresh.grant(client.account["client_id"], ["account-uac-read"])
    assert client.ask_token(scope="account-env-read").status_code == 400
    assert client.ask_token(scope="account-uac-read").status_code == 200
