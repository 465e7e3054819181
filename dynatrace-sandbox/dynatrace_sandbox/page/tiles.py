"""Figures that stand for themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from dynatrace_sandbox.page import tables, wording
from dynatrace_sandbox.page.figures import straight_line
from dynatrace_sandbox.page.row_charts import meter

if TYPE_CHECKING:
    from decimal import Decimal

    from dynatrace_sandbox.page.figures import Figures
    from dynatrace_sandbox.page.readings import Subscription


NOTHING: Final = Markup()


@dataclass(frozen=True)
class Tile:
    """A figure that stands for itself."""

    name: str
    figure: str
    unit: str = ""
    words: str = ""
    exact: str = ""
    svg: Markup = NOTHING


def _money_tile(name: str, value: Decimal, unit: str, words: str, svg: Markup = NOTHING) -> Tile:
    return Tile(name, wording.whole(value), unit, words, wording.exact(value), svg)


def _used(found: Figures, subscription: Subscription) -> Tile:
    """Show what the subscription itself says is used, and whether the days agree with it."""
    name, used = "Cost of this account to date", found.cost
    if not found.account:
        name = "Budget used to date"
        used = found.cost if subscription.used is None else subscription.used
    share = wording.percent(used, subscription.budget)
    words = f"{share} of {wording.whole(subscription.budget)}"
    if used != found.cost:
        words += f"; the days add up to {wording.money(found.cost)}"
    svg = meter(used, subscription, found.last_day)
    return _money_tile(name, used, subscription.currency, words, svg)


def subscription_tiles(found: Figures) -> tuple[Tile, ...]:
    """Tell period, budget, days, the distance from the straight line, and the forecast.

    Args:
        found: Figures of a view.

    Returns:
        Tiles.
    """
    subscription = found.subscription
    if subscription is None:
        return (_money_tile("Cost to date", found.cost, "", "no active commitment is known"),)
    unit = subscription.currency
    tiles = [
        Tile(
            "Commitment period",
            wording.day(subscription.start),
            "",
            f"to {wording.day(subscription.end)}, {subscription.days} days",
        ),
        _used(found, subscription),
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


def pace_tiles(found: Figures) -> tuple[Tile, ...]:
    """Tell the cost per day, and which one would land on the commitment.

    Args:
        found: Figures of a view.

    Returns:
        Tiles.
    """
    return tuple(
        Tile(name, wording.whole(value), found.currency, "per day")
        for name, value in tables.pace(found)
    )
