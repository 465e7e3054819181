"""Planned faults happen to the chosen requests, as often as planned."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import requests
from dynatrace_sandbox.testing import AdminRefusedError

from .client import Client
from .test_ingest import CLASSIC, PLATFORM, Sender, counts

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

BATCH = [{"event.type": "t", "event.id": str(number)} for number in range(5)]


@pytest.fixture
def client(server: SandboxServer) -> Client:
    return Client(server, server.accounts[0])


@pytest.fixture
def sender(server: SandboxServer) -> Sender:
    return Sender(server)


def statuses(client: Client, times: int) -> list[int]:
    return [client.get(client.subscriptions).status_code for _ in range(times)]


def test_skip_and_times_choose_the_requests(client: Client) -> None:
    client.server.fault(path="subscriptions$", skip=1, times=2, status=503)
    assert statuses(client, 5) == [200, 503, 503, 200, 200]
    assert [rule["applied"] for rule in client.server.faults()] == [2]


def test_a_rule_may_hold_for_ever_until_it_is_cleared(client: Client) -> None:
    client.server.fault(path="subscriptions$", times=-1, status=500)
    assert statuses(client, 3) == [500, 500, 500]
    client.server.clear_faults()
    assert statuses(client, 1) == [200]


def test_rules_take_turns(client: Client) -> None:
    client.server.fault(path="subscriptions$", status=500)
    client.server.fault(path="subscriptions$", status=502)
    assert statuses(client, 3) == [500, 502, 200]


def test_method_path_query_and_body_choose(client: Client) -> None:
    settings = client.settings("products")
    writer = Client(client.server, client.account, "account-uac-write")
    client.server.fault(method="post", path="products$", request_body='"zz', status=500)
    client.server.fault(query="page=2", status=502)
    assert client.get(settings).status_code == 200
    assert client.get(settings, page="2").status_code == 502
    assert writer.send("POST", settings, {"values": [{"key": "aa"}]}).status_code == 204
    assert writer.send("POST", settings, {"values": [{"key": "zz"}]}).status_code == 500
    assert writer.send("POST", settings, {"values": [{"key": "zz"}]}).status_code == 204


def test_chance_is_repeatable(client: Client) -> None:
    runs = []
    for _ in range(2):
        client.server.fault(path="subscriptions$", times=-1, probability=0.5, seed=3, status=500)
        runs.append(statuses(client, 20))
        client.server.clear_faults()
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_headers_bodies_and_json_are_as_planned(client: Client) -> None:
    client.server.fault(path="subscriptions$", status=429, headers={"Retry-After": "2"})
    client.server.fault(path="subscriptions$", status=502, body="<html>bad gateway</html>")
    client.server.fault(path="subscriptions$", status=200, json={"data": []})
    client.server.fault(path="subscriptions$", headers={"X-RateLimit-Remaining": "0"})
    throttled, page, empty, real = (client.get(client.subscriptions) for _ in range(4))
    assert throttled.headers["Retry-After"] == "2"
    assert throttled.json()["error"] is True
    assert page.text.startswith("<html>")
    assert empty.json() == {"data": []}
    assert real.headers["X-RateLimit-Remaining"] == "0"
    assert len(real.json()["data"]) == 3


def test_a_fault_answers_in_the_shape_of_its_service(sender: Sender, client: Client) -> None:
    sender.server.fault(path="oauth2/token", status=500)
    assert client.ask_token().json()["error"] == "invalid_request"
    for status, member in ((429, "errors"), (503, "errors"), (413, "errors"), (500, "error")):
        sender.server.fault(path="bizevents", status=status)
        assert member in sender.post(BATCH).json()


@pytest.mark.parametrize(("after", "stored"), [(False, 0), (True, 5)])
def test_a_status_comes_before_or_after_storing(
    after: bool,  # noqa: FBT001 - a parameter of the test
    stored: int,
    sender: Sender,
) -> None:
    sender.server.fault(path="bizevents", status=503, after=after)
    assert sender.post(BATCH).status_code == 503
    assert counts(sender.server)["stored"] == stored


@pytest.mark.parametrize(("moment", "stored"), [("before", 0), ("after", 5)])
def test_a_connection_is_reset_before_or_after_storing(
    moment: str, stored: int, sender: Sender
) -> None:
    sender.server.fault(path="bizevents", reset=moment)
    with pytest.raises(requests.ConnectionError, match=r"Connection reset|104"):
        sender.post(BATCH)
    assert counts(sender.server)["stored"] == stored
    assert sender.post([]).status_code == 202


def test_a_truncated_body_breaks_the_answer(client: Client) -> None:
    client.server.fault(path="subscriptions$", truncate=30)
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="30 bytes read"):
        client.get(client.subscriptions)
    assert statuses(client, 1) == [200]


def test_a_delay_and_latency_take_their_time(client: Client) -> None:
    client.server.fault(path="subscriptions$", delay_seconds=0.2)
    client.server.switch(latency=0.1)
    started = time.monotonic()
    client.get(client.subscriptions)
    assert time.monotonic() - started > 0.3
    [entry] = client.server.requests("subscriptions$")
    assert entry["seconds"] > 0.3


@pytest.mark.parametrize(
    ("reject", "refused"), [([0, 3], [0, 3]), ({"match": '"event.id": "(1|4)"'}, [1, 4])]
)
def test_refused_events_are_named_and_the_rest_is_stored(
    reject: object, refused: list[int], sender: Sender
) -> None:
    sender.server.fault(path="bizevents", reject=reject)
    answer = sender.post(BATCH)
    assert answer.status_code == 400
    errors = answer.json()["errors"]
    assert [error["index"] for error in errors] == refused
    assert [error["id"] for error in errors] == [str(index) for index in refused]
    left = {event["event.id"] for event in sender.server.events()}
    assert left == {str(n) for n in range(5) if n not in refused}


def test_an_expired_token_stays_expired(client: Client) -> None:
    client.server.fault(path="subscriptions$", expire_token=True)
    assert statuses(client, 2) == [401, 401]
    again = Client(client.server, client.account)
    assert statuses(again, 1) == [200]


def test_the_log_tells_what_was_asked_and_never_the_token(sender: Sender) -> None:
    sender.server.fault(path="bizevents", status=503)
    sender.post(BATCH, PLATFORM + "?a=b", Authorization=sender.oauth("storage:events:write"))
    sender.post(BATCH, CLASSIC)
    token, first, second = sender.server.requests()
    assert [entry["status"] for entry in (token, first, second)] == [200, 503, 202]
    assert (first["method"], first["path"], first["query"]) == ("POST", PLATFORM, "a=b")
    assert first["fault"]["status"] == 503
    assert (first["events"], second["events"]) == (None, 5)
    assert first["headers"]["authorization"] == "Bearer (removed)"
    assert sender.server.credentials["api_token"] not in str(second)
    assert second["bytes"] > 100
    assert len(sender.server.requests(r"^/api/v2")) == 1


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"path": "("}, "no regular expression"),
        ({"reject": {"match": "["}}, "no regular expression"),
        ({"statsu": 500}, "unknown field `statsu`"),
        ({"times": -2}, ">= -1"),
        ({"reset": "during"}, "during"),
    ],
)
def test_a_wrong_rule_is_refused(
    rule: dict[str, object], words: str, server: SandboxServer
) -> None:
    with pytest.raises(AdminRefusedError, match=words):
        server.fault(**rule)
    assert server.faults() == []
