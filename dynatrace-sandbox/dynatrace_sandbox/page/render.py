"""From readings to the page: one document that needs nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib import resources
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from dynatrace_sandbox.page import charts, tables, wording
from dynatrace_sandbox.page.figures import Figures, Row, exact_sum, figures, straight_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from dynatrace_sandbox.page.readings import Readings
    from dynatrace_sandbox.page.tables import Table

NOTHING: Final = Markup()
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
class Tile:
    """A figure that stands for itself."""

    name: str
    figure: str
    unit: str = ""
    words: str = ""
    exact: str = ""
    svg: Markup = NOTHING


@dataclass(frozen=True)
class Section:
    """A part of the page."""

    title: str
    tiles: tuple[Tile, ...]
    charts: tuple[Chart, ...]


@dataclass(frozen=True)
class View:
    """The page for all accounts, or for one."""

    key: str
    name: str
    figures: Figures
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Origin:
    """Where the figures come from.

    Attributes:
        today: The sandbox's present day.
        stored: Events that are stored.
        newest: Of them, the newest of each id.
    """

    today: str
    stored: int
    newest: int


def _environment() -> Environment:
    files = resources.files("dynatrace_sandbox") / "page" / "templates"
    made = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # The two files are this package's own.
    made.globals["style"] = Markup((files / "style.css").read_text("utf-8"))  # noqa: S704
    made.globals["script"] = Markup((files / "page.js").read_text("utf-8"))  # noqa: S704
    return made


_ENVIRONMENT: Final = _environment()
_TEMPLATE: Final = _ENVIRONMENT.from_string(
    (resources.files("dynatrace_sandbox") / "page" / "templates" / "page.html.j2").read_text(
        "utf-8"
    )
)


def page(readings: Readings, origin: Origin, account: str = "") -> str:
    """Write the page.

    All views are in it; a view is chosen by the server, or in the browser without asking again.

    Args:
        readings: What the events say.
        origin: Where they come from.
        account: UUID or name of the account to show first, "" for all.

    Returns:
        HTML.
    """
    chosen = next(
        (each.uuid for each in readings.accounts if account in {each.uuid, each.name}), ""
    )
    views = [_view(figures(readings))]
    views += [_view(figures(readings, each.uuid)) for each in readings.accounts]
    return _TEMPLATE.render(
        views=views if readings.costs or readings.subscriptions else [],
        chosen=chosen,
        unknown="" if chosen else account,
        origin=origin,
        unreadable=readings.unreadable,
        subscriptions=readings.subscriptions,
        day=wording.day,
    )


def _view(found: Figures) -> View:
    sections = (
        Section("Subscription details", _subscription_tiles(found), _budget(found)),
        Section("Account level details", (), _slices(found)),
        Section("Forecast and advanced", _pace_tiles(found), _outlook(found)),
    )
    return View(found.account, found.account_name or "All accounts", found, sections)


def _money_tile(name: str, value: Decimal, unit: str, words: str, svg: Markup = NOTHING) -> Tile:
    return Tile(name, wording.whole(value), unit, words, wording.exact(value), svg)


def _subscription_tiles(found: Figures) -> tuple[Tile, ...]:
    subscription = found.subscription
    if subscription is None:
        return (_money_tile("Cost to date", found.cost, "", "no active commitment is known"),)
    unit = subscription.currency
    total = wording.whole(subscription.budget)
    share = wording.percent(found.cost, subscription.budget)
    tiles = [
        Tile(
            "Commitment period",
            wording.day(subscription.start),
            "",
            f"to {wording.day(subscription.end)}, {subscription.days} days",
        ),
        _money_tile(
            "Cost of this account to date" if found.account else "Budget used to date",
            found.cost,
            unit,
            f"{share} of {total}",
            charts.meter(found),
        ),
    ]
    if subscription.days_remaining is not None:
        words = f"of {subscription.days}, today included"
        tiles.append(Tile("Days remaining", str(subscription.days_remaining), "days", words))
    if found.last_day and not found.account:
        gap = found.cost - straight_line(subscription, found.last_day)
        where = "above" if gap > 0 else "below"
        words = f"{where} an even spending on {wording.day(found.last_day)}"
        tiles.append(Tile("Against the straight line", wording.whole(abs(gap)), unit, words))
    if outlook := found.outlook:
        lower, median, upper = outlook
        share = wording.percent(median, subscription.budget)
        words = f"{share} of the commitment; {wording.whole(lower)} to {wording.whole(upper)}"
        tiles.append(_money_tile("Forecast for the end", median, unit, words))
    return tuple(tiles)


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
            _currency(found),
            charts.budget_chart(found),
            tables.progress_table(found),
            tuple(legend),
            wide=True,
        ),
    )


def _currency(found: Figures) -> str:
    return found.subscription.currency if found.subscription else ""


def _pair(found: Figures, rows: Sequence[Row], what: str, note: str = "") -> tuple[Chart, ...]:
    """Show a slice twice: in total, and by month."""
    if not rows:
        return ()
    series = charts.stacks(rows)
    unit = _currency(found)
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
            charts.bars(title, rows, charts.colours(rows), marked),
            tables.rows_table(title, what.capitalize(), rows, note),
        ),
        Chart(
            by_month,
            unit,
            charts.columns(by_month, series),
            tables.months_table(by_month, rows),
            tuple(Legend(charts.clipped(each.name), each.class_) for each in series),
        ),
    )


def _slices(found: Figures) -> tuple[Chart, ...]:
    made = [*_pair(found, found.accounts, "account")]
    made += _pair(found, found.capabilities, "capability", "Key")
    made += _pair(found, found.environments, "environment", "Account")
    if found.months and found.environments:
        series = [
            charts.Stack(ATTRIBUTED, "s1", {each.first: each.attributed for each in found.months}),
            charts.Stack(RESIDUAL, "s2", {each.first: each.residual for each in found.months}),
        ]
        shares = [wording.percent(each.residual, each.cost) for each in found.months]
        made.append(
            Chart(
                "Environments against the total",
                f"{_currency(found)}; above each column the share that is on no environment, "
                f"{wording.percent(found.cost - found.attributed, found.cost)} in all",
                charts.columns("Environments against the total", series, shares),
                tables.residual_table(found),
                tuple(Legend(charts.clipped(each.name), each.class_) for each in series),
            )
        )
    made += _cost_centers(found)
    return tuple(made)


def _cost_centers(found: Figures) -> tuple[Chart, ...]:
    if not found.cost_centers:
        return ()
    rows, rest = found.cost_centers[:LARGEST], found.cost_centers[LARGEST:]
    words = f"{_currency(found)}, SaaS environments, days that are closed"
    if rest:
        small = wording.whole(exact_sum(row.cost for row in rest))
        words += f"; {len(rest)} smaller ones with {small} are in the table"
    classes = ["s1" if row.key else charts.OTHER for row in rows]
    svg = charts.bars("Cost by cost center", rows, classes)
    table = tables.rows_table("Cost by cost center", "Cost center", found.cost_centers)
    return (Chart("Cost by cost center", words, svg, table),)


def _pace_tiles(found: Figures) -> tuple[Tile, ...]:
    return tuple(
        Tile(name, wording.whole(value), _currency(found), "per day")
        for name, value in tables.pace(found)
    )


def _outlook(found: Figures) -> tuple[Chart, ...]:
    made: list[Chart] = []
    unit = _currency(found)
    if found.days:
        made.append(
            Chart(
                "Cost per day",
                unit,
                charts.daily_chart(found),
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
                charts.forecast_chart(found.forecasts),
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
        svg = charts.movers(title, rows[:LARGEST])
        table = tables.rows_table(title, "Capability", rows)
        made.append(Chart(title, f"{unit}, by capability", svg, table))
    return tuple(made)
