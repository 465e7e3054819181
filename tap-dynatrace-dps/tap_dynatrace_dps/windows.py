"""Time windows: cut from a period, read side by side, handed on in order."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
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

    def cut(self, width: int) -> Iterator[Window]:
        """Cut into windows of at most `width` days, in order."""
        first = self.first
        while first <= self.last:
            last = min(first + ONE_DAY * (width - 1), self.last)
            yield Window(first, last)
            first = last + ONE_DAY


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
