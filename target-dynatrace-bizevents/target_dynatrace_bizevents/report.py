"""What the run did, stream by stream."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class StreamReport:
    """Figures of one stream.

    Attributes:
        records: taken from the input.
        delivered: events that the server accepted.
        refused: events that are in the dead letter.
        retried: requests that were sent again.
        sent_bytes: of the request bodies that the server accepted, before compression.
        started: clock reading when its first record came.
        ended: clock reading when its last batch was done.
    """

    records: int = 0
    delivered: int = 0
    refused: int = 0
    retried: int = 0
    sent_bytes: int = 0
    started: float = 0.0
    ended: float = 0.0

    @override
    def __str__(self) -> str:
        """Return one line."""
        seconds = max(0.0, self.ended - self.started)
        return (
            f"{self.records} records, {self.delivered} events delivered, {self.refused} refused, "
            f"{self.retried} requests retried, {self.sent_bytes} bytes, {seconds:.1f} seconds"
        )


@dataclass
class Report:
    """Figures of all streams, written to by several threads."""

    monotonic: Callable[[], float] = time.monotonic
    streams: dict[str, StreamReport] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def stream(self, name: str) -> StreamReport:
        """Return the figures of a stream, which begins now if it is new."""
        with self._lock:
            if name not in self.streams:
                now = self.monotonic()
                self.streams[name] = StreamReport(started=now, ended=now)
            return self.streams[name]

    def add(
        self,
        name: str,
        *,
        delivered: int = 0,
        refused: int = 0,
        retried: int = 0,
        sent_bytes: int = 0,
    ) -> None:
        """Add to the figures of a stream."""
        stream = self.stream(name)
        with self._lock:
            stream.delivered += delivered
            stream.refused += refused
            stream.retried += retried
            stream.sent_bytes += sent_bytes
            stream.ended = self.monotonic()

    @property
    def refused(self) -> int:
        """Refused events of all streams."""
        with self._lock:
            return sum(stream.refused for stream in self.streams.values())
