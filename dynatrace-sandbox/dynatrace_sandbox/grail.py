"""What Grail makes of a posted business event, as pure functions.

Sources: the vendor's SDK description of the ingest endpoint and its page on OpenPipeline limits.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

MICROSECONDS: Final = 1_000_000
"""Microseconds in a second; every time here is counted in microseconds since 1970."""
OLDEST: Final = 24 * 3600 * MICROSECONDS
"""An event older than this at ingest is dropped without a word."""
NEWEST: Final = 10 * 60 * MICROSECONDS
"""An event further in the future is moved back to this distance."""
LARGEST_SECONDS: Final = 100_000_000_000
LARGEST_MILLISECONDS: Final = 100_000_000_000_000
LARGEST_MICROSECONDS: Final = 9_999_999_999_999_999
"""The size of a number tells its unit."""
RESERVED_PREFIX: Final = "dt."
"""Attribute names that belong to Dynatrace."""
CLOUD_EVENT_REQUIRED: Final = ("specversion", "id", "source", "type")
CLOUD_EVENT_NAMES: Final = {
    "id": "event.id",
    "source": "event.provider",
    "type": "event.type",
    "time": "timestamp",
}

_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
_encode_text = msgspec.json.Encoder().encode

Attributes = dict[str, msgspec.Raw]


@dataclass(frozen=True)
class Event:
    """A stored event; ``attributes`` is JSON text with the digits as they came."""

    timestamp: int
    type: str
    provider: str
    event_id: str
    account: str
    attributes: str
    dropped: bool


class UnreadableEventError(ValueError):
    """An element of the body that is no event."""


def _text(raw: msgspec.Raw | None) -> str:
    """Read an attribute as text, "" where there is none."""
    if raw is None:
        return ""
    value = msgspec.json.decode(raw)
    if value is None:
        return ""
    return value if isinstance(value, str) else bytes(raw).decode()


def number_to_microseconds(number: float) -> int | None:
    """Read an epoch number, whose size tells its unit.

    Args:
        number: Seconds, milliseconds or microseconds since 1970.

    Returns:
        Microseconds, or None if it is out of range.
    """
    if not 0 <= number <= LARGEST_MICROSECONDS:
        return None
    if number <= LARGEST_SECONDS:
        return int(number * MICROSECONDS)
    if number <= LARGEST_MILLISECONDS:
        return int(number * 1000)
    return int(number)


def text_to_microseconds(text: str, now: int) -> int | None:
    """Read a time as Grail reads a string: epoch s or ms, RFC 3339 or RFC 3164.

    Args:
        text: The attribute's value.
        now: Ingest time; RFC 3164 has no year and takes it from here.

    Returns:
        Microseconds, or None if it is none of these.
    """
    text = text.strip()
    if re.fullmatch(r"\d{1,15}", text, re.ASCII):
        number = int(text)
        return number_to_microseconds(number) if number <= LARGEST_MILLISECONDS else None
    match = _RFC3339.match(text)
    try:
        if match:
            day, clock, fraction, zone = match.groups()
            offset = "+00:00" if zone in "Zz" else zone
            whole = datetime.fromisoformat(f"{day}T{clock}{offset}")
            micros = int(((fraction or ".") + "000000")[1:7])
            return int(whole.timestamp()) * MICROSECONDS + micros
        present = datetime.fromtimestamp(now / MICROSECONDS, UTC)
        # The year has to be there before the day is read, for 29 February's sake.
        moment = datetime.strptime(f"{present.year} {text} +0000", "%Y %b %d %H:%M:%S %z")
        if (moment - present).days >= 1:
            moment = moment.replace(year=present.year - 1)
        return int(moment.timestamp()) * MICROSECONDS
    except ValueError:
        return None


def event_time(raw: msgspec.Raw | None, now: int) -> int:
    """Decide an event's time; one too old is returned as it is.

    Args:
        raw: The ``timestamp`` attribute.
        now: Ingest time in microseconds.

    Returns:
        Microseconds since 1970.
    """
    if raw is None:
        return now
    value = msgspec.json.decode(raw)
    found: int | None = None
    if isinstance(value, str):
        found = text_to_microseconds(value, now)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        found = number_to_microseconds(value)
    return now if found is None else min(found, now + NEWEST)


def from_cloud_event(event: Attributes) -> Attributes:
    """Rename a CloudEvent's members to Grail's attributes.

    Args:
        event: The CloudEvent.

    Returns:
        Attributes.

    Raises:
        UnreadableEventError: If a mandatory member is missing.
    """
    missing = [name for name in CLOUD_EVENT_REQUIRED if not _text(event.get(name))]
    if missing:
        reason = f"CloudEvent attribute missing: {', '.join(missing)}"
        raise UnreadableEventError(reason)
    return {CLOUD_EVENT_NAMES.get(name, name): raw for name, raw in event.items()}


def to_event(attributes: Attributes, parameters: Mapping[str, str], now: int) -> Event:
    """Shape attributes as Grail stores them.

    Args:
        attributes: As posted, values as raw JSON.
        parameters: Query parameters of the request, which become attributes.
        now: Ingest time in microseconds.

    Returns:
        The event; ``dropped`` if it is too old to be kept.
    """
    timestamp = event_time(attributes.get("timestamp"), now)
    shaped: dict[str, bytes] = {
        name: _encode_text(value)
        for name, value in parameters.items()
        if not name.startswith(RESERVED_PREFIX)
    }
    for name, raw in attributes.items():
        if name.startswith(RESERVED_PREFIX):
            continue
        value = bytes(raw)
        shaped[name] = _encode_text(value.decode()) if value[:1] in {b"{", b"["} else value
    event_id = _text(attributes.get("event.id"))
    if not event_id:
        event_id = str(uuid.uuid4())
        shaped["event.id"] = _encode_text(event_id)
    shaped["event.kind"] = b'"BIZ_EVENT"'
    instant = datetime.fromtimestamp(timestamp // MICROSECONDS, UTC)
    fraction = timestamp % MICROSECONDS
    shaped["timestamp"] = f'"{instant:%Y-%m-%dT%H:%M:%S}.{fraction:06d}Z"'.encode()
    members = b",".join(_encode_text(name) + b":" + value for name, value in shaped.items())
    return Event(
        timestamp=timestamp,
        type=_text(attributes.get("event.type")),
        provider=_text(attributes.get("event.provider")),
        event_id=event_id,
        account=_text(attributes.get("accountName")),
        attributes=(b"{" + members + b"}").decode(),
        dropped=timestamp < now - OLDEST,
    )
