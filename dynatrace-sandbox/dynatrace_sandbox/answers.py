"""Answers in the shapes of the three kinds of service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class AccountAnswerError(Exception):
    """An Account Management request that ends with an error answer."""

    def __init__(self, status: int, message: str) -> None:
        """Keep status and message.

        Args:
            status: HTTP status.
            message: The answer's ``message``.
        """
        super().__init__(message)
        self.status = status


def number(text: str) -> msgspec.Raw:
    """Put a number into JSON exactly as it is spelled.

    Args:
        text: JSON number text.

    Returns:
        A value for :func:`json_answer`.
    """
    return msgspec.Raw(text.encode())


def json_answer(
    value: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON.

    Args:
        value: What msgspec can encode.
        status: HTTP status.
        headers: More headers.

    Returns:
        The answer.
    """
    return Response(
        msgspec.json.encode(value), status, headers=headers, media_type="application/json"
    )


def lines_answer(lines: Iterable[str]) -> Response:
    """Answer with JSON lines.

    Args:
        lines: JSON texts.

    Returns:
        The answer.
    """
    text = "".join(f"{line}\n" for line in lines)
    return Response(text, media_type="application/x-ndjson")


def account_error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer as the Account Management API does; its ``error`` is a boolean.

    Args:
        status: HTTP status.
        message: Words for a person.
        headers: More headers.

    Returns:
        The answer.
    """
    return json_answer({"error": True, "message": message, "payload": None}, status, headers)


def environment_error(status: int, message: str) -> Response:
    """Answer as an environment API does.

    Args:
        status: HTTP status.
        message: Words for a person.

    Returns:
        The answer.
    """
    return json_answer({"error": {"code": status, "message": message}}, status)


def oauth_error(error: str, description: str, status: int = 400) -> Response:
    """Answer as the SSO does.

    Args:
        error: OAuth error code.
        description: Words for a person.
        status: HTTP status.

    Returns:
        The answer.
    """
    return json_answer({"error": error, "error_description": description}, status)
