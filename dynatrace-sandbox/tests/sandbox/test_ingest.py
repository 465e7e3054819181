"""Business-event ingest over HTTP."""

from __future__ import annotations

import gzip
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from .client import SECONDS, Client

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

CLASSIC = "/api/v2/bizevents/ingest"
PLATFORM = "/platform/classic/environment-api/v2/bizevents/ingest"
ACTIVE_GATE = "/e/abc12345/api/v2/bizevents/ingest"
LIMIT = 5_242_880


@dataclass
class Sender:
    """Posts to the ingest with the classic token where nothing else is said."""

    server: SandboxServer

    def post(self, body: object, path: str = CLASSIC, **headers: str | None) -> requests.Response:
        sent = {
            "Content-Type": "application/json",
            "Authorization": f"Api-Token {self.server.credentials['api_token']}",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return requests.post(self.server.url + path, data=data, headers=sent, timeout=SECONDS)

    def oauth(self, scope: str, *, resource: bool = True) -> str:
        ingest = self.server.credentials["ingest"]
        client = Client(self.server, {**ingest, "uuid": ingest["account_uuid"]}, token="-")
        changes = {} if resource else {"resource": None}
        answer = client.ask_token(scope=scope, **changes)
        return f"Bearer {answer.json()['access_token']}"


@pytest.fixture
def sender(server: SandboxServer) -> Sender:
    return Sender(server)


def counts(server: SandboxServer) -> dict[str, int]:
    rows = server.report()
    return {
        name: sum(row[name] for row in rows)
        for name in ("stored", "distinct", "duplicates", "dropped")
    }


@pytest.mark.parametrize("path", [CLASSIC, PLATFORM, ACTIVE_GATE])
@pytest.mark.parametrize("scope", ["storage:events:write", "openpipeline:bizevents:ingest"])
def test_oauth_opens_every_path(path: str, scope: str, sender: Sender) -> None:
    answer = sender.post({"event.type": "t"}, path, Authorization=sender.oauth(scope))
    assert (answer.status_code, answer.content) == (202, b"")
    assert counts(sender.server)["stored"] == 1


def test_an_ingest_token_needs_no_resource(sender: Sender) -> None:
    bearer = sender.oauth("storage:events:write", resource=False)
    assert sender.post({}, Authorization=bearer).status_code == 202


@pytest.mark.parametrize(
    ("token", "path", "status"),
    [
        ("Api-Token {api_token}", CLASSIC, 202),
        ("Api-Token {api_token}", ACTIVE_GATE, 202),
        ("Api-Token {api_token}", PLATFORM, 401),
        ("Api-Token dt0c01.WRONG", CLASSIC, 401),
        ("Bearer {platform_token}", PLATFORM, 202),
        ("Bearer {expired_platform_token}", PLATFORM, 403),
        ("Bearer wrong", CLASSIC, 401),
        (None, CLASSIC, 401),
    ],
)
def test_each_kind_of_token_opens_its_paths(
    token: str | None, path: str, status: int, sender: Sender
) -> None:
    header = token.format_map(sender.server.credentials) if token else None
    answer = sender.post({}, path, Authorization=header)
    assert answer.status_code == status
    if status != 202:
        assert answer.json()["error"]["code"] == status


def test_an_account_token_is_forbidden(sender: Sender) -> None:
    reader = Client(sender.server, sender.server.accounts[0])
    assert sender.post({}, Authorization=f"Bearer {reader.token}").status_code == 403


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json; charset=utf-8", 202),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ],
)
def test_the_content_type_is_checked(kind: str, status: int, sender: Sender) -> None:
    assert sender.post({}, Content_Type=kind).status_code == status


CLOUD = {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data": {"k": 1.50}}


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/cloudevent+json", CLOUD, 202),
        ("application/cloudevents+json", CLOUD, 202),
        ("application/cloudevent-batch+json", [CLOUD], 202),
        ("application/cloudevents-batch+json", [CLOUD], 202),
        ("application/cloudevents+json", [CLOUD], 400),
        ("application/cloudevents-batch+json", CLOUD, 400),
    ],
)
def test_cloud_events_are_taken(kind: str, body: object, status: int, sender: Sender) -> None:
    assert sender.post(body, Content_Type=kind).status_code == status
    if status == 202:
        [event] = sender.server.events("t")
        assert (event["event.id"], event["event.provider"]) == ("1", "s")
        assert event["data"] == '{"k": 1.5}'


def test_an_invalid_cloud_event_is_named_and_the_others_are_stored(sender: Sender) -> None:
    kind = "application/cloudevents-batch+json"
    answer = sender.post([CLOUD, {"id": "2"}, CLOUD], Content_Type=kind)
    assert answer.status_code == 400
    assert [error["index"] for error in answer.json()["errors"]] == [1]
    assert counts(sender.server)["stored"] == 2


def test_an_element_that_is_no_object_is_named_and_the_others_are_stored(sender: Sender) -> None:
    answer = sender.post([{"event.type": "t"}, 5, None, "x", {"event.type": "t"}])
    assert answer.status_code == 400
    assert [error["index"] for error in answer.json()["errors"]] == [1, 2, 3]
    assert all(set(e) == {"id", "index", "message", "source"} for e in answer.json()["errors"])
    assert counts(sender.server)["stored"] == 2


@pytest.mark.parametrize(
    "body", [b"", b"[", b'[{"a":1},{"b":]', b'{"a":NaN}', b'"text"', b"5", b'[{"a":"\xff"}]']
)
def test_an_unreadable_body_stores_nothing(body: bytes, sender: Sender) -> None:
    answer = sender.post(body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error"}
    assert counts(sender.server)["stored"] == 0


def test_an_empty_array_is_accepted(sender: Sender) -> None:
    assert sender.post([]).status_code == 202


def test_the_limit_is_5_mib(sender: Sender) -> None:
    def body(size: int) -> bytes:
        return b'{"a":"' + b"x" * (size - len(b'{"a":""}')) + b'"}'

    assert sender.post(body(LIMIT)).status_code == 202
    refused = sender.post(body(LIMIT + 1))
    assert refused.status_code == 413
    assert "errors" in refused.json()
    assert sender.post(gzip.compress(body(LIMIT + 1)), Content_Encoding="gzip").status_code == 413
    assert counts(sender.server)["stored"] == 1


def test_compressed_bodies_are_taken_or_refused_by_switch(sender: Sender) -> None:
    body = gzip.compress(b'[{"event.type":"t"}]')
    assert sender.post(body, Content_Encoding="gzip").status_code == 202
    assert sender.post(body[:-9], Content_Encoding="gzip").status_code == 400
    assert sender.post(b"plain", Content_Encoding="gzip").status_code == 400
    assert sender.post(body, Content_Encoding="br").status_code == 415
    sender.server.switch(gzip="refuse")
    assert sender.post(body, Content_Encoding="gzip").status_code == 415
    assert counts(sender.server)["stored"] == 1


def test_old_events_vanish_after_a_202_and_are_counted(sender: Sender) -> None:
    now = int(time.time())
    old = {"event.type": "t", "accountName": "A", "timestamp": now - 86_400 - 60}
    young = {**old, "timestamp": now - 86_400 + 60}
    assert sender.post([old, young, old]).status_code == 202
    [row] = sender.server.report()
    assert (row["stored"], row["dropped"], row["account"]) == (1, 2, "A")
    assert len(sender.server.events()) == 1


def test_nothing_is_deduplicated(sender: Sender) -> None:
    for _ in range(3):
        sender.post([{"event.type": "t", "event.id": "1"}, {"event.type": "t", "event.id": "2"}])
    assert counts(sender.server) == {"stored": 6, "distinct": 2, "duplicates": 4, "dropped": 0}


def test_query_parameters_become_attributes(sender: Sender) -> None:
    sender.post({"a": 1}, CLASSIC + "?run=7")
    assert sender.server.events()[0]["run"] == "7"


def test_digits_survive_the_database(sender: Sender) -> None:
    sender.post(
        b'{"event.type":"t","value":27328.879418458800,"big":123456789012345678901234567890}'
    )
    [line] = sender.server.event_lines("t")
    assert b'"value":27328.879418458800,' in line
    assert b'"big":123456789012345678901234567890' in line


def test_events_are_read_by_type_account_and_page(sender: Sender) -> None:
    events = [
        {"event.type": kind, "accountName": account, "n": n}
        for n, (kind, account) in enumerate([("t", "A"), ("t", "B"), ("u", "A"), ("t", "A")])
    ]
    sender.post(events)

    def numbers(**query: Any) -> list[int]:
        return [event["n"] for event in sender.server.events(**query)]

    assert numbers() == [0, 1, 2, 3]
    assert numbers(type="t", account="A") == [0, 3]
    assert numbers(order="desc", limit=2) == [3, 2]
    assert numbers(offset=1, limit=2) == [1, 2]
    sender.server.clear_events()
    assert numbers() == []
    assert sender.server.report() == []
