"""Whole syncs against the sandbox, whose own facts are the judge."""

from __future__ import annotations

import json
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from .judge import merged_bookings, total
from .runner import ALL_STREAMS, run_tap

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


VALUE_FIELDS = {
    "cost": "value",
    "usage": "value",
    "environment_cost": "value",
    "environment_usage": "value",
    "cost_allocation": "costs",
}


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
