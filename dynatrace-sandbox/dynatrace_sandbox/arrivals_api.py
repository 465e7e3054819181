"""The part of the admin API that shows what was asked for and what arrived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from starlette.responses import Response

from dynatrace_sandbox.access import sandbox_of
from dynatrace_sandbox.answers import json_answer, lines_answer
from dynatrace_sandbox.grail import MICROSECONDS
from dynatrace_sandbox.sandbox import SandboxUsageError

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynatrace_sandbox.sandbox import Sandbox

DEFAULT_LIMIT: Final = 1000
"""Events in one answer where the query does not say."""


def _moment(micros: int | None) -> str | None:
    if micros is None:
        return None
    return datetime.fromtimestamp(micros / MICROSECONDS, UTC).isoformat().replace("+00:00", "Z")


async def get_requests(request: Request) -> Response:
    """Show the request log."""
    return json_answer(sandbox_of(request).logged(request.query_params.get("path", "")))


async def delete_requests(request: Request) -> Response:
    """Forget the request log."""
    sandbox_of(request).requests.clear()
    return Response(status_code=204)


def _number(request: Request, name: str, default: int) -> int:
    value = request.query_params.get(name, str(default))
    if not (value.isascii() and value.isdigit()):
        reason = f"{name} must be a number from 0: {value}"
        raise SandboxUsageError(reason)
    return int(value)


async def get_events(request: Request) -> Response:
    """Show stored events as JSON lines, in order of arrival."""
    order = request.query_params.get("order", "asc")
    if order not in {"asc", "desc"}:
        reason = f"order must be asc or desc: {order}"
        raise SandboxUsageError(reason)
    lines = sandbox_of(request).store.events(
        type_=request.query_params.get("type", ""),
        account=request.query_params.get("account", ""),
        limit=_number(request, "limit", DEFAULT_LIMIT),
        offset=_number(request, "offset", 0),
        newest_first=order == "desc",
    )
    return lines_answer(lines)


async def delete_events(request: Request) -> Response:
    """Forget the stored events."""
    sandbox_of(request).store.forget_events()
    return Response(status_code=204)


def report_rows(sandbox: Sandbox) -> list[dict[str, Any]]:
    """Count what arrived.

    Args:
        sandbox: The sandbox.

    Returns:
        One row for each event type and account name.
    """
    return [
        {
            "type": kind,
            "account": account or None,
            "stored": stored,
            "distinct": distinct,
            "duplicates": stored - distinct,
            "dropped": dropped,
            "first": _moment(first),
            "last": _moment(last),
        }
        for kind, account, stored, distinct, dropped, first, last in sandbox.store.report()
    ]


async def get_report(request: Request) -> Response:
    """Count what arrived, by event type and account name."""
    return json_answer(report_rows(sandbox_of(request)))
