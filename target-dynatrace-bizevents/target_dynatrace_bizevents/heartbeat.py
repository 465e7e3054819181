"""Sends half-full batches in time, so that states can follow when the input is slow."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from .ledger import Ledger

TICK_SECONDS = 0.5

LONGEST_WAIT_SECONDS = 3.0
"""An event is not held back for longer, even when the tap is silent."""

CHECKPOINT_SECONDS = 1.0
"""Between two times that a state makes half-full batches go out; more often costs requests."""


class _CloseBatches(Protocol):
    def __call__(self, older_than_seconds: float = 0.0) -> None: ...


class Heartbeat:
    """Closes batches on time; its thread works while the main one waits for input."""

    def __init__(self, close_batches: _CloseBatches, lock: threading.Lock, ledger: Ledger) -> None:
        """Start later.

        Args:
            close_batches: closes the batches that have been open for so many seconds.
            lock: guards the batches.
            ledger: knows whether a state waits.
        """
        self._close_batches = close_batches
        self._lock = lock
        self._ledger = ledger
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._last_checkpoint = float("-inf")

    def start(self) -> None:
        """Start, once."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End, and wait for the end."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()

    def checkpoint(self) -> None:
        """A state came: send what came before it, unless that has just been done."""
        if time.monotonic() - self._last_checkpoint >= CHECKPOINT_SECONDS:
            self._last_checkpoint = time.monotonic()
            with self._lock:
                self._close_batches()

    def _run(self) -> None:
        # The first failure of a delivery is raised here, too; the main thread tells it.
        with contextlib.suppress(Exception):
            while not self._stopped.wait(TICK_SECONDS):
                if self._ledger.holds_back:
                    self.checkpoint()
                else:
                    with self._lock:
                        self._close_batches(LONGEST_WAIT_SECONDS)
