"""When a state may be passed on: requests end in any order, states only in theirs."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Ledger:
    """Counts records and holds each state until all records before it are safe.

    Every event has a number. A batch is known by the number of its first event; it is
    unfinished from that event on until all its events are delivered or in the dead letter. A
    state that came after event n is safe when no unfinished batch began at or before n.

    Attributes:
        taken: events so far, over all streams.
    """

    def __init__(self, emit: Callable[[Any], None]) -> None:
        """Make an empty ledger.

        Args:
            emit: passes a state on; called in the order of the states, never twice at once.
        """
        self.taken = 0
        self._emit = emit
        self._lock = threading.Lock()
        self._unfinished: set[int] = set()
        self._held: deque[tuple[int, Any]] = deque()
        self._latest: Any = None

    def begin(self) -> int:
        """Begin a batch with the next event and return that event's number."""
        with self._lock:
            first = self.taken + 1
            self._unfinished.add(first)
            return first

    def finish(self, first: int) -> None:
        """Note that every event of the batch is delivered or in the dead letter."""
        with self._lock:
            self._unfinished.discard(first)
            self._release()

    def hold(self, state: Any) -> None:  # noqa: ANN401  (any JSON value)
        """Take a state that came after the events so far; pass it on as soon as it is safe."""
        with self._lock:
            if state == self._latest:
                return
            self._latest = state
            self._held.append((self.taken, state))
            self._release()

    @property
    def holds_back(self) -> bool:
        """Whether a state waits."""
        return bool(self._held)

    def _release(self) -> None:
        # Events from here on are not safe; taken + 1 is still to come.
        limit = min(self._unfinished, default=self.taken + 1)
        safe = None
        while self._held and self._held[0][0] < limit:
            safe = self._held.popleft()
        if safe is not None:
            # Of several states that are safe at once, the newest says it all.
            self._emit(safe[1])
