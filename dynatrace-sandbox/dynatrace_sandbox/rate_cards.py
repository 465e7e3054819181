"""Rate cards: what a unit of each capability costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from dynatrace_sandbox.access import READ_SCOPE, account_of_token, sandbox_of
from dynatrace_sandbox.answers import json_answer
from dynatrace_sandbox.customer import CURRENCY
from dynatrace_sandbox.decimals import PRICE_SCALE, text
from dynatrace_sandbox.times import without_milliseconds

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.customer import Account, Capability
    from dynatrace_sandbox.sandbox import Sandbox

ADDENDUM_DAYS: Final = 90
"""An addendum begins this long after the contract, and overlaps with the first card."""
ADDENDUM_CAPABILITIES: Final = 2
DEPLOYMENTS: Final = ("SaaS", "Managed")


def _priced(
    capability: Capability, start: date, end: date, deployment: str | None
) -> dict[str, Any]:
    priced = {
        "key": capability.key,
        "name": capability.name,
        "quotedPrice": capability.quoted_price,
        "quotedUnitOfMeasure": f"Per {capability.quoted_quantity:,} {capability.unit}",
        "price": text(capability.price_units, PRICE_SCALE),
        "startTime": without_milliseconds(start.toordinal()),
        "endTime": without_milliseconds(end.toordinal()),
    }
    return priced if deployment is None else {**priced, "deploymentType": deployment}


def rate_cards(sandbox: Sandbox, account: Account) -> list[dict[str, Any]]:
    """Make an account's rate cards.

    Args:
        sandbox: The sandbox.
        account: The account.

    Returns:
        The contract's card and an addendum; none for the accounts without costs.
    """
    if not account.environments:
        return []
    subscription = sandbox.customer.main
    end = subscription.end + timedelta(days=1)
    first, *others = subscription.capabilities
    later = subscription.start + timedelta(days=ADDENDUM_DAYS)
    number = subscription.uuid[:8].upper()
    return [
        {
            "quoteNumber": f"Q-{number}",
            "startTime": without_milliseconds(subscription.start.toordinal()),
            "endTime": without_milliseconds(end.toordinal()),
            "currencyCode": CURRENCY,
            "capabilities": [
                *(_priced(first, subscription.start, end, name) for name in DEPLOYMENTS),
                *(_priced(each, subscription.start, end, None) for each in others),
            ],
        },
        {
            "quoteNumber": f"Q-{number}-1",
            "startTime": without_milliseconds(later.toordinal()),
            "endTime": without_milliseconds(end.toordinal()),
            "currencyCode": CURRENCY,
            "capabilities": [
                _priced(each, later, end, None)
                for each in subscription.capabilities[:ADDENDUM_CAPABILITIES]
            ],
        },
    ]


async def list_rate_cards(request: Request) -> Response:
    """Answer with a bare array of rate cards."""
    account = account_of_token(request, READ_SCOPE)
    return json_answer(rate_cards(sandbox_of(request), account))
