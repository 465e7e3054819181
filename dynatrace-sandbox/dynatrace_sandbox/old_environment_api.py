"""Cost and usage per environment, version 2: deprecated, SaaS only, not paged."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from dynatrace_sandbox.access import (
    READ_SCOPE,
    account_of_token,
    filters_of,
    sandbox_of,
    subscription_of_path,
)
from dynatrace_sandbox.answers import account_error, json_answer, number
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.customer import CURRENCY
from dynatrace_sandbox.decimals import COST_SCALE, USAGE_SCALE, spelled
from dynatrace_sandbox.environment_api import Kind, moments
from dynatrace_sandbox.subscription_api import last_modified
from dynatrace_sandbox.times import days_between, overlap, without_milliseconds

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.access import Filters
    from dynatrace_sandbox.bookings import Booking
    from dynatrace_sandbox.customer import Account, Subscription
    from dynatrace_sandbox.sandbox import Sandbox

DEPRECATED_SINCE: Final = "Mon, 15 Jun 2026 00:00:00 GMT"
SUNSET: Final = "Mon, 11 Jan 2027 00:00:00 GMT"


def _headers(account: Account, subscription: Subscription, kind: Kind) -> dict[str, str]:
    # The documented link differs from the real path of version 3, which is environments/cost.
    successor = (
        f"/sub/v3/accounts/{account.uuid}/subscriptions/{subscription.uuid}/environment-{kind}"
    )
    return {
        "Deprecation": DEPRECATED_SINCE,
        "Sunset": SUNSET,
        "Link": f'<{successor}>; rel="successor-version"',
    }


def _row(booking: Booking, kind: Kind) -> dict[str, Any]:
    row: dict[str, Any] = {
        "startTime": without_milliseconds(booking.day),
        "endTime": without_milliseconds(booking.day + 1),
        "capabilityKey": booking.capability.key,
        "capabilityName": booking.capability.name,
    }
    if kind == "cost":
        row["value"] = number(spelled(booking.cost, COST_SCALE, booking.variety))
        row["currencyCode"] = CURRENCY
    else:
        row["value"] = number(spelled(booking.usage, USAGE_SCALE, booking.variety))
        row["unitMeasure"] = booking.capability.unit
    return row


def _rows(
    sandbox: Sandbox,
    share: Share,
    filters: Filters,
    period: range,
    kind: Kind,
) -> list[dict[str, Any]]:
    days = overlap(sandbox.metering.days(share.subscription), period)
    return [
        {
            "environmentId": environment.id,
            kind: [
                _row(booking, kind)
                for booking in sandbox.metering.bookings(
                    share, environment, days, filters.capabilities
                )
            ],
        }
        for environment in filters.environments
        if environment.id and environment.cluster_id is None
    ]


async def _answer(request: Request, kind: Kind) -> Response:
    account = account_of_token(request, READ_SCOPE)
    subscription = subscription_of_path(request, account)
    sandbox = sandbox_of(request)
    headers = _headers(account, subscription, kind)
    if sandbox.switches.v2_environments == "gone":
        return account_error(410, "This endpoint is gone; use version 3.", headers)
    start, end = moments(request)
    period = days_between(
        datetime.fromisoformat(start),
        datetime.fromisoformat(end),
        inclusive=sandbox.switches.end_time == "inclusive",
    )
    filters = filters_of(request, account, subscription)
    rows = await run_in_threadpool(
        _rows, sandbox, Share(subscription, account), filters, period, kind
    )
    answer = {"data": rows, "lastModifiedTime": last_modified(sandbox)}
    return json_answer(answer, headers=headers)


async def get_old_environment_cost(request: Request) -> Response:
    """Answer with all costs per SaaS environment."""
    return await _answer(request, "cost")


async def get_old_environment_usage(request: Request) -> Response:
    """Answer with all usage per SaaS environment."""
    return await _answer(request, "usage")
