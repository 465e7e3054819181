"""From a record to the bytes of its event."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .codec import encode
from .flatten import attribute_name, flatten, flatten_columns
from .identity import EventIds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .mapping import Shape

_NESTED = frozenset({dict, list})

_CANONICAL = frozenset({str, int, bool, type(None)})
"""Types of which equal values have one spelling."""


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
        self._ids = EventIds(event_type, keys)
        self._keys = tuple(keys)
        self._shape = shape
        self._shared = {"event.type": event_type, "event.provider": provider}

    def __call__(self, record: dict[str, Any]) -> bytes:
        """Return the event as one JSON object."""
        return encode({**self._shared, "event.id": self._ids.of(record), **self._shape(record)})

    def for_records_like(self, record: dict[str, Any]) -> Callable[[dict[str, Any]], bytes]:
        """Return the encoding of records with the same names and types, a faster one if any."""
        keys = self._keys
        if (
            self._shape is not flatten
            or not keys
            or any(type(record[key]) not in _CANONICAL for key in keys)
            or any(attribute_name(name) != name for name in record)
        ):
            return self
        shared, identify = self._shared, self._ids.of_key
        nested = tuple(name for name, value in record.items() if type(value) in _NESTED)

        # A single key makes itemgetter return a value alone.
        key_of = itemgetter(*keys) if len(keys) > 1 else lambda record: (record[keys[0]],)
        head = encode(shared).removesuffix(b"}") + b',"event.id":"'

        def encode_flat(record: dict[str, Any]) -> bytes:
            # Joined, because a merged dictionary takes longer to make than to encode.
            return b'%b%b",%b' % (head, identify(key_of(record)).encode(), encode(record)[1:])

        def encode_nested(record: dict[str, Any]) -> bytes:
            event = {**shared, "event.id": identify(key_of(record)), **record}
            flatten_columns(event, nested)
            return encode(event)

        return encode_nested if nested else encode_flat
