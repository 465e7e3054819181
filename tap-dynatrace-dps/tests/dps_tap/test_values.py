"""Dates, decimals and projection."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_dynatrace_dps.dates import day_of, normal_time
from tap_dynatrace_dps.decimals import add
from tap_dynatrace_dps.dynatrace_api.client import decode
from tap_dynatrace_dps.incremental import DayRows
from tap_dynatrace_dps.projection import projected
from tap_dynatrace_dps.streams.consumption import merged_days
from tap_dynatrace_dps.windows import Window
from tap_dynatrace_dps.writer import encode

DAY = day_of("2024-10-22")

decimals = st.decimals(allow_nan=False, allow_infinity=False, places=12)


@pytest.mark.parametrize(
    "text",
    [
        "2024-10-22",
        "2024-10-22T00:00:00Z",
        "2024-10-22T00:00:00.000Z",
        "2024-10-22T00:00:00",
        "2024-10-22T02:00:00+02:00",
        "2024-10-22T00:00:00.000000Z",
    ],
)
def test_dates_have_one_spelling(text: str) -> None:
    assert normal_time(text) == "2024-10-22T00:00:00.000Z"
    assert day_of(text) == DAY


@given(st.lists(st.one_of(decimals, st.integers())))
def test_sums_are_exact(values: list[Decimal | int]) -> None:
    total: Decimal | int | None = 0
    for value in values:
        total = add(total, value)
    assert total is not None
    assert Fraction(total) == sum(Fraction(value) for value in values)


@pytest.mark.parametrize(
    "number",
    ["27328.8794184588", "0.0098", "1.10", "1E-7", "123456789012345678901234567890", "0.1", "7"],
)
def test_digits_of_numbers_stay(number: str) -> None:
    value = decode(number.encode())
    written = encode(value).decode()
    assert Decimal(written) == Decimal(number)
    assert Decimal(written).as_tuple() == Decimal(number).as_tuple()


@given(
    days=st.lists(
        st.tuples(st.integers(1, 28), decimals, st.integers(1, 28)), min_size=1, max_size=60
    )
)
def test_cost_rows_become_one_row_per_day_with_the_same_sum(
    days: list[tuple[int, Decimal, int]],
) -> None:
    rows = [
        {
            "startTime": f"2024-10-{day:02}",
            "value": value,
            "lastBookingDate": f"2024-11-{booked:02}",
        }
        for day, value, booked in days
    ]
    merged = merged_days(rows, "account 'a'")
    starts = [row["startTime"] for row in merged]
    assert starts == sorted(set(starts))
    assert sum(Fraction(row["value"]) for row in merged) == sum(Fraction(v) for _, v, _ in days)
    last = {day: max(b for d, _, b in days if d == day) for day, _, _ in days}
    for row in merged:
        assert row["lastBookingDate"] == f"2024-11-{last[day_of(row['startTime']).day]:02}"


@given(
    rows=st.lists(st.tuples(st.integers(20, 24), st.sampled_from("abc"), st.integers())),
    cut=st.integers(0, 50),
)
def test_rows_of_a_day_are_the_same_however_they_are_spread_over_chains(
    rows: list[tuple[int, str, int]], cut: int
) -> None:
    window = Window(DAY.replace(day=21), DAY.replace(day=23))

    def collected(some: list[tuple[int, str, int]]) -> DayRows[int]:
        result: DayRows[int] = DayRows(window, lambda old, new: old + new)
        for day, key, value in some:
            result.add(DAY.replace(day=day), (key,), value)
        return result

    whole, one, other = collected(rows), collected(rows[:cut]), collected(rows[cut:])
    one.absorb(other)
    for day in window.days():
        assert one.take(day) == whole.take(day)


def test_a_record_has_what_the_schema_declares_and_nothing_else() -> None:
    schema = {
        "properties": {
            "a": {"type": ["string", "null"], "format": "date-time"},
            "b": {"properties": {"c": {"type": ["string", "null"], "format": "date"}}},
            "d": {"items": {"properties": {"e": {}}}},
            "f": {"format": "date-time"},
        }
    }
    unknown: list[str] = []
    record = projected(
        {"a": "2024-10-22", "b": {"c": "2024-10-22T00:00:00Z", "x": 1}, "d": [{"e": 1}], "f": "?"},
        schema,
        unknown.append,
    )
    assert record == {
        "a": "2024-10-22T00:00:00.000Z",
        "b": {"c": "2024-10-22"},
        "d": [{"e": 1}],
        "f": "?",
    }
    assert unknown == ["x"]
    assert msgspec.json.encode(record)
