"""Whole syncs against the sandbox, whose own facts are the judge."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from tap_dynatrace_dps.bookmarks import Bookmark, digest, store

from .runner import ALL_STREAMS, FULL_STREAMS, INCREMENTAL_STREAMS, TODAY, run_tap

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

    from .runner import Run

VALUE_FIELDS = {
    "cost": "value",
    "usage": "value",
    "environment_cost": "value",
    "environment_usage": "value",
    "cost_allocation": "costs",
}


def total(rows: list[dict[str, Any]], name: str) -> Fraction:
    return sum((Fraction(row[name]) for row in rows), Fraction())


def merged_bookings(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["environmentId"], row["capabilityKey"], row["startTime"][:10]].append(row)
    return groups


@pytest.mark.parametrize("stream", ALL_STREAMS)
def test_every_stream_has_what_the_sandbox_has(sandbox: SandboxServer, stream: str) -> None:
    run = run_tap(sandbox.tap_config(), select=(stream,))
    assert run.failure is None
    records = run.records[stream]
    if stream == "accounts":
        assert [record["uuid"] for record in records] == [each["uuid"] for each in sandbox.accounts]
        return
    truth = sandbox.truth(stream)
    if stream in {"environment_cost", "environment_usage"}:
        assert len(records) == len(merged_bookings(truth))
    else:
        assert len(records) == len(truth)
    assert records
    if stream in VALUE_FIELDS:
        assert total(records, VALUE_FIELDS[stream]) == total(truth, VALUE_FIELDS[stream])


def test_rows_that_share_the_key_are_merged_exactly(sandbox: SandboxServer) -> None:
    for delta in ("0.0000000001", "12.5"):
        sandbox.restate("2026-11-10", delta)
    truth = merged_bookings(sandbox.truth("environment_cost"))
    run = run_tap(sandbox.tap_config(), select=("environment_cost",))
    assert any(len(rows) > 1 for rows in truth.values())
    for record in run.records["environment_cost"]:
        key = (record["environmentId"], record["capabilityKey"], record["startTime"][:10])
        rows = truth[key]
        assert Fraction(record["value"]) == total(rows, "value")
        assert record["bookings"] == len(rows)
        assert record["bookingDate"] == max(row["bookingDate"] for row in rows)


def test_cost_to_date_is_the_exact_running_sum(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    histories: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for record in run.records["cost"]:
        histories[record["accountUuid"], record["subscriptionUuid"]].append(record)
    assert len(histories) == 4
    for (account, subscription), records in histories.items():
        starts = [record["startTime"] for record in records]
        assert starts == sorted(starts)
        running = Fraction()
        for record in records:
            running += Fraction(record["value"])
            assert Fraction(record["costToDate"]) == running
        truth = [
            row for row in sandbox.truth("cost", account) if row["subscriptionUuid"] == subscription
        ]
        assert running == total(truth, "value")


def test_digits_are_those_of_the_api(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    emitted = run.by_key("cost")
    for account in sandbox.accounts:
        for row in sandbox.truth("cost", account["uuid"]):
            record = emitted[account["uuid"], row["subscriptionUuid"], row["startTime"]]
            assert Decimal(record["value"]) == Decimal(row["value"])


def test_keys_are_unique_and_records_valid_in_every_stream(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=ALL_STREAMS)
    for stream, records in run.records.items():
        keys = run.keys(stream)
        assert len(keys) == len(set(keys)), stream
        assert all(None not in key for key in keys), stream
        validator = jsonschema.Draft7Validator(
            run.schemas[stream]["schema"], format_checker=jsonschema.FormatChecker()
        )
        for record in json.loads(json.dumps(records, default=float)):
            validator.validate(record)


def test_schemas_describe_each_property_and_only_keys_are_required(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=ALL_STREAMS)
    assert len(run.schemas) == 13
    for stream, message in run.schemas.items():
        schema = message["schema"]
        keys = set(message["key_properties"])
        never_null = set(schema["required"])
        assert keys <= never_null <= keys | {"accountUuid", "date"}, stream
        for name, declared in schema["properties"].items():
            assert declared["description"], (stream, name)
            assert ("null" in declared["type"]) == (name not in never_null), (stream, name)


@pytest.mark.parametrize("v3_paging", ["live", "documented", "key-alone-only"])
@pytest.mark.parametrize("last_page_key", ["null", "empty", "missing"])
def test_v3_paging_under_every_reading(
    sandbox: SandboxServer, v3_paging: str, last_page_key: str
) -> None:
    expected = run_tap(sandbox.tap_config(), select=("environment_cost",)).records
    sandbox.switch(v3_paging=v3_paging, last_page_key=last_page_key, rows_per_entry=2)
    run = run_tap(sandbox.tap_config(page_size=5), select=("environment_cost",))
    assert run.failure is None
    assert run.records == expected
    pages = sandbox.requests("/environments/cost$")
    assert sum("page-key" in each["query"] for each in pages) > 50


@pytest.mark.parametrize("end_time", ["exclusive", "inclusive"])
@pytest.mark.parametrize("window_days", [1, 7, 31, 366])
def test_windows_change_nothing(sandbox: SandboxServer, end_time: str, window_days: int) -> None:
    streams = ("environment_cost", "environment_usage", "cost_allocation")
    expected = run_tap(sandbox.tap_config(), select=streams).records
    sandbox.switch(end_time=end_time)
    run = run_tap(sandbox.tap_config(window_days=window_days), select=streams)
    assert run.failure is None
    assert run.records == expected


def test_start_and_end_bound_the_charge_period(sandbox: SandboxServer) -> None:
    config = sandbox.tap_config(start_date="2026-11-01", end_date="2026-11-08T00:00:00Z")
    run = run_tap(config, select=("environment_cost", "usage", "cost_allocation"))
    for stream, name in (
        ("environment_cost", "startTime"),
        ("usage", "startTime"),
        ("cost_allocation", "date"),
    ):
        days = {record[name][:10] for record in run.records[stream]}
        assert days == {f"2026-11-{day:02}" for day in range(1, 8)}, stream


def test_filters_are_sent_as_comma_lists(sandbox: SandboxServer) -> None:
    ids = [row["environmentId"] for row in sandbox.truth("environment_cost")]
    wanted = sorted(set(ids))[:2]
    capability = sandbox.truth("usage")[0]["capabilityKey"]
    config = sandbox.tap_config(environment_ids=wanted, capability_keys=[capability])
    run = run_tap(config, select=("environment_cost",))
    assert run.failure is None
    assert {record["environmentId"] for record in run.records["environment_cost"]} == set(wanted)
    assert {record["capabilityKey"] for record in run.records["environment_cost"]} == {capability}
    query = sandbox.requests("/environments/cost$")[0]["query"]
    assert f"environmentIds={'%2C'.join(wanted)}" in query


# --- incremental runs


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


# --- whatever line the output is cut at


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


# --- accounts


def test_an_account_without_subscription_shares_the_first_ones(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    owner = sandbox.accounts[0]["uuid"]
    shared = {
        (record["accountUuid"], record["subscriptionUuid"])
        for record in run.records["cost"]
        if record["accountUuid"] != owner
    }
    others = [each["uuid"] for each in sandbox.accounts[1:] if sandbox.truth("cost", each["uuid"])]
    assert shared == {(account, sandbox.subscription_uuid) for account in others}
    assert len(others) == 2


def test_no_costs_is_a_warning(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert run.failure is None
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    empty = [each["name"] for each in sandbox.accounts if not sandbox.truth("cost", each["uuid"])]
    assert len(empty) == 2
    for name in empty:
        assert sum(f"'{name}' has no cost" in message for message in warned) == 1


@pytest.mark.parametrize("on_account_error", ["fail", "skip"])
def test_one_accounts_failure_stays_its_own(
    sandbox: SandboxServer, on_account_error: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = sandbox.accounts[2]["uuid"]
    whole = run_tap(sandbox.tap_config())
    sandbox.fault(path=f"/accounts/{broken}/", status=403, times=-1)
    run = run_tap(sandbox.tap_config(on_account_error=on_account_error))
    for stream in ("cost", "usage", "environment_cost"):
        expected = [key for key in whole.keys(stream) if key[0] != broken]
        assert run.keys(stream) == expected
    assert set(run.state["bookmarks"]["usage"]["accounts"]) == {
        key for key in whole.state["bookmarks"]["usage"]["accounts"] if not key.startswith(broken)
    }
    if on_account_error == "fail":
        assert "1 of 5 accounts did not finish" in str(run.failure)
        assert sandbox.accounts[2]["name"] in str(run.failure)
    else:
        assert run.failure is None
        assert "1 of 5 accounts did not finish" in caplog.text
    sandbox.clear_faults()
    rest = run_tap(sandbox.tap_config(), state=run.state)
    assert set(rest.keys("usage")) == {key for key in whole.keys("usage") if key[0] == broken}


def test_a_list_that_cannot_be_read_is_waited_for_once(sandbox: SandboxServer) -> None:
    owner = sandbox.accounts[0]
    sandbox.fault(path=f"/accounts/{owner['uuid']}/subscriptions$", status=503, times=-1)
    run = run_tap(sandbox.tap_config(), select=("cost", "usage", "environment_cost"))
    assert sum(run.clock.slept) <= 300
    for account in sandbox.accounts:
        assert f"'{account['name']}'" in str(run.failure)
    assert not any(run.records.values())


def test_wrong_credentials_name_the_account_and_never_the_secret(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    config = sandbox.tap_config()
    config["accounts"][1]["client_secret"] = "dt0s02.WRONG.VERYSECRETVALUE"
    run = run_tap(config)
    assert config["accounts"][1]["name"] in str(run.failure)
    assert "client_secret" in str(run.failure)
    secrets = [account["client_secret"] for account in config["accounts"]]
    output = b"\n".join(run.lines).decode() + caplog.text + str(run.failure)
    for secret in secrets:
        assert secret not in output
        assert secret.rpartition(".")[2] not in output
    refused = [each for each in sandbox.requests("token") if each["status"] == 400]
    assert len(refused) == 1
