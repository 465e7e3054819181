"""Cost centers and products: the allowed values of cost allocation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

import msgspec
from starlette.responses import Response

from dynatrace_sandbox.access import READ_SCOPE, account_of_token, sandbox_of
from dynatrace_sandbox.allocation import MAX_VALUES
from dynatrace_sandbox.answers import AccountAnswerError, json_answer

if TYPE_CHECKING:
    from starlette.requests import Request

DEFAULT_PAGE_SIZE: Final = 20
MAX_PAGE_SIZE: Final = 500
"""Neither is documented."""


class _Value(msgspec.Struct):
    key: str


class _Values(msgspec.Struct):
    values: list[_Value]


def _positive(request: Request, name: str, default: int, largest: int) -> int:
    value = request.query_params.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= largest):
        raise AccountAnswerError(400, f"'{name}' must be from 1 to {largest}")
    return int(value)


def _field(request: Request) -> str:
    return str(request.path_params["field"])


async def list_values(request: Request) -> Response:
    """Answer with a page of values; pages are numbered from 1."""
    account = account_of_token(request, READ_SCOPE)
    page = _positive(request, "page", 1, 10**6)
    size = _positive(request, "page-size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE)
    keys = sandbox_of(request).values(account, _field(request))
    shown = keys[(page - 1) * size : page * size]
    return json_answer(
        {"records": [{"key": key} for key in shown], "hasNextPage": page * size < len(keys)}
    )


async def _posted(request: Request) -> list[str]:
    try:
        values = msgspec.json.decode(await request.body(), type=_Values).values
    except msgspec.MsgspecError as error:
        raise AccountAnswerError(400, f"The body is malformed: {error}") from error
    keys = [value.key for value in values]
    if not all(keys):
        raise AccountAnswerError(400, "A key must not be empty.")
    if len(set(keys)) < len(keys):
        raise AccountAnswerError(400, "A key occurs twice in the request.")
    return keys


def _limit(keys: list[str]) -> None:
    if len(keys) > MAX_VALUES:
        raise AccountAnswerError(400, f"At most {MAX_VALUES} values are allowed.")


async def add_values(request: Request) -> Response:
    """Append values; one that is there already refuses the whole request."""
    sandbox = sandbox_of(request)
    account = account_of_token(request, sandbox.switches.settings_write_scope)
    keys = await _posted(request)
    known = sandbox.values(account, _field(request))
    twice = sorted(set(keys) & set(known))
    if twice:
        raise AccountAnswerError(400, f"The key exists already: {', '.join(twice)}")
    _limit([*known, *keys])
    sandbox.set_values(account, _field(request), [*known, *keys])
    return Response(status_code=204)


async def replace_values(request: Request) -> Response:
    """Replace all values."""
    sandbox = sandbox_of(request)
    account = account_of_token(request, sandbox.switches.settings_write_scope)
    keys = await _posted(request)
    _limit(keys)
    sandbox.set_values(account, _field(request), keys)
    return Response(status_code=204)


async def delete_value(request: Request) -> Response:
    """Delete one value, whose key is one percent-encoded path segment."""
    sandbox = sandbox_of(request)
    account = account_of_token(request, sandbox.switches.settings_write_scope)
    raw = request.scope["raw_path"].decode("ascii").partition("/settings/")[2]
    segments = raw.split("/")[1:]
    if len(segments) != 1:
        raise AccountAnswerError(404, "Cannot get requested resource.")
    key = unquote(segments[0])
    known = sandbox.values(account, _field(request))
    if key not in known:
        raise AccountAnswerError(400, f"There is no such key: {key}")
    sandbox.set_values(account, _field(request), [each for each in known if each != key])
    return Response(status_code=204)
