"""One request to the ingest endpoint, and what its answer means for the events in it.

Source: README of Dynatrace's SDK `client-classic-environment-v2` 9.0.1. The surprise is 400: with
a list of refused events the others are already stored, so the request must not be repeated.
"""

from __future__ import annotations

import enum
import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
import requests

from .dynatrace_api.errors import ApiError, RetryableError, error_message, where
from .dynatrace_api.oauth import OAuthClient, call_with_token
from .dynatrace_api.retry import (
    CERTAIN_FAILURES,
    NETWORK_ERRORS,
    RETRY_STATUSES,
    Clock,
    Retrier,
    asked_wait,
)

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable

_COMPRESSION_LEVEL = 5
"""Of gzip: JSON shrinks to a tenth, and little more at higher levels."""


class Outcome(enum.Enum):
    """What became of the events of a request."""

    ACCEPTED = enum.auto()
    """All are stored."""
    PARTLY_REFUSED = enum.auto()
    """The named ones are refused, all others stored."""
    REFUSED = enum.auto()
    """None is stored, because of one or more that the answer does not name."""
    TOO_LARGE = enum.auto()
    """None is stored; fewer may be."""


@dataclass(frozen=True)
class Refused:
    """One entry of the list of refused events; each part may be missing.

    Attributes:
        index: position in the request, from 0.
        event_id: the event's id.
        message: the server's reason.
    """

    index: int | None
    event_id: str | None
    message: str


@dataclass(frozen=True)
class Answer:
    """The last answer to a request.

    Attributes:
        outcome: what became of the events.
        status: HTTP status.
        detail: the server's own message.
        refused: the named events.
    """

    outcome: Outcome
    status: int
    detail: str = ""
    refused: tuple[Refused, ...] = ()


class Authorization(Protocol):
    """Sends a request with the right Authorization header."""

    hints: dict[int, str]

    def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
        """Call `send` with the header's value; again where a new token may help."""
        ...


class OAuthBearer:
    """Tokens of an OAuth client: a new one after a 401, once."""

    def __init__(self, tokens: OAuthClient, scope: str) -> None:
        """Keep the source of tokens."""
        self._tokens = tokens
        self.hints = {
            401: "Check 'client_id', 'client_secret' and 'account_uuid'.",
            403: (
                f"The token needs the scope '{scope}', and the policy of the OAuth client's user "
                "must allow storage:events:write."
            ),
        }

    def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
        """Send with a token, and once more with a new one after a 401."""
        return call_with_token(self._tokens, lambda token: send(f"Bearer {token}"))


class StaticToken:
    """A token from the settings."""

    def __init__(self, kind: str, token: str, hints: dict[int, str]) -> None:
        """Keep the token.

        Args:
            kind: `Api-Token` or `Bearer`.
            token: never shown.
            hints: what to do, by HTTP status.
        """
        self._header = f"{kind} {token}"
        self.hints = hints

    def call(self, send: Callable[[str], requests.Response]) -> requests.Response:
        """Send with the token."""
        return send(self._header)


class IngestClient:
    """Sends request bodies and retries what another try may mend; shared by threads."""

    def __init__(  # noqa: PLR0913  (its collaborators)
        self,
        *,
        url: str,
        authorization: Authorization,
        session: requests.Session,
        retrier: Retrier,
        timeout_seconds: float,
        compress: bool,
        logger: logging.Logger,
        clock: Clock,
    ) -> None:
        """Keep the collaborators; nothing is sent yet."""
        self.what = where("POST", url)
        self._url = url
        self._authorization = authorization
        self._session = session
        self._retrier = retrier
        self._timeout = timeout_seconds
        self._compress = compress
        self._logger = logger
        self._clock = clock

    def send(self, body: bytes, count_try: Callable[[], None]) -> Answer:
        """Send a body until there is an answer about its events.

        Args:
            body: a JSON array of events.
            count_try: called before each time it is sent.

        Raises:
            ApiError: no retry mends it, or the retry limit.
            CredentialsError: the SSO refuses the OAuth client.
        """

        def attempt() -> Answer:
            count_try()
            return self._attempt(body)

        return self._retrier.call(self.what, attempt)

    def _attempt(self, body: bytes) -> Answer:
        compressed = self._compress
        response = self._post(body, compressed=compressed)
        if response.status_code == requests.codes.unsupported_media_type and compressed:
            if self._compress:
                self._compress = False
                self._logger.warning(
                    "%s does not take compressed bodies (415); they are sent plain from here on.",
                    self.what,
                )
            response = self._post(body, compressed=False)
        return self._read(response)

    def _post(self, body: bytes, *, compressed: bool) -> requests.Response:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        data = gzip.compress(body, _COMPRESSION_LEVEL, mtime=0) if compressed else body

        def send(authorization: str) -> requests.Response:
            return self._session.post(
                self._url,
                data=data,
                headers={**headers, "Authorization": authorization},
                timeout=self._timeout,
                allow_redirects=False,
            )

        try:
            return self._authorization.call(send)
        except CERTAIN_FAILURES as error:
            message = (
                f"{self.what} cannot be sent ({type(error).__name__}). Check 'environment_url', "
                "and for a self-signed certificate set REQUESTS_CA_BUNDLE."
            )
            raise ApiError(message) from error
        except NETWORK_ERRORS as error:
            message = f"no complete answer: {type(error).__name__}"
            raise RetryableError(message) from error

    def _read(self, response: requests.Response) -> Answer:
        status, detail = response.status_code, error_message(response)
        if status == requests.codes.accepted:
            return Answer(Outcome.ACCEPTED, status)
        if status in RETRY_STATUSES:
            wait = asked_wait(response.headers, self._clock.now())
            message = f"{status}: {detail}"
            raise RetryableError(message, status=status, wait_seconds=wait)
        if status < requests.codes.multiple_choices or (
            status == requests.codes.bad_request and _is_html(response)
        ):
            # A gateway in maintenance or a login page: it tells nothing about the events.
            message = f"{status} from something that is not the ingest endpoint"
            raise RetryableError(message)
        if status == requests.codes.request_entity_too_large:
            return Answer(Outcome.TOO_LARGE, status, detail)
        if status == requests.codes.bad_request:
            refused = refused_in(response.content)
            outcome = Outcome.PARTLY_REFUSED if refused else Outcome.REFUSED
            return Answer(outcome, status, detail, refused)
        hint = (
            self._authorization.hints.get(status)
            or _HINTS.get(status)
            or "Check 'environment_url', and what stands between this machine and it."
        )
        message = f"{self.what} answers {status}: {detail}. {hint}"
        raise ApiError(message, status=status, detail=detail)


_HINTS = {
    404: "Check the setting 'environment_url'; business events need an environment with Grail.",
}


def _is_html(response: requests.Response) -> bool:
    # Not by Content-Type: many servers call their plain words text/html.
    return response.content.lstrip()[:1] == b"<"


def refused_in(body: bytes) -> tuple[Refused, ...]:
    """Read the list of refused events out of the body of a 400; empty where there is none."""
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()
    entries = content.get("errors") if isinstance(content, dict) else None
    return tuple(map(_entry, entries)) if isinstance(entries, list) else ()


def _entry(entry: Any) -> Refused:  # noqa: ANN401  (any JSON value)
    if not isinstance(entry, dict):
        return Refused(None, None, str(entry))
    index, identifier, text = entry.get("index"), entry.get("id"), entry.get("message")
    if isinstance(index, str) and index.strip().isdigit():
        index = int(index)
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    return Refused(
        index=index if type(index) is int else None,
        event_id=identifier if isinstance(identifier, str) else None,
        message=text if isinstance(text, str) and text else "refused without a reason",
    )
