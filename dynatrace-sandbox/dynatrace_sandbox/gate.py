"""The way in: reads each request, logs it, and lets the fault plan have its way."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from typing import TYPE_CHECKING, Any, Final

from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from dynatrace_sandbox.access import bearer
from dynatrace_sandbox.answers import account_error, environment_error, json_answer, oauth_error

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from dynatrace_sandbox.faults import FaultRule
    from dynatrace_sandbox.sandbox import Sandbox

ADMIN_PREFIX: Final = "/sandbox/"
INGEST_SUFFIX: Final = "/bizevents/ingest"
SSO_PREFIX: Final = "/sso/"
RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)
"""SO_LINGER with a time of zero: closing sends RST instead of FIN."""
FIRST_ERROR_STATUS: Final = 400
KEPT_BODY: Final = 65_536
"""Bytes of a settings request's body that the log keeps."""

_transports: dict[tuple[str, int], asyncio.Transport] = {}


class GateProtocol(H11Protocol):
    """uvicorn's protocol, which also remembers its connection so that it can be reset."""

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        peer = transport.get_extra_info("peername")
        _transports[peer[0], peer[1]] = transport

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self.client is not None:
            _transports.pop((self.client[0], self.client[1]), None)
        super().connection_lost(exc)


def default_error(path: str, status: int, message: str) -> Response:
    """Answer with an error in the shape of the service that owns a path.

    Args:
        path: The request's path.
        status: HTTP status.
        message: Words for a person.

    Returns:
        The answer.
    """
    if path.endswith(INGEST_SUFFIX):
        if status in {413, 429, 503}:
            errors = [{"id": "", "message": message, "source": ""}]
            return json_answer({"errors": errors}, status)
        return environment_error(status, message)
    if path.startswith(SSO_PREFIX):
        return oauth_error("invalid_request", message, status)
    return account_error(status, message)


class _Recorder:
    """Keeps an answer instead of sending it."""

    def __init__(self) -> None:
        self.start: Message = {"type": "http.response.start", "status": 500, "headers": []}
        self.body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def _whole_body(receive: Receive) -> bytes | None:
    """Read the request's body; None if the client went away."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


class Gate:
    """ASGI middleware around the services; the admin API passes untouched."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        """Wrap an application.

        Args:
            app: The services.
            sandbox: Where log, switches and fault plan are.
        """
        self._app = app
        self._sandbox = sandbox
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request.

        Args:
            scope: ASGI scope.
            receive: ASGI receive.
            send: ASGI send.
        """
        if scope["type"] != "http" or scope["path"].startswith(ADMIN_PREFIX):
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        body = await _whole_body(receive)
        if body is None:
            return
        self._in_flight += 1
        entry = self._entry(scope, body)
        rule = self._sandbox.faults.choose(scope["method"], entry["path"], entry["query"], body)
        entry["fault"] = rule
        scope["sandbox.entry"] = entry
        scope["sandbox.fault"] = rule
        try:
            await self._serve(scope, receive, send, body)
        finally:
            self._in_flight -= 1
            entry["seconds"] = round(time.monotonic() - started, 6)

    def _entry(self, scope: Scope, body: bytes) -> dict[str, Any]:
        path = scope["raw_path"].decode("ascii")
        self._sandbox.request_count += 1
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        kind, _, secret = headers.get("authorization", "").partition(" ")
        if secret:
            headers["authorization"] = f"{kind} (removed)"
        entry: dict[str, Any] = {
            "n": self._sandbox.request_count,
            "time": time.time(),
            "method": scope["method"],
            "path": path,
            "query": scope["query_string"].decode("ascii"),
            "headers": headers,
            "bytes": len(body),
            "events": None,
            "in_flight": self._in_flight,
            "status": None,
            "fault": None,
            "seconds": None,
        }
        if "/settings/" in path:
            entry["body"] = body[:KEPT_BODY].decode("utf-8", "replace")
        self._sandbox.requests.append(entry)
        return entry

    async def _serve(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        body: bytes,
    ) -> None:
        entry: dict[str, Any] = scope["sandbox.entry"]
        rule: FaultRule | None = scope["sandbox.fault"]
        delay = self._sandbox.switches.latency + (rule.delay_seconds if rule else 0.0)
        if delay:
            await asyncio.sleep(delay)

        async def replay() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry["status"] = message["status"]
            await send(message)

        if rule is None or not _changes_answer(rule):
            await self._app(scope, replay, watched)
            return
        if rule.reset == "before":
            await _reset(scope, receive)
            return
        recorder = _Recorder()
        answer = self._instead(scope, rule)
        if answer is None or rule.after or rule.reset == "after":
            await self._app(scope, replay, recorder.send)
        if rule.reset == "after":
            await _reset(scope, receive)
            return
        if answer is not None:
            recorder = _Recorder()
            await answer(scope, replay, recorder.send)
        await _deliver(scope, receive, watched, recorder, rule)

    def _instead(self, scope: Scope, rule: FaultRule) -> Response | None:
        """Make the answer that the rule puts in place of the real one."""
        path: str = scope["path"]
        if rule.expire_token:
            self._sandbox.tokens.revoke(bearer(Request(scope)))
            return default_error(path, 401, "Unauthorized: the token is expired.")
        if rule.status is None:
            return None
        if rule.body is not None:
            return Response(rule.body, rule.status, media_type="text/html")
        if rule.json is not None:
            return json_answer(rule.json, rule.status)
        if rule.status < FIRST_ERROR_STATUS:
            return Response(status_code=rule.status)
        return default_error(path, rule.status, f"Planned fault: {rule.status}.")


def _changes_answer(rule: FaultRule) -> bool:
    return bool(
        rule.reset
        or rule.status is not None
        or rule.expire_token
        or rule.truncate is not None
        or rule.headers
    )


async def _deliver(
    scope: Scope, receive: Receive, send: Send, recorder: _Recorder, rule: FaultRule
) -> None:
    """Send a recorded answer, with the rule's headers, perhaps cut off."""
    replaced = {name.lower().encode("latin-1") for name in rule.headers}
    headers = [pair for pair in recorder.start["headers"] if pair[0].lower() not in replaced]
    headers += [
        (name.lower().encode("latin-1"), value.encode("latin-1"))
        for name, value in rule.headers.items()
    ]
    await send({**recorder.start, "headers": headers})
    if rule.truncate is None or rule.truncate >= len(recorder.body):
        await send({"type": "http.response.body", "body": recorder.body})
        return
    await send(
        {
            "type": "http.response.body",
            "body": recorder.body[: rule.truncate],
            "more_body": True,
        }
    )
    transport = _transports.get(tuple(scope["client"]))
    if transport is not None:
        transport.close()
    await _until_gone(receive)


async def _reset(scope: Scope, receive: Receive) -> None:
    """Close the connection with RST and no answer."""
    transport = _transports.get(tuple(scope["client"]))
    if transport is not None:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        transport.abort()
    await _until_gone(receive)


async def _until_gone(receive: Receive) -> None:
    # uvicorn calls it a mistake if an application returns before it knows that nobody listens.
    while (await receive())["type"] != "http.disconnect":
        continue
