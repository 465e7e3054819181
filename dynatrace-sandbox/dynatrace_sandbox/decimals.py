"""Exact money and usage as whole numbers of a small unit, and their spelling in JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

USAGE_SCALE: Final = 6
"""Decimal places of a usage value; one unit is 0.000001 of the capability's unit."""
PRICE_SCALE: Final = 7
"""Decimal places of a list price for one unit of usage."""
COST_SCALE: Final = USAGE_SCALE + PRICE_SCALE
"""Decimal places of a cost, so that usage times price needs no rounding."""

SPELLINGS: Final = 128
"""One number in this many gets each of the two rarer spellings."""
TRAILING_ZERO_CHOICE: Final = 1
EXPONENT_CHOICE: Final = 2


def text(units: int, scale: int) -> str:
    """Spell a scaled whole number as a plain decimal without trailing zeros.

    Args:
        units: The value times ``10**scale``.
        scale: Decimal places.

    Returns:
        For example ``27.3288794184`` or ``-3``.
    """
    sign = "-" if units < 0 else ""
    digits = str(abs(units)).rjust(scale + 1, "0")
    fraction = digits[-scale:].rstrip("0")
    whole = digits[:-scale]
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"


def spelled(units: int, scale: int, variety: int) -> str:
    """Spell a number as :func:`text` does, or now and then in another valid JSON spelling.

    JSON allows trailing zeros and exponents, and a reader has to cope with both.

    Args:
        units: The value times ``10**scale``.
        scale: Decimal places.
        variety: Any whole number; a few of its values choose the rarer spellings.

    Returns:
        The same number, as JSON number text.
    """
    plain = text(units, scale)
    choice = variety % SPELLINGS
    if choice == TRAILING_ZERO_CHOICE:
        return plain + ("0" if "." in plain else ".0")
    if choice == EXPONENT_CHOICE:
        return f"{units}E-{scale}"
    return plain


def scaled(value: Decimal, scale: int) -> int:
    """Turn a decimal into a whole number of the small unit, rounding half to even.

    Args:
        value: The decimal.
        scale: Decimal places.

    Returns:
        The value times ``10**scale``.
    """
    return round(value.scaleb(scale))
