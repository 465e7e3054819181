"""Stacked columns, one for each month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page.axes import BOTTOM, HALF, LEFT, NARROW_MONTH, TOP, value_axis
from dynatrace_sandbox.page.drawing import bar, picture, text, value_scale
from dynatrace_sandbox.page.sums import ZERO, exact_sum
from dynatrace_sandbox.page.wording import MONTHS, money, month

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from markupsafe import Markup

    from dynatrace_sandbox.page.sums import Row

OTHER: Final = "other"
SERIES: Final = 5
"""Colours that are easily told apart; what is smaller is summed up as other."""


@dataclass(frozen=True)
class Stack:
    """A series of stacked columns; ``class_`` is its colour."""

    name: str
    class_: str
    months: dict[date, Decimal]


def stacks(rows: Sequence[Row]) -> list[Stack]:
    """Give the largest rows a colour each and sum up the others.

    Args:
        rows: Largest first.

    Returns:
        Series for :func:`columns`.
    """
    kept = len(rows) if len(rows) <= SERIES else SERIES - 1
    found = [Stack(row.name, f"s{index + 1}", row.months) for index, row in enumerate(rows[:kept])]
    if rest := rows[kept:]:
        every = {start for row in rest for start in row.months}
        sums = {
            start: exact_sum(row.months.get(start, ZERO) for row in rest) for start in sorted(every)
        }
        found.append(Stack(f"{len(rest)} others", OTHER, sums))
    return found


def colours(rows: Sequence[Row]) -> list[str]:
    """Tell the colour that :func:`stacks` gives to each row."""
    kept = len(rows) if len(rows) <= SERIES else SERIES - 1
    return [f"s{index + 1}" if index < kept else OTHER for index in range(len(rows))]


def columns(title: str, series: Sequence[Stack], labels: Sequence[str] = ()) -> Markup:
    """Draw a stacked column for each month.

    Args:
        title: Name of the chart.
        series: From the bottom to the top.
        labels: What stands on each column, if anything.

    Returns:
        An ``svg`` element.
    """
    height, right = 250, HALF - 4
    months = sorted({start for each in series for start in each.months})
    totals = [exact_sum(each.months.get(start, ZERO) for each in series) for start in months]
    y = value_scale(max(totals, default=ZERO), height - BOTTOM, TOP)
    slot = (right - LEFT) / max(len(months), 1)
    width = min(slot * 0.66, 44.0)
    every = 1 if slot >= NARROW_MONTH else 3
    parts = value_axis(y, right)
    for index, start in enumerate(months):
        x, below = LEFT + slot * index + (slot - width) / 2, ZERO
        for each in series:
            value = each.months.get(start, ZERO)
            above = exact_sum((below, value))
            name = f"{each.name}, {month(start)}: {money(value)}"
            parts.append(bar((x, y(above)), (width, y(below) - y(above)), each.class_, name))
            below = above
        middle = x + width / 2
        if labels and every == 1:
            parts.append(text(labels[index], middle, y(below) - 5, "label", "middle"))
        if index % every == 0:
            with_year = index == 0 or start.month == 1
            year = f" \N{RIGHT SINGLE QUOTATION MARK}{start:%y}" if with_year else ""
            name = MONTHS[start.month - 1] + year
            parts.append(text(name, middle, height - BOTTOM + 16, "label", "middle"))
    summary = ", ".join(
        f"{month(start)} {money(total)}" for start, total in zip(months, totals, strict=True)
    )
    return picture(HALF, height, title, summary, parts)
