"""The tables under the charts, as data for the template."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from dynatrace_sandbox.page.figures import straight_line
from dynatrace_sandbox.page.sums import EXACT, exact_sum
from dynatrace_sandbox.page.wording import change, day, exact, money, month, percent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from decimal import Decimal

    from dynatrace_sandbox.page.figures import Figures
    from dynatrace_sandbox.page.sums import Row


@dataclass(frozen=True)
class Cell:
    """A cell; ``exact`` holds all digits of an amount, "" for anything else."""

    text: str
    exact: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it, and the last row may be a total."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    total: tuple[Cell, ...] = ()


def amount(value: Decimal) -> Cell:
    """Make a cell of money."""
    return Cell(money(value), exact(value), numeric=True)


def _share(text: str) -> Cell:
    return Cell(text, numeric=True)


def progress_table(figures: Figures) -> Table:
    """List cost to date and the straight budget line by month."""
    subscription = figures.subscription
    rows: list[tuple[Cell, ...]] = []
    for each in figures.months:
        cells = [Cell(month(each.first)), amount(each.cost), amount(each.cost_to_date)]
        if subscription:
            line = straight_line(subscription, each.last_day)
            cells += [
                Cell(money(line), numeric=True),
                Cell(money(each.cost_to_date - line), numeric=True),
                _share(percent(each.cost_to_date, subscription.budget)),
            ]
        rows.append(tuple(cells))
    headings = ["Month", "Cost", "Cost to date"]
    if subscription:
        headings += ["Straight line", "Above it", "Of the commitment"]
    last = f" up to {day(figures.last_day)}" if figures.last_day else ""
    return Table(f"Cost to date by month{last}", tuple(headings), tuple(rows))


def rows_table(caption: str, what: str, rows: Sequence[Row], note: str = "") -> Table:
    """List a slice: cost, share, the last 30 days and the 30 before.

    Args:
        caption: Of the table.
        what: Heading of the names.
        rows: Largest first.
        note: Heading of the notes, "" leaves them out.

    Returns:
        The table with its total.
    """
    total = exact_sum(row.cost for row in rows)
    recent = exact_sum(row.recent for row in rows)
    before = exact_sum(row.before for row in rows)

    def figures(cost: Decimal, now: Decimal, past: Decimal) -> tuple[Cell, ...]:
        return (
            amount(cost),
            _share(percent(cost, total)),
            amount(now),
            amount(past),
            _share(change(now, past)),
        )

    def notes(text: str) -> tuple[Cell, ...]:
        return (Cell(text),) if note else ()

    return Table(
        caption,
        (what, *((note,) if note else ()), "Cost", "Share", "Last 30 days", "30 before", "Change"),
        tuple(
            (Cell(row.name), *notes(row.note), *figures(row.cost, row.recent, row.before))
            for row in rows
        ),
        (Cell("Total"), *notes(""), *figures(total, recent, before)),
    )


def months_table(caption: str, rows: Sequence[Row]) -> Table:
    """List a slice by month, one column for each of its rows."""
    months = sorted({start for row in rows for start in row.months})
    zero = exact_sum(())
    lines = tuple(
        (
            Cell(month(start)),
            *(amount(row.months.get(start, zero)) for row in rows),
            amount(exact_sum(row.months.get(start, zero) for row in rows)),
        )
        for start in months
    )
    total = (
        Cell("Total"),
        *(amount(row.cost) for row in rows),
        amount(exact_sum(row.cost for row in rows)),
    )
    return Table(caption, ("Month", *(row.name for row in rows), "All"), lines, total)


def residual_table(figures: Figures) -> Table:
    """Hold the sum over environments against the total, by month."""

    def cells(name: str, cost: Decimal, attributed: Decimal) -> tuple[Cell, ...]:
        residual = EXACT.subtract(cost, attributed)
        share = percent(residual, cost)
        return Cell(name), amount(cost), amount(attributed), amount(residual), _share(share)

    return Table(
        "Environments against the total",
        ("Month", "Total", "Environments", "Residual", "Of the total"),
        tuple(cells(month(each.first), each.cost, each.attributed) for each in figures.months),
        cells("Total", figures.cost, figures.attributed),
    )


def forecast_table(figures: Figures) -> Table:
    """List the forecasts of the accounts."""
    found = figures.forecasts
    return Table(
        "Forecast by account",
        ("Account", "Cost to date", "Lower", "Expected", "Upper", "Made on"),
        tuple(
            (
                Cell(each.name),
                amount(each.cost),
                amount(each.forecast.lower),
                amount(each.forecast.median),
                amount(each.forecast.upper),
                Cell(each.forecast.created[:10]),
            )
            for each in found
        ),
        (
            Cell("Total"),
            amount(exact_sum(each.cost for each in found)),
            amount(exact_sum(each.forecast.lower for each in found)),
            amount(exact_sum(each.forecast.median for each in found)),
            amount(exact_sum(each.forecast.upper for each in found)),
            Cell(""),
        ),
    )


def weeks_table(figures: Figures) -> Table:
    """List the cost by week, Monday to Sunday."""
    weeks: defaultdict[date, list[Decimal]] = defaultdict(list)
    for each, value in figures.days:
        weeks[each - timedelta(days=each.weekday())].append(value)
    rows = tuple(
        (
            Cell(day(monday)),
            Cell(str(len(values)), numeric=True),
            amount(exact_sum(values)),
            Cell(money(exact_sum(values) / len(values)), numeric=True),
        )
        for monday, values in weeks.items()
    )
    total = (
        Cell("Total"),
        Cell(str(len(figures.days)), numeric=True),
        amount(figures.cost),
        Cell(money(figures.cost / len(figures.days)) if figures.days else "", numeric=True),
    )
    return Table("Cost by week", ("Week from", "Days", "Cost", "Per day"), rows, total)


def pace(figures: Figures) -> list[tuple[str, Decimal]]:
    """Average the cost per day, and tell which one would land on the commitment.

    Args:
        figures: Of a view.

    Returns:
        Names and amounts.
    """
    means = (("Last 7 days", figures.mean(7)), ("Last 30 days", figures.mean(30)))
    found = [(name, mean) for name, mean in means if mean is not None]
    subscription = figures.subscription
    if subscription and figures.last_day and not figures.account:
        left = (subscription.end - figures.last_day).days
        if left > 0:
            found.append(("To land on the commitment", (subscription.budget - figures.cost) / left))
    return found
