"""OAuth client credentials at the Dynatrace SSO.

Source: "OAuth clients" of the Dynatrace documentation. A token lives 300 seconds, belongs to
one account (`resource`) and to the scopes asked for. Wrong credentials and scopes that the
client was not granted answer 400, not 401.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import msgspec
import requests

from .errors import ApiError, CredentialsError, RetryableError, error_message, where
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
    from collections.abc import Callable

DEFAULT_SSO_URL = "https://sso.dynatrace.com/sso/oauth2/token"

RENEWAL_MARGIN_SECONDS = 30.0
"""A token is renewed this long before its end, so that none expires in flight."""

DEFAULT_LIFETIME_SECONDS = 300.0
"""Documented lifetime, used where the answer leaves `expires_in` out."""

_SUCCESS = range(200, 300)

_WRONG_PLACE = frozenset({*range(300, 400), 404, 405, 410})
"""Answers of something that is not a token endpoint: a redirect to a login page, no such path."""


class OAuthClient:
    """Tokens of one account and scope, renewed in time; safe to share between threads."""

    def __init__(  # noqa: PLR0913  (each is a setting of the token request)
        self,
        *,
        owner: str,
        account_uuid: str,
        client_id: str,
        client_secret: str,
        scope: str,
        session: requests.Session,
        retrier: Retrier,
        sso_url: str = DEFAULT_SSO_URL,
        scope_setting: str = "scope",
        timeout_seconds: float = 60.0,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Make a client; the first token is fetched when it is needed.

        Args:
            owner: names whose credentials these are in messages, for example `account 'Acme'`.
            account_uuid: the token is bound to this account.
            client_id: `dt0s02.…`.
            client_secret: `dt0s02.….…`; never shown.
            scope: space-separated scopes.
            session: sends the token request.
            retrier: retries 429, 5xx and network failures of the SSO.
            sso_url: the token endpoint.
            scope_setting: the setting that `scope` comes from, for messages.
            timeout_seconds: of one token request.
            clock: for tests.
        """
        self.scope_setting = scope_setting
        self._owner = owner
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
            "scope": scope,
            "resource": f"urn:dtaccount:{account_uuid}",
        }
        self._session = session
        self._retrier = retrier
        self._sso_url = sso_url
        self._timeout = timeout_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def token(self) -> str:
        """Return a token that lives for at least the renewal margin.

        Raises:
            CredentialsError: the SSO refuses the client.
            ApiError: the SSO cannot be reached.
        """
        with self._lock:
            if not self._token or self._clock.monotonic() >= self._renew_at:
                what = where("POST", self._sso_url)
                self._token, lifetime = self._retrier.call(what, self._request)
                margin = min(RENEWAL_MARGIN_SECONDS, lifetime / 2)
                self._renew_at = self._clock.monotonic() + lifetime - margin
            return self._token

    def invalidate(self, token: str) -> None:
        """Forget this token (the service refused it); a newer one stays."""
        with self._lock:
            if self._token == token:
                self._token = ""

    def _request(self) -> tuple[str, float]:
        try:
            response = self._session.post(
                self._sso_url,
                data=self._form,
                headers={"Accept": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            )
        except CERTAIN_FAILURES as error:
            raise self._unreachable(error) from error
        except NETWORK_ERRORS as error:
            message = f"no answer from the SSO: {type(error).__name__}"
            raise RetryableError(message) from error
        if response.status_code in RETRY_STATUSES:
            message = f"the SSO answered {response.status_code}: {error_message(response)}"
            wait = asked_wait(response.headers, self._clock.now())
            raise RetryableError(message, status=response.status_code, wait_seconds=wait)
        if response.status_code not in _SUCCESS:
            raise self._refused(response)
        try:
            answer = msgspec.json.decode(response.content)
            token = answer["access_token"]
            lifetime = float(answer.get("expires_in") or DEFAULT_LIFETIME_SECONDS)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
            message = "the SSO answered 200 without a readable token"
            raise RetryableError(message, status=response.status_code) from error
        if not isinstance(token, str) or not token:
            message = "the SSO answered 200 without a token"
            raise RetryableError(message, status=response.status_code)
        return token, lifetime

    def _refused(self, response: requests.Response) -> CredentialsError:
        detail = error_message(response)
        if "scope" in detail.lower():
            hint = (
                f"Grant the OAuth client the scope '{self._form['scope']}', or change the "
                f"setting '{self.scope_setting}'."
            )
        elif response.status_code in _WRONG_PLACE:
            hint = "Check the setting 'sso_url'."
        else:
            hint = "Check 'client_id', 'client_secret' and the account's UUID."
        return CredentialsError(
            f"The SSO ({where('POST', self._sso_url)}) refuses the credentials of {self._owner} "
            f"({response.status_code}: {detail}). {hint}"
        )

    def _unreachable(self, error: requests.RequestException) -> ApiError:
        return ApiError(
            f"The SSO {self._sso_url} cannot be used for {self._owner} "
            f"({type(error).__name__}). Check the setting 'sso_url'."
        )


def call_with_token(
    tokens: OAuthClient, send: Callable[[str], requests.Response]
) -> requests.Response:
    """Send with a token, and once more with a new one where the service answers 401."""
    token = tokens.token()
    response = send(token)
    if response.status_code == requests.codes.unauthorized:
        tokens.invalidate(token)
        response = send(tokens.token())
    return response
