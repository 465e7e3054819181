"""The sections of the report, each a table with the runs it needs."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from . import table
from .cases import Taps, Targets, pipe, python, start_up
from .data import LARGE, SMALL
from .measure import MEGABYTE, Case, Result, alternate, run, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

LATENCY_SECONDS = 0.05


@dataclass(frozen=True)
class Plan:
    """How much to measure.

    Attributes:
        days: of the large data set, 2000 rows each.
        more_days: for speed and memory over a long period.
        small_days: of the small data set, one page each.
        repetitions: of each case; those of the long period run once.
    """

    days: int
    more_days: int
    small_days: int
    repetitions: int


WHOLE = Plan(days=100, more_days=LARGE.days, small_days=SMALL.days, repetitions=3)
QUICK = Plan(days=10, more_days=40, small_days=124, repetitions=1)


class Report:
    """Measures on demand, section by section."""

    def __init__(self, plan: Plan, folder: Path, url: str, slow_url: str) -> None:
        """Write the targets' input with our tap, and check that nothing of it is missing.

        Args:
            plan: how much to measure.
            folder: for files.
            url: of the server without delay.
            slow_url: of the server with a delay before each answer.
        """
        self._plan, self._folder, self._url, self._slow_url = plan, folder, url, slow_url
        self._taps = Taps(url, folder, days=plan.days)
        tell("Writing the input of the targets")
        self._targets = self._written(plan.days)
        self._target_start = self._written(1)
        # A process of its own: a large parent would count as memory of each program it starts.
        check = python("benchmarks.check", str(self._targets.source), str(plan.days))
        run(Case("check", [check]), folder)

    def _written(self, days: int) -> Targets:
        path = self._folder / f"records-{days}.singer"
        run(replace(self._taps, days=days).ours(), self._folder, output=path)
        return Targets(self._url, self._folder, path, days * LARGE.records_per_day)

    def _measured(self, *cases: Case, once: bool = False) -> list[Result]:
        return alternate(cases, 1 if once else self._plan.repetitions, self._folder)

    def head(self) -> str:
        """Return when and where, and how to read the tables."""
        return (
            f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores. Each figure is a median of "
            f"{self._plan.repetitions}; the programs of a table run in turn. CPU is user and "
            "system time of the program with all its threads. Above 1.00 ours is faster.\n"
        )

    def server(self) -> str:
        """Show that the server is not what one waits for."""
        results = self._measured(
            self._taps.raw(),
            self._taps.raw(discard=True),
            self._targets.raw(),
            self._targets.raw(discard=True),
        )
        rows = [
            (f"{kind}: {result.case.name}", f"{result.case.rows / result.wall:,.0f} rows/s")
            for kind, result in zip(("tap", "tap", "target", "target"), results, strict=True)
        ]
        return table.plain("The server, with and without the work of the raw loop", rows)

    def tap(self) -> str:
        """Compare taps."""
        start = replace(self._taps, days=1)
        return table.section(
            f"Tap, {self._taps.rows:,} rows",
            self._measured(*self._taps.all()),
            self._measured(*start.all()),
        )

    def tap_long(self) -> str:
        """Compare taps over a long period."""
        taps = replace(self._taps, days=self._plan.more_days)
        cases = [taps.ours(), taps.plain_sdk(), taps.dlt("nothing"), taps.raw()]
        return table.section(f"Tap, {taps.rows:,} rows (once)", self._measured(*cases, once=True))

    def target(self) -> str:
        """Compare targets."""
        return table.section(
            f"Target, {self._targets.records:,} records",
            self._measured(*self._targets.all()),
            self._measured(*self._target_start.all()),
        )

    def pipe(self) -> str:
        """Compare the pipe with its halves."""
        return self._pipe("", self._taps, self._targets, once=False)

    def pipe_long(self) -> str:
        """Compare the pipe with its halves over a long period."""
        taps = replace(self._taps, days=self._plan.more_days)
        return self._pipe(" (once)", taps, self._written(taps.days), once=True)

    def _pipe(self, title: str, taps: Taps, targets: Targets, *, once: bool) -> str:
        results = self._measured(pipe(taps, targets), taps.ours(), targets.ours(), once=once)
        return table.section(
            f"`tap | target`, {taps.rows:,} rows{title}",
            results,
            note="Peak memory is that of the program that takes more.",
        )

    def memory(self) -> str:
        """Show the memory of ever longer periods."""
        days = (self._plan.days, self._plan.more_days // 2, self._plan.more_days)
        results = self._measured(
            *(replace(self._taps, days=number).ours() for number in days), once=True
        )
        rows = [
            (f"{result.case.rows:,} rows", f"{result.peak_bytes / MEGABYTE:,.0f} MB")
            for result in results
        ]
        return table.plain("Peak memory of the tap", rows)

    def latency(self) -> str:
        """Show what several chains gain where each answer takes time."""
        small = Taps(self._slow_url, self._folder, SMALL, self._plan.small_days)
        large = replace(self._taps, url=self._slow_url)
        sections = []
        for taps, what in ((small, "50 rows a page"), (large, "2000 rows a page")):
            results = self._measured(
                replace(taps.ours(), name="4 chains"),
                replace(replace(taps, chains=1).ours(), name="1 chain"),
            )
            title = f"Tap, {taps.days} pages of {what}, {LATENCY_SECONDS * 1000:.0f} ms latency"
            sections.append(table.section(title, results))
        return "\n".join(sections)

    def latency_target(self) -> str:
        """Compare targets where each answer takes time."""
        targets = replace(self._targets, url=self._slow_url)
        cases = [targets.ours(), targets.plain_sdk(validate=False), targets.raw()]
        title = f"Target, {targets.records:,} records, {LATENCY_SECONDS * 1000:.0f} ms latency"
        return table.section(title, self._measured(*cases))

    def start(self) -> str:
        """Show the time until a program does something."""
        rows = [
            (result.case.name, f"{result.wall:.2f} s wall, {result.cpu:.2f} s CPU")
            for result in self._measured(*start_up())
        ]
        return table.plain("Start-up", rows)

    SECTIONS: ClassVar[Mapping[str, Callable[[Report], str]]] = {
        "server": server,
        "start": start,
        "tap": tap,
        "target": target,
        "pipe": pipe,
        "latency": latency,
        "latency-target": latency_target,
        "memory": memory,
        "tap-long": tap_long,
        "pipe-long": pipe_long,
    }
