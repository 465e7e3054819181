"""Account settings: both forms, and a sentence for each mistake."""

from __future__ import annotations

from typing import Any

import pytest
from target_dynatrace_dps.dynatrace_api.accounts import accounts_in, check_url
from target_dynatrace_dps.dynatrace_api.errors import SettingsError

SECRET = "dt0s02.CLIENT.SECRETSECRET"
ONE = {"account_uuid": "u-1", "client_id": "dt0s02.CLIENT", "client_secret": SECRET}


def listed(**changes: Any) -> dict[str, Any]:
    return {"uuid": "u-1", "client_id": "dt0s02.CLIENT", "client_secret": SECRET, **changes}


def test_one_account_form_is_read() -> None:
    (account,) = accounts_in({**ONE, "account_name": "Acme"})

    assert (account.uuid, account.name, account.label) == ("u-1", "Acme", "account 'Acme'")
    assert (account.client_id, account.client_secret) == ("dt0s02.CLIENT", SECRET)


def test_listed_accounts_keep_their_order() -> None:
    accounts = accounts_in(
        {"accounts": [listed(uuid="u-2"), listed(uuid="u-1", subscription_uuids=["s"])]}
    )

    assert [account.uuid for account in accounts] == ["u-2", "u-1"]
    assert [account.subscription_uuids for account in accounts] == [(), ("s",)]


def test_account_without_a_name_is_called_by_its_uuid() -> None:
    assert accounts_in(ONE)[0].label == "account 'u-1'"


def test_secret_is_not_in_what_an_account_shows_of_itself() -> None:
    assert "SECRETSECRET" not in repr(accounts_in(ONE))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        pytest.param({}, "No account is configured.", id="nothing"),
        pytest.param({"accounts": []}, "No account is configured.", id="empty-list"),
        pytest.param(
            {"accounts": [listed()], "client_id": "x"},
            "Credentials are given twice: in the setting 'accounts' and in 'client_id'.",
            id="both-forms",
        ),
        pytest.param(
            {"account_uuid": "u-1", "client_id": "x"},
            "Of the credentials of the account, 'client_secret' is missing.",
            id="one-missing",
        ),
        pytest.param(
            {"account_uuid": "u-1", "client_id": "  "},
            "Of the credentials of the account, 'client_id', 'client_secret' are missing.",
            id="two-missing",
        ),
        pytest.param(
            {"accounts": [listed(), listed(client_secret=" ")]},
            "The setting 'accounts[1]' has an empty 'client_secret'.",
            id="blank-in-list",
        ),
        pytest.param(
            {"accounts": [listed(uuid="AB-1"), listed(uuid="ab-1")]},
            "The account ab-1 is listed twice in the setting 'accounts'.",
            id="twice",
        ),
        pytest.param(
            {**ONE, "account_uuid": "a/b"},
            "The setting 'account_uuid' holds 'a/b', which is not an account UUID.",
            id="path-in-uuid",
        ),
    ],
)
def test_mistake_is_told_in_a_sentence(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(SettingsError) as caught:
        accounts_in(config)

    assert sentence in str(caught.value)
    assert "SECRETSECRET" not in str(caught.value)


@pytest.mark.parametrize("url", ["https://api.dynatrace.com", "http://127.0.0.1:8080/sso/"])
def test_complete_url_is_taken_without_its_last_slash(url: str) -> None:
    assert check_url("api_url", url) == url.rstrip("/")


@pytest.mark.parametrize("url", ["api.dynatrace.com", "ftp://host", "https://", "https://h:port"])
def test_incomplete_url_names_its_setting(url: str) -> None:
    with pytest.raises(SettingsError, match="The setting 'api_url' is "):
        check_url("api_url", url)


def test_password_in_an_incomplete_url_is_not_shown() -> None:
    with pytest.raises(SettingsError) as caught:
        check_url("api_url", "user:password@host")

    assert "password" not in str(caught.value)
