"""Events of a small customer whose figures can be added up by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

from typing_extensions import override

Event = Mapping[str, Any]

SUBSCRIPTION = "7e1c5d0a-0000-4000-8000-000000000001"
FIRST = "a0000000-0000-4000-8000-000000000001"
SECOND = "a0000000-0000-4000-8000-000000000002"
NAMES = {FIRST: "First & <Sons>", SECOND: "Second"}


def status(**changes: object) -> dict[str, Any]:
    return {
        "event.type": "dps.subscription.status",
        "uuid": SUBSCRIPTION,
        "name": "DPS",
        "budget": 1000,
        "used": Number("70.1000000000001"),
        "currency": "EUR",
        "startTime": "2026-01-01",
        "endTime": "2026-04-10",
        "daysRemaining": 50,
        "accountUuid": FIRST,
        "accountName": NAMES[FIRST],
        "type": "REGULAR",
        "status": "ACTIVE",
        **changes,
    }


def cost(account: str, day: str, digits: str, **changes: object) -> dict[str, Any]:
    return {
        "event.type": "dps.cost2.booked",
        "event.id": f"cost {account} {day}",
        "subscriptionUuid": SUBSCRIPTION,
        "accountUuid": account,
        "accountName": NAMES[account],
        "startTime": f"{day}T00:00:00.000Z",
        "value": Number(digits),
        **changes,
    }


def environment_cost(
    account: str, environment: str, capability: str, day: str, digits: str, **changes: object
) -> dict[str, Any]:
    return {
        "event.type": "dps.environment.cost",
        "event.id": f"environment {environment} {capability} {day}",
        "subscriptionUuid": SUBSCRIPTION,
        "accountUuid": account,
        "accountName": NAMES[account],
        "environmentId": environment,
        "clusterId": None,
        "capabilityKey": capability,
        "capabilityName": capability.title(),
        "startTime": f"{day}T00:00:00.000Z",
        "value": Number(digits),
        **changes,
    }


def forecast(account: str, created: str, median: str) -> dict[str, Any]:
    return {
        "event.type": "dps.forecast",
        "accountUuid": account,
        "accountName": NAMES[account],
        "forecastCreatedAt": created,
        "forecastMedian": Number(median),
        "forecastLower": Number(median),
        "forecastUpper": Number(median),
    }


def allocation(account: str, day: str, key: str, value: str, field: str) -> dict[str, Any]:
    return {
        "event.type": "dps.cost.allocation",
        "event.id": f"allocation {account} {day} {key} {field}",
        "subscriptionUuid": SUBSCRIPTION,
        "accountUuid": account,
        "field": field,
        "date": day,
        "key": key,
        "costs": Number(value),
    }


class Number(float):
    """A number that is written with the digits it was given."""

    def __new__(cls, digits: str) -> Self:
        made = super().__new__(cls, digits)
        made.digits = digits
        return made

    digits: str

    @override
    def __repr__(self) -> str:
        return self.digits


def text(event: Event) -> str:
    """Spell an event as JSON with its digits."""
    members = (
        f"{json.dumps(name)}: {value!r}"
        if isinstance(value, Number)
        else f"{json.dumps(name)}: {json.dumps(value)}"
        for name, value in event.items()
    )
    return "{" + ", ".join(members) + "}"


def texts(events: Iterable[Event], kind: str) -> list[str]:
    return [text(event) for event in events if event["event.type"] == kind]


EVENTS: tuple[Event, ...] = (
    status(),
    cost(FIRST, "2026-01-30", "10.1"),
    cost(FIRST, "2026-02-01", "20.0000000000001"),
    cost(SECOND, "2026-02-01", "40"),
    environment_cost(FIRST, "abc12345", "LOGS", "2026-01-30", "10"),
    environment_cost(FIRST, "abc12345", "METRICS", "2026-02-01", "12"),
    environment_cost(FIRST, "def12345", "LOGS", "2026-02-01", "8"),
    environment_cost(SECOND, "ghi12345", "LOGS", "2026-02-01", "40"),
    forecast(FIRST, "2026-02-01T04:00:00.000Z", "90"),
    forecast(FIRST, "2026-02-02T04:00:00.000Z", "100"),
    forecast(SECOND, "2026-02-02T04:00:00.000Z", "400.5"),
    allocation(FIRST, "2026-02-01", "department", "5", "COSTCENTER"),
    allocation(FIRST, "2026-02-01", "", "2", "COSTCENTER"),
    allocation(FIRST, "2026-02-01", "webshop", "7", "PRODUCT"),
)
