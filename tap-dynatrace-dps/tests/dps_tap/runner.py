"""Runs the tap in this process, with a clock that never waits."""

from __future__ import annotations

import io
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from tap_dynatrace_dps.dynatrace_api.errors import DynatraceError
from tap_dynatrace_dps.dynatrace_api.retry import Clock
from tap_dynatrace_dps.tap import TapDynatraceDPS
from tap_dynatrace_dps.writer import BufferedWriter
from typing_extensions import override

_DECODER = msgspec.json.Decoder(float_hook=Decimal)

TODAY = date(2026, 11, 20)
"""The day of the tests, in the sandbox and for the tap."""

FULL_STREAMS = (
    "accounts",
    "cost",
    "cost_centers",
    "forecast",
    "products",
    "rate_cards",
    "subscriptions",
)

INCREMENTAL_STREAMS = (
    "cost_allocation",
    "environment_cost",
    "environment_usage",
    "notifications",
    "usage",
)


ALL_STREAMS = (*FULL_STREAMS, *INCREMENTAL_STREAMS, "environments")


class FakeClock(Clock):
    """Six in the morning of a day; sleeping only turns the hands."""

    def __init__(self, today: date = TODAY) -> None:
        self.start = datetime(today.year, today.month, today.day, 6, tzinfo=UTC).timestamp()
        self.slept: list[float] = []

    @override
    def now(self) -> float:
        return self.start + sum(self.slept)

    @override
    def monotonic(self) -> float:
        return sum(self.slept)

    @override
    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class Run:
    """What a run of the tap wrote."""

    lines: list[bytes]
    clock: FakeClock
    failure: DynatraceError | None
    messages: list[dict[str, Any]] = field(init=False)
    records: dict[str, list[dict[str, Any]]] = field(init=False)
    schemas: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.messages = [_DECODER.decode(line) for line in self.lines]
        self.records = defaultdict(list)
        self.schemas = {}
        for message in self.messages:
            if message["type"] == "RECORD":
                self.records[message["stream"]].append(message["record"])
            elif message["type"] == "SCHEMA":
                self.schemas[message["stream"]] = message

    @property
    def states(self) -> list[dict[str, Any]]:
        return [message["value"] for message in self.messages if message["type"] == "STATE"]

    @property
    def state(self) -> dict[str, Any]:
        return self.states[-1]

    def counts(self, streams: tuple[str, ...]) -> Counter[str]:
        return Counter({name: len(self.records[name]) for name in streams})

    def keys(self, stream: str) -> list[tuple[Any, ...]]:
        names = self.schemas[stream]["key_properties"]
        return [tuple(record[name] for name in names) for record in self.records[stream]]

    def by_key(self, stream: str) -> dict[tuple[Any, ...], dict[str, Any]]:
        return dict(zip(self.keys(stream), self.records[stream], strict=True))


def run_tap(
    config: dict[str, Any],
    *,
    today: date = TODAY,
    state: dict[str, Any] | None = None,
    catalog: dict[str, Any] | None = None,
    select: tuple[str, ...] | None = None,
) -> Run:
    """Run a whole sync.

    Args:
        config: settings.
        today: day of the run.
        state: from an earlier run.
        catalog: instead of the tap's own.
        select: only these streams.
    """
    clock = FakeClock(today)
    output = io.BytesIO()
    tap_class = type("TapUnderTest", (TapDynatraceDPS,), {"clock": clock})
    if select is not None:
        catalog = catalog_of(config, select)
    tap = tap_class(
        config=dict(config),
        state=json.loads(json.dumps(state)) if state else None,
        catalog=catalog,
        message_writer=BufferedWriter(output),
    )
    failure = None
    tap.sync_all()
    try:
        tap.finish()
    except DynatraceError as error:
        failure = error
    return Run(output.getvalue().splitlines(), clock, failure)


def catalog_of(config: dict[str, Any], select: tuple[str, ...]) -> dict[str, Any]:
    """Return the tap's catalog with these streams selected, whole, and no others."""
    catalog = TapDynatraceDPS(config=dict(config)).catalog_dict
    for entry in catalog["streams"]:
        for metadata in entry["metadata"]:
            metadata["metadata"]["selected"] = entry["tap_stream_id"] in select
    return catalog
