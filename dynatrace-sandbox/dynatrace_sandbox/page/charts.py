"""The charts: pure functions from figures to SVG.

Colours come from CSS classes, so one drawing serves light, dark and print.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page.drawing import (
    DayScale,
    Point,
    ValueScale,
    bar,
    element,
    line,
    path,
    picture,
    spread,
    text,
    value_scale,
)
from dynatrace_sandbox.page.figures import (
    WEEK_DAYS,
    ZERO,
    AccountForecast,
    Figures,
    exact_sum,
    first_of_month,
    next_month,
)
from dynatrace_sandbox.page.wording import MONTHS, change, day, money, month, percent, short, whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from markupsafe import Markup

    from dynatrace_sandbox.page.figures import Row

WIDE: Final = 1120
HALF: Final = 544
LEFT: Final = 52
TOP: Final = 14
BOTTOM: Final = 26
LINE: Final = 15.0
"""Height of a line of text."""
LABEL_WIDTH: Final = 226
VALUE_WIDTH: Final = 112
ROW_HEIGHT: Final = 26
BAR_HEIGHT: Final = 14
OTHER: Final = "other"
SERIES: Final = 5
"""Colours that are easily told apart; what is smaller is summed up as other."""
LONGEST_LABEL: Final = 34
LABEL_HEAD: Final = 15
"""What a label that is too long keeps of its beginning; the rest is its end."""
UUID_LENGTH: Final = 36
UUID_DASHES: Final = 4
UUID_HEAD: Final = 8
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"
NARROW_MONTH: Final = 26.0
"""Below this width not every month gets its label."""


@dataclass(frozen=True)
class Stack:
    """A series of stacked columns; ``class_`` is its colour."""

    name: str
    class_: str
    months: dict[date, Decimal]


def clipped(name: str) -> str:
    """Shorten a label: a UUID to its head, other names in the middle."""
    if len(name) == UUID_LENGTH and name.count("-") == UUID_DASHES:
        return name[:UUID_HEAD] + ELLIPSIS
    if len(name) <= LONGEST_LABEL:
        return name
    return name[:LABEL_HEAD].rstrip() + ELLIPSIS + name[LABEL_HEAD + 1 - LONGEST_LABEL :].lstrip()


def _value_axis(scale: ValueScale, right: float) -> list[Markup]:
    parts: list[Markup] = []
    for tick in scale.ticks:
        y = scale(tick)
        parts += [
            line((LEFT, y), (right, y), "axis" if tick == 0 else "grid"),
            text(short(tick), LEFT - 8, y + 4, "label", "end"),
        ]
    return parts


def _month_axis(scale: DayScale, y: float) -> list[Markup]:
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


def budget_chart(figures: Figures) -> Markup:
    """Draw the cost to date against the straight budget line, with the forecast.

    Args:
        figures: With at least one day of costs.

    Returns:
        An ``svg`` element.
    """
    height, right = 330, WIDE - 168
    subscription, outlook = figures.subscription, figures.outlook
    first, last = figures.days[0][0], figures.days[-1][0]
    if subscription:
        first, last = subscription.start, max(subscription.end, last)
    largest = [figures.cost]
    largest += [subscription.budget] if subscription else []
    largest += [outlook[2]] if outlook else []
    x = DayScale(first, last, LEFT, right)
    y = value_scale(max(largest), height - BOTTOM, TOP)
    parts = [*_value_axis(y, right), *_month_axis(x, height - BOTTOM)]

    running, to_date = ZERO, [(x(figures.days[0][0]), y(ZERO))]
    for each, value in figures.days:
        running = exact_sum((running, value))
        to_date.append((x.close(each), y(running)))
    today = to_date[-1]
    labels: list[tuple[float, str, str]] = []
    if subscription:
        parts.append(
            path(
                [
                    (x(subscription.start), y(ZERO)),
                    (x.close(subscription.end), y(subscription.budget)),
                ],
                "budget",
            )
        )
        labels.append((y(subscription.budget), "Commitment", whole(subscription.budget)))
    if subscription and outlook:
        lower, median, upper = outlook
        end = x.close(subscription.end)
        parts += [
            path([today, (end, y(upper)), (end, y(lower))], "band", closed=True),
            path([today, (end, y(median))], "forecast"),
        ]
        labels.append((y(median), "Forecast", whole(median)))
    parts += [
        path([*to_date, (today[0], y(ZERO)), (to_date[0][0], y(ZERO))], "area", closed=True),
        path(to_date, "cost"),
        line((today[0], y(ZERO)), today, "today"),
        element("circle", cx=today[0], cy=today[1], r=4, class_="dot"),
        text(day(figures.days[-1][0]), today[0] - 6, height - BOTTOM - 6, "label", "end"),
    ]
    if not (subscription and outlook):
        labels.append((today[1], "Cost to date", whole(figures.cost)))
    places = spread([place for place, _, _ in labels], 2.4 * LINE)
    for place, (_, name, figure) in zip(places, labels, strict=True):
        parts += [
            text(name, right + 12, place, "label"),
            text(figure, right + 12, place + LINE, "figure"),
        ]
    summary = f"Cost to date {money(figures.cost)} on {day(figures.days[-1][0])}"
    if subscription:
        share = percent(figures.cost, subscription.budget)
        summary += f", {share} of the commitment of {money(subscription.budget)}"
    return picture(WIDE, height, "Cost to date against the straight budget line", summary, parts)


def daily_chart(figures: Figures) -> Markup:
    """Draw the cost of each day and the average of the seven days up to it.

    Args:
        figures: With at least one day of costs.

    Returns:
        An ``svg`` element.
    """
    height, right = 250, WIDE - 8
    x = DayScale(figures.days[0][0], figures.days[-1][0], LEFT, right)
    y = value_scale(max(value for _, value in figures.days), height - BOTTOM, TOP)
    floor = y(ZERO)
    width = max((x.end - x.start) / len(figures.days) - 1, 0.6)
    columns = "".join(
        f"M{x(each):.1f} {floor:.1f}V{y(value):.1f}h{width:.1f}V{floor:.1f}Z"
        for each, value in figures.days
    )
    values = [value for _, value in figures.days]
    means: list[Point] = [
        (
            x(figures.days[index][0]) + width / 2,
            y(exact_sum(values[index - WEEK_DAYS + 1 : index + 1]) / WEEK_DAYS),
        )
        for index in range(WEEK_DAYS - 1, len(values))
    ]
    parts = [
        *_value_axis(y, right),
        *_month_axis(x, floor),
        element("path", d=columns, class_="days"),
    ]
    if means:
        parts.append(path(means, "mean"))
    summary = f"{len(figures.days)} days up to {day(figures.days[-1][0])}"
    return picture(WIDE, height, "Cost per day", summary, parts)


def bars(title: str, rows: Sequence[Row], classes: Sequence[str], marked: str = "") -> Markup:
    """Draw one horizontal bar for each row, with its amount and its share.

    Args:
        title: Name of the chart.
        rows: Largest first.
        classes: Colour of each row.
        marked: Key of the row that is meant; the others step back. "" means all.

    Returns:
        An ``svg`` element.
    """
    height = ROW_HEIGHT * len(rows) + 6
    total = exact_sum(row.cost for row in rows)
    largest = max((row.cost for row in rows), default=ZERO)
    room = float(HALF - LABEL_WIDTH - VALUE_WIDTH - 52)
    parts: list[Markup] = []
    for index, (row, class_) in enumerate(zip(rows, classes, strict=True)):
        y = float(ROW_HEIGHT * index + 6)
        size = room * float(row.cost / largest) if largest > 0 else 0.0
        about = f" ({row.note})" if row.note else ""
        title_of_row = f"{row.name}{about}: {money(row.cost)}"
        back = " back" if marked and marked != row.key else ""
        parts += [
            text(clipped(row.name), LABEL_WIDTH - 10, y + 12, "name", "end"),
            bar((LABEL_WIDTH, y), (max(size, 1.0), BAR_HEIGHT), class_ + back, title_of_row),
            text(whole(row.cost), HALF - 58, y + 12, "figure", "end"),
            text(percent(row.cost, total), HALF - 4, y + 12, "label", "end"),
        ]
    summary = ", ".join(f"{row.name} {money(row.cost)}" for row in rows)
    return picture(HALF, height, title, summary, parts)


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
    parts = _value_axis(y, right)
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


def movers(title: str, rows: Sequence[Row]) -> Markup:
    """Draw by how much each row's last 30 days differ from the 30 before.

    Args:
        title: Name of the chart.
        rows: Of a slice.

    Returns:
        An ``svg`` element.
    """
    height = ROW_HEIGHT * len(rows) + 6
    gaps = [row.recent - row.before for row in rows]
    largest = max(map(abs, gaps), default=ZERO)
    left, right = float(LABEL_WIDTH), HALF - 108.0
    falls = any(gap < 0 for gap in gaps)
    middle = (left + 50 + right) / 2 if falls else left
    room = right - middle
    parts = [line((middle, 2.0), (middle, float(height)), "axis")]
    for index, (row, gap) in enumerate(zip(rows, gaps, strict=True)):
        y = float(ROW_HEIGHT * index + 6)
        size = room * float(abs(gap) / largest) if largest else 0.0
        start = middle if gap > 0 else middle - size
        words = f"{row.name}: {money(gap)}, {change(row.recent, row.before)}"
        sign = "+" if gap > 0 else ""
        beyond = middle + size + 6 if gap > 0 else middle - size - 6
        parts += [
            text(clipped(row.name), LABEL_WIDTH - 10, y + 12, "name", "end"),
            bar((start, y), (max(size, 1.0), BAR_HEIGHT), "s2" if gap > 0 else "s3", words),
            text(f"{sign}{whole(gap)}", beyond, y + 12, "figure", "start" if gap > 0 else "end"),
            text(change(row.recent, row.before), HALF - 4, y + 12, "label", "end"),
        ]
    summary = ", ".join(f"{row.name} {money(gap)}" for row, gap in zip(rows, gaps, strict=True))
    return picture(HALF, height, title, summary, parts)


def forecast_chart(forecasts: Sequence[AccountForecast]) -> Markup:
    """Draw what each account has cost and the range it is expected to end in.

    Args:
        forecasts: One for each account.

    Returns:
        An ``svg`` element.
    """
    row_height = 40
    height, right = row_height * len(forecasts) + 34, HALF - 16.0
    largest = max((max(each.forecast.upper, each.cost) for each in forecasts), default=ZERO)
    x = value_scale(largest, float(LABEL_WIDTH), right)
    floor = float(row_height * len(forecasts) + 8)
    parts: list[Markup] = []
    for tick in x.ticks:
        parts += [
            line((x(tick), 4.0), (x(tick), floor), "axis" if tick == 0 else "grid"),
            text(short(tick), x(tick), floor + 16, "label", "middle"),
        ]
    for index, each in enumerate(forecasts):
        y, found = float(row_height * index + 20), each.forecast
        span = f"{money(found.lower)} to {money(found.upper)}"
        words = f"{each.name}: {money(found.median)} expected, {span}"
        parts += [
            text(clipped(each.name), LABEL_WIDTH - 10, y + 4, "name", "end"),
            bar(
                (x(ZERO), y - 5),
                (x(each.cost) - x(ZERO), 10),
                "s1",
                f"{each.name}: {money(each.cost)} to date",
            ),
            bar((x(found.lower), y - 9), (x(found.upper) - x(found.lower), 18), "range", words),
            line((x(found.median), y - 9), (x(found.median), y + 9), "median"),
        ]
    summary = ", ".join(f"{each.name} {money(each.forecast.median)}" for each in forecasts)
    return picture(HALF, height, "Forecast for the end of the period", summary, parts)


def meter(figures: Figures) -> Markup:
    """Draw the used share of the commitment and a mark at the share of time gone.

    Args:
        figures: With a subscription.

    Returns:
        An ``svg`` element, "" without a subscription.
    """
    width, height = 240, 16
    subscription = figures.subscription
    if subscription is None or subscription.budget <= 0:
        return element("svg")
    used = figures.cost / subscription.budget
    last = figures.last_day or subscription.start - timedelta(days=1)
    gone = Decimal((last - subscription.start).days + 1) / subscription.days
    mark = width * float(min(gone, Decimal(1)))
    parts = [
        element("rect", x=0, y=4, width=width, height=8, rx=2, class_="track"),
        element(
            "rect",
            x=0,
            y=4,
            width=width * float(min(used, Decimal(1))),
            height=8,
            rx=2,
            class_="s1",
        ),
        line((mark, 0.0), (mark, 16.0), "median"),
    ]
    summary = f"{percent(used, Decimal(1))} used, {percent(gone, Decimal(1))} of the time gone"
    return picture(width, height, "Budget used", summary, parts)
