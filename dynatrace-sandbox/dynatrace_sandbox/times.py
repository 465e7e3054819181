"""Days and moments in the spellings that the services use."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?)?\Z", re.ASCII
)


@lru_cache(maxsize=8192)
def with_milliseconds(day: int) -> str:
    """Spell the start of a day as ``2024-10-22T00:00:00.000Z``.

    Args:
        day: Ordinal.

    Returns:
        The text.
    """
    return f"{date.fromordinal(day)}T00:00:00.000Z"


@lru_cache(maxsize=8192)
def without_milliseconds(day: int) -> str:
    """Spell the start of a day as ``2024-10-22T00:00:00Z``.

    Args:
        day: Ordinal.

    Returns:
        The text.
    """
    return f"{date.fromordinal(day)}T00:00:00Z"


def at_hour(day: date, hour: int, minute: int = 0) -> str:
    """Spell a moment of a day.

    Args:
        day: The day.
        hour: UTC hour.
        minute: Minute.

    Returns:
        For example ``2024-10-22T04:05:00.000Z``.
    """
    return f"{day}T{hour:02d}:{minute:02d}:00.000Z"


def read_moment(text: str) -> datetime | None:
    """Read a date or a date-time with or without seconds, milliseconds and offset.

    Args:
        text: What a request carried; a date alone is midnight UTC.

    Returns:
        A moment with zone, or None if it is none of these.
    """
    match = _DATE_TIME.match(text)
    if match is None:
        return None
    day, clock, zone = match.groups()
    offset = "+00:00" if zone in {None, "Z"} else zone
    try:
        return datetime.fromisoformat(f"{day}T{clock or '00:00'}{offset}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def days_between(start: datetime, end: datetime, *, inclusive: bool) -> range:
    """Find the days whose midnight lies in a period.

    Args:
        start: From this moment.
        end: To this moment.
        inclusive: Whether a midnight exactly at the end belongs to it.

    Returns:
        Ordinals.
    """
    first = start.date()
    if start.time() > datetime.min.time():
        first += timedelta(days=1)
    last = end.date()
    if inclusive or end.time() > datetime.min.time():
        last += timedelta(days=1)
    return range(first.toordinal(), max(first, last).toordinal())


def overlap(left: range, right: range) -> range:
    """Find the days that two ranges share.

    Args:
        left: Ordinals.
        right: Ordinals.

    Returns:
        Ordinals, possibly none.
    """
    start = max(left.start, right.start)
    return range(start, max(start, min(left.stop, right.stop)))
