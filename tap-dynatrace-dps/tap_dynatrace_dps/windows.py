"""Time windows: cut from a period, read side by side, handed on in order."""

from __future__ import annotations

from collections import Counter, deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from .dates import ONE_DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from datetime import date
    from threading import Event

TaskT = TypeVar("TaskT")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Window:
    """Whole UTC days.

    Attributes:
        first: first day.
        last: last day, inclusive.
    """

    first: date
    last: date

    def days(self) -> Iterator[date]:
        """Yield the days in order."""
        day = self.first
        while day <= self.last:
            yield day
            day += ONE_DAY

    def __contains__(self, day: date) -> bool:
        """Tell whether the day lies inside."""
        return self.first <= day <= self.last

    def __len__(self) -> int:
        """Return the number of days."""
        return (self.last - self.first).days + 1

    def cut(self, width: int | Callable[[], int]) -> Iterator[Window]:
        """Cut into windows, in order.

        Args:
            width: the most days of each window; a function is asked before each one.
        """
        first = self.first
        while first <= self.last:
            days = width if isinstance(width, int) else width()
            last = min(first + ONE_DAY * (days - 1), self.last)
            yield Window(first, last)
            first = last + ONE_DAY


MOST_ROWS = 30_000
"""Rows that a window should not hold many more of; about 15 MB."""

_FIRST_SHARE = 8
"""The first windows have this part of the widest one's days: nothing is known of them yet."""


class Width:
    """How many days the next window should have, going by the rows of those that were read.

    A window waits in memory until it is read completely, beside others; one of a large customer
    holds as many rows a day as one of a small customer a month.
    """

    def __init__(self, period: Window, widest: int) -> None:
        """Begin with narrow windows, unless the period is one window anyway.

        Args:
            period: to be cut.
            widest: the most days of a window.
        """
        self._widest = widest
        self._days = widest if len(period) <= widest else max(1, widest // _FIRST_SHARE)
        self._rows: Counter[Window] = Counter()
        self._densest = 0.0
        self._lock = Lock()

    def __call__(self) -> int:
        """Return the number of days."""
        return self._days

    def learn(self, window: Window, rows: int) -> None:
        """Note that a window, or a part of it, has so many rows; called by any thread."""
        with self._lock:
            self._rows[window] += rows
            self._densest = max(self._densest, self._rows[window] / len(window))
            fitting = int(MOST_ROWS / self._densest) if self._densest else self._widest
            self._days = max(1, min(self._widest, fitting))


def read_in_order(
    tasks: Iterable[TaskT],
    read: Callable[[TaskT], ResultT],
    *,
    parallel: int,
    before_wait: Callable[[], None],
    stop: Event,
) -> Generator[tuple[TaskT, ResultT], None, None]:
    """Run tasks side by side and yield their results in the order of the tasks.

    No more than `parallel` tasks run or wait with a result, beside the one being yielded, so
    memory stays bounded however many tasks there are.

    Args:
        tasks: in order.
        read: does one task, on a thread.
        parallel: tasks in flight.
        before_wait: called before each wait for a result, for example to flush output.
        stop: set when no more results are wanted, so that tasks under way can give up.
    """
    todo = iter(tasks)
    in_flight: deque[tuple[TaskT, Future[ResultT]]] = deque()
    pool = ThreadPoolExecutor(max_workers=parallel, thread_name_prefix="chain")
    try:
        for task in islice(todo, parallel):
            in_flight.append((task, pool.submit(read, task)))
        while in_flight:
            task, future = in_flight.popleft()
            if not future.done():
                before_wait()
            result = future.result()
            for following in islice(todo, 1):
                in_flight.append((following, pool.submit(read, following)))
            del future
            yield task, result
            del result
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)
