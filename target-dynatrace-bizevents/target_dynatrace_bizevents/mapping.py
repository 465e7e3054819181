"""Which event a stream's records become: the type and the attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .flatten import flatten
from .identity import METADATA_PREFIX

Shape = Callable[[dict[str, Any]], dict[str, Any]]
"""From a record to the attributes of its event, without type, provider and id."""

TAP_EVENT_TYPES: Mapping[str, str] = {
    "subscriptions": "dps.subscription.status",
    "cost": "dps.cost2.booked",
    "usage": "dps.usage",
    "environment_cost": "dps.environment.cost",
    "environment_usage": "dps.environment.usage",
    "cost_centers": "dps.cost_center",
    "products": "dps.product",
    "accounts": "dps.accounts",
    "cost_allocation": "dps.cost.allocation",
    "forecast": "dps.forecast",
    "rate_cards": "dps.rate.cards",
    "environments": "dps.environments",
    "notifications": "dps.notifications",
}
"""Event types of the streams of tap-dynatrace-dps; the first two are the guide's."""

DEFAULT_CURRENCY = "USD"
"""What the guide takes where the budget has no currency yet."""


@dataclass(frozen=True)
class Attribute:
    """An attribute and where it comes from.

    Attributes:
        name: of the attribute.
        paths: places in the record to look at, in this order; each a chain of names.
        default: where the record has none; None leaves the attribute out.
    """

    name: str
    paths: tuple[tuple[str, ...], ...]
    default: str | None = None


def _same(*names: str) -> tuple[Attribute, ...]:
    return tuple(Attribute(name, ((name,),)) for name in names)


SUBSCRIPTION_STATUS = (
    *_same("uuid", "account", "name"),
    Attribute("budget", (("budget", "total"),)),
    Attribute("used", (("budget", "used"),)),
    Attribute("currency", (("budget", "currencyCode"),), DEFAULT_CURRENCY),
    # An expired subscription has no current period; its own dates say the same.
    Attribute("startTime", (("currentPeriod", "startTime"), ("startTime",))),
    Attribute("endTime", (("currentPeriod", "endTime"), ("endTime",))),
    Attribute("daysRemaining", (("currentPeriod", "daysRemaining"),)),
    *_same("accountUuid", "accountName", "type", "status"),
)
"""`dps.subscription.status`: the guide's attributes, then ours."""

COST_BOOKED = _same(
    "lastBookingDate",
    "subscriptionUuid",
    "accountUuid",
    "accountName",
    "startTime",
    "endTime",
    "value",
    "costToDate",
    "currencyCode",
)
"""`dps.cost2.booked`: the guide's attributes, then ours."""

_SHAPED: Mapping[str, tuple[tuple[Attribute, ...], frozenset[str]]] = {
    # Beside the attributes: columns by which the tap's stream differs from a namesake's.
    "subscriptions": (SUBSCRIPTION_STATUS, frozenset({"accountUuid", "budget", "currentPeriod"})),
    "cost": (COST_BOOKED, frozenset({"accountUuid", "lastBookingDate", "costToDate"})),
}


def event_type(stream: str, overrides: Mapping[str, str], prefix: str) -> str:
    """Return the event type of a stream's records."""
    return overrides.get(stream) or TAP_EVENT_TYPES.get(stream) or f"{prefix}.{stream}"


def shape_of(stream: str, columns: Mapping[str, Any], separator: str) -> Shape:
    """Return how a stream's records become attributes.

    Args:
        stream: its name.
        columns: the properties of its schema.
        separator: stands between the names of a column that the SDK has flattened.
    """
    attributes, markers = _SHAPED.get(stream, ((), frozenset()))
    names = {name.split(separator, 1)[0] for name in columns}
    if attributes and not markers.isdisjoint(names):
        return _Projection(attributes, separator)
    return flatten


class _Projection:
    """Picks the attributes of the guide's events out of the tap's records."""

    def __init__(self, attributes: tuple[Attribute, ...], separator: str) -> None:
        self._attributes = attributes
        self._separator = separator

    def __call__(self, record: dict[str, Any]) -> dict[str, Any]:
        event = {}
        for attribute in self._attributes:
            values = (self._find(record, path) for path in attribute.paths)
            value = next((value for value in values if value is not None), attribute.default)
            if value is not None:
                event[attribute.name] = value
        metadata = {
            name: value for name, value in record.items() if name.startswith(METADATA_PREFIX)
        }
        return event | metadata

    def _find(self, record: dict[str, Any], path: tuple[str, ...]) -> Any:  # noqa: ANN401
        value: Any = record
        for depth, name in enumerate(path):
            if not isinstance(value, dict):
                return None
            flat = self._separator.join(path[depth:])
            if flat in value:
                return value[flat]
            value = value.get(name)
        # The guide sends `account` as an object; put it together again where it was flattened.
        return value if value is not None else self._members(record, path)

    def _members(self, record: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any] | None:
        prefix = self._separator.join((*path, ""))
        members = {
            name.removeprefix(prefix): value
            for name, value in record.items()
            if name.startswith(prefix)
        }
        return members or None
