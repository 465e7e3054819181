"""From a record to the bytes of its event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .codec import encode
from .flatten import flatten
from .identity import EventIds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import msgspec

    from .mapping import Shape
    from .rows import RowType


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
        self._shape = shape
        self._shared = {"event.type": event_type, "event.provider": provider}

    def __call__(self, record: dict[str, Any]) -> bytes:
        """Return the event as one JSON object."""
        return self._event(self._ids.of(record), record)

    def of_row(self, rows: RowType) -> Callable[[msgspec.Struct], bytes]:
        """Return the encoding of a stream's rows."""
        identify, key_of = self._ids.of_key, rows.key_of
        if rows.is_flat and self._shape is flatten:
            head = encode(self._shared).removesuffix(b"}") + b',"event.id":"'

            def encode_flat(row: msgspec.Struct) -> bytes:
                # Joined, because an object with all of it would have to be made first.
                return b'%b%b",%b' % (head, identify(key_of(row)).encode(), encode(row)[1:])

            return encode_flat

        def encode_shaped(row: msgspec.Struct) -> bytes:
            return self._event(identify(key_of(row)), rows.record_of(row))

        return encode_shaped

    def _event(self, identifier: str, record: dict[str, Any]) -> bytes:
        return encode({**self._shared, "event.id": identifier, **self._shape(record)})
