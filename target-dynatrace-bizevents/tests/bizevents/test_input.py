"""Bad input and settings: one sentence, exit code 1, and what was acknowledged stays so."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from .runner import (
    ORDERS_SCHEMA,
    ingests,
    message,
    orders,
    record_line,
    schema_line,
    state_line,
    stored_orders,
)

if TYPE_CHECKING:
    from pathlib import Path

    from dynatrace_sandbox.testing import SandboxServer

    from .conftest import RunTarget

SECRET = "VERYSECRETVALUE"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"environment_url": None}, ["environment_url"]),
        ({"environment_url": "abc.live.dynatrace.com"}, ["environment_url", "https://"]),
        ({"client_id": None, "client_secret": None}, ["api_token", "platform_token"]),
        ({"client_secret": None}, ["client_secret", "missing"]),
        ({"account_uuid": None}, ["account_uuid", "missing"]),
        ({"api_token": SECRET}, ["client_id", "api_token"]),
        ({"api_token": SECRET, "platform_token": SECRET}, ["api_token", "platform_token"]),
        ({"event_types": ["a"]}, ["event_types", "object"]),
        ({"event_types": {"orders": 5}}, ["event_types.orders", "string"]),
        ({"max_batch_bytes": 5242881}, ["max_batch_bytes", "5242880"]),
        ({"max_batch_events": 0}, ["max_batch_events"]),
        ({"max_parallel_requests": "many"}, ["max_parallel_requests", "integer"]),
        ({"sso_url": "sso"}, ["sso_url"]),
        ({"request_timeout": 0}, ["request_timeout"]),
    ],
    ids=str,
)
def test_a_wrong_setting_is_named(
    run_target: RunTarget, sandbox: SandboxServer, settings: dict[str, Any], words: list[str]
) -> None:
    run = run_target(orders(2), **settings)
    assert all(word in run.sentence for word in words), run.sentence
    assert SECRET not in run.log
    assert ingests(sandbox) == []


def test_an_api_token_does_not_go_to_an_apps_url(run_target: RunTarget) -> None:
    run = run_target(
        orders(1),
        environment_url="https://abc12345.apps.dynatrace.com",
        client_id=None,
        client_secret=None,
        api_token=SECRET,
    )
    assert "api_token" in run.sentence
    assert SECRET not in run.log


@pytest.mark.parametrize("token", [f"dt0c01.{SECRET}\nnext", f"dt0c01.{SECRET}…"])
def test_a_token_that_no_header_can_hold_is_named(run_target: RunTarget, token: str) -> None:
    run = run_target(orders(1), client_id=None, client_secret=None, api_token=token)
    assert "api_token" in run.sentence
    assert SECRET not in run.log


def test_however_deeply_a_record_is_nested_it_is_delivered_or_told(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    """Python's stack ends somewhere, while reading or while encoding."""
    deep = b'{"type":"RECORD","stream":"any","record":{"id":%d,"a":%b1%b}}'
    lines = [schema_line("any", {"properties": {"id": {"type": "integer"}, "a": {}}})]
    depths = range(800, 1200, 5)
    lines += [deep % (depth, b'{"a":' * depth, b"}" * depth) for depth in depths]
    run = run_target(lines)
    assert "nested too deeply" in run.sentence
    assert len(sandbox.events()) == int(run.sentence.split()[1]) - 2, "what came before arrived"


def test_event_types_from_the_environment_must_be_json(run_target: RunTarget) -> None:
    run = run_target(
        orders(1),
        "--config",
        "ENV",
        environment={"TARGET_DYNATRACE_BIZEVENTS_EVENT_TYPES": "{not json"},
    )
    assert "event_types" in run.sentence
    assert "object" in run.sentence


def test_a_wrong_secret_names_the_setting(run_target: RunTarget, sandbox: SandboxServer) -> None:
    run = run_target(orders(2, state_every=1), client_secret=f"dt0s02.WRONG.{SECRET}")
    assert "client_secret" in run.sentence
    assert SECRET not in run.log
    assert run.states == []
    assert sandbox.events() == []


def test_a_scope_that_was_not_granted_is_named(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    run = run_target(orders(2), scope="openpipeline:something")
    assert "openpipeline:something" in run.sentence
    assert sandbox.events() == []


def test_api_and_platform_tokens_work(run_target: RunTarget, sandbox: SandboxServer) -> None:
    none = {"client_id": None, "client_secret": None}
    platform = f"{sandbox.url}/platform/classic/environment-api/v2/bizevents/ingest"
    tokens = sandbox.credentials
    assert run_target(orders(1), **none, api_token=tokens["api_token"]).code == 0
    run = run_target(
        orders(2), **none, platform_token=tokens["platform_token"], environment_url=platform
    )
    assert run.code == 0, run.log
    assert stored_orders(sandbox) == {0, 1}
    expired = tokens["expired_platform_token"]
    run = run_target(orders(1), **none, platform_token=expired, environment_url=platform)
    assert "platform_token" in run.sentence
    assert "expired" in run.sentence
    assert expired.split(".")[-1] not in run.log


def test_an_unreachable_host_is_named(run_target: RunTarget) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    run = run_target(orders(1), environment_url=url, max_retry_seconds=1)
    assert url in run.sentence


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b'{"type":"RECORD","stream":"orders","rec', ["JSON"]),
        (b"not json at all", ["JSON"]),
        (b'{"type":"RECORD","stream":"orders","record":{"text":"\xff"}}', ["UTF-8"]),
        (b"[" * 200_000 + b"]" * 200_000, ["nested"]),
        (b"[1]", ["type"]),
        (b'{"stream":"orders"}', ["type"]),
        (b'{"type":"RECRD"}', ["RECRD"]),
        (b'{"type":"RECORD","stream":"orders"}', ["RECORD", "record"]),
        (b'{"type":"RECORD","stream":"orders","record":[]}', ["object"]),
        (b'{"type":"STATE"}', ["STATE", "value"]),
        (b'{"type":"SCHEMA","stream":"x"}', ["SCHEMA"]),
        (b'{"type":"SCHEMA","stream":"x","schema":{}}', ["SCHEMA", "properties"]),
        (b'{"type":"ACTIVATE_VERSION","stream":"x","version":1}', ["'x'", "SCHEMA"]),
        (record_line({"id": 9}, "unknown"), ["'unknown'", "SCHEMA"]),
        (record_line({"id": SECRET}), ["'orders'", "'id'", "integer"]),
        (record_line({"text": SECRET}), ["'orders'", "id", "key"]),
    ],
    ids=lambda value: value[:40].decode(errors="replace") if isinstance(value, bytes) else "",
)
def test_a_broken_line_is_named_and_what_came_before_is_delivered(
    run_target: RunTarget, sandbox: SandboxServer, line: bytes, words: list[str]
) -> None:
    before = orders(7, state_every=5)
    run = run_target([*before, line, *orders(20)[1:]])
    assert all(word in run.sentence for word in [*words, f"ine {len(before) + 1} "]), run.sentence
    assert SECRET not in run.log
    assert run.states == [{"orders": 5}]
    assert stored_orders(sandbox) == set(range(7))


def test_a_schema_that_is_none_is_named(run_target: RunTarget) -> None:
    run = run_target([schema_line("orders", {"properties": {"id": {"type": "nonsense"}}})])
    assert "'orders'" in run.sentence


def test_without_validation_a_record_passes_as_it_is(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    run = run_target([schema_line(), record_line({"id": "text"})], validate_records=False)
    assert run.code == 0
    assert sandbox.events()[0]["id"] == "text"


def test_odd_json_is_delivered(run_target: RunTarget, sandbox: SandboxServer) -> None:
    lines = [
        b"",
        b'{"type":"RECORD","stream":"orders","record":{"id":1,"value":NaN}}',
        b'{"type":"RECORD","stream":"orders","record":{"id":2,"value":-Infinity}}',
        b'{"type":"RECORD","stream":"orders","record":{"id":3,"text":"\\ud800"}}',
        b'{"type":"RECORD","stream":"orders","record":{"id":4,"text":"\\ud83d\\ude00"}}',
        b'{"type":"RECORD","stream":"orders","record":{"id":123456789012345678901234567890}}',
        b'{"type":"RECORD","stream":"orders","record":{"id":6,"value":27328.87941845880}}\r',
    ]
    run = run_target([schema_line(), *lines])
    assert run.code == 0, run.log
    assert run.log.count("NaN") == 1, "one warning is enough"
    stored = sandbox.event_lines()
    assert b'"value":null' in stored[0]
    assert b'"value":null' in stored[1]
    assert "\ufffd".encode() in stored[2]
    assert "\U0001f600".encode() in stored[3]
    assert b'"id":123456789012345678901234567890' in stored[4]
    assert b'"value":27328.87941845880' in stored[5]


def test_an_empty_record_and_a_megabyte_of_text(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    lines = [schema_line(keys=()), record_line({}), record_line({"text": "ä" * 600_000})]
    run = run_target(lines, max_batch_bytes=5_000_000)
    assert run.code == 0
    assert sorted(len(event.get("text", "")) for event in sandbox.events()) == [0, 600_000]


def test_a_timestamp_of_the_record_never_becomes_the_events(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    schema = {"properties": {"id": {"type": "integer"}, "timestamp": {"type": "string"}}}
    record = {"id": 1, "timestamp": "2020-01-01T00:00:00Z"}
    run = run_target([schema_line("orders", schema), record_line(record)])
    assert run.code == 0
    (event,) = sandbox.events()
    assert event["record.timestamp"] == record["timestamp"]
    assert event["timestamp"] > "2026"
    assert sandbox.report()[0]["dropped"] == 0


def test_stream_maps_and_flattening_of_the_sdk_work(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    schema = {
        "properties": {
            **ORDERS_SCHEMA["properties"],
            "deep": {"type": "object", "properties": {"x": {"type": "integer"}}},
        }
    }
    run = run_target(
        [
            schema_line("orders", schema),
            record_line({"id": 1, "text": "keep", "deep": {"x": 5}}),
            record_line({"id": 2, "text": "drop", "deep": {"x": 6}}),
        ],
        stream_maps={
            "orders": {"__filter__": "text == 'keep'", "double": "int(id * 2)"},
            "copies": {"__source__": "orders"},
        },
        flattening_enabled=True,
        flattening_max_depth=1,
    )
    assert run.code == 0, run.log
    (order,) = sandbox.events("singer.orders")
    assert (order["id"], order["double"], order["deep__x"]) == (1, 2, 5)
    assert [event["id"] for event in sandbox.events("singer.copies")] == [1, 2]


def test_metadata_of_the_sdk_is_added_on_request(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    assert run_target(orders(1), add_record_metadata=True).code == 0
    assert "_sdc_received_at" in sandbox.events()[0]


def test_a_schema_that_changes_loses_nothing(run_target: RunTarget, sandbox: SandboxServer) -> None:
    wider = {"properties": {**ORDERS_SCHEMA["properties"], "more": {"type": "boolean"}}}
    lines = [*orders(3), schema_line("orders", wider), record_line({"id": 3, "more": True})]
    run = run_target([*lines, state_line({"n": 4})])
    assert run.code == 0
    assert stored_orders(sandbox) == {0, 1, 2, 3}
    assert run.states == [{"n": 4}]


def test_a_batch_file_is_delivered(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    file = tmp_path / "part.jsonl"
    file.write_text("".join(json.dumps({"id": n, "value": 1.5}) + "\n" for n in range(5)))
    batch = message(
        "BATCH", stream="orders", encoding={"format": "jsonl"}, manifest=[f"file://{file}"]
    )
    run = run_target([schema_line(), batch, state_line({"n": 5})])
    assert run.code == 0, run.log
    assert stored_orders(sandbox) == set(range(5))
    assert run.states == [{"n": 5}]


def test_what_meltano_sends_to_test_a_target_is_delivered_without_alarming_words(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    stream = "meltano_test_stream"
    schema = {
        "properties": {
            "id": {"type": "integer"},
            "created_at": {"type": "string", "format": "date-time"},
        }
    }
    record = {"id": 1, "created_at": "2025-09-29T00:00:00Z"}
    run = run_target(
        [
            schema_line(stream, schema),
            record_line(record, stream),
            message("ACTIVATE_VERSION", stream=stream, version=1),
            state_line({}),
        ]
    )
    assert run.code == 0
    assert [event["event.type"] for event in sandbox.events()] == [f"singer.{stream}"]
    assert "error" not in run.log.lower()
    assert "exception" not in run.log.lower()


def test_one_line_per_stream_tells_what_was_done(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    lines = [*orders(3), schema_line("more"), record_line({"id": 1}, "more")]
    log = run_target(lines).log
    sizes = sum(entry["bytes"] for entry in ingests(sandbox))
    assert "Stream 'orders': 3 records, 3 events delivered, 0 refused, 0 requests retried" in log
    assert "Stream 'more': 1 records, 1 events delivered" in log
    reported = [
        int(line.split(" bytes")[0].rsplit(" ", 1)[1])
        for line in log.splitlines()
        if " bytes, " in line
    ]
    assert sum(reported) == sizes
