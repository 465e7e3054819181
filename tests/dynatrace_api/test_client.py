"""Requests of an account: token, retries, exact digits, and messages for what no retry mends."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import requests
from target_dynatrace_dps.dynatrace_api.client import decode, new_session
from target_dynatrace_dps.dynatrace_api.errors import ApiError, RetryableError

from .scripted import Answer, ManualClock, Service, make_client, make_tokens

if TYPE_CHECKING:
    from target_dynatrace_dps.dynatrace_api.client import AccountClient


def bearer(request: requests.PreparedRequest) -> str:
    return request.headers["Authorization"]


def test_get_sends_token_and_query(client: AccountClient, service: Service) -> None:
    service.script = [Answer(body={"records": []})]

    assert client.get("/v1/a", {"page": 2, "left-out": None, "many": ["a", "b"]}) == {"records": []}
    (request,) = service.requests
    assert request.url == "https://api.test/v1/a?page=2&many=a&many=b"
    assert bearer(request) == "Bearer token-1"


def test_digits_of_a_number_stay() -> None:
    assert decode(b"[27328.87941845880000001, 1e-7, 3]") == [
        Decimal("27328.87941845880000001"),
        Decimal("1e-7"),
        3,
    ]


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(429, headers={"Retry-After": "2"}),
        Answer(408),
        Answer(500),
        Answer(504, {"error": True, "message": "Query timeout."}),
        Answer(200, b'{"data": ['),
        Answer(200, b"<html>busy</html>"),
        requests.ConnectionError("reset"),
        requests.ReadTimeout("slow"),
        requests.exceptions.ChunkedEncodingError("cut"),
    ],
    ids=repr,
)
def test_trouble_that_passes_is_tried_again(
    client: AccountClient, service: Service, clock: ManualClock, trouble: Answer | Exception
) -> None:
    service.script = [trouble, trouble, Answer(body={"data": 1})]

    assert client.get("/x") == {"data": 1}
    assert len(service.requests) == 3
    assert sum(clock.sleeps) > 0


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (302, "Nothing was changed by this request."),
        (400, "Check the settings that this request depends on."),
        (403, "(setting 'scope')"),
        (404, "Check the UUIDs in the path, and the setting 'api_url'."),
        (410, "Dynatrace has removed this endpoint."),
        (501, "Nothing was changed by this request."),
    ],
)
def test_answer_that_no_retry_mends_is_told_once(
    client: AccountClient, service: Service, clock: ManualClock, status: int, advice: str
) -> None:
    service.script = [Answer(status, {"error": True, "message": "No."})]

    with pytest.raises(ApiError) as caught:
        client.get("/v1/a", {"token": "in-the-query"})

    assert str(caught.value).startswith(
        f"GET https://api.test/v1/a answers {status} for account 'Acme': No. "
    )
    assert advice in str(caught.value)
    assert "in-the-query" not in str(caught.value)
    assert (caught.value.status, caught.value.detail) == (status, "No")
    assert not clock.sleeps


def test_refused_token_is_renewed_once(client: AccountClient, service: Service) -> None:
    service.script = [Answer(401), Answer(body={"ok": 1})]

    assert client.get("/x") == {"ok": 1}
    assert [bearer(request) for request in service.requests] == ["Bearer token-1", "Bearer token-2"]


def test_second_refusal_of_a_token_is_final(client: AccountClient, service: Service) -> None:
    service.script = [Answer(401), Answer(401, {"error": True, "message": "Other account."})]

    with pytest.raises(ApiError, match="belong to this account's UUID"):
        client.get("/x")

    assert len(service.requests) == 2


def test_empty_success_is_no_value(client: AccountClient, service: Service) -> None:
    service.script = [Answer(204, b"")]

    assert client.get("/x") is None


def test_changes_carry_json_and_are_repeated(client: AccountClient, service: Service) -> None:
    service.script = [Answer(503), Answer(204, b"")]

    client.call("PUT", "/x", {"values": [{"key": "ä"}]})

    assert [request.method for request in service.requests] == ["PUT", "PUT"]
    assert service.requests[1].body == '{"values":[{"key":"ä"}]}'.encode()
    assert service.requests[1].headers["Content-Type"] == "application/json"


def test_one_try_leaves_the_retries_to_the_caller(client: AccountClient, service: Service) -> None:
    service.script = [Answer(500), Answer(body={"n": 1})]

    with pytest.raises(RetryableError):
        client.fetch("/x")

    assert client.retrying("GET", "/x", lambda: client.fetch("/x")) == {"n": 1}


def test_reads_and_writes_have_tokens_of_their_own(service: Service, clock: ManualClock) -> None:
    write_tokens = make_tokens(service, clock, scope="account-uac-write")
    client = make_client(service, clock, write_tokens)

    client.get("/x")
    assert len(service.token_requests) == 1

    client.call("DELETE", "/x", None)
    scopes = [str(request.body).split("scope=")[1] for request in service.token_requests]
    assert [scope.split("&")[0] for scope in scopes] == ["account-uac-read", "account-uac-write"]


def test_certificate_trouble_is_not_waited_for(
    client: AccountClient, service: Service, clock: ManualClock
) -> None:
    service.script = [requests.exceptions.SSLError("self-signed")]

    with pytest.raises(ApiError, match="Check the setting 'api_url'"):
        client.get("/x")

    assert not clock.sleeps


def test_login_data_of_the_machine_never_replace_the_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine api.test login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    service = Service()
    with new_session(1, "test/1") as session:
        session.mount("https://", service)
        session.get("https://api.test/x", headers={"Authorization": "Bearer mine"})

    assert bearer(service.requests[0]) == "Bearer mine"
    assert service.requests[0].headers["User-Agent"] == "test/1"
