"""Requests to the Account Management API, for one account."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import requests
from requests.adapters import HTTPAdapter

from .errors import ApiError, RetryableError, error_message, where
from .oauth import call_with_token
from .retry import (
    CERTAIN_FAILURES,
    NETWORK_ERRORS,
    RETRY_STATUSES,
    SYSTEM_CLOCK,
    Clock,
    Retrier,
    asked_wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .oauth import OAuthClient

T = TypeVar("T")

DEFAULT_API_URL = "https://api.dynatrace.com"

RETRY_LIMIT_SECONDS = 300.0
"""Total time one request is tried again, waits included."""

_SUCCESS = range(200, 300)

# Decimal keeps the digits of the API; float would round the 17th one.
_DECODER = msgspec.json.Decoder(float_hook=Decimal)


def decode(body: bytes) -> Any:  # noqa: ANN401  (any JSON value)
    """Decode JSON; numbers with a fraction or an exponent become Decimal.

    Raises:
        msgspec.DecodeError: the body is not JSON.
    """
    return _DECODER.decode(body)


def new_session(connections: int, user_agent: str) -> requests.Session:
    """Make a session with a pool of this many kept connections."""
    session = requests.Session()
    adapter = HTTPAdapter(pool_connections=4, pool_maxsize=connections)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = user_agent
    session.headers["Accept"] = "application/json"
    # A .netrc entry for the host would replace our Authorization header.
    session.auth = _keep_headers
    return session


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


class AccountClient:
    """Sends requests with the account's token; retries what another try may mend."""

    def __init__(  # noqa: PLR0913  (its collaborators)
        self,
        *,
        owner: str,
        api_url: str,
        tokens: OAuthClient,
        session: requests.Session,
        retrier: Retrier,
        timeout_seconds: float,
        write_tokens: OAuthClient | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Make a client that several threads may share.

        Args:
            owner: names the account in messages, for example `account 'Acme'`.
            api_url: scheme and host, `https://api.dynatrace.com`.
            tokens: the account's tokens.
            session: the connection pool.
            retrier: retries and the pause shared by the account's requests.
            timeout_seconds: of one request.
            write_tokens: tokens of requests other than GET, where they need another scope.
            clock: for tests.
        """
        self.owner = owner
        self._api_url = api_url.rstrip("/")
        self._tokens = tokens
        self._write_tokens = write_tokens or tokens
        self._session = session
        self._retrier = retrier
        self._timeout = timeout_seconds
        self._clock = clock

    def get(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        decoder: Callable[[bytes], Any] = decode,
    ) -> Any:  # noqa: ANN401
        """Return the decoded JSON of a GET.

        Args:
            path: path below the API's host, with its leading slash, already percent-encoded.
            params: query; a list becomes a repeated parameter, None is left out.
            decoder: of the body; raises `msgspec.DecodeError` where it is not JSON.

        Raises:
            ApiError: an answer that no retry mends, or the retry limit.
            CredentialsError: the SSO refuses the account's client.
        """
        return self.retrying("GET", path, lambda: self.fetch(path, params, decoder))

    def fetch(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        decoder: Callable[[bytes], Any] = decode,
    ) -> Any:  # noqa: ANN401
        """Return the decoded JSON of one GET, without retries; for use under `retrying`.

        Raises:
            RetryableError: another try may help.
            ApiError: none will.
        """
        return self._decoded(self.attempt("GET", path, params=params), decoder)

    def retrying(self, method: str, path: str, attempt: Callable[[], T]) -> T:
        """Call `attempt` with the account's retries and pauses.

        Args:
            method: names the request in messages, together with the path.
            path: as for `get`.
            attempt: makes one try, with `attempt` or `fetch`.

        Raises:
            ApiError: an answer that no retry mends, or the retry limit.
        """
        return self._retrier.call(where(method, self._api_url + path), attempt)

    def tokens_for(self, method: str) -> OAuthClient:
        """Return the tokens that a request of this method is sent with."""
        return self._tokens if method == "GET" else self._write_tokens

    def call(self, method: str, path: str, body: object) -> None:
        """Send a request that changes something, with retries; the answer's body is ignored.

        Args:
            method: POST, PUT or DELETE.
            path: as for `get`.
            body: becomes the JSON body; None sends none.
        """
        self.retrying(method, path, lambda: self.attempt(method, path, body=body))

    def attempt(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: object = None,
    ) -> bytes:
        """Send once (twice where the token was refused) and return a successful answer's body.

        Raises:
            RetryableError: another try may help.
            ApiError: none will.
        """
        url = self._api_url + path
        tokens = self.tokens_for(method)
        data = None if body is None else msgspec.json.encode(body)
        headers = {} if data is None else {"Content-Type": "application/json"}

        content = b""

        def send(token: str) -> requests.Response:
            nonlocal content
            response = self._session.request(
                method,
                url,
                params=params,
                data=data,
                headers={**headers, "Authorization": f"Bearer {token}"},
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,
            )
            if response.status_code in _SUCCESS:
                # In one piece: `content` would put it together from pieces of ten kilobytes.
                content = b"".join(response.iter_content(chunk_size=None))
            else:
                _ = response.content  # a connection is free again when its answer is read
            return response

        try:
            response = call_with_token(tokens, send)
        except CERTAIN_FAILURES as error:
            message = (
                f"{where(method, url)} cannot be sent for {self.owner} "
                f"({type(error).__name__}). Check the setting 'api_url'."
            )
            raise ApiError(message) from error
        except NETWORK_ERRORS as error:
            message = f"no complete answer for {self.owner}: {type(error).__name__}"
            raise RetryableError(message) from error
        status = response.status_code
        if status in RETRY_STATUSES:
            message = f"{status} for {self.owner}: {error_message(response)}"
            wait = asked_wait(response.headers, self._clock.now())
            raise RetryableError(message, status=status, wait_seconds=wait)
        if status not in _SUCCESS:
            detail = error_message(response).rstrip(".")
            message = (
                f"{where(method, url)} answers {status} for {self.owner}: {detail}. "
                f"{_HINTS.get(status, _NO_HINT).format(setting=tokens.scope_setting)}"
            )
            raise ApiError(message, status=status, detail=detail)
        return content

    def _decoded(self, content: bytes, decoder: Callable[[bytes], Any]) -> Any:  # noqa: ANN401
        # Not strip(): it would copy a body that may have a megabyte.
        if not content or content.isspace():
            return None
        try:
            return decoder(content)
        except msgspec.DecodeError as error:
            message = (
                f"an answer for {self.owner} with a body that is not JSON ({len(content)} bytes)"
            )
            raise RetryableError(message) from error


_NO_HINT = "Nothing was changed by this request."

_HINTS = {
    400: "Check the settings that this request depends on.",
    401: "Check that 'client_id' and 'client_secret' belong to this account's UUID.",
    403: (
        "Check that the token's scope (setting '{setting}') and the permissions of the OAuth "
        "client's user allow it."
    ),
    404: "Check the UUIDs in the path, and the setting 'api_url'.",
    410: "Dynatrace has removed this endpoint.",
}
