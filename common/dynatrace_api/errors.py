"""Errors a user can read, and the reading of Dynatrace's error bodies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

if TYPE_CHECKING:
    import requests

MESSAGE_LIMIT = 300
"""Characters of a server's own message that go into ours; an HTML page would drown the rest."""

# Token forms of Dynatrace: dt0c01 (API token), dt0s02 (OAuth client), dt0s16 (platform token)...
# The prefix and the public part may be shown, the secret third part never.
_TOKEN = re.compile(r"\b(dt0[a-z]\d{2}\.[A-Za-z0-9_-]+)(?:\.[A-Za-z0-9_-]+)+")
# The SSO's access tokens are JSON web tokens: base64 of `{"`, then two more parts.
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_BEARER = re.compile(r"(?i)\b(bearer|api-token)\s+(?!dt0)[A-Za-z0-9._~+/=-]{8,}")


class DynatraceError(Exception):
    """A failure told in one sentence: what happened, where, and what to do."""


class CredentialsError(DynatraceError):
    """The SSO refuses the client of an account, or the account's settings lack it."""


class ApiError(DynatraceError):
    """An answer that no retry mends.

    Attributes:
        status: HTTP status, or None where no answer came.
        detail: the server's own message.
    """

    def __init__(self, message: str, *, status: int | None = None, detail: str = "") -> None:
        """Keep the status and the server's message beside the sentence for the user."""
        super().__init__(message)
        self.status = status
        self.detail = detail


class SettingsError(DynatraceError):
    """A setting is missing, contradicts another one or makes no sense."""


class RetryableError(Exception):
    """A failure that another try may mend; `retry.Retrier` turns the last one into an ApiError.

    Attributes:
        status: HTTP status, or None where no answer came.
        wait_seconds: what the server asked to wait, or None.
    """

    def __init__(
        self, message: str, *, status: int | None = None, wait_seconds: float | None = None
    ) -> None:
        """Keep what the retrier needs to choose the wait."""
        super().__init__(message)
        self.status = status
        self.wait_seconds = wait_seconds


def redact(text: str) -> str:
    """Return the text without the secret part of any Dynatrace token or bearer in it."""
    return _BEARER.sub(r"\1 ***", _JWT.sub("***", _TOKEN.sub(r"\1.***", text)))


def message_in(body: Any) -> str:  # noqa: ANN401  (any JSON value)
    """Find the message in a decoded error body.

    Dynatrace has four shapes: `{error: true, message}` (account API), `{error: {message}}`
    (environment APIs), `{error, error_description}` (SSO) and `{errors: [{message}]}` (ingest).
    """
    if isinstance(body, str):
        return body
    if isinstance(body, list):
        return message_in(body[0]) if body else ""
    if not isinstance(body, dict):
        return ""
    error, description = body.get("error"), body.get("error_description")
    if isinstance(error, str) and isinstance(description, str):
        return f"{error}: {description}"
    parts = (body.get("message"), error, description, body.get("errors"))
    return next(filter(None, map(message_in, parts)), "")


def error_message(response: requests.Response) -> str:
    """Return the server's own words, on one line, shortened and without secrets."""
    try:
        text = message_in(msgspec.json.decode(response.content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        text = ""
    text = redact(" ".join((text or response.text).split()))
    text = text or response.reason or "empty answer"
    return text if len(text) <= MESSAGE_LIMIT else f"{text[:MESSAGE_LIMIT]}..."


def where(method: str, url: str) -> str:
    """Name a request in a message: the method, the host and the path, never the query."""
    parts = urlsplit(url)
    return f"{method} {parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
