"""Charts over the days of the period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page.axes import BOTTOM, LEFT, TOP, WIDE, month_axis, value_axis
from dynatrace_sandbox.page.drawing import (
    DayScale,
    element,
    line,
    path,
    picture,
    spread,
    text,
    value_scale,
)
from dynatrace_sandbox.page.sums import WEEK_DAYS, ZERO, exact_sum
from dynatrace_sandbox.page.wording import day, money, percent, whole

if TYPE_CHECKING:
    from markupsafe import Markup

    from dynatrace_sandbox.page.drawing import Point
    from dynatrace_sandbox.page.figures import Figures

LINE: Final = 15.0
"""Height of a line of text."""


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
    parts = [*value_axis(y, right), *month_axis(x, height - BOTTOM)]

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
        *value_axis(y, right),
        *month_axis(x, floor),
        element("path", d=columns, class_="days"),
    ]
    if means:
        parts.append(path(means, "mean"))
    summary = f"{len(figures.days)} days up to {day(figures.days[-1][0])}"
    return picture(WIDE, height, "Cost per day", summary, parts)
