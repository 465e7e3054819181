"""Runs after the first: bookmarks, late bookings, restated days, cuts at any line."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from tap_dynatrace_dps.bookmarks import Bookmark, digest, store

from .judge import merged_bookings, total
from .runner import FULL_STREAMS, INCREMENTAL_STREAMS, TODAY, run_tap

if TYPE_CHECKING:
    import pytest
    from dynatrace_sandbox.testing import SandboxServer

    from .runner import Run


def second_run(sandbox: SandboxServer, first: Run, **settings: Any) -> Run:
    return run_tap(sandbox.tap_config(**settings), state=first.state)


def test_an_unchanged_day_is_not_sent_again(sandbox: SandboxServer) -> None:
    first = run_tap(sandbox.tap_config())
    again = second_run(sandbox, first)
    assert sum(again.counts(INCREMENTAL_STREAMS).values()) == 0
    assert again.counts(FULL_STREAMS) == first.counts(FULL_STREAMS)
    assert again.state == first.state


def test_a_restated_day_is_sent_whole_and_no_other(sandbox: SandboxServer) -> None:
    first = run_tap(sandbox.tap_config())
    booked = sandbox.restate("2026-11-15", "3.25")
    again = second_run(sandbox, first)
    for stream in ("environment_cost", "environment_usage"):
        records = again.records[stream]
        assert {record["startTime"][:10] for record in records} == {"2026-11-15"}
        # Every row of that account's day, not only the one that changed.
        expected = [
            key
            for key in first.keys(stream)
            if key[0] == records[0]["accountUuid"] and key[4].startswith("2026-11-15")
        ]
        assert again.keys(stream) == expected
    before = first.by_key("environment_cost")
    changed = {
        key: Fraction(record["value"]) - Fraction(before[key]["value"])
        for key, record in again.by_key("environment_cost").items()
        if record["value"] != before[key]["value"]
    }
    assert list(changed.values()) == [Fraction(13, 4)]
    assert next(iter(changed))[2] == booked["environmentId"]


def test_a_day_restated_before_the_lookback_is_not_read(sandbox: SandboxServer) -> None:
    first = run_tap(sandbox.tap_config(lookback_days=3))
    sandbox.restate("2026-11-12", "3.25")
    again = second_run(sandbox, first, lookback_days=3)
    assert not again.records["environment_cost"]


def test_late_bookings_arrive_with_the_days_that_pass(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config())
    seen = run.by_key("environment_cost")
    for offset in range(1, 4):
        sandbox.advance()
        today = TODAY.replace(day=TODAY.day + offset)
        run = run_tap(sandbox.tap_config(), today=today, state=run.state)
        fresh = {record["startTime"][:10] for record in run.records["environment_cost"]}
        assert str(today.replace(day=today.day - 1)) in fresh
        seen |= run.by_key("environment_cost")
    truth = merged_bookings(sandbox.truth("environment_cost"))
    assert len(seen) == len(truth)
    assert sum(Fraction(row["value"]) for row in seen.values()) == total(
        sandbox.truth("environment_cost"), "value"
    )


def test_bookmarks_never_pass_the_day_before_the_run(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config())
    for stream in INCREMENTAL_STREAMS:
        days = {entry[0] for entry in run.state["bookmarks"][stream]["accounts"].values()}
        assert max(days) == "2026-11-19", stream


def test_a_full_refresh_sends_everything_and_keeps_no_bookmark(sandbox: SandboxServer) -> None:
    first = run_tap(sandbox.tap_config())
    catalog = {
        "streams": [
            {
                "tap_stream_id": "usage",
                "stream": "usage",
                "schema": first.schemas["usage"]["schema"],
                "key_properties": first.schemas["usage"]["key_properties"],
                "replication_method": "FULL_TABLE",
                "metadata": [{"breadcrumb": [], "metadata": {"selected": True}}],
            }
        ]
    }
    again = run_tap(sandbox.tap_config(), state=first.state, catalog=catalog)
    assert len(again.records["usage"]) == len(first.records["usage"])
    assert set(again.records) == {"usage"}


def test_state_is_small_for_twenty_accounts() -> None:
    bookmark = Bookmark(10)
    for day in range(1, 28):
        bookmark.remember(
            TODAY.replace(day=day), digest(b"%d" % day), last_complete=TODAY.replace(day=27)
        )
    state: dict[str, Any] = {"bookmarks": {}}
    uuid = "724b5f0c-e96b-42fb-9a1d-c9ec4f94fd18"
    for stream in INCREMENTAL_STREAMS:
        entries = state["bookmarks"].setdefault(stream, {})
        for account in range(20):
            account_uuid = f"{account:036}"
            store(entries, f"{account_uuid}/{uuid}", bookmark)
    assert len(json.dumps(state, separators=(",", ":"))) < 20_000


def test_a_run_cut_at_any_state_is_completed_by_the_next(
    sandbox: SandboxServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tap_dynatrace_dps.stream.STATE_INTERVAL_RECORDS", 1)
    streams = ("environment_cost", "usage", "cost_allocation", "notifications")
    config = sandbox.tap_config(window_days=5)
    whole = run_tap(config, select=streams)
    places = [i for i, message in enumerate(whole.messages) if message["type"] == "STATE"]
    assert len(places) > 300
    for place in places[7 :: len(places) // 12]:
        rest = run_tap(config, state=whole.messages[place]["value"], select=streams)
        got: set[bytes] = set()
        for message in [*whole.messages[:place], *rest.messages]:
            if message["type"] == "RECORD":
                got.add(json.dumps(message["record"], default=str, sort_keys=True).encode())
        expected = {
            json.dumps(record, default=str, sort_keys=True).encode()
            for name in streams
            for record in whole.records[name]
        }
        assert got == expected
