"""Measures, axes and labels that the charts share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page.drawing import line, text
from dynatrace_sandbox.page.sums import first_of_month, next_month
from dynatrace_sandbox.page.wording import MONTHS, short

if TYPE_CHECKING:
    from datetime import date

    from markupsafe import Markup

    from dynatrace_sandbox.page.drawing import DayScale, ValueScale

WIDE: Final = 1120
HALF: Final = 544
LEFT: Final = 52
TOP: Final = 14
BOTTOM: Final = 26
LABEL_WIDTH: Final = 226
"""Measures are in units of the drawing: pixels, where the page is as wide as it gets."""
NARROW_MONTH: Final = 26.0
"""Below this width not every month gets its label."""
LONGEST_LABEL: Final = 34
LABEL_HEAD: Final = 15
"""What a label that is too long keeps of its beginning; the rest is its end."""
UUID_LENGTH: Final = 36
UUID_DASHES: Final = 4
UUID_HEAD: Final = 8
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"


def clipped(name: str) -> str:
    """Shorten a label: a UUID to its head, other names in the middle."""
    if len(name) == UUID_LENGTH and name.count("-") == UUID_DASHES:
        return name[:UUID_HEAD] + ELLIPSIS
    if len(name) <= LONGEST_LABEL:
        return name
    return name[:LABEL_HEAD].rstrip() + ELLIPSIS + name[LABEL_HEAD + 1 - LONGEST_LABEL :].lstrip()


def value_axis(scale: ValueScale, right: float) -> list[Markup]:
    """Draw the lines and labels of the amounts."""
    parts: list[Markup] = []
    for tick in scale.ticks:
        y = scale(tick)
        parts += [
            line((LEFT, y), (right, y), "axis" if tick == 0 else "grid"),
            text(short(tick), LEFT - 8, y + 4, "label", "end"),
        ]
    return parts


def month_axis(scale: DayScale, y: float) -> list[Markup]:
    """Draw a mark where each month begins, and its name."""
    first = first_of_month(scale.first)
    if first < scale.first:
        first = next_month(first)
    starts: list[date] = []
    while first <= scale.last:
        starts.append(first)
        first = next_month(first)
    width = (scale.end - scale.start) / max(len(starts), 1)
    every = 1 if width >= NARROW_MONTH else 3
    parts: list[Markup] = []
    for index, start in enumerate(starts):
        x = scale(start)
        parts.append(line((x, y), (x, y + 4), "axis"))
        if index % every == 0:
            year = f" {start.year}" if start.month == 1 or index == 0 else ""
            parts.append(text(f"{MONTHS[start.month - 1]}{year}", x + 3, y + 16))
    return parts
