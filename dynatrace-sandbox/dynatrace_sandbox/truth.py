"""The sandbox's own facts, before any endpoint shapes them; the judge in tests.

Values are plain decimal texts, days are the midnight that starts them.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec

from dynatrace_sandbox.allocation import FIELDS, allocations
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.customer import CURRENCY, Account, Subscription
from dynatrace_sandbox.decimals import COST_SCALE, USAGE_SCALE, text
from dynatrace_sandbox.directory import environments
from dynatrace_sandbox.forecast import forecast
from dynatrace_sandbox.notifications import notifications
from dynatrace_sandbox.rate_cards import rate_cards
from dynatrace_sandbox.subscription_api import current_period, payers, status, used
from dynatrace_sandbox.times import with_milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynatrace_sandbox.bookings import Booking
    from dynatrace_sandbox.sandbox import Sandbox

LINES_AT_ONCE: Final = 2000
"""Facts that are written to the client together."""


def _subscriptions(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    if account is not sandbox.customer.accounts[0]:
        return
    for subscription in sandbox.customer.subscriptions:
        first, last = current_period(subscription, sandbox.today)
        yield {
            "uuid": subscription.uuid,
            "name": subscription.name,
            "type": subscription.type,
            "subType": subscription.sub_type,
            "status": status(subscription, sandbox.today),
            "startTime": str(subscription.start),
            "endTime": str(subscription.end),
            "budgetTotal": text(subscription.budget_total, COST_SCALE),
            "budgetUsed": text(used(sandbox, subscription), COST_SCALE),
            "currencyCode": CURRENCY if subscription.metered else None,
            "currentPeriodStartTime": str(first),
            "currentPeriodEndTime": str(last),
            "daysRemaining": max((last - sandbox.today).days + 1, 0),
        }


def _paid(sandbox: Sandbox, account: Account) -> Iterator[Subscription]:
    for subscription in sandbox.customer.subscriptions:
        if account in payers(sandbox, subscription):
            yield subscription


def _cost(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for subscription in _paid(sandbox, account):
        for day in sandbox.metering.days(subscription):
            total = sandbox.metering.account_day(Share(subscription, account), day)
            yield {
                "subscriptionUuid": subscription.uuid,
                "startTime": with_milliseconds(day),
                "endTime": with_milliseconds(day + 1),
                "value": text(total.cost, COST_SCALE),
                "currencyCode": CURRENCY,
                "lastBookingDate": with_milliseconds(total.last_booked),
            }


def _usage(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for subscription in _paid(sandbox, account):
        for day in sandbox.metering.days(subscription):
            total = sandbox.metering.account_day(Share(subscription, account), day)
            for capability, units in zip(subscription.capabilities, total.usage, strict=True):
                yield {
                    "subscriptionUuid": subscription.uuid,
                    "capabilityKey": capability.key,
                    "capabilityName": capability.name,
                    "startTime": with_milliseconds(day),
                    "endTime": with_milliseconds(day + 1),
                    "value": text(units, USAGE_SCALE),
                    "unitMeasure": capability.unit,
                }


def _booked(booking: Booking, subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionUuid": subscription.uuid,
        "clusterId": booking.environment.cluster_id,
        "environmentId": booking.environment.id,
        "capabilityKey": booking.capability.key,
        "capabilityName": booking.capability.name,
        "startTime": with_milliseconds(booking.day),
        "endTime": with_milliseconds(booking.day + 1),
        "bookingDate": with_milliseconds(booking.booked),
    }


def _bookings(sandbox: Sandbox, account: Account) -> Iterator[tuple[Subscription, Booking]]:
    for subscription in _paid(sandbox, account):
        for day in sandbox.metering.days(subscription):
            for environment in account.environments:
                for booking in sandbox.metering.bookings(
                    Share(subscription, account),
                    environment,
                    range(day, day + 1),
                    subscription.capabilities,
                ):
                    yield subscription, booking


def _environment_cost(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for subscription, booking in _bookings(sandbox, account):
        yield {
            **_booked(booking, subscription),
            "value": text(booking.cost, COST_SCALE),
            "currencyCode": CURRENCY,
        }


def _environment_usage(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for subscription, booking in _bookings(sandbox, account):
        yield {
            **_booked(booking, subscription),
            "value": text(booking.usage, USAGE_SCALE),
            "unitMeasure": booking.capability.unit,
        }


def _cost_centers(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    return ({"key": key} for key in sandbox.values(account, "costcenters"))


def _products(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    return ({"key": key} for key in sandbox.values(account, "products"))


def _cost_allocation(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for subscription in _paid(sandbox, account):
        for environment in account.environments:
            if environment.cluster_id is not None:
                continue
            for name, field in FIELDS.items():
                for each in allocations(
                    sandbox.metering,
                    Share(subscription, account),
                    environment,
                    sandbox.values(account, name),
                    sandbox.allocation_days(subscription),
                ):
                    yield {
                        "subscriptionUuid": subscription.uuid,
                        "environmentId": environment.id,
                        "field": field,
                        "date": str(date.fromordinal(each.day)),
                        "capability": each.capability,
                        "key": each.key,
                        "costs": text(each.cost, COST_SCALE),
                        "usage": text(each.usage, USAGE_SCALE),
                    }


def _forecast(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    found = forecast(sandbox, account)
    if found is not None:
        yield dict(found.texts())


def _rate_cards(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    for card in rate_cards(sandbox, account):
        for capability in card["capabilities"]:
            yield {
                "quoteNumber": card["quoteNumber"],
                "currencyCode": card["currencyCode"],
                **capability,
                "deploymentType": capability.get("deploymentType"),
            }


def _environments(_: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    return ({"name": None, **record} for record in environments(account))


def _notifications(sandbox: Sandbox, account: Account) -> Iterator[dict[str, Any]]:
    return iter(notifications(sandbox, account))


DATASETS: Final[dict[str, Callable[[Sandbox, Account], Iterator[dict[str, Any]]]]] = {
    "subscriptions": _subscriptions,
    "cost": _cost,
    "usage": _usage,
    "environment_cost": _environment_cost,
    "environment_usage": _environment_usage,
    "cost_centers": _cost_centers,
    "products": _products,
    "cost_allocation": _cost_allocation,
    "forecast": _forecast,
    "rate_cards": _rate_cards,
    "environments": _environments,
    "notifications": _notifications,
}


def facts(sandbox: Sandbox, dataset: str, accounts: tuple[Account, ...]) -> Iterator[bytes]:
    """Write a dataset as JSON lines.

    Args:
        sandbox: The sandbox.
        dataset: A key of ``DATASETS``.
        accounts: Only these.

    Yields:
        Some lines at a time.
    """
    encode = msgspec.json.Encoder().encode_lines
    waiting: list[dict[str, Any]] = []
    for account in accounts:
        owner = {"accountUuid": account.uuid, "accountName": account.name}
        for fact in DATASETS[dataset](sandbox, account):
            waiting.append({**owner, **fact})
            if len(waiting) == LINES_AT_ONCE:
                yield encode(waiting)
                waiting.clear()
    yield encode(waiting)
