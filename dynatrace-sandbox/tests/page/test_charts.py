"""Scales, labels and spellings of the charts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from dynatrace_sandbox.page.axes import LONGEST_LABEL, clipped
from dynatrace_sandbox.page.column_charts import colours, columns, stacks
from dynatrace_sandbox.page.drawing import DayScale, element, spread, text, value_scale
from dynatrace_sandbox.page.figures import figures
from dynatrace_sandbox.page.readings import read
from dynatrace_sandbox.page.row_charts import bars, forecast_chart, meter, movers
from dynatrace_sandbox.page.sums import Row, exact_sum
from dynatrace_sandbox.page.time_charts import budget_chart, daily_chart
from dynatrace_sandbox.page.wording import change, exact, money, percent, short
from hypothesis import given
from hypothesis import strategies as st

from .events import EVENTS, texts

POSITIVE = st.decimals(min_value="0.0001", max_value=10**9, allow_nan=False, places=4)
MONTH = date(2026, 1, 1)


def row(name: str, cost: str) -> Row:
    value = Decimal(cost)
    return Row(name, name, "", value, value, value, {MONTH: value})


@given(POSITIVE)
def test_value_axis_is_round_and_reaches_above_the_largest(largest: Decimal) -> None:
    scale = value_scale(largest, 200.0, 10.0)
    assert scale.ticks[-1] == scale.top >= largest
    assert 2 <= len(scale.ticks) <= 7
    assert scale(Decimal(0)) == 200.0
    assert scale(scale.top) == 10.0
    assert scale.step.normalize().as_tuple().digits in {(1,), (2,), (5,), (2, 5)}


def test_nothing_spent_still_has_an_axis() -> None:
    assert value_scale(Decimal(0), 0.0, 1.0).ticks == [0, 1]


def test_days_fill_their_axis() -> None:
    scale = DayScale(date(2026, 1, 1), date(2026, 1, 10), 0.0, 100.0)
    assert scale(date(2026, 1, 1)) == 0
    assert scale.close(date(2026, 1, 10)) == 100


@given(st.lists(st.floats(0, 300), max_size=8))
def test_labels_keep_their_distance(places: list[float]) -> None:
    moved = sorted(spread(places, 30.0))
    assert all(b - a >= 30.0 - 1e-6 for a, b in pairwise(moved))


def test_text_is_escaped() -> None:
    made = text("<b>&", 0, 0)
    assert "&lt;b&gt;&amp;" in made
    assert ET.fromstring(element("g", made, aria_label='"quoted"')).get("aria-label") == '"quoted"'  # noqa: S314 - own text


def test_small_rows_share_the_last_colour_and_lose_nothing() -> None:
    rows = [row(f"row {n}", str(100 - n)) for n in range(9)]
    series = stacks(rows)
    assert [each.class_ for each in series] == ["s1", "s2", "s3", "s4", "other"]
    assert exact_sum(each.months[MONTH] for each in series) == exact_sum(r.cost for r in rows)
    assert colours(rows)[:5] == ["s1", "s2", "s3", "s4", "other"]


def test_five_rows_have_five_colours() -> None:
    rows = [row(f"row {n}", "1") for n in range(5)]
    assert colours(rows) == [each.class_ for each in stacks(rows)]
    assert len({*colours(rows)}) == 5


@pytest.mark.parametrize("account", ["", EVENTS[0]["accountUuid"]])
def test_every_chart_is_well_formed_and_says_what_it_shows(account: str) -> None:
    found = figures(read(lambda kind: texts(EVENTS, kind)), account)
    assert found.subscription
    series = stacks(found.capabilities)
    made = [
        budget_chart(found),
        daily_chart(found),
        bars("Bars", found.environments, colours(found.environments)),
        columns("Columns", series),
        movers("Movers", found.capabilities),
        forecast_chart(found.forecasts),
        meter(found.cost, found.subscription, found.last_day),
    ]
    for svg in made:
        root = ET.fromstring(svg)  # noqa: S314 - made by this package
        assert root.get("role") == "img"
        assert ". " in root.get("aria-label", "")
        assert "nan" not in svg.lower()


def test_labels_are_shortened_where_they_differ_least() -> None:
    assert clipped("46fe2c31-419b-4c48-a547-eb7456742366") == "46fe2c31…"
    long = "Log Management & Analytics - Ingest & Process"
    assert clipped(long).startswith("Log Management")
    assert clipped(long).endswith("Ingest & Process")
    assert len(clipped(long)) <= LONGEST_LABEL
    assert clipped("HTTP Monitor") == "HTTP Monitor"


def test_spellings() -> None:
    assert money(Decimal("815238.0873285604")) == "815,238.09"
    assert money(Decimal("-0.005")) == "\N{MINUS SIGN}0.00"
    assert exact(Decimal("1E-13")) == "0.0000000000001"
    assert [short(Decimal(value)) for value in (0, 250, 1000, 1_200_000)] == [
        "0",
        "250",
        "1k",
        "1.2M",
    ]
    assert percent(Decimal(1), Decimal(3)) == "33.3\N{NO-BREAK SPACE}%"
    assert percent(Decimal(1), Decimal(0)) == "\N{EN DASH}"
    assert change(Decimal(3), Decimal(2)) == "+50.0\N{NO-BREAK SPACE}%"
    assert change(Decimal(1), Decimal(0)) == "\N{EN DASH}"
