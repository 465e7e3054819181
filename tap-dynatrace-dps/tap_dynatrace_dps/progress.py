"""One line every few seconds about long work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging

    from .dynatrace_api.retry import Clock

INTERVAL_SECONDS = 5.0


class Progress:
    """Counts the days and records of one account's stream, and tells of them now and then."""

    def __init__(self, logger: logging.Logger, label: str, days: int, clock: Clock) -> None:
        """Start the clock.

        Args:
            logger: the stream's logger.
            label: the account, for example `account 'Acme'`.
            days: how many there are in all.
            clock: for tests.
        """
        self._logger = logger
        self._label = label
        self._days = days
        self._clock = clock
        self._started = self._told = clock.monotonic()
        self._done = 0
        self._records = 0

    def day_done(self, records: int) -> None:
        """Note that a day was handed on, and write the line when it is time.

        Args:
            records: of that day.
        """
        self._done += 1
        self._records += records
        now = self._clock.monotonic()
        if now - self._told < INTERVAL_SECONDS:
            return
        self._told = now
        elapsed = now - self._started
        self._logger.info(
            "%s: %d of %d days, %d records, %.0f records/s, %.0f s left",
            self._label,
            self._done,
            self._days,
            self._records,
            self._records / elapsed,
            elapsed / self._done * (self._days - self._done),
        )
