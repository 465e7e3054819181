"""One line every few seconds about long work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from .dynatrace_api.retry import Clock

INTERVAL_SECONDS = 5.0


class Progress:
    """Counts the windows and records of one account's stream, and tells of them now and then."""

    def __init__(self, logger: logging.Logger, label: str, windows: int, clock: Clock) -> None:
        """Start the clock.

        Args:
            logger: the stream's logger.
            label: the account, for example `account 'Acme'`.
            windows: how many there are in all.
            clock: for tests.
        """
        self._logger = logger
        self._label = label
        self._windows = windows
        self._clock = clock
        self._started = self._told = clock.monotonic()
        self._done = 0
        self._records = 0

    def window_done(self) -> None:
        """Note that a window was read and handed on."""
        self._done += 1

    def records_sent(self, count: int) -> None:
        """Note records, and write the line when it is time."""
        self._records += count
        now = self._clock.monotonic()
        if now - self._told < INTERVAL_SECONDS:
            return
        self._told = now
        elapsed = now - self._started
        left = (
            f"{elapsed / self._done * (self._windows - self._done):.0f} s left"
            if self._done
            else "time left not known yet"
        )
        self._logger.info(
            "%s: %d of %d windows, %d records, %.0f records/s, %s",
            self._label,
            self._done,
            self._windows,
            self._records,
            self._records / elapsed,
            left,
        )
