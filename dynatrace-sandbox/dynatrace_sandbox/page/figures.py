"""From readings to the figures of one view: all accounts, or one of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING

from dynatrace_sandbox.page.sums import EXACT, ZERO, by_day, exact_sum, first_of_month, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date

    from dynatrace_sandbox.page.readings import (
        EnvironmentCost,
        Forecast,
        Readings,
        Subscription,
    )
    from dynatrace_sandbox.page.sums import Row


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
    def currency(self) -> str:
        """Currency of the amounts, "" where none is known."""
        return self.subscription.currency if self.subscription else ""

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
