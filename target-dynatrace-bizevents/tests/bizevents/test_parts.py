"""The parts between: ledger, batches, endpoint, refusals, report."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_bizevents.batch import OpenBatch, body_of
from target_dynatrace_bizevents.delivery import positions_of
from target_dynatrace_bizevents.dynatrace_api.errors import SettingsError
from target_dynatrace_bizevents.endpoint import ingest_url
from target_dynatrace_bizevents.ingest import Refused, refused_in
from target_dynatrace_bizevents.ledger import Ledger
from target_dynatrace_bizevents.report import Report

CLASSIC = "/api/v2/bizevents/ingest"
PLATFORM = "/platform/classic/environment-api/v2/bizevents/ingest"


@given(st.data())
def test_a_state_is_passed_on_exactly_when_all_before_it_is_safe(data: st.DataObject) -> None:
    emitted: list[int] = []
    ledger = Ledger(emitted.append)
    unfinished: dict[int, set[int]] = {}
    open_batch: set[int] = set()
    first = 0
    held: list[int] = []
    for _ in range(data.draw(st.integers(0, 40))):
        step = data.draw(st.sampled_from(["event", "close", "finish", "state"]))
        if step == "event":
            if not open_batch:
                first = ledger.begin()
            ledger.taken += 1
            open_batch.add(ledger.taken)
        elif step == "close" and open_batch:
            unfinished[first], open_batch = open_batch, set()
        elif step == "finish" and unfinished:
            done = data.draw(st.sampled_from(sorted(unfinished)))
            del unfinished[done]
            ledger.finish(done)
        elif step == "state":
            held.append(ledger.taken)
            ledger.hold(ledger.taken)
        unsafe = open_batch.union(*unfinished.values())
        safe = [state for state in held if not any(event <= state for event in unsafe)]
        assert (emitted[-1] if emitted else None) == (safe[-1] if safe else None)
    assert emitted == sorted(set(emitted))


def test_an_unchanged_state_is_not_repeated() -> None:
    emitted: list[Any] = []
    ledger = Ledger(emitted.append)
    ledger.hold({"a": 1})
    ledger.hold({"a": 1})
    assert emitted == [{"a": 1}]


@given(st.lists(st.binary(min_size=2, max_size=30)), st.integers(1, 5), st.integers(34, 80))
def test_batches_keep_both_limits_to_the_byte(
    events: list[bytes], max_events: int, max_bytes: int
) -> None:
    batch = OpenBatch(max_events, max_bytes)
    closed = []
    for event in events:
        if not batch.add(event, event):
            assert len(body_of([*batch.events, event])) > max_bytes, "it would have fitted"
            closed.append(batch.close("s", {}))
            assert batch.add(event, event)
        if batch.is_full:
            closed.append(batch.close("s", {}))
    closed.append(batch.close("s", {}))
    assert [event for one in closed for event in one.events] == events
    assert all(len(one.events) <= max_events for one in closed)
    assert all(len(body_of(one.events)) <= max_bytes for one in closed)
    assert [one.lines for one in closed] == [one.events for one in closed]


def test_an_event_that_fills_a_request_exactly_fits() -> None:
    assert OpenBatch(1, 12).add(b"x" * 10, b"")
    assert not OpenBatch(1, 12).add(b"x" * 11, b"")


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("https://abc12345.live.dynatrace.com", f"https://abc12345.live.dynatrace.com{CLASSIC}"),
        ("https://abc12345.live.dynatrace.com/", f"https://abc12345.live.dynatrace.com{CLASSIC}"),
        ("https://abc12345.apps.dynatrace.com", f"https://abc12345.apps.dynatrace.com{PLATFORM}"),
        (
            "https://a.sprint.apps.dynatracelabs.com",
            f"https://a.sprint.apps.dynatracelabs.com{PLATFORM}",
        ),
        ("https://gate:9999/e/abc12345", f"https://gate:9999/e/abc12345{CLASSIC}"),
        ("http://127.0.0.1:8080", f"http://127.0.0.1:8080{CLASSIC}"),
        (
            f"https://abc12345.apps.dynatrace.com{PLATFORM}",
            f"https://abc12345.apps.dynatrace.com{PLATFORM}",
        ),
    ],
)
def test_the_ingest_path_follows_from_the_environment(environment: str, url: str) -> None:
    assert ingest_url(environment) == url


@pytest.mark.parametrize(
    "environment",
    [
        "abc12345.live.dynatrace.com",
        "https://",
        "ftp://host",
        "https://host?from=guide",
        "https://user:word@host",
        "https://abc12345.apps.dynatrace.com/ui/apps",
    ],
)
def test_a_url_that_is_none_of_these_is_refused(environment: str) -> None:
    with pytest.raises(SettingsError, match="environment_url") as caught:
        ingest_url(environment)
    assert "word" not in str(caught.value)


EVENTS = [b'{"event.id":"%d","a":1}' % number for number in range(4)]


@pytest.mark.parametrize(
    ("entries", "positions"),
    [
        ([{"index": 1, "message": "m"}], {1: "m"}),
        ([{"index": "1", "message": "m"}], {1: "m"}),
        ([{"id": "2", "message": "m"}], {2: "m"}),
        ([{"id": "2", "index": 0, "message": "m"}], {2: "m"}),
        ([{"id": "elsewhere", "index": 3, "message": "m"}], {3: "m"}),
        ([{"id": "1", "index": 99, "message": "m"}], {1: "m"}),
        ([{"index": 0}, {"index": 0, "message": "n"}], {0: "refused without a reason"}),
    ],
)
def test_refused_events_are_found_by_id_and_by_position(
    entries: list[dict[str, Any]], positions: dict[int, str]
) -> None:
    refused = refused_in(msgspec.json.encode({"errors": entries}))
    assert positions_of(refused, EVENTS) == positions


def test_one_that_is_named_in_no_way_may_be_any() -> None:
    refused = (Refused(1, None, "known"), Refused(None, None, "unknown"))
    positions = positions_of(refused, EVENTS)
    assert list(positions) == [0, 1, 2, 3]
    assert positions[1] == "known"
    assert "did not say which" in positions[0]


@pytest.mark.parametrize("body", [b"", b"Bad Request", b"[]", b'{"errors":[]}', b'{"errors":"x"}'])
def test_a_400_without_a_list_names_nobody(body: bytes) -> None:
    assert refused_in(body) == ()


def test_the_report_counts_by_stream() -> None:
    ticks = iter([10.0, 11.0, 12.5])
    report = Report(monotonic=lambda: next(ticks))
    report.stream("cost").records += 3
    report.add("cost", delivered=2, retried=1, sent_bytes=400)
    report.add("cost", refused=1)
    assert report.refused == 1
    assert str(report.stream("cost")) == (
        "3 records, 2 events delivered, 1 refused, 1 requests retried, 400 bytes, 2.5 seconds"
    )
