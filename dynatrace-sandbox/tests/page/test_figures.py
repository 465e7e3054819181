"""The page's figures are the exact sums of the events, each counted once."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from dynatrace_sandbox.page.figures import figures, straight_line
from dynatrace_sandbox.page.readings import Readings, read
from dynatrace_sandbox.page.sums import by_day, exact_sum, rows
from hypothesis import given
from hypothesis import strategies as st

from .events import EVENTS, FIRST, SECOND, allocation, cost, environment_cost, status, texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .events import Event

AMOUNTS = st.decimals(
    allow_nan=False, allow_infinity=False, places=13, min_value=-(10**12), max_value=10**12
)
DAYS = st.dates(min_value=date(2024, 1, 1), max_value=date(2026, 12, 31))


def readings(events: Iterable[Event] = EVENTS) -> Readings:
    known = list(events)
    return read(lambda kind: texts(known, kind))


def test_cost_to_date_is_the_exact_sum_over_all_accounts() -> None:
    found = figures(readings())
    assert found.cost == Decimal("70.1000000000001")
    assert found.last_day == date(2026, 2, 1)
    assert [(row.name, row.cost) for row in found.accounts] == [
        ("Second", Decimal(40)),
        ("First & <Sons>", Decimal("30.1000000000001")),
    ]


def test_one_account_shows_its_own_costs_beside_those_of_the_others() -> None:
    found = figures(readings(), FIRST)
    assert found.cost == Decimal("30.1000000000001")
    assert [row.key for row in found.environments] == ["abc12345", "def12345"]
    assert [row.key for row in found.accounts] == [SECOND, FIRST]


def test_what_is_on_no_environment_is_the_residual() -> None:
    found = figures(readings())
    assert [
        (month.first, month.cost, month.attributed, month.residual) for month in found.months
    ] == [
        (date(2026, 1, 1), Decimal("10.1"), Decimal(10), Decimal("0.1")),
        (date(2026, 2, 1), Decimal("60.0000000000001"), Decimal(60), Decimal("1E-13")),
    ]
    assert found.months[-1].cost_to_date == found.cost


def test_another_subscription_and_an_earlier_period_are_left_out() -> None:
    others = (
        cost(FIRST, "2025-12-31", "1000"),
        cost(FIRST, "2026-02-01", "1000", subscriptionUuid="expired"),
        environment_cost(FIRST, "abc12345", "LOGS", "2025-12-31", "1000"),
        status(uuid="expired", status="EXPIRED", budget=5),
        status(uuid="trial", type="TRIAL", budget=5),
    )
    assert figures(readings((*EVENTS, *others))) == figures(readings())


def test_without_a_commitment_all_costs_are_shown() -> None:
    found = figures(readings(event for event in EVENTS if "budget" not in event))
    assert found.subscription is None
    assert found.cost == Decimal("70.1000000000001")


def test_the_newest_forecast_of_each_account_counts() -> None:
    outlook = figures(readings()).outlook
    assert outlook == (Decimal("500.5"), Decimal("500.5"), Decimal("500.5"))


def test_no_outlook_while_an_account_with_costs_has_no_forecast() -> None:
    some = [
        event
        for event in EVENTS
        if not (event["event.type"] == "dps.forecast" and event["accountUuid"] == SECOND)
    ]
    assert figures(readings(some)).outlook is None
    assert figures(readings(some), FIRST).outlook is not None


def test_cost_centers_leave_products_out_and_keep_what_nobody_owns() -> None:
    found = figures(readings())
    assert [(row.name, row.cost) for row in found.cost_centers] == [
        ("department", Decimal(5)),
        ("not allocated", Decimal(2)),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        cost(FIRST, "not a day", "1"),
        cost(FIRST, "2026-02-01", "1", value=None),
        cost(FIRST, "2026-02-01", "1", value="a lot"),
        cost(FIRST, "2026-02-01", "1", accountUuid=7),
        cost(FIRST, "2026-02-01", "1e99999"),
        cost(FIRST, "2026-02-01", "1e-300"),
        allocation(FIRST, "never", "department", "5", "COSTCENTER"),
        status(budget=None),
        status(status="ACTIVE", startTime=None),
        status(startTime="2026-04-11"),
    ],
    ids=[
        *("day", "no value", "text", "account", "too large", "too small", "allocation"),
        *("budget", "start", "backwards"),
    ],
)
def test_an_event_that_cannot_be_read_is_counted_and_left_out(broken: Event) -> None:
    found = readings((*EVENTS, broken))
    assert found.unreadable == 1
    assert figures(found) == figures(readings())


def test_straight_line_ends_on_the_commitment_and_stays_there() -> None:
    subscription = readings().subscriptions[0]
    assert subscription.days == 100
    assert straight_line(subscription, date(2025, 12, 31)) == 0
    assert straight_line(subscription, date(2026, 1, 1)) == 10
    assert straight_line(subscription, date(2026, 4, 10)) == 1000
    assert straight_line(subscription, date(2027, 4, 10)) == 1000


@given(st.lists(AMOUNTS))
def test_sums_never_round(amounts: list[Decimal]) -> None:
    assert Fraction(exact_sum(amounts)) == sum(map(Fraction, amounts), Fraction(0))


@given(st.lists(st.tuples(DAYS, AMOUNTS), max_size=30))
def test_days_have_no_gap_and_keep_the_total(costs: list[tuple[date, Decimal]]) -> None:
    days = by_day(costs)
    assert exact_sum(value for _, value in days) == exact_sum(value for _, value in costs)
    assert all(b - a == timedelta(days=1) for (a, _), (b, _) in pairwise(days))


@given(st.lists(st.tuples(st.sampled_from("abc"), DAYS, AMOUNTS), max_size=30))
def test_rows_and_their_months_keep_the_total(entries: list[tuple[str, date, Decimal]]) -> None:
    found = rows(entries, lambda key: (key, ""))
    total = exact_sum(value for _, _, value in entries)
    assert exact_sum(row.cost for row in found) == total
    assert exact_sum(value for row in found for value in row.months.values()) == total
    assert [row.cost for row in found] == sorted((row.cost for row in found), reverse=True)
