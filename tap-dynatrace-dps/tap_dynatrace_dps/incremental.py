"""Streams that are read by days: windows side by side, late bookings, a digest for each day."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial, reduce
from itertools import groupby
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from singer_sdk.singerlib.catalog import REPLICATION_FULL_TABLE
from typing_extensions import override

from . import bookmarks
from .bookmarks import NO_ROWS, Bookmark
from .dates import ONE_DAY, day_of
from .dynatrace_api.errors import ApiError
from .progress import Progress
from .stream import NOT_FOUND, Chunk, DPSStream
from .windows import Width, Window, read_in_order
from .writer import encode_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from .sessions import Session, Subscription
    from .writer import Records

RowT = TypeVar("RowT")

HISTORY_DAYS = 3 * 365
"""Read this far back where neither a setting nor the subscription says where to start; Account
Management shows three years."""


class DayRows(Generic[RowT]):
    """Rows by day and key; rows that share both are merged as they arrive."""

    def __init__(self, window: Window, merge: Callable[[RowT, RowT], RowT]) -> None:
        """Start empty.

        Args:
            window: rows of other days are left out: whether an end is inclusive is not
                documented, and a neighbouring window brings them.
            merge: makes one row of two that share the key.
        """
        self._window = window
        self._merge = merge
        self._days: dict[date, dict[Any, RowT]] = {}
        self.newest: str | None = None

    def of(self, day: date) -> dict[Any, RowT] | None:
        """Return the rows of a day by their key, to add to; None for a day that is left out."""
        rows = self._days.get(day)
        if rows is None and day in self._window:
            rows = self._days[day] = {}
        return rows

    def add(self, day: date, key: Any, row: RowT) -> None:  # noqa: ANN401  (all of one type)
        """Add a row; keys can be hashed and put in order."""
        rows = self.of(day)
        if rows is None:
            return
        old = rows.get(key)
        rows[key] = row if old is None else self._merge(old, row)

    def modified(self, text: str | None) -> None:
        """Note the `lastModifiedTime` of a page; the latest counts."""
        if text and (self.newest is None or text > self.newest):
            self.newest = text

    def absorb(self, other: DayRows[RowT]) -> None:
        """Take over the rows of another part of the same window."""
        self.modified(other.newest)
        for day, rows in other._days.items():
            for key, row in rows.items():
                self.add(day, key, row)

    def __len__(self) -> int:
        """Return the number of rows."""
        return sum(map(len, self._days.values()))

    def take(self, day: date) -> list[RowT]:
        """Remove a day and return its rows, ordered by key."""
        rows = self._days.pop(day, {})
        return [rows[key] for key in sorted(rows)]


@dataclass(frozen=True)
class Part:
    """What one chain of requests reads.

    Attributes:
        window: the days.
        subject: what else tells this chain from others of the window, for example an environment.
    """

    window: Window
    subject: Any = None


@dataclass(frozen=True)
class DayContent(Generic[RowT]):
    """A day that is to be sent.

    Attributes:
        rows: merged, in order of their keys.
        encoded: the same, each a line of JSON.
        modified: when the API's data set last changed.
    """

    rows: list[RowT]
    encoded: bytes
    modified: str | None


class IncrementalStream(DPSStream, Generic[RowT]):
    """Reads days since the bookmark, and the days of the lookback before it once more."""

    one_chain_per_window = True
    """Several windows run side by side; False where one request covers any period."""

    @abstractmethod
    def read_part(
        self,
        session: Session,
        subscription: Subscription,
        part: Part,
        rows: DayRows[RowT],
        stop: Event,
    ) -> None:
        """Read one chain of requests into `rows`; give up between pages when `stop` is set."""

    @abstractmethod
    def records(
        self, session: Session, subscription: Subscription, content: DayContent[RowT]
    ) -> Records:
        """Make the records of a day, in the form of the schema."""

    def merge(self, old: RowT, new: RowT) -> RowT:
        """Make one row of two with the same key; by default the later one counts."""
        del old
        return new

    def subjects(
        self, session: Session, subscription: Subscription, period: Window
    ) -> Iterable[Any]:
        """Return what a window is further divided into; by default it is one chain."""
        del session, subscription, period
        return (None,)

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        for subscription in self.sessions.subscriptions(session):
            try:
                yield from self.read_days(session, subscription)
            except ApiError as error:
                if error.status != NOT_FOUND or not subscription.may_lack_data:
                    raise
                self.logger.warning(
                    "%s has no data in subscription %s: %s",
                    session.account.label,
                    subscription.uuid,
                    error.detail,
                )

    def read_days(self, session: Session, subscription: Subscription) -> Iterator[Chunk]:
        """Yield a chunk for each day since the bookmark, and for the days of the lookback."""
        is_full = self.replication_method == REPLICATION_FULL_TABLE
        lookback = int(self.config["lookback_days"])
        key = session.account.uuid + (f"/{subscription.uuid}" if subscription.uuid else "")
        bookmark = (
            Bookmark(lookback) if is_full else bookmarks.load(self.stream_state, key, lookback)
        )
        period = self._period(subscription, bookmark.day, lookback)
        if period is None:
            return
        last_complete = self.tap.today - ONE_DAY
        progress = Progress(self.logger, session.account.label, len(period), self.tap.clock)

        def remember(day: date, content: str) -> None:
            if not is_full:
                bookmark.remember(day, content, last_complete=last_complete)
                bookmarks.store(self.stream_state, key, bookmark)

        for window, rows in self._windows(session, subscription, period):
            for day in window.days():
                taken = rows.take(day)
                encoded = encode_lines(taken)
                content = bookmarks.digest(encoded) if taken else NO_ROWS
                records: Records = []
                if taken and (is_full or not bookmark.is_unchanged(day, content)):
                    day_content = DayContent(taken, encoded, rows.newest)
                    records = self.records(session, subscription, day_content)
                yield Chunk(records, partial(remember, day, content))
                progress.day_done(len(records))

    def _windows(
        self,
        session: Session,
        subscription: Subscription,
        period: Window,
    ) -> Iterator[tuple[Window, DayRows[RowT]]]:
        """Yield each window, in order, when all its chains have been read."""
        widest = int(self.config["window_days"]) if self.one_chain_per_window else len(period)
        width = Width(period, widest)
        windows = period.cut(width)
        subjects = list(self.subjects(session, subscription, period))
        parts = (Part(window, subject) for window in windows for subject in subjects)
        stop = Event()

        def read(part: Part) -> DayRows[RowT]:
            rows = DayRows(part.window, self.merge)
            self.read_part(session, subscription, part, rows, stop)
            width.learn(part.window, len(rows))
            return rows

        results = read_in_order(
            parts, read, parallel=session.parallel, before_wait=self.tap.flush, stop=stop
        )
        try:
            if not subjects:
                yield from ((window, DayRows(window, self.merge)) for window in windows)
            for window, group in groupby(results, key=lambda result: result[0].window):
                yield window, reduce(_joined, (rows for _, rows in group))
        finally:
            results.close()

    def _period(
        self, subscription: Subscription, bookmark: date | None, lookback: int
    ) -> Window | None:
        """Return the days to read in this run, or None where there are none."""
        start, end = self.tap.start, self.tap.end
        contract_first, contract_last = subscription.first_day, subscription.last_day
        first = start or contract_first or self.tap.today - ONE_DAY * HISTORY_DAYS
        if bookmark is not None:
            first = max(bookmark - ONE_DAY * lookback, first)
        elif contract_first is not None:
            first = max(first, contract_first)
        last = (end - datetime.resolution).date()
        if contract_last is not None:
            last = min(last, contract_last)
        return Window(first, last) if first <= last else None

    def end_time(self, window: Window) -> datetime:
        """Return the end of a window for a query: the next midnight, or the end of the run."""
        following = datetime.combine(window.last + ONE_DAY, datetime.min.time(), UTC)
        return min(following, self.tap.end)


def _joined(one: DayRows[RowT], other: DayRows[RowT]) -> DayRows[RowT]:
    one.absorb(other)
    return one


def day_of_row(row: Mapping[str, Any], name: str, label: str) -> date:
    """Return the day of a row.

    Raises:
        ApiError: it has none, so nothing can be said about when it was consumed.
    """
    try:
        return day_of(row[name])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        message = f"A row for {label} has no readable '{name}', so its day is not known."
        raise ApiError(message) from error
