"""Cost and usage per environment: version 3 in pages, and the deprecated version 2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from dynatrace_sandbox import page_keys
from dynatrace_sandbox.access import (
    READ_SCOPE,
    account_of_token,
    comma_list,
    sandbox_of,
    subscription_of_path,
)
from dynatrace_sandbox.answers import AccountAnswerError
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.customer import CURRENCY
from dynatrace_sandbox.decimals import COST_SCALE, USAGE_SCALE, spelled
from dynatrace_sandbox.subscription_api import last_modified
from dynatrace_sandbox.times import (
    days_between,
    overlap,
    read_moment,
    with_milliseconds,
    without_milliseconds,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from starlette.requests import Request

    from dynatrace_sandbox.bookings import Booking
    from dynatrace_sandbox.customer import Account, Capability, Environment, Subscription
    from dynatrace_sandbox.sandbox import Sandbox

BLOCK_DAYS: Final = 7
"""An environment comes again for every week of the period."""
MAX_PAGE_SIZE: Final = 50
"""Entries of a page; more is answered with 400 (seen live)."""
Kind = Literal["cost", "usage"]


class Query(msgspec.Struct, frozen=True, array_like=True):
    """A v3 query; it also travels inside the page key."""

    kind: Kind
    account_uuid: str
    subscription_uuid: str
    start: str
    end: str
    environment_ids: tuple[str, ...] | None
    capability_keys: tuple[str, ...] | None
    cluster_ids: tuple[str, ...] | None
    page_size: int


class PageKey(msgspec.Struct, frozen=True, array_like=True):
    """Where the next page begins: entries of a unit that are sent already."""

    query: Query
    unit: int
    sent: int


@dataclass(frozen=True)
class Plan:
    """What a query selects. Its entries come in units: weeks by environment, then late bookings."""

    sandbox: Sandbox
    share: Share
    environments: tuple[Environment, ...]
    capabilities: tuple[Capability, ...]
    days: range

    @property
    def units(self) -> int:
        """How many units there are."""
        weeks = -(-len(self.days) // BLOCK_DAYS)
        return (weeks + 1) * len(self.environments)

    def bookings(self, unit: int) -> Iterator[Booking]:
        """Yield what belongs to a unit.

        Args:
            unit: From 0.

        Yields:
            Bookings of one environment.
        """
        week, index = divmod(unit, len(self.environments))
        environment = self.environments[index]
        metering = self.sandbox.metering
        start = self.days.start + week * BLOCK_DAYS
        if start < self.days.stop:
            days = range(start, min(start + BLOCK_DAYS, self.days.stop))
            yield from metering.regular(self.share, environment, days, self.capabilities)
        else:
            # All late bookings of the period follow behind its regular ones, so that what
            # belongs to one day is spread over pages.
            yield from metering.late(self.share, environment, self.days, self.capabilities)

    def environment(self, unit: int) -> Environment:
        """Tell whose unit it is.

        Args:
            unit: From 0.

        Returns:
            The environment.
        """
        return self.environments[unit % len(self.environments)]


@cache
def _cost_tail(key: str, name: str) -> str:
    return f'"currencyCode":"{CURRENCY}","capabilityKey":"{key}","capabilityName":"{name}"'


def _cost_row(booking: Booking) -> str:
    day, value = booking.day, spelled(booking.cost, COST_SCALE, booking.variety)
    tail = _cost_tail(booking.capability.key, booking.capability.name)
    return (
        f'{{"startTime":"{without_milliseconds(day)}",'
        f'"endTime":"{without_milliseconds(day + 1)}","value":{value},{tail},'
        f'"bookingDate":"{with_milliseconds(booking.booked)}"}}'
    )


def _usage_row(booking: Booking) -> str:
    capability = booking.capability
    value = spelled(booking.usage, USAGE_SCALE, booking.variety)
    return (
        f'{{"capabilityKey":"{capability.key}","capabilityName":"{capability.name}",'
        f'"startTime":"{with_milliseconds(booking.day)}",'
        f'"endTime":"{with_milliseconds(booking.day + 1)}","value":{value},'
        f'"unitMeasure":"{capability.unit}"}}'
    )


ROW_OF: Final[dict[Kind, Callable[[Booking], str]]] = {"cost": _cost_row, "usage": _usage_row}


def _listed(value: frozenset[str] | None) -> tuple[str, ...] | None:
    return None if value is None else tuple(sorted(value))


def moments(request: Request) -> tuple[str, str]:
    """Read startTime and endTime, both needed."""
    texts: list[str] = []
    for name in ("startTime", "endTime"):
        value = request.query_params.get(name)
        # A live service names the end first when both are missing.
        if request.query_params.get("endTime") is None:
            raise AccountAnswerError(400, "'endTime' must be provided")
        if value is None:
            raise AccountAnswerError(400, f"'{name}' must be provided")
        moment = read_moment(value)
        if moment is None:
            raise AccountAnswerError(400, f"'{name}' must be a date-time: {value}")
        texts.append(moment.isoformat())
    if texts[0] > texts[1]:
        raise AccountAnswerError(400, "'startTime' must not be after 'endTime'")
    return texts[0], texts[1]


def _query(request: Request, kind: Kind, account: Account, subscription: Subscription) -> Query:
    start, end = moments(request)
    return Query(
        kind,
        account.uuid,
        subscription.uuid,
        start,
        end,
        _listed(comma_list(request, "environmentIds")),
        _listed(comma_list(request, "capabilityKeys")),
        _listed(comma_list(request, "clusterIds")),
        page_keys.page_size(request, sandbox_of(request).switches.default_page_size, MAX_PAGE_SIZE),
    )


def _start_of_page(
    request: Request, kind: Kind, account: Account, subscription: Subscription
) -> PageKey:
    """Find where the page begins, under the rule for page keys that is in force."""
    value = request.query_params.get("page-key")
    if not value:
        return PageKey(_query(request, kind, account, subscription), 0, 0)
    rule = sandbox_of(request).switches.v3_paging
    alone = set(request.query_params) == {"page-key"}
    if rule == "key-alone-only" and not alone:
        raise AccountAnswerError(400, "'page-key' must not be combined with other parameters")
    if rule == "live" or not alone:
        asked = _query(request, kind, account, subscription)
        key = page_keys.decode(value, PageKey)
        if key.query != asked:
            raise AccountAnswerError(400, "'page-key' does not belong to this query")
        return key
    key = page_keys.decode(value, PageKey)
    mine = (key.query.kind, key.query.account_uuid, key.query.subscription_uuid)
    if mine != (kind, account.uuid, subscription.uuid):
        raise AccountAnswerError(400, "'page-key' does not belong to this path")
    return key


def _plan(sandbox: Sandbox, account: Account, subscription: Subscription, query: Query) -> Plan:
    period = days_between(
        datetime.fromisoformat(query.start),
        datetime.fromisoformat(query.end),
        inclusive=sandbox.switches.end_time == "inclusive",
    )
    return Plan(
        sandbox,
        Share(subscription, account),
        tuple(
            environment
            for environment in account.environments
            if (query.environment_ids is None or environment.id in query.environment_ids)
            and (query.cluster_ids is None or environment.cluster_id in query.cluster_ids)
        ),
        tuple(
            c
            for c in subscription.capabilities
            if query.capability_keys is None or c.key in query.capability_keys
        ),
        overlap(sandbox.metering.days(subscription), period),
    )


def _chunks(rows: Iterable[str], size: int) -> Iterator[list[str]]:
    source = iter(rows)
    while chunk := list(islice(source, size)):
        yield chunk


def _page(plan: Plan, key: PageKey) -> tuple[list[str], PageKey | None]:
    """Collect entries from a position on, and the next position."""
    query, entries = key.query, list[str]()
    row_of = ROW_OF[query.kind]
    size = plan.sandbox.switches.rows_per_entry
    skip = key.sent
    for unit in range(key.unit, plan.units if plan.capabilities else 0):
        environment = plan.environment(unit)
        cluster = f'"clusterId":"{environment.cluster_id}",' if environment.cluster_id else ""
        if not cluster and unit % 2:
            # Of a SaaS environment the cluster is null in some places and absent in others.
            cluster = '"clusterId":null,'
        head = f'{{{cluster}"environmentId":"{environment.id}","{query.kind}":['
        rows = (row_of(booking) for booking in plan.bookings(unit))
        for sent, chunk in enumerate(_chunks(rows, size)):
            if sent < skip:
                continue
            if len(entries) == query.page_size:
                return entries, PageKey(query, unit, sent)
            entries.append(f"{head}{','.join(chunk)}]}}")
        skip = 0
    return entries, None


def _body(plan: Plan, key: PageKey) -> bytes:
    entries, following = _page(plan, key)
    modified = last_modified(plan.sandbox)
    body = f'{{"data":[{",".join(entries)}],"lastModifiedTime":"{modified}"'
    if following is not None:
        return f'{body},"nextPageKey":"{page_keys.encode(following)}"}}'.encode()
    last = {"null": ',"nextPageKey":null}', "empty": ',"nextPageKey":""}', "missing": "}"}
    return (body + last[plan.sandbox.switches.last_page_key]).encode()


async def _answer(request: Request, kind: Kind) -> Response:
    account = account_of_token(request, READ_SCOPE)
    subscription = subscription_of_path(request, account)
    key = _start_of_page(request, kind, account, subscription)
    plan = _plan(sandbox_of(request), account, subscription, key.query)
    body = await run_in_threadpool(_body, plan, key)
    return Response(body, media_type="application/json")


async def get_environment_cost(request: Request) -> Response:
    """Answer with a page of costs per environment."""
    return await _answer(request, "cost")


async def get_environment_usage(request: Request) -> Response:
    """Answer with a page of usage per environment."""
    return await _answer(request, "usage")
