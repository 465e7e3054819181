"""Horizontal bars, one for each row."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page.axes import HALF, LABEL_WIDTH, clipped
from dynatrace_sandbox.page.drawing import bar, element, line, picture, text, value_scale
from dynatrace_sandbox.page.sums import ZERO, exact_sum
from dynatrace_sandbox.page.wording import change, money, percent, short, whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from markupsafe import Markup

    from dynatrace_sandbox.page.figures import AccountForecast
    from dynatrace_sandbox.page.readings import Subscription
    from dynatrace_sandbox.page.sums import Row

VALUE_WIDTH: Final = 112
ROW_HEIGHT: Final = 26
BAR_HEIGHT: Final = 14


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


def meter(used: Decimal, subscription: Subscription, last_day: date | None) -> Markup:
    """Draw the used share of the commitment and a mark at the share of time gone.

    Args:
        used: Of the commitment.
        subscription: The commitment.
        last_day: The youngest day with costs.

    Returns:
        An ``svg`` element.
    """
    width, height, full = 240, 16, Decimal(1)
    share = used / subscription.budget if subscription.budget > 0 else full
    last = last_day or subscription.start - timedelta(days=1)
    gone = min(Decimal((last - subscription.start).days + 1) / subscription.days, full)
    filled, mark = width * float(max(min(share, full), ZERO)), width * float(gone)
    parts = [
        element("rect", x=0, y=4, width=width, height=8, rx=2, class_="track"),
        element("rect", x=0, y=4, width=filled, height=8, rx=2, class_="s1"),
        line((mark, 0.0), (mark, 16.0), "median"),
    ]
    summary = f"{percent(share, full)} used, {percent(gone, full)} of the time gone"
    return picture(width, height, "Budget used", summary, parts)
