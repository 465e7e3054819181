"""Cost allocation: costs by cost center or product of one SaaS environment."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool

from dynatrace_sandbox import page_keys
from dynatrace_sandbox.access import (
    READ_SCOPE,
    account_of_token,
    sandbox_of,
)
from dynatrace_sandbox.allocation import FIELDS, allocations
from dynatrace_sandbox.answers import AccountAnswerError, json_answer, number
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.decimals import COST_SCALE, USAGE_SCALE, spelled
from dynatrace_sandbox.times import overlap

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.customer import Account, Environment, Subscription
    from dynatrace_sandbox.sandbox import Sandbox

DEFAULT_PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 1000
"""Neither is documented."""


class Position(msgspec.Struct, frozen=True, array_like=True):
    """A query and how many of its records were sent."""

    account_uuid: str
    subscription_uuid: str
    environment_id: str
    field: str
    first_day: int
    last_day: int
    page_size: int
    sent: int


def _day(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    try:
        return date.fromisoformat(value).toordinal()
    except ValueError as error:
        raise AccountAnswerError(400, f"'{name}' must be a date: {value}") from error


def _first_position(request: Request, account: Account, subscription: Subscription) -> Position:
    field = request.query_params.get("field")
    environment = request.query_params.get("environment-id")
    if field is None or field not in FIELDS.values():
        raise AccountAnswerError(400, f"'field' must be one of {', '.join(FIELDS.values())}")
    if not environment:
        raise AccountAnswerError(400, "'environment-id' must be provided")
    sandbox = sandbox_of(request)
    days = sandbox.allocation_days(subscription)
    last = _day(request, "to", days.stop)
    if sandbox.switches.end_time == "inclusive":
        last += 1
    return Position(
        account.uuid,
        subscription.uuid,
        environment,
        field,
        _day(request, "from", days.start),
        last,
        page_keys.page_size(request, DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
        0,
    )


def _environment(account: Account, environment_id: str) -> Environment:
    for environment in account.environments:
        if environment.id == environment_id:
            if environment.cluster_id is not None:
                raise AccountAnswerError(400, "Cost allocation is for SaaS environments only.")
            return environment
    raise AccountAnswerError(400, f"'environment-id' is unknown: {environment_id}")


def _records(
    sandbox: Sandbox,
    share: Share,
    environment: Environment,
    position: Position,
) -> list[dict[str, Any]]:
    field = next(name for name, value in FIELDS.items() if value == position.field)
    days = overlap(
        sandbox.allocation_days(share.subscription),
        range(position.first_day, max(position.first_day, position.last_day)),
    )
    return [
        {
            "date": str(date.fromordinal(each.day)),
            "capability": each.capability,
            "key": each.key,
            "costs": number(spelled(each.cost, COST_SCALE, each.cost)),
            "usage": number(spelled(each.usage, USAGE_SCALE, each.usage)),
        }
        for each in allocations(
            sandbox.metering,
            share,
            environment,
            sandbox.values(share.account, field),
            days,
        )
    ]


def _subscription(request: Request, account: Account) -> Subscription:
    found = sandbox_of(request).customer.visible(account, request.path_params["subscription_uuid"])
    if found is None:
        # The documentation has no 404 for this endpoint.
        raise AccountAnswerError(400, "The subscription is unknown.")
    return found


async def get_cost_allocation(request: Request) -> Response:
    """Answer with a page of allocated costs; a page key comes alone."""
    account = account_of_token(request, READ_SCOPE)
    sandbox = sandbox_of(request)
    subscription = _subscription(request, account)
    text = page_keys.lone_key(request)
    if text is None:
        position = _first_position(request, account, subscription)
    else:
        position = page_keys.decode(text, Position)
        if (position.account_uuid, position.subscription_uuid) != (account.uuid, subscription.uuid):
            raise AccountAnswerError(400, "'page-key' does not belong to this path")
    environment = _environment(account, position.environment_id)
    records = await run_in_threadpool(
        _records, sandbox, Share(subscription, account), environment, position
    )
    end = position.sent + position.page_size
    following = msgspec.structs.replace(position, sent=end) if end < len(records) else None
    return json_answer(
        {
            "environmentId": environment.id,
            "field": position.field,
            "records": records[position.sent : end],
            "nextPageKey": page_keys.encode(following) if following else None,
        }
    )
