"""Exact sums of money, by day, by month and by whatever costs are cut by.

The decimals of the events are added without rounding; an inexact step raises instead of passing
silently.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EXACT: Final = Context(prec=400, traps=[Inexact, InvalidOperation])
"""Digits enough for any sum of what JSON can hold; rounding is an error."""
RECENT_DAYS: Final = 30
WEEK_DAYS: Final = 7
ZERO: Final = Decimal(0)
MONTHS_OF_YEAR: Final = 12


@dataclass(frozen=True)
class Row:
    """A slice of the cost: an account, a capability, an environment or a cost center.

    Attributes:
        key: What it is cut by; empty for what is not attributed.
        name: For people.
        note: What else is to be said, such as the account of an environment.
        cost: In the period.
        recent: In the last 30 days with data.
        before: In the 30 days before those.
        months: Cost by the first day of each month.
    """

    key: str
    name: str
    note: str
    cost: Decimal
    recent: Decimal
    before: Decimal
    months: dict[date, Decimal]


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Add up without rounding.

    Args:
        values: Summands.

    Returns:
        Their sum.
    """
    with localcontext(EXACT):
        return sum(values, ZERO)


def first_of_month(day: date) -> date:
    """Return the first day of a day's month."""
    return day.replace(day=1)


def next_month(first: date) -> date:
    """Return the first day of the following month."""
    years, month = divmod(first.month, MONTHS_OF_YEAR)
    return date(first.year + years, month + 1, 1)


def by_day(costs: Iterable[tuple[date, Decimal]]) -> tuple[tuple[date, Decimal], ...]:
    """Add up by day, without gaps between the first and the last one.

    Args:
        costs: Days and amounts.

    Returns:
        Days in order.
    """
    sums: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)
    with localcontext(EXACT):
        for day, value in costs:
            sums[day] += value
    if not sums:
        return ()
    first, last = min(sums), max(sums)
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return tuple((day, sums.get(day, ZERO)) for day in every)


class _Slice:
    """Adds up one row."""

    def __init__(self, last_day: date) -> None:
        self._last = last_day
        self._cost = self._recent = self._before = ZERO
        self._months: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)

    def add(self, day: date, value: Decimal) -> None:
        self._cost += value
        self._months[first_of_month(day)] += value
        age = (self._last - day).days
        if age < RECENT_DAYS:
            self._recent += value
        elif age < 2 * RECENT_DAYS:
            self._before += value

    def row(self, key: str, name: str, note: str) -> Row:
        return Row(key, name, note, self._cost, self._recent, self._before, dict(self._months))


def rows(
    entries: Iterable[tuple[str, date, Decimal]], name: Callable[[str], tuple[str, str]]
) -> tuple[Row, ...]:
    """Cut costs into rows, the largest first.

    Args:
        entries: Key, day and amount.
        name: Name and note of a key.

    Returns:
        Rows.
    """
    known = list(entries)
    if not known:
        return ()
    last = max(day for _, day, _ in known)
    slices: dict[str, _Slice] = {}
    with localcontext(EXACT):
        for key, day, value in known:
            slices.setdefault(key, _Slice(last)).add(day, value)
    found = [each.row(key, *name(key)) for key, each in slices.items()]
    return tuple(sorted(found, key=lambda row: (-row.cost, row.name)))
