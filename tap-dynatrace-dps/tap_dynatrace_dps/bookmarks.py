"""What an incremental stream remembers of an account's subscription: a day and digests.

The state of a stream is `{"accounts": {"<account>/<subscription>": ["2026-11-20", "<digests>"]}}`:
the last complete day that was read, and six characters for each day of the lookback before it,
for the day itself and for the day after. That keeps twenty accounts under 20 kB.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import TYPE_CHECKING, Any

from .dates import ONE_DAY
from .dynatrace_api.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

DIGEST_LENGTH = 6
"""Characters of a day's digest: 36 bits, one unseen change in 70 billion."""

NO_ROWS = "-" * DIGEST_LENGTH
"""Stands for a day without rows."""

_STATE_KEY = "accounts"


def digest(content: bytes) -> str:
    """Return the digest of a day's rows."""
    raw = hashlib.blake2b(content, digest_size=5).digest()
    return base64.urlsafe_b64encode(raw).decode()[:DIGEST_LENGTH]


class Bookmark:
    """How far one account's subscription was read, and what its last days looked like."""

    def __init__(self, lookback_days: int, entry: list[str] | None = None) -> None:
        """Start from a state entry, or from nothing."""
        self._lookback = lookback_days
        self._digests: dict[date, str] = {}
        self.day: date | None = None
        if entry:
            self.day = date.fromisoformat(entry[0])
            day = self.day + ONE_DAY
            for end in range(len(entry[1]), 0, -DIGEST_LENGTH):
                self._digests[day] = entry[1][end - DIGEST_LENGTH : end]
                day -= ONE_DAY

    def is_unchanged(self, day: date, content: str) -> bool:
        """Tell whether the day had this digest when it was last sent."""
        return self._digests.get(day, NO_ROWS) == content

    def remember(self, day: date, content: str, *, last_complete: date) -> None:
        """Note that a day was sent, or had nothing new.

        Args:
            day: the day.
            content: its digest.
            last_complete: the bookmark never passes this day (the day before the run).
        """
        self._digests[day] = content
        reached = min(day, last_complete)
        if self.day is None or reached > self.day:
            self.day = reached
        oldest = self.day - ONE_DAY * self._lookback
        for known in [known for known in self._digests if known < oldest]:
            del self._digests[known]

    def entry(self) -> list[str] | None:
        """Return the state entry, or None before the first day."""
        if self.day is None:
            return None
        known = [day for day, content in self._digests.items() if content != NO_ROWS]
        day = min([*known, self.day + ONE_DAY])
        text = ""
        while day <= self.day + ONE_DAY:
            text += self._digests.get(day, NO_ROWS)
            day += ONE_DAY
        return [self.day.isoformat(), text]


def load(state: Mapping[str, Any], key: str, lookback_days: int) -> Bookmark:
    """Read the bookmark of one account's subscription from a stream's state."""
    return Bookmark(lookback_days, state.get(_STATE_KEY, {}).get(key))


def store(state: MutableMapping[str, Any], key: str, bookmark: Bookmark) -> None:
    """Write the bookmark into a stream's state."""
    entry = bookmark.entry()
    if entry is not None:
        state.setdefault(_STATE_KEY, {})[key] = entry


def check(stream: str, state: Any) -> None:  # noqa: ANN401  (whatever the file holds)
    """Check a stream's state before anything is read.

    Raises:
        SettingsError: it is not what this tap writes.
    """
    try:
        for entry in state.get(_STATE_KEY, {}).values():
            day, digests = entry
            date.fromisoformat(day)
            if len(digests) % DIGEST_LENGTH:
                raise ValueError(digests)  # noqa: TRY301  (one exit for all that is wrong)
    except (AttributeError, TypeError, ValueError) as error:
        message = (
            f"The state of the stream '{stream}' is broken. Restore an older state, or run with "
            "a full refresh."
        )
        raise SettingsError(message) from error
