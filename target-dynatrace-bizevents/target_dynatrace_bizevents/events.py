"""From a record to the bytes of its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .codec import encode
from .identity import event_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .mapping import Shape


class EventEncoder:
    """Encodes the records of one stream, each once."""

    def __init__(
        self, *, event_type: str, provider: str, keys: Sequence[str], shape: Shape
    ) -> None:
        """Encode the part that all events of the stream share.

        Args:
            event_type: the attribute `event.type`.
            provider: the attribute `event.provider`.
            keys: names of the stream's key.
            shape: from a record to its attributes.
        """
        self._event_type = event_type
        self._keys = tuple(keys)
        self._shape = shape
        shared = encode({"event.type": event_type, "event.provider": provider})
        self._head = shared[:-1] + b',"event.id":"'

    def __call__(self, record: dict[str, Any]) -> bytes:
        """Return the event as one JSON object."""
        identifier = event_id(self._event_type, record, self._keys).encode()
        attributes = self._shape(record)
        if not attributes:
            return b'%b%b"}' % (self._head, identifier)
        return b'%b%b",%b' % (self._head, identifier, encode(attributes)[1:])
