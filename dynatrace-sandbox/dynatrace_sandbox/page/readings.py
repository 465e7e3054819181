"""From stored events to typed readings of what the page shows.

Of each event id only the newest counts, as in the dashboard's queries:
``dedup event.id, sort: {timestamp desc}``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal  # noqa: TC003 - msgspec resolves the annotations of its structs
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")
R = TypeVar("R")

STATUS: Final = "dps.subscription.status"
COST: Final = "dps.cost2.booked"
ENVIRONMENT_COST: Final = "dps.environment.cost"
FORECAST: Final = "dps.forecast"
ALLOCATION: Final = "dps.cost.allocation"
ACCOUNTS: Final = "dps.accounts"
ENVIRONMENTS: Final = "dps.environments"
LARGEST_EXPONENT: Final = 30
SMALLEST_EXPONENT: Final = -60
"""Powers of ten between which an amount is money; sums of such stay exact."""
ACTIVE_REGULAR: Final = ("ACTIVE", "REGULAR")
DAY_LENGTH: Final = len("2024-10-22")


class _Account(msgspec.Struct, rename="camel"):
    uuid: str
    name: str | None = None


class _Status(msgspec.Struct, rename="camel"):
    uuid: str
    start_time: str
    end_time: str
    budget: Decimal
    name: str | None = None
    used: Decimal | None = None
    currency: str = "USD"
    days_remaining: Decimal | None = None
    type: str | None = None
    status: str | None = None


class _Cost(msgspec.Struct, rename="camel"):
    account_uuid: str
    subscription_uuid: str
    start_time: str
    value: Decimal
    account_name: str | None = None


class _EnvironmentCost(_Cost, rename="camel", kw_only=True):
    environment_id: str
    capability_key: str
    capability_name: str | None = None
    cluster_id: str | None = None


class _Forecast(msgspec.Struct, rename="camel"):
    account_uuid: str
    forecast_created_at: str
    forecast_median: Decimal
    forecast_lower: Decimal
    forecast_upper: Decimal


class _Allocation(msgspec.Struct, rename="camel"):
    account_uuid: str
    subscription_uuid: str
    field: str
    date: str
    key: str
    costs: Decimal


class _Environment(msgspec.Struct, rename="camel"):
    id: str
    name: str | None = None


@dataclass(frozen=True)
class Account:
    """An account that some event tells of."""

    uuid: str
    name: str


@dataclass(frozen=True)
class Subscription:
    """A commitment period; ``end`` is its last day."""

    uuid: str
    name: str
    start: date
    end: date
    budget: Decimal
    used: Decimal | None
    currency: str
    days_remaining: int | None

    @property
    def days(self) -> int:
        """Length of the period in days."""
        return (self.end - self.start).days + 1


@dataclass(frozen=True)
class Cost:
    """What an account cost on a day."""

    account: str
    subscription: str
    day: date
    value: Decimal


@dataclass(frozen=True)
class EnvironmentCost:
    """What a capability of an environment cost on a day."""

    account: str
    subscription: str
    day: date
    value: Decimal
    environment: str
    cluster: str | None
    capability: str
    capability_name: str


@dataclass(frozen=True)
class Forecast:
    """What an account is expected to have cost at the end of the period."""

    account: str
    created: str
    median: Decimal
    lower: Decimal
    upper: Decimal


@dataclass(frozen=True)
class Allocation:
    """What a cost center cost on a day; ``key`` is empty for what nobody owns."""

    account: str
    subscription: str
    day: date
    key: str
    value: Decimal


@dataclass(frozen=True)
class Readings:
    """Everything that the page is made of.

    Attributes:
        subscriptions: The active regular ones, the latest period first.
        unreadable: Events of a known type that lack what the page needs.
    """

    accounts: tuple[Account, ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    costs: tuple[Cost, ...] = ()
    environment_costs: tuple[EnvironmentCost, ...] = ()
    forecasts: tuple[Forecast, ...] = ()
    allocations: tuple[Allocation, ...] = ()
    environment_names: dict[str, str] = field(default_factory=dict)
    unreadable: int = 0


def _day(text: str) -> date:
    return date.fromisoformat(text[:DAY_LENGTH])


def _amount(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < SMALLEST_EXPONENT:
        reason = "an amount with more decimal places than any currency has"
        raise ValueError(reason)
    if value.adjusted() > LARGEST_EXPONENT:
        reason = "an amount larger than all money"
        raise ValueError(reason)
    return value


def _subscription(event: _Status) -> Subscription:
    start, end = _day(event.start_time), _day(event.end_time)
    if end < start:
        reason = "a period that ends before it begins"
        raise ValueError(reason)
    return Subscription(
        uuid=event.uuid,
        name=event.name or event.uuid,
        start=start,
        end=end,
        budget=_amount(event.budget),
        used=None if event.used is None else _amount(event.used),
        currency=event.currency,
        days_remaining=None if event.days_remaining is None else int(event.days_remaining),
    )


def _cost(event: _Cost) -> Cost:
    return Cost(
        event.account_uuid, event.subscription_uuid, _day(event.start_time), _amount(event.value)
    )


def _environment_cost(event: _EnvironmentCost) -> EnvironmentCost:
    return EnvironmentCost(
        account=event.account_uuid,
        subscription=event.subscription_uuid,
        day=_day(event.start_time),
        value=_amount(event.value),
        environment=event.environment_id,
        cluster=event.cluster_id,
        capability=event.capability_key,
        capability_name=event.capability_name or event.capability_key,
    )


def _forecast(event: _Forecast) -> Forecast:
    return Forecast(
        event.account_uuid,
        event.forecast_created_at,
        _amount(event.forecast_median),
        _amount(event.forecast_lower),
        _amount(event.forecast_upper),
    )


def _allocation(event: _Allocation) -> Allocation:
    return Allocation(
        event.account_uuid,
        event.subscription_uuid,
        _day(event.date),
        event.key,
        _amount(event.costs),
    )


def _same(event: T) -> T:
    return event


class _Reader:
    """Decodes the newest events of one type after another and counts what it cannot read."""

    def __init__(self, newest: Callable[[str], Iterable[str]]) -> None:
        self._newest = newest
        self.unreadable = 0

    def read(self, kind: str, shape: type[T], make: Callable[[T], R]) -> list[R]:
        decoder = msgspec.json.Decoder(shape)
        found: list[R] = []
        for line in self._newest(kind):
            try:
                found.append(make(decoder.decode(line)))
            except (msgspec.ValidationError, ValueError):
                self.unreadable += 1
        return found


def read(newest: Callable[[str], Iterable[str]]) -> Readings:
    """Read what the page shows.

    Args:
        newest: Gives the newest version of each event of a type, as JSON text.

    Returns:
        Readings.
    """
    reader = _Reader(newest)
    statuses = reader.read(STATUS, _Status, lambda event: (event, _subscription(event)))
    regular = [made for event, made in statuses if (event.status, event.type) == ACTIVE_REGULAR]
    # Two accounts may list the same subscription; the last event to arrive tells its state.
    shared = {each.uuid: each for each in regular}
    subscriptions = sorted(shared.values(), key=lambda each: each.start, reverse=True)
    names = {each.uuid: each.name for each in reader.read(ACCOUNTS, _Account, _same)}
    raw_costs = reader.read(COST, _Cost, lambda event: (event, _cost(event)))
    names |= {event.account_uuid: event.account_name for event, _ in raw_costs}
    return Readings(
        accounts=tuple(Account(uuid, name or uuid) for uuid, name in names.items()),
        subscriptions=tuple(subscriptions),
        costs=tuple(cost for _, cost in raw_costs),
        environment_costs=tuple(reader.read(ENVIRONMENT_COST, _EnvironmentCost, _environment_cost)),
        forecasts=tuple(reader.read(FORECAST, _Forecast, _forecast)),
        allocations=tuple(
            allocation
            for field_name, allocation in reader.read(
                ALLOCATION, _Allocation, lambda event: (event.field, _allocation(event))
            )
            if field_name == "COSTCENTER"
        ),
        environment_names={
            each.id: each.name or each.id for each in reader.read(ENVIRONMENTS, _Environment, _same)
        },
        unreadable=reader.unreadable,
    )
