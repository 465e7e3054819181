"""Tokens: one for many requests, renewed in time, and refusals that say what to check."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_dps.dynatrace_api.errors import ApiError, CredentialsError
from target_dynatrace_dps.dynatrace_api.oauth import RENEWAL_MARGIN_SECONDS

from .scripted import Answer, ManualClock, Service, make_tokens

if TYPE_CHECKING:
    from target_dynatrace_dps.dynatrace_api.oauth import OAuthClient

SECRET = "SECRETSECRET"


def test_token_request_is_the_documented_form(tokens: OAuthClient, service: Service) -> None:
    tokens.token()

    form = parse_qs(str(service.token_requests[0].body))
    assert form == {
        "grant_type": ["client_credentials"],
        "client_id": ["dt0s02.CLIENT"],
        "client_secret": [f"dt0s02.CLIENT.{SECRET}"],
        "scope": ["account-uac-read"],
        "resource": ["urn:dtaccount:uuid-1"],
    }


def test_token_is_kept_until_its_renewal_margin(
    tokens: OAuthClient, service: Service, clock: ManualClock
) -> None:
    first = tokens.token()
    clock.seconds += 300 - RENEWAL_MARGIN_SECONDS - 1
    assert tokens.token() == first

    clock.seconds += 1
    assert tokens.token() != first
    assert len(service.token_requests) == 2


@given(
    lifetime=st.integers(min_value=1, max_value=3600),
    steps=st.lists(st.integers(min_value=0, max_value=400), max_size=20),
)
def test_token_in_use_lives_for_its_margin(lifetime: int, steps: list[int]) -> None:
    service, clock = Service(), ManualClock()
    tokens = make_tokens(service, clock)
    ends: dict[str, float] = {}
    for step in steps:
        clock.seconds += step
        service.sso_script = [
            Answer(body={"access_token": f"t{clock.seconds}{len(ends)}", "expires_in": lifetime})
        ]
        token = tokens.token()
        ends.setdefault(token, clock.seconds + lifetime)
        assert ends[token] - clock.seconds >= min(RENEWAL_MARGIN_SECONDS, lifetime / 2)


def test_answer_without_lifetime_counts_as_the_documented_one(
    tokens: OAuthClient, service: Service, clock: ManualClock
) -> None:
    service.sso_script = [Answer(body={"access_token": "first"})]
    tokens.token()
    clock.seconds += 269
    assert tokens.token() == "first"
    clock.seconds += 1
    assert tokens.token() != "first"


def test_threads_share_one_token_request(tokens: OAuthClient, service: Service) -> None:
    threads = 8
    together = threading.Barrier(threads)

    def ask() -> str:
        together.wait()
        return tokens.token()

    with ThreadPoolExecutor(threads) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(threads)]]

    assert len(set(answers)) == 1
    assert len(service.token_requests) == 1


def test_refused_token_is_forgotten_but_a_newer_one_stays(
    tokens: OAuthClient, service: Service
) -> None:
    old = tokens.token()
    tokens.invalidate(old)
    new = tokens.token()
    tokens.invalidate(old)

    assert tokens.token() == new
    assert len(service.token_requests) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(status=429, headers={"Retry-After": "3"}),
        Answer(status=500),
        Answer(status=503, body=b"<html>"),
        Answer(body=b'{"access_tok'),
        Answer(body={}),
        Answer(body=[]),
        Answer(body={"access_token": ""}),
        Answer(body={"access_token": "x", "expires_in": "soon"}),
        requests.ConnectionError("reset"),
        requests.Timeout("slow"),
    ],
    ids=repr,
)
def test_sso_trouble_is_tried_again(
    tokens: OAuthClient, service: Service, clock: ManualClock, trouble: Answer | Exception
) -> None:
    service.sso_script = [trouble]

    assert tokens.token() == "token-2"
    assert clock.sleeps


def test_wrong_credentials_are_told_at_once_without_the_secret(
    tokens: OAuthClient, service: Service, clock: ManualClock
) -> None:
    detail = f"Bad client dt0s02.CLIENT.{SECRET}"
    service.sso_script = [Answer(400, {"error": "invalid_client", "error_description": detail})]

    with pytest.raises(CredentialsError) as caught:
        tokens.token()

    assert not clock.sleeps
    assert SECRET not in str(caught.value)
    assert str(caught.value) == (
        "The SSO (POST https://sso.test/sso/oauth2/token) refuses the credentials of account "
        "'Acme' (400: invalid_client: Bad client dt0s02.CLIENT.***). Check 'client_id', "
        "'client_secret' and the account's UUID."
    )


def test_ungranted_scope_names_its_setting(service: Service, clock: ManualClock) -> None:
    tokens = make_tokens(service, clock, scope="account-uac-write", scope_setting="write_it")
    detail = "OAuth client is missing following scopes [account-uac-write]"
    service.sso_script = [Answer(400, {"error": "invalid_request", "error_description": detail})]

    with pytest.raises(CredentialsError) as caught:
        tokens.token()

    assert "Grant the OAuth client the scope 'account-uac-write'" in str(caught.value)
    assert "change the setting 'write_it'" in str(caught.value)


@pytest.mark.parametrize("status", [302, 404, 405])
def test_address_that_is_no_token_endpoint_points_to_its_setting(
    tokens: OAuthClient, service: Service, status: int
) -> None:
    service.sso_script = [Answer(status, b"<html>Login</html>")]

    with pytest.raises(CredentialsError, match="Check the setting 'sso_url'"):
        tokens.token()


def test_certificate_trouble_is_not_waited_for(
    tokens: OAuthClient, service: Service, clock: ManualClock
) -> None:
    service.sso_script = [requests.exceptions.SSLError("self-signed")]

    with pytest.raises(ApiError, match="Check the setting 'sso_url'"):
        tokens.token()

    assert not clock.sleeps
