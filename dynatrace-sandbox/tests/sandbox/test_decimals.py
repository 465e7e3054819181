"""Numbers keep their value in every spelling."""

from __future__ import annotations

from decimal import Decimal

from dynatrace_sandbox.decimals import SPELLINGS, scaled, spelled, text
from hypothesis import given
from hypothesis import strategies as st

UNITS = st.integers(min_value=-(10**24), max_value=10**24)
SCALES = st.integers(min_value=1, max_value=13)


@given(UNITS, SCALES, st.integers(min_value=0, max_value=SPELLINGS))
def test_a_number_has_the_same_value_in_every_spelling(
    units: int, scale: int, variety: int
) -> None:
    value = Decimal(units).scaleb(-scale)
    assert Decimal(text(units, scale)) == value
    assert Decimal(spelled(units, scale, variety)) == value


@given(UNITS, SCALES)
def test_text_and_scaled_are_inverse(units: int, scale: int) -> None:
    assert scaled(Decimal(text(units, scale)), scale) == units


def test_spellings_differ_now_and_then() -> None:
    spellings = {spelled(125, 2, variety) for variety in range(SPELLINGS)}
    assert spellings == {"1.25", "1.250", "125E-2"}
