"""Page keys that travel alone: the whole first query and a position, in base64."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, TypeVar

import msgspec

from dynatrace_sandbox.answers import AccountAnswerError

if TYPE_CHECKING:
    from starlette.requests import Request

T = TypeVar("T", bound=msgspec.Struct)


def encode(key: msgspec.Struct) -> str:
    """Make a page key.

    Args:
        key: What to remember.

    Returns:
        Text for a query parameter.
    """
    return base64.urlsafe_b64encode(msgspec.json.encode(key)).decode()


def decode(text: str, type_: type[T]) -> T:
    """Read a page key.

    Args:
        text: What a request carried.
        type_: What it should hold.

    Returns:
        What :func:`encode` was given.

    Raises:
        AccountAnswerError: 400 if it is none of ours.
    """
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text.encode()), type=type_)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise AccountAnswerError(400, "'page-key' is not valid") from error


def lone_key(request: Request) -> str | None:
    """Get a page key that must have nothing beside it.

    Args:
        request: The request.

    Returns:
        The key, or None on a first page.

    Raises:
        AccountAnswerError: 400 if other parameters are there.
    """
    text = request.query_params.get("page-key")
    if text and len(request.query_params.multi_items()) > 1:
        raise AccountAnswerError(400, "'page-key' must not be combined with other parameters")
    return text or None


def page_size(request: Request, default: int, largest: int) -> int:
    """Read the page size.

    Args:
        request: The request.
        default: Where the query does not say.
        largest: More is an error.

    Returns:
        Entries per page.

    Raises:
        AccountAnswerError: 400 if it is no number from 1 to ``largest``.
    """
    value = request.query_params.get("page-size")
    if value is None:
        return default
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= largest):
        raise AccountAnswerError(400, f"'page-size' must be from 1 to {largest}")
    return int(value)
