"""From readings to the figures of one view: all accounts, or one of them.

Money is added exactly: the decimals of the events are summed without rounding, and an inexact
step raises instead of passing silently.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation, localcontext
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dynatrace_sandbox.page.readings import (
        EnvironmentCost,
        Forecast,
        Readings,
        Subscription,
    )

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


@dataclass(frozen=True)
class Month:
    """A month's total, what of it lies in environments, and where it ends on the way."""

    first: date
    cost: Decimal
    attributed: Decimal
    cost_to_date: Decimal
    last_day: date

    @property
    def residual(self) -> Decimal:
        """What is booked on the account but on none of its environments."""
        return EXACT.subtract(self.cost, self.attributed)


@dataclass(frozen=True)
class AccountForecast:
    """The newest forecast of an account beside what it has cost."""

    name: str
    cost: Decimal
    forecast: Forecast


@dataclass(frozen=True)
class Figures:
    """What one view shows; ``account`` is empty for all accounts."""

    account: str
    account_name: str
    subscription: Subscription | None
    days: tuple[tuple[date, Decimal], ...]
    months: tuple[Month, ...]
    accounts: tuple[Row, ...]
    capabilities: tuple[Row, ...]
    environments: tuple[Row, ...]
    cost_centers: tuple[Row, ...]
    forecasts: tuple[AccountForecast, ...]

    @property
    def cost(self) -> Decimal:
        """Cost to date in the period."""
        return exact_sum(value for _, value in self.days)

    @property
    def attributed(self) -> Decimal:
        """Cost to date of the environments."""
        return exact_sum(month.attributed for month in self.months)

    @property
    def last_day(self) -> date | None:
        """The youngest day with costs."""
        return self.days[-1][0] if self.days else None

    @property
    def outlook(self) -> tuple[Decimal, Decimal, Decimal] | None:
        """Lower, median and upper forecast; None unless every account with costs has one."""
        with_costs = {row.name for row in self.accounts if row.cost}
        if self.account:
            with_costs &= {self.account_name}
        if not self.forecasts or with_costs - {each.name for each in self.forecasts}:
            return None
        found = [each.forecast for each in self.forecasts]
        return (
            exact_sum(each.lower for each in found),
            exact_sum(each.median for each in found),
            exact_sum(each.upper for each in found),
        )

    def mean(self, days: int) -> Decimal | None:
        """Average the cost of the last days; rounded to 28 digits.

        Args:
            days: How many.

        Returns:
            Cost per day, None without costs.
        """
        recent = [value for _, value in self.days[-days:]]
        return exact_sum(recent) / len(recent) if recent else None


def exact_sum(values: Iterable[Decimal]) -> Decimal:
    """Add up without rounding.

    Args:
        values: Summands.

    Returns:
        Their sum.
    """
    with localcontext(EXACT):
        return sum(values, ZERO)


def straight_line(subscription: Subscription, day: date) -> Decimal:
    """Tell what an even spending has used by the end of a day.

    Args:
        subscription: The commitment.
        day: A day of the period.

    Returns:
        An amount, rounded to 28 digits.
    """
    gone = min(max((day - subscription.start).days + 1, 0), subscription.days)
    return subscription.budget * gone / subscription.days


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


def _months(
    days: Iterable[tuple[date, Decimal]], attributed: Iterable[tuple[date, Decimal]]
) -> tuple[Month, ...]:
    parts: defaultdict[date, Decimal] = defaultdict(lambda: ZERO)
    totals: dict[date, tuple[Decimal, date]] = {}
    with localcontext(EXACT):
        for day, value in attributed:
            parts[first_of_month(day)] += value
        for day, value in days:
            first = first_of_month(day)
            totals[first] = (totals.get(first, (ZERO, day))[0] + value, day)
        found: list[Month] = []
        to_date = ZERO
        for first, (cost, last) in totals.items():
            to_date += cost
            found.append(Month(first, cost, parts[first], to_date, last))
    return tuple(found)


def _newest_forecasts(readings: Readings) -> dict[str, Forecast]:
    found: dict[str, Forecast] = {}
    for forecast in readings.forecasts:
        known = found.get(forecast.account)
        if known is None or known.created < forecast.created:
            found[forecast.account] = forecast
    return found


def _environment_name(
    readings: Readings, entries: Iterable[EnvironmentCost], account_names: dict[str, str]
) -> Callable[[str], tuple[str, str]]:
    about = {each.environment: each for each in entries}

    def name(key: str) -> tuple[str, str]:
        entry = about[key]
        kind = "Managed" if entry.cluster else "SaaS"
        return (
            readings.environment_names.get(key, key),
            f"{kind}, {account_names.get(entry.account, entry.account)}",
        )

    return name


def figures(readings: Readings, account: str = "") -> Figures:
    """Make the figures of a view.

    Args:
        readings: What the events say.
        account: UUID of one account, "" for all.

    Returns:
        The figures of the newest active commitment, or of all costs where none is known.
    """
    subscription = readings.subscriptions[0] if readings.subscriptions else None
    names = {each.uuid: each.name for each in readings.accounts}

    def counts(subscription_uuid: str, day: date) -> bool:
        return subscription is None or (
            subscription_uuid == subscription.uuid and day >= subscription.start
        )

    def mine(uuid: str) -> bool:
        return account in {"", uuid}

    costs = [each for each in readings.costs if counts(each.subscription, each.day)]
    parts = [
        each
        for each in readings.environment_costs
        if mine(each.account) and counts(each.subscription, each.day)
    ]
    allocations = [
        each
        for each in readings.allocations
        if mine(each.account) and counts(each.subscription, each.day)
    ]
    days = by_day((each.day, each.value) for each in costs if mine(each.account))
    accounts = rows(
        ((each.account, each.day, each.value) for each in costs),
        lambda key: (names.get(key, key), ""),
    )
    capability_names = {each.capability: each.capability_name for each in parts}
    cost_of = {row.key: row.cost for row in accounts}
    return Figures(
        account=account,
        account_name=names.get(account, account),
        subscription=subscription,
        days=days,
        months=_months(days, ((each.day, each.value) for each in parts)),
        accounts=accounts,
        capabilities=rows(
            ((each.capability, each.day, each.value) for each in parts),
            lambda key: (capability_names[key], key),
        ),
        environments=rows(
            ((each.environment, each.day, each.value) for each in parts),
            _environment_name(readings, parts, names),
        ),
        cost_centers=rows(
            ((each.key, each.day, each.value) for each in allocations),
            lambda key: (key or "not allocated", ""),
        ),
        forecasts=tuple(
            sorted(
                (
                    AccountForecast(names.get(uuid, uuid), cost_of.get(uuid, ZERO), forecast)
                    for uuid, forecast in _newest_forecasts(readings).items()
                    if mine(uuid)
                ),
                key=lambda each: (-each.cost, each.name),
            )
        ),
    )
