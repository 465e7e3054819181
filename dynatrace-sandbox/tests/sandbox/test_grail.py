"""Grail's rules for the attributes and the time of an event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from dynatrace_sandbox.grail import (
    MICROSECONDS,
    NEWEST,
    OLDEST,
    Event,
    UnreadableEventError,
    event_time,
    from_cloud_event,
    to_event,
)
from hypothesis import given
from hypothesis import strategies as st

MOMENT = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
NOW = int(MOMENT.timestamp()) * MICROSECONDS
HOUR = 3600 * MICROSECONDS


def shape(text: str, parameters: dict[str, str] | None = None) -> Event:
    return to_event(msgspec.json.decode(text, type=dict[str, msgspec.Raw]), parameters or {}, NOW)


def stored(text: str, parameters: dict[str, str] | None = None) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shape(text, parameters).attributes)
    return found


@pytest.mark.parametrize(
    "spelled",
    [
        "1795345200",
        "1795345200000",
        "1795345200000000",
        "1795345200.0",
        '"1795345200"',
        '"1795345200000"',
        '"2026-11-22T11:00:00Z"',
        '"2026-11-22T11:00:00.000000000Z"',
        '"2026-11-22t12:00:00.0+01:00"',
        '"2026-11-22 11:00:00Z"',
        '"Nov 22 11:00:00"',
    ],
)
def test_every_documented_spelling_of_a_time_is_read(spelled: str) -> None:
    assert event_time(msgspec.Raw(spelled.encode()), NOW) == NOW - HOUR


@pytest.mark.parametrize(
    "spelled",
    [
        "null",
        "true",
        '""',
        '"yesterday"',
        '"2026-11-22"',
        '"2026-11-22T11:00:00"',
        '"2026-02-30T11:00:00Z"',
        '"1795345200000000"',
        "-1",
        "99999999999999999",
        "{}",
        "[1]",
    ],
)
def test_an_unreadable_time_becomes_the_ingest_time(spelled: str) -> None:
    assert event_time(msgspec.Raw(spelled.encode()), NOW) == NOW


def test_a_missing_time_becomes_the_ingest_time() -> None:
    assert event_time(None, NOW) == NOW


def test_the_fraction_of_a_second_is_kept() -> None:
    assert (
        event_time(msgspec.Raw(b'"2026-11-22T11:00:00.123456789Z"'), NOW) % MICROSECONDS == 123456
    )


@given(st.integers(min_value=-3 * OLDEST, max_value=3 * OLDEST))
def test_old_events_are_dropped_and_future_ones_moved(distance: int) -> None:
    event = shape(f'{{"timestamp": {NOW + distance}}}')
    assert event.dropped == (distance < -OLDEST)
    assert event.timestamp == NOW + min(distance, NEWEST)


def test_last_years_december_is_understood_in_january() -> None:
    january = int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * MICROSECONDS
    assert event_time(msgspec.Raw(b'"Dec 31 23:00:00"'), january) == january - HOUR


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_digits_are_kept_as_sent(value: Any) -> None:
    assert f'"value":{value:f},' in shape(f'{{"value":{value:f},"z":1}}').attributes


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(min_size=1).filter(
    lambda name: name not in {"timestamp", "event.kind", "event.id"} and name[:3] != "dt."
)


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=5))
def test_nested_values_become_json_text_and_others_stay(attributes: dict[str, Any]) -> None:
    found = stored(json.dumps(attributes))
    for name, value in attributes.items():
        if isinstance(value, (dict, list)):
            assert isinstance(found[name], str)
            assert json.loads(found[name]) == value
        else:
            assert found[name] == value


def test_grail_adds_kind_id_and_time() -> None:
    found = stored("{}")
    assert found["event.kind"] == "BIZ_EVENT"
    assert len(found["event.id"]) == 36
    assert found["timestamp"] == "2026-11-22T12:00:00.000000Z"


def test_a_given_id_is_kept_and_a_given_kind_is_not() -> None:
    found = stored('{"event.id": "abc", "event.kind": "OTHER"}')
    assert (found["event.id"], found["event.kind"]) == ("abc", "BIZ_EVENT")


def test_reserved_names_are_left_out() -> None:
    found = stored('{"dt.system.bucket": "x", "dtx": 1}', {"dt.entity": "y"})
    assert "dt.system.bucket" not in found
    assert "dt.entity" not in found
    assert found["dtx"] == 1


def test_query_parameters_become_attributes_beside_the_events_own() -> None:
    found = stored('{"a": 1}', {"a": "other", "b": "2"})
    assert (found["a"], found["b"]) == (1, "2")


def test_a_cloud_event_is_renamed() -> None:
    text = b'{"specversion":"1.0","id":"1","source":"s","type":"t","time":"x","data":{"k":1}}'
    renamed = from_cloud_event(msgspec.json.decode(text, type=dict[str, msgspec.Raw]))
    assert set(renamed) == {
        "specversion",
        "event.id",
        "event.provider",
        "event.type",
        "timestamp",
        "data",
    }


def test_a_cloud_event_needs_its_mandatory_members() -> None:
    with pytest.raises(UnreadableEventError, match="source, type"):
        from_cloud_event({"specversion": msgspec.Raw(b'"1.0"'), "id": msgspec.Raw(b'"1"')})
