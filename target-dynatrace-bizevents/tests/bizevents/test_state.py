"""States: never before the records are safe, as soon as they are, and right after a kill."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .runner import (
    ingests,
    orders,
    record_line,
    schema_line,
    state_line,
    stored_ids,
    stored_orders,
    whole_lines,
)

if TYPE_CHECKING:
    from pathlib import Path

    from dynatrace_sandbox.testing import SandboxServer

    from .conftest import RunTarget

INGEST = "bizevents/ingest"

KILLS = int(os.environ.get("BIZEVENTS_KILLS", "5"))
"""Kills of the kill test; BIZEVENTS_KILLS=20 BIZEVENTS_KILL_RECORDS=50000 is the long form."""

KILL_RECORDS = int(os.environ.get("BIZEVENTS_KILL_RECORDS", "10000"))


def wait_for(condition: Any, seconds: float = 15.0) -> None:
    """Wait for something that another process does."""
    tick = threading.Event()
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        tick.wait(0.02)


class SlowTap:
    """Writes to a pipe what it is told, when it is told."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "pipe"
        os.mkfifo(self.path)

    def open(self) -> None:
        self._file = self.path.open("wb", buffering=0)

    def write(self, *lines: bytes) -> None:
        self._file.write(b"".join(line + b"\n" for line in lines))

    def close(self) -> None:
        self._file.close()


def test_states_come_in_order_and_the_last_one_is_the_taps(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    run = run_target(orders(500, state_every=10), max_batch_events=7, max_parallel_requests=4)
    numbers = [state["orders"] for state in run.states]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] == 500
    assert len(stored_ids(sandbox)) == 500


def test_a_state_keeps_its_digits(run_target: RunTarget) -> None:
    state = {"bookmark": Decimal("1.10"), "big": 2**70, "text": "ä", "none": None}
    run = run_target([schema_line(), state_line(state)])
    assert run.states == [state]


def test_a_state_without_records_is_passed_on(run_target: RunTarget) -> None:
    assert run_target([state_line({"a": 1}), state_line({"a": 2})]).states[-1] == {"a": 2}


def test_state_follows_while_the_tap_is_silent(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    tap = SlowTap(tmp_path)
    seen: list[int] = []

    def silent_tap(_: int) -> None:
        tap.open()
        tap.write(schema_line(), record_line({"id": 1}), state_line({"n": 1}))
        tap.write(record_line({"id": 2}), state_line({"n": 2}))
        wait_for(lambda: b'{"n":2}\n' in whole_lines(tmp_path / "output"))
        seen.extend(stored_orders(sandbox))
        tap.close()

    run = run_target(tap.path, meanwhile=silent_tap)
    assert run.code == 0
    assert sorted(seen) == [1, 2]


def test_events_without_a_state_do_not_wait_for_the_tap_either(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    tap = SlowTap(tmp_path)

    def silent_tap(_: int) -> None:
        tap.open()
        tap.write(schema_line(), record_line({"id": 1}))
        wait_for(lambda: stored_orders(sandbox) == {1})
        tap.close()

    assert run_target(tap.path, meanwhile=silent_tap).code == 0


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_termination_delivers_what_was_read(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path, kind: signal.Signals
) -> None:
    tap = SlowTap(tmp_path)

    def terminated(process: int) -> None:
        tap.open()
        tap.write(*orders(30, state_every=10))
        wait_for(lambda: b'{"orders":10}\n' in whole_lines(tmp_path / "output") or ingests(sandbox))
        os.kill(process, kind)

    try:
        run = run_target(tap.path, meanwhile=terminated)
    finally:
        tap.close()
    assert run.code == 0, run.log
    read = run.states[-1]["orders"]
    assert stored_orders(sandbox) >= set(range(read))
    assert "Traceback" not in run.log


def test_a_second_termination_does_not_wait_for_the_server(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    sandbox.fault(path=INGEST, status=503, headers={"Retry-After": "60"}, times=-1)
    tap = SlowTap(tmp_path)

    def impatient(process: int) -> None:
        tap.open()
        tap.write(*orders(5, state_every=5))
        wait_for(lambda: ingests(sandbox))
        os.kill(process, signal.SIGTERM)
        wait_for(lambda: "Asked to stop" in (tmp_path / "log").read_text())
        os.kill(process, signal.SIGTERM)

    try:
        run = run_target(tap.path, meanwhile=impatient)
    finally:
        tap.close()
    assert "next run continues" in run.sentence
    assert run.states == []


def test_killed_at_any_moment_and_resumed_nothing_is_missing(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    chance = random.Random(20241022)  # noqa: S311  (a plan, no secret)
    lines = orders(KILL_RECORDS, state_every=97)
    done, kills, before = 0, 0, set[int]()

    def killer(process: int) -> None:
        # Moments between the first request and some requests later.
        goal = len(ingests(sandbox)) + chance.randrange(1, 6)
        wait_for(lambda: len(ingests(sandbox)) >= goal)
        os.kill(process, signal.SIGKILL)

    while kills < KILLS:
        rest = [lines[0], *lines[1 + done + done // 97 :]]
        run = run_target(rest, max_batch_events=KILL_RECORDS // KILLS // 20, meanwhile=killer)
        if run.code != -signal.SIGKILL:
            break
        kills += 1
        states = [state["orders"] for state in run.states]
        done = max([done, *states])
        stored = stored_orders(sandbox)
        assert stored >= set(range(done)), "a state was passed on before its records were safe"
        assert stored >= before
        before = stored
    rest = [lines[0], *lines[1 + done + done // 97 :]]
    assert run_target(rest).code == 0
    assert kills == KILLS
    assert stored_orders(sandbox) == set(range(KILL_RECORDS))
    assert len(set(stored_ids(sandbox))) == KILL_RECORDS
