"""OAuth tokens: issued for an account and scopes, and gone after their lifetime."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.customer import INGEST_SCOPES, READ_SCOPES, Customer

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_TOKENS: Final = 10_000
"""Expired tokens are forgotten when there are more than this many."""


@dataclass
class Client:
    """An OAuth client of the customer; its scopes can be changed through the admin API."""

    client_id: str
    secret: str
    account_uuid: str
    scopes: frozenset[str]


@dataclass(frozen=True)
class Token:
    """An access token; without account when it was asked for without ``resource``."""

    account_uuid: str | None
    scopes: frozenset[str]
    expires: float


class OAuthRefusedError(Exception):
    """The SSO answers 400; the text is its ``error_description``."""

    def __init__(self, error: str, description: str) -> None:
        """Keep both parts of the answer.

        Args:
            error: OAuth error code.
            description: Words for a person.
        """
        super().__init__(description)
        self.error = error


class TokenOffice:
    """Issues and checks tokens."""

    def __init__(self, customer: Customer, clock: Callable[[], float] = time.monotonic) -> None:
        """Know the customer's clients.

        Args:
            customer: Whose clients.
            clock: Seconds that only rise.
        """
        self._clock = clock
        self._tokens: dict[str, Token] = {}
        clients = [
            Client(account.client_id, account.client_secret, account.uuid, READ_SCOPES)
            for account in customer.accounts
        ]
        clients.append(
            Client(
                customer.ingest_client_id,
                customer.ingest_client_secret,
                customer.accounts[0].uuid,
                INGEST_SCOPES,
            )
        )
        self.clients = {client.client_id: client for client in clients}

    def issue(self, form: dict[str, str], lifetime: float) -> dict[str, object]:
        """Answer a token request.

        Args:
            form: The posted fields.
            lifetime: Seconds.

        Returns:
            The answer's JSON object.

        Raises:
            OAuthRefusedError: For anything wrong; the real service answers 400 to all of it.
        """
        if form.get("grant_type") != "client_credentials":
            error = "unsupported_grant_type"
            raise OAuthRefusedError(error, "grant_type must be client_credentials.")
        client = self.clients.get(form.get("client_id", ""))
        secret = form.get("client_secret", "")
        if client is None or not secrets.compare_digest(secret.encode(), client.secret.encode()):
            error = "invalid_request"
            raise OAuthRefusedError(error, "Bad Request: client id or client secret is wrong.")
        asked = form.get("scope", "").split()
        scopes = frozenset(asked) or client.scopes
        missing = [scope for scope in asked if scope not in client.scopes]
        if missing:
            error = "invalid_request"
            raise OAuthRefusedError(
                error,
                "Invalid OAuth2 request. UNSUCCESSFUL_OAUTH_ACCESS_TOKEN_VALIDATION_FAILED | "
                f"OAuth client is missing following scopes [{', '.join(missing)}]",
            )
        resource = form.get("resource", "")
        if resource not in {"", f"urn:dtaccount:{client.account_uuid}"}:
            error = "invalid_request"
            raise OAuthRefusedError(
                error, "Invalid OAuth2 request. The client does not belong to the resource."
            )
        value = secrets.token_urlsafe(48)
        account = client.account_uuid if resource else None
        self._forget_expired()
        self._tokens[value] = Token(account, scopes, self._clock() + lifetime)
        answer: dict[str, object] = {
            "scope": " ".join(sorted(scopes)),
            "token_type": "Bearer",
            "expires_in": int(lifetime),
            "access_token": value,
        }
        if resource:
            answer["resource"] = resource
        return answer

    def find(self, value: str) -> Token | None:
        """Look a token up.

        Args:
            value: What the request carried.

        Returns:
            The token, or None if it is unknown or expired.
        """
        token = self._tokens.get(value)
        if token is None or token.expires <= self._clock():
            return None
        return token

    def revoke(self, value: str) -> None:
        """Make a token invalid at once.

        Args:
            value: The token.
        """
        self._tokens.pop(value, None)

    def _forget_expired(self) -> None:
        if len(self._tokens) > KEPT_TOKENS:
            now = self._clock()
            self._tokens = {k: t for k, t in self._tokens.items() if t.expires > now}
