"""Windows: cut without gap or overlap, read side by side, handed on in order."""

from __future__ import annotations

import threading
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_dynatrace_dps.windows import MOST_ROWS, Width, Window, read_in_order

FIRST = date(2024, 2, 20)


@given(days=st.integers(1, 800), width=st.integers(1, 366))
def test_windows_cover_each_day_once_in_order(days: int, width: int) -> None:
    period = Window(FIRST, FIRST + timedelta(days=days - 1))
    windows = list(period.cut(width))
    assert [day for window in windows for day in window.days()] == list(period.days())
    assert all(len(list(window.days())) <= width for window in windows)


@given(
    days=st.integers(1, 800),
    widest=st.integers(1, 366),
    density=st.lists(st.integers(0, 100_000), min_size=800, max_size=800),
)
def test_windows_hold_few_rows_however_many_a_day_has(
    days: int, widest: int, density: list[int]
) -> None:
    """A day with more rows than ever before is the only one that cannot be foreseen."""
    period = Window(FIRST, FIRST + timedelta(days=days - 1))
    rows = dict(zip(period.days(), sorted(density, reverse=True), strict=False))
    width = Width(period, widest)
    windows = []
    for window in period.cut(width):
        windows.append(window)
        held = sum(rows[day] for day in window.days())
        assert len(window) <= widest
        assert len(windows) == 1 or held <= MOST_ROWS or len(window) == 1
        width.learn(window, held)
    assert [day for window in windows for day in window.days()] == list(period.days())


def test_a_small_customer_gets_wide_windows_after_the_first() -> None:
    period = Window(FIRST, FIRST + timedelta(days=364))
    width = Width(period, 31)
    widths = []
    for window in period.cut(width):
        widths.append(len(window))
        # Two parts of a window count together.
        width.learn(window, 100 * len(window))
        width.learn(window, 200 * len(window))
    assert widths == [3, *[31] * 11, 21]


def test_a_period_that_is_one_window_stays_one() -> None:
    period = Window(FIRST, FIRST + timedelta(days=30))
    assert list(period.cut(Width(period, 31))) == [period]


def test_results_come_in_order_whatever_finishes_first() -> None:
    second_done = threading.Event()

    def read(task: int) -> int:
        if task == 0:
            assert second_done.wait(10)
        if task == 1:
            second_done.set()
        return task * 10

    results = list(
        read_in_order(range(6), read, parallel=2, before_wait=lambda: None, stop=threading.Event())
    )
    assert results == [(task, task * 10) for task in range(6)]


def test_no_more_windows_are_in_flight_than_allowed() -> None:
    started: list[int] = []

    def read(task: int) -> int:
        started.append(task)
        return task

    results = read_in_order(
        range(100), read, parallel=3, before_wait=lambda: None, stop=threading.Event()
    )
    next(results)
    next(results)
    # Two were handed on; three more may be read ahead.
    assert max(started, default=0) < 2 + 3
    results.close()


def test_chains_under_way_give_up_when_one_failed() -> None:
    stop = threading.Event()

    def read(task: int) -> bool:
        if task == 0:
            raise ValueError("window 0")
        return stop.wait(10)

    with pytest.raises(ValueError, match="window 0"):
        list(read_in_order(range(4), read, parallel=4, before_wait=lambda: None, stop=stop))
    assert stop.is_set()


def test_a_failed_window_ends_the_rest() -> None:
    def read(task: int) -> int:
        if task == 2:
            raise ValueError("window 2")
        return task

    seen: list[tuple[int, int]] = []
    with pytest.raises(ValueError, match="window 2"):
        seen.extend(
            read_in_order(
                range(50), read, parallel=2, before_wait=lambda: None, stop=threading.Event()
            )
        )
    assert not seen or seen == [(0, 0), (1, 1)]
