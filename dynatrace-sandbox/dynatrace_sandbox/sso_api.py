"""The SSO: access tokens for client credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from dynatrace_sandbox.access import sandbox_of
from dynatrace_sandbox.answers import json_answer, oauth_error
from dynatrace_sandbox.tokens import OAuthRefusedError

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


async def request_token(request: Request) -> Response:
    """Answer a token request; everything wrong is a 400."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return oauth_error("invalid_request", "The body must be a URL-encoded form.")
    try:
        form = dict(parse_qsl((await request.body()).decode(), strict_parsing=True))
    except ValueError:
        return oauth_error("invalid_request", "The form cannot be read.")
    sandbox = sandbox_of(request)
    try:
        answer = sandbox.tokens.issue(form, sandbox.switches.token_lifetime)
    except OAuthRefusedError as refusal:
        return oauth_error(refusal.error, str(refusal))
    return json_answer(answer, headers={"Cache-Control": "no-store"})
