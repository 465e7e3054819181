"""Pieces of SVG and the scales they are drawn on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Point = tuple[float, float]

TICKS: Final = 6
"""Steps on a value axis, at most."""
_NICE: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))


def element(name: str, *children: str, **attributes: object) -> Markup:
    """Make an element; text is escaped, names' underscores become hyphens.

    Args:
        name: Tag.
        *children: Markup, or text.
        **attributes: Values; a trailing underscore spares Python's keywords.

    Returns:
        Markup.
    """
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_value(value))}"'
        for key, value in attributes.items()
    )
    inside = "".join(str(escape(child)) for child in children)
    # Tag and names are constants of this package, the rest is escaped above.
    return Markup(f"<{name}{spelled}>{inside}</{name}>")  # noqa: S704


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def text(content: str, x: float, y: float, class_: str = "label", anchor: str = "start") -> Markup:
    """Write text at a point."""
    return element("text", content, x=x, y=y, class_=class_, text_anchor=anchor)


def line(start: Point, end: Point, class_: str) -> Markup:
    """Draw a straight line."""
    return element("line", x1=start[0], y1=start[1], x2=end[0], y2=end[1], class_=class_)


def path(points: Sequence[Point], class_: str, *, closed: bool = False) -> Markup:
    """Draw through points."""
    through = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return element("path", d=f"M{through}{'Z' if closed else ''}", class_=class_)


def bar(corner: Point, size: Point, class_: str, title: str) -> Markup:
    """Draw a rectangle that says what it is when pointed at."""
    return element(
        "rect",
        element("title", title),
        x=corner[0],
        y=corner[1],
        width=max(size[0], 0.0),
        height=max(size[1], 0.0),
        class_=class_,
    )


def picture(width: int, height: int, title: str, summary: str, parts: Iterable[Markup]) -> Markup:
    """Put a chart together.

    Args:
        width: In user units.
        height: In user units.
        title: Its name for those who cannot see it.
        summary: What it shows, in a sentence.
        parts: Its elements.

    Returns:
        An ``svg`` element.
    """
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=f"{title}. {summary}",
    )


@dataclass(frozen=True)
class ValueScale:
    """From amounts to positions; ``top`` is a round number above all of them."""

    top: Decimal
    step: Decimal
    start: float
    end: float

    def __call__(self, value: Decimal) -> float:
        """Place an amount."""
        return self.start + float(value / self.top) * (self.end - self.start)

    @property
    def ticks(self) -> list[Decimal]:
        """The round amounts from zero to the top."""
        return [self.step * n for n in range(int(self.top / self.step) + 1)]


def value_scale(largest: Decimal, start: float, end: float) -> ValueScale:
    """Choose a scale from zero.

    Args:
        largest: The largest amount to be placed.
        start: Position of zero.
        end: Position of the top.

    Returns:
        A scale with at most six steps of 1, 2, 2.5 or 5 times a power of ten.
    """
    if largest <= 0:
        return ValueScale(Decimal(1), Decimal(1), start, end)
    power = Decimal(10) ** (largest / TICKS).adjusted()
    step = next(power * factor for factor in _NICE if power * factor * TICKS >= largest)
    steps = (largest / step).to_integral_value(ROUND_CEILING)
    return ValueScale(step * steps, step, start, end)


@dataclass(frozen=True)
class DayScale:
    """From days to positions; a day is placed at its beginning."""

    first: date
    last: date
    start: float
    end: float

    def __call__(self, day: date) -> float:
        """Place the beginning of a day."""
        whole = (self.last - self.first).days + 1
        return self.start + (day - self.first).days / whole * (self.end - self.start)

    def close(self, day: date) -> float:
        """Place the end of a day."""
        return self(day + timedelta(days=1))


def spread(positions: Sequence[float], distance: float) -> list[float]:
    """Move labels apart, downwards, so that none covers another.

    Args:
        positions: Where they should be.
        distance: Between two of them, at least.

    Returns:
        Where they can be, in the order given.
    """
    moved = list(positions)
    order = sorted(range(len(moved)), key=lambda index: moved[index])
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + distance)
    return moved
