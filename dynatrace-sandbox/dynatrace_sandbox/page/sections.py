"""The sections of a view: tiles, and charts with their words and tables."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dynatrace_sandbox.page import tables, wording
from dynatrace_sandbox.page.axes import clipped
from dynatrace_sandbox.page.column_charts import OTHER, Stack, colours, columns, stacks
from dynatrace_sandbox.page.row_charts import bars, forecast_chart, movers
from dynatrace_sandbox.page.sums import exact_sum
from dynatrace_sandbox.page.tiles import Tile, pace_tiles, subscription_tiles
from dynatrace_sandbox.page.time_charts import budget_chart, daily_chart

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from dynatrace_sandbox.page.figures import Figures
    from dynatrace_sandbox.page.sums import Row
    from dynatrace_sandbox.page.tables import Table


LARGEST: Final = 12
"""Rows that get a bar; the table has them all."""
ATTRIBUTED: Final = "Environments"
RESIDUAL: Final = "On no environment"


@dataclass(frozen=True)
class Legend:
    """What a colour or a line means."""

    name: str
    class_: str


@dataclass(frozen=True)
class Chart:
    """A chart with its words and its table."""

    title: str
    words: str
    svg: Markup
    table: Table
    legend: tuple[Legend, ...] = ()
    wide: bool = False


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]


def sections(found: Figures) -> tuple[Section, ...]:
    """Make the three sections of a view.

    Args:
        found: Figures of the view.

    Returns:
        The guide's sections.
    """
    return (
        Section("Subscription details", subscription_tiles(found), _budget(found)),
        Section("Account level details", (), _slices(found)),
        Section("Forecast and advanced", pace_tiles(found), _outlook(found)),
    )


def _budget(found: Figures) -> tuple[Chart, ...]:
    if not found.days:
        return ()
    legend = [Legend("Cost to date", "key-cost")]
    if found.subscription:
        legend.append(Legend("Straight budget line", "key-budget"))
    if found.subscription and found.outlook:
        legend.append(Legend("Forecast, expected", "key-forecast"))
        legend.append(Legend("lower to upper", "key-band"))
    return (
        Chart(
            "Cost to date against the straight budget line",
            found.currency,
            budget_chart(found),
            tables.progress_table(found),
            tuple(legend),
            wide=True,
        ),
    )


def _pair(found: Figures, rows: Sequence[Row], what: str, note: str = "") -> tuple[Chart, ...]:
    """Show a slice twice: in total, and by month."""
    if not rows:
        return ()
    series = stacks(rows)
    unit = found.currency
    title, by_month = f"Cost by {what}", f"Cost by month and {what}"
    marked = found.account if what == "account" else ""
    if marked:
        series = [
            each if each.name == found.account_name else replace(each, class_=f"{each.class_} back")
            for each in series
        ]
    return (
        Chart(
            title,
            f"{unit}, period to date",
            bars(title, rows, colours(rows), marked),
            tables.rows_table(title, what.capitalize(), rows, note),
        ),
        Chart(
            by_month,
            unit,
            columns(by_month, series),
            tables.months_table(by_month, rows),
            tuple(Legend(clipped(each.name), each.class_) for each in series),
        ),
    )


def _slices(found: Figures) -> tuple[Chart, ...]:
    made = [*_pair(found, found.accounts, "account")]
    made += _pair(found, found.capabilities, "capability", "Key")
    made += _pair(found, found.environments, "environment", "Account")
    if found.months and found.environments:
        series = [
            Stack(ATTRIBUTED, "s1", {each.first: each.attributed for each in found.months}),
            Stack(RESIDUAL, "s2", {each.first: each.residual for each in found.months}),
        ]
        shares = [wording.percent(each.residual, each.cost) for each in found.months]
        made.append(
            Chart(
                "Environments against the total",
                f"{found.currency}; above each column the share that is on no environment, "
                f"{wording.percent(found.cost - found.attributed, found.cost)} in all",
                columns("Environments against the total", series, shares),
                tables.residual_table(found),
                tuple(Legend(clipped(each.name), each.class_) for each in series),
            )
        )
    made += _cost_centers(found)
    return tuple(made)


def _cost_centers(found: Figures) -> tuple[Chart, ...]:
    if not found.cost_centers:
        return ()
    rows, rest = found.cost_centers[:LARGEST], found.cost_centers[LARGEST:]
    words = f"{found.currency}, SaaS environments, days that are closed"
    if rest:
        small = wording.whole(exact_sum(row.cost for row in rest))
        words += f"; {len(rest)} smaller ones with {small} are in the table"
    classes = ["s1" if row.key else OTHER for row in rows]
    svg = bars("Cost by cost center", rows, classes)
    table = tables.rows_table("Cost by cost center", "Cost center", found.cost_centers)
    return (Chart("Cost by cost center", words, svg, table),)


def _outlook(found: Figures) -> tuple[Chart, ...]:
    made: list[Chart] = []
    unit = found.currency
    if found.days:
        made.append(
            Chart(
                "Cost per day",
                unit,
                daily_chart(found),
                tables.weeks_table(found),
                (Legend("Day", "key-days"), Legend("Average of 7 days", "key-mean")),
                wide=True,
            )
        )
    if found.forecasts:
        made.append(
            Chart(
                "Forecast by account",
                f"{unit}, end of the period",
                forecast_chart(found.forecasts),
                tables.forecast_table(found),
                (
                    Legend("Cost to date", "s1"),
                    Legend("Forecast, lower to upper", "key-band"),
                    Legend("expected", "key-median"),
                ),
            )
        )
    if any(row.before for row in found.capabilities):
        title = "Last 30 days against the 30 before"
        rows = sorted(found.capabilities, key=lambda row: -abs(row.recent - row.before))
        svg = movers(title, rows[:LARGEST])
        table = tables.rows_table(title, "Capability", rows)
        made.append(Chart(title, f"{unit}, by capability", svg, table))
    return tuple(made)
