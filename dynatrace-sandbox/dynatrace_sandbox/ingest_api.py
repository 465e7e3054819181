"""Business-event ingest, on the classic, the platform and the ActiveGate path."""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from dynatrace_sandbox.access import bearer, sandbox_of
from dynatrace_sandbox.answers import environment_error, json_answer
from dynatrace_sandbox.customer import INGEST_SCOPES
from dynatrace_sandbox.grail import (
    MICROSECONDS,
    Attributes,
    Event,
    UnreadableEventError,
    from_cloud_event,
    to_event,
)

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynatrace_sandbox.faults import FaultRule

MAX_BYTES: Final = 5 * 1024 * 1024
"""Largest body (vendor SDK, 9.0.1: 5 MiB)."""
PLATFORM_PATH: Final = "/platform/"
CLOUD_SINGLE: Final = frozenset({"application/cloudevent+json", "application/cloudevents+json"})
CLOUD_BATCH: Final = frozenset(
    {"application/cloudevent-batch+json", "application/cloudevents-batch+json"}
)
PLAIN: Final = "application/json"

_batch = msgspec.json.Decoder(list[msgspec.Raw])
_single = msgspec.json.Decoder(Attributes)


class _RefusedError(Exception):
    """The request is answered with an error envelope, and nothing of it is stored."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def _check_access(request: Request) -> None:
    sandbox = sandbox_of(request)
    customer = sandbox.customer
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "api-token":
        # The platform path knows no classic tokens.
        platform = request.url.path.startswith(PLATFORM_PATH)
        if platform or value.strip() != customer.api_token:
            raise _RefusedError(401, "Token Authentication failed.")
        return
    carried = bearer(request)
    if not carried:
        raise _RefusedError(401, "Missing authorization parameter.")
    if carried == customer.platform_token:
        return
    if carried == customer.expired_platform_token:
        raise _RefusedError(403, "The platform token is expired.")
    token = sandbox.tokens.find(carried)
    if token is None:
        raise _RefusedError(401, "The token is wrong or expired.")
    if not token.scopes & INGEST_SCOPES:
        scopes = " or ".join(sorted(INGEST_SCOPES))
        raise _RefusedError(403, f"The token lacks the scope {scopes}.")


def _content_kind(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != PLAIN and kind not in CLOUD_SINGLE | CLOUD_BATCH:
        raise _RefusedError(415, f"Content-Type {kind or '(none)'} is not supported.")
    return kind


def _unpacked(request: Request, body: bytes) -> bytes:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding != "gzip" or sandbox_of(request).switches.gzip == "refuse":
        raise _RefusedError(415, f"Content-Encoding {encoding} is not supported.")
    unzip = zlib.decompressobj(wbits=31)
    try:
        unpacked = unzip.decompress(body, MAX_BYTES + 1)
    except zlib.error as error:
        raise _RefusedError(400, "The compressed body is broken.") from error
    if len(unpacked) <= MAX_BYTES and not unzip.eof:
        raise _RefusedError(400, "The compressed body is cut off.")
    return unpacked


def _elements(kind: str, body: bytes) -> list[msgspec.Raw]:
    """Cut the body into its events, none of them looked at yet."""
    try:
        # The decoder below looks at structure only, and would let broken UTF-8 inside texts pass.
        body.decode()
        start = body.lstrip(b" \t\r\n")[:1]
        if start == b"[" and kind not in CLOUD_SINGLE:
            return _batch.decode(body)
        if start == b"{" and kind not in CLOUD_BATCH:
            _single.decode(body)
            return [msgspec.Raw(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _RefusedError(400, f"The body could not be read: {error}") from error
    raise _RefusedError(400, "The body must be an event or an array of events.")


def _attributes(raw: msgspec.Raw, *, cloud: bool) -> Attributes:
    try:
        attributes = _single.decode(raw)
    except msgspec.MsgspecError as error:
        reason = "The event must be a JSON object."
        raise UnreadableEventError(reason) from error
    return from_cloud_event(attributes) if cloud else attributes


def _sorted_out(
    request: Request, elements: list[msgspec.Raw], *, cloud: bool, now: int
) -> tuple[list[Event], list[dict[str, object]]]:
    """Shape the events, and name those that are refused."""
    rule: FaultRule | None = request.scope.get("sandbox.fault")
    parameters = dict(request.query_params)
    events: list[Event] = []
    errors: list[dict[str, object]] = []
    for index, raw in enumerate(elements):
        try:
            event = to_event(_attributes(raw, cloud=cloud), parameters, now)
        except UnreadableEventError as error:
            errors.append({"id": "", "index": index, "message": str(error), "source": ""})
            continue
        if rule is not None and rule.rejects(index, bytes(raw).decode()):
            errors.append(
                {
                    "id": event.event_id,
                    "index": index,
                    "message": "The event is not valid.",
                    "source": event.provider,
                }
            )
            continue
        events.append(event)
    return events, errors


async def ingest(request: Request) -> Response:
    """Store the valid events; a 400 with a list means that the others are stored."""
    try:
        _check_access(request)
        kind = _content_kind(request)
        body = _unpacked(request, await request.body())
        if len(body) > MAX_BYTES:
            errors = [{"id": "", "message": f"Body above {MAX_BYTES} bytes.", "source": ""}]
            return json_answer({"errors": errors}, 413)
        elements = _elements(kind, body)
    except _RefusedError as refusal:
        return environment_error(refusal.status, str(refusal))
    now = time.time_ns() * MICROSECONDS // 10**9
    events, refusals = _sorted_out(request, elements, cloud=kind != PLAIN, now=now)
    request.scope["sandbox.entry"]["events"] = len(elements)
    sandbox_of(request).store.add_events(events, now)
    if refusals:
        return json_answer({"errors": refusals}, 400)
    return Response(status_code=202)
