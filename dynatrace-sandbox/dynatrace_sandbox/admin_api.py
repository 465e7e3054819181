"""The admin API under /sandbox/, for development only."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - msgspec reads the annotations
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from dynatrace_sandbox import __doc__ as package_summary
from dynatrace_sandbox import arrivals_api
from dynatrace_sandbox.access import sandbox_of
from dynatrace_sandbox.answers import json_answer
from dynatrace_sandbox.customer import INGEST_SCOPES
from dynatrace_sandbox.faults import FaultRule
from dynatrace_sandbox.sandbox import SandboxUsageError
from dynatrace_sandbox.switches import Switches
from dynatrace_sandbox.truth import DATASETS, facts

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from dynatrace_sandbox.sandbox import Sandbox

T = TypeVar("T")


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    """Let days pass."""

    days: int = 1


class RestateRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Book another amount on a past day."""

    day: date
    delta: Decimal | int | float
    account: str | None = None
    environment_id: str | None = msgspec.field(default=None, name="environmentId")
    capability_key: str | None = msgspec.field(default=None, name="capabilityKey")


class Grant(msgspec.Struct, forbid_unknown_fields=True):
    """Change what an OAuth client may ask for."""

    client_id: str
    scopes: list[str]


async def _read(request: Request, type_: type[T]) -> T:
    body = await request.body()
    try:
        return msgspec.json.decode(body or b"{}", type=type_)
    except msgspec.MsgspecError as error:
        raise SandboxUsageError(str(error)) from error


async def get_health(request: Request) -> Response:
    """Say what this is."""
    sandbox = sandbox_of(request)
    return json_answer({"status": "up", "what": package_summary, "today": str(sandbox.today)})


async def get_accounts(request: Request) -> Response:
    """Show all credentials; they open nothing but this sandbox."""
    customer = sandbox_of(request).customer
    accounts = [
        {
            "uuid": account.uuid,
            "name": account.name,
            "client_id": account.client_id,
            "client_secret": account.client_secret,
            "environments": [
                {"id": each.id, "name": each.name, "cluster_id": each.cluster_id}
                for each in account.environments
            ],
        }
        for account in customer.accounts
    ]
    return json_answer(
        {
            "accounts": accounts,
            "subscription_uuid": customer.main.uuid,
            "ingest": {
                "account_uuid": customer.accounts[0].uuid,
                "client_id": customer.ingest_client_id,
                "client_secret": customer.ingest_client_secret,
                "scopes": sorted(INGEST_SCOPES),
            },
            "api_token": customer.api_token,
            "platform_token": customer.platform_token,
            "expired_platform_token": customer.expired_platform_token,
        }
    )


async def get_truth(request: Request) -> Response:
    """Stream a dataset as JSON lines."""
    sandbox = sandbox_of(request)
    dataset = request.path_params["dataset"]
    if dataset not in DATASETS:
        reason = f"no dataset {dataset!r}; there are {', '.join(DATASETS)}"
        raise SandboxUsageError(reason)
    wanted = request.query_params.get("account")
    accounts = sandbox.customer.accounts
    if wanted:
        found = sandbox.customer.account(wanted)
        if found is None:
            reason = f"no account is called {wanted!r}"
            raise SandboxUsageError(reason)
        accounts = (found,)
    return StreamingResponse(facts(sandbox, dataset, accounts), media_type="application/x-ndjson")


def _clock(sandbox: Sandbox) -> Response:
    first = sandbox.customer.main.start
    return json_answer({"today": str(sandbox.today), "first_day": str(first)})


async def get_clock(request: Request) -> Response:
    """Tell the present day."""
    return _clock(sandbox_of(request))


async def advance_clock(request: Request) -> Response:
    """Let days pass."""
    sandbox = sandbox_of(request)
    sandbox.advance((await _read(request, Advance)).days)
    return _clock(sandbox)


async def restate(request: Request) -> Response:
    """Add a late booking to a past day."""
    asked = await _read(request, RestateRequest)
    entry = sandbox_of(request).restate(
        asked.day,
        Decimal(str(asked.delta)),
        asked.account,
        asked.environment_id,
        asked.capability_key,
    )
    return json_answer(
        {
            "accountUuid": entry.account_uuid,
            "subscriptionUuid": entry.subscription_uuid,
            "environmentId": entry.environment_id,
            "capabilityKey": entry.capability_key,
            "day": str(entry.day),
            "delta": str(entry.delta),
            "bookingDate": str(entry.booked),
        }
    )


async def grant(request: Request) -> Response:
    """Change the scopes that a client may ask for; issued tokens keep theirs."""
    asked = await _read(request, Grant)
    client = sandbox_of(request).tokens.clients.get(asked.client_id)
    if client is None:
        reason = f"no client has the id {asked.client_id!r}"
        raise SandboxUsageError(reason)
    client.scopes = frozenset(asked.scopes)
    return json_answer({"client_id": client.client_id, "scopes": sorted(client.scopes)})


async def add_faults(request: Request) -> Response:
    """Add fault rules: one, or a list."""
    rules = await _read(request, FaultRule | list[FaultRule])  # type: ignore[arg-type]
    sandbox = sandbox_of(request)
    try:
        sandbox.faults.add(rules if isinstance(rules, list) else [rules])
    except ValueError as error:
        raise SandboxUsageError(str(error)) from error
    return json_answer(sandbox.faults.states())


async def get_faults(request: Request) -> Response:
    """List the fault rules with their counts."""
    return json_answer(sandbox_of(request).faults.states())


async def delete_faults(request: Request) -> Response:
    """Forget all fault rules."""
    sandbox_of(request).faults.clear()
    return Response(status_code=204)


async def get_switches(request: Request) -> Response:
    """Show all switches."""
    return json_answer(sandbox_of(request).switches)


async def put_switches(request: Request) -> Response:
    """Change the named switches; the others stay."""
    sandbox = sandbox_of(request)
    changes = await _read(request, dict[str, Any])
    known = msgspec.to_builtins(sandbox.switches)
    try:
        sandbox.switches = msgspec.convert({**known, **changes}, Switches)
    except msgspec.ValidationError as error:
        raise SandboxUsageError(str(error)) from error
    return json_answer(sandbox.switches)


async def refuse(_: Request, error: Exception) -> Response:
    """Answer what cannot be done with one sentence.

    Args:
        error: Why.

    Returns:
        A 400.
    """
    return json_answer({"error": str(error)}, 400)


_ENDPOINTS: Final[list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]] = [
    ("GET", "health", get_health),
    ("GET", "accounts", get_accounts),
    ("GET", "truth/{dataset}", get_truth),
    ("GET", "clock", get_clock),
    ("POST", "clock/advance", advance_clock),
    ("POST", "restate", restate),
    ("POST", "grants", grant),
    ("POST", "faults", add_faults),
    ("GET", "faults", get_faults),
    ("DELETE", "faults", delete_faults),
    ("GET", "switches", get_switches),
    ("PUT", "switches", put_switches),
    ("GET", "requests", arrivals_api.get_requests),
    ("DELETE", "requests", arrivals_api.delete_requests),
    ("GET", "events", arrivals_api.get_events),
    ("DELETE", "events", arrivals_api.delete_events),
    ("GET", "report", arrivals_api.get_report),
]
ROUTES: Final = [
    Route(f"/sandbox/{path}", endpoint, methods=[method]) for method, path, endpoint in _ENDPOINTS
]
