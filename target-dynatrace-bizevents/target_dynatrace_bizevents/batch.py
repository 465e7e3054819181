"""Events on their way: the open batch of a stream and the closed one in flight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Batch:
    """Events for one request.

    Attributes:
        stream: whose events these are.
        first: number of the first event in the ledger.
        events: each one encoded.
        lines: the Singer message that each event was made from, for the dead letter.
        schemas: the SCHEMA message of each stream of the input at that time.
    """

    stream: str
    first: int
    events: list[bytes]
    lines: list[bytes]
    schemas: Mapping[str, bytes]


def body_of(events: list[bytes]) -> bytes:
    """Return the request body of these events."""
    return b"[%b]" % b",".join(events)


class OpenBatch:
    """Collects events up to the limits of a request.

    Attributes:
        events: collected so far.
        first: number of the first event in the ledger.
        opened: clock reading when it came.
    """

    def __init__(self, max_events: int, max_bytes: int) -> None:
        """Start empty.

        Args:
            max_events: most events of a request.
            max_bytes: most bytes of its body.
        """
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._lines: list[bytes] = []
        # The opening bracket; each event adds itself and the comma or bracket after it.
        self._size = 1
        self.events: list[bytes] = []
        self.first = 0
        self.opened = 0.0

    @property
    def is_full(self) -> bool:
        """Whether no event fits in, by count."""
        return len(self.events) >= self._max_events

    def add(self, event: bytes, line: bytes) -> bool:
        """Add an event, if it fits in by bytes; tell whether it did."""
        size = self._size + len(event) + 1
        if size > self._max_bytes:
            return False
        self._size = size
        self.events.append(event)
        self._lines.append(line)
        return True

    def close(self, stream: str, schemas: Mapping[str, bytes]) -> Batch:
        """Return the batch and start anew."""
        batch = Batch(stream, self.first, self.events, self._lines, schemas)
        self.events, self._lines, self._size = [], [], 1
        return batch
