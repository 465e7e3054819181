"""Subscriptions with their cost and usage, version 2: neither paged nor limited by time."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from dynatrace_sandbox.access import (
    READ_SCOPE,
    Filters,
    account_of_token,
    filters_of,
    sandbox_of,
    subscription_of_path,
)
from dynatrace_sandbox.answers import json_answer, number
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.customer import CURRENCY, Account, Subscription, years_later
from dynatrace_sandbox.decimals import COST_SCALE, USAGE_SCALE, spelled, text
from dynatrace_sandbox.times import at_hour, with_milliseconds, without_milliseconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.bookings import DayTotal
    from dynatrace_sandbox.sandbox import Sandbox


def last_modified(sandbox: Sandbox) -> str:
    """Tell when the data changed last: this morning, or later if a day was restated.

    Args:
        sandbox: The sandbox.

    Returns:
        A date-time.
    """
    minutes = min(sandbox.metering.restatements, 17 * 60)
    return at_hour(sandbox.today, 6 + minutes // 60, minutes % 60)


def periods(subscription: Subscription) -> list[tuple[date, date]]:
    """Cut a contract into yearly periods.

    Args:
        subscription: The subscription.

    Returns:
        First and last day of each.
    """
    found: list[tuple[date, date]] = []
    start = subscription.start
    while start <= subscription.end:
        following = years_later(subscription.start, len(found) + 1)
        found.append((start, min(following - timedelta(days=1), subscription.end)))
        start = following
    return found


def current_period(subscription: Subscription, today: date) -> tuple[date, date]:
    """Find the period of a day, or the last one.

    Args:
        subscription: The subscription.
        today: The day.

    Returns:
        First and last day.
    """
    every = periods(subscription)
    return next((period for period in every if period[1] >= today), every[-1])


def used(sandbox: Sandbox, subscription: Subscription) -> int:
    """Add up the costs of all accounts in the current period.

    Args:
        sandbox: The sandbox.
        subscription: The subscription.

    Returns:
        In units of ``COST_SCALE``.
    """
    first = current_period(subscription, sandbox.today)[0].toordinal()
    return sum(
        sandbox.metering.account_day(Share(subscription, account), day).cost
        for account in payers(sandbox, subscription)
        for day in sandbox.metering.days(subscription)
        if day >= first
    )


def payers(sandbox: Sandbox, subscription: Subscription) -> list[Account]:
    """List the accounts whose costs a subscription carries.

    Args:
        sandbox: The sandbox.
        subscription: The subscription.

    Returns:
        Accounts.
    """
    every = sandbox.customer.accounts
    chosen = every if subscription.shared else every[:1]
    return [account for account in chosen if account.environments and subscription.metered]


def status(subscription: Subscription, today: date) -> str:
    """Tell a subscription's status on a day.

    Args:
        subscription: The subscription.
        today: The day.

    Returns:
        ACTIVE or EXPIRED.
    """
    return "EXPIRED" if subscription.end < today else subscription.status


def _summary(subscription: Subscription, today: date) -> dict[str, Any]:
    return {
        "uuid": subscription.uuid,
        "type": subscription.type,
        "subType": subscription.sub_type,
        "name": subscription.name,
        "status": status(subscription, today),
        "startTime": str(subscription.start),
        "endTime": str(subscription.end),
    }


async def list_subscriptions(request: Request) -> Response:
    """Answer with the account's own subscriptions; only the first account has any."""
    account = account_of_token(request, READ_SCOPE)
    sandbox = sandbox_of(request)
    owner = account.uuid == sandbox.customer.accounts[0].uuid
    own = sandbox.customer.subscriptions if owner else ()
    return json_answer({"data": [_summary(each, sandbox.today) for each in own]})


async def get_subscription(request: Request) -> Response:
    """Answer with one subscription in full."""
    account = account_of_token(request, READ_SCOPE)
    subscription = subscription_of_path(request, account)
    sandbox = sandbox_of(request)
    cost = await run_in_threadpool(used, sandbox, subscription)
    first, last = current_period(subscription, sandbox.today)
    budget: dict[str, Any] = {
        "total": number(text(subscription.budget_total, COST_SCALE)),
        "used": number(text(cost, COST_SCALE)),
    }
    if subscription.metered:
        budget["currencyCode"] = CURRENCY
    moments = [
        {
            "startTime": without_milliseconds(start.toordinal()),
            "endTime": without_milliseconds(end.toordinal() + 1),
        }
        for start, end in periods(subscription)
    ]
    return json_answer(
        {
            **_summary(subscription, sandbox.today),
            "account": {"uuid": sandbox.customer.accounts[0].uuid},
            "budget": budget,
            "currentPeriod": {
                "startTime": str(first),
                "endTime": str(last),
                # The present day counts.
                "daysRemaining": max((last - sandbox.today).days + 1, 0),
            },
            "periods": moments if subscription.metered else [],
            "capabilities": [{"key": c.key, "name": c.name} for c in subscription.capabilities],
        }
    )


def day_totals(sandbox: Sandbox, share: Share, filters: Filters) -> Iterator[tuple[int, DayTotal]]:
    """Add up each visible day of what a request is about.

    Args:
        sandbox: The sandbox.
        share: The account's share in the subscription.
        filters: What to add up.

    Yields:
        Ordinal and total.
    """
    if not share.account.environments or not filters.environments or not filters.capabilities:
        return
    metering = sandbox.metering
    for day in metering.days(share.subscription):
        if filters.everything:
            yield day, metering.account_day(share, day)
        else:
            yield (
                day,
                metering.total(share, day, filters.environments, filters.capabilities),
            )


def cost_rows(sandbox: Sandbox, share: Share, filters: Filters) -> list[dict[str, Any]]:
    """Shape daily costs, in no order, as the service sends them.

    Args:
        sandbox: The sandbox.
        share: The account's share in the subscription.
        filters: What to add up.

    Returns:
        Rows.
    """
    rows = [
        {
            "startTime": with_milliseconds(day),
            "endTime": with_milliseconds(day + 1),
            "value": number(spelled(total.cost, COST_SCALE, total.cost // 7)),
            "currencyCode": CURRENCY,
            "lastBookingDate": with_milliseconds(total.last_booked),
        }
        for day, total in day_totals(sandbox, share, filters)
    ]
    middle = len(rows) // 3
    return rows[middle:] + rows[:middle][::-1]


def usage_rows(sandbox: Sandbox, share: Share, filters: Filters) -> list[dict[str, Any]]:
    """Shape daily usage of each capability.

    Args:
        sandbox: The sandbox.
        share: The account's share in the subscription.
        filters: What to add up.

    Returns:
        Rows.
    """
    return [
        {
            "capabilityKey": capability.key,
            "capabilityName": capability.name,
            "startTime": without_milliseconds(day),
            "endTime": without_milliseconds(day + 1),
            "value": number(spelled(units, USAGE_SCALE, units)),
            "unitMeasure": capability.unit,
        }
        for day, total in day_totals(sandbox, share, filters)
        for capability, units in zip(filters.capabilities, total.usage, strict=True)
    ]


async def get_cost(request: Request) -> Response:
    """Answer with all daily costs."""
    account = account_of_token(request, READ_SCOPE)
    subscription = subscription_of_path(request, account)
    filters = filters_of(request, account, subscription)
    sandbox = sandbox_of(request)
    rows = await run_in_threadpool(cost_rows, sandbox, Share(subscription, account), filters)
    return json_answer({"data": rows, "lastModifiedTime": last_modified(sandbox)})


async def get_usage(request: Request) -> Response:
    """Answer with all daily usage."""
    account = account_of_token(request, READ_SCOPE)
    subscription = subscription_of_path(request, account)
    filters = filters_of(request, account, subscription)
    sandbox = sandbox_of(request)
    rows = await run_in_threadpool(usage_rows, sandbox, Share(subscription, account), filters)
    return json_answer({"data": rows, "lastModifiedTime": last_modified(sandbox)})
