"""Dates of the API in one spelling.

The API writes days (`2024-10-22`), date-times without milliseconds (`2024-10-22T00:00:00Z`) and
with them. Bookmarks and keys are compared as text, so records carry one form only:
`2024-10-22T00:00:00.000Z`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

ONE_DAY = timedelta(days=1)

_REMEMBERED = 4096
"""Texts whose meaning is remembered: those of some days, which come again and again."""


@lru_cache(maxsize=_REMEMBERED)
def instant(text: str) -> datetime:
    """Read a day or a date-time; without an offset it is UTC.

    Raises:
        ValueError: the text is neither.
    """
    parsed = datetime.fromisoformat(text.strip())
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)


@lru_cache(maxsize=_REMEMBERED)
def normal_time(text: str) -> str:
    """Spell a day or a date-time as `2024-10-22T00:00:00.000Z`.

    Raises:
        ValueError: the text is neither.
    """
    return spelled(instant(text))


def spelled(moment: datetime) -> str:
    """Spell a moment as `2024-10-22T00:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_of(text: str) -> date:
    """Return the UTC day of a day or a date-time."""
    return instant(text).date()
