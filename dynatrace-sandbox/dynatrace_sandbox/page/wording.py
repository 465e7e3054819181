"""How figures are spelled for people; the exact digits stand beside every short form."""

from __future__ import annotations

from decimal import Context, Decimal
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

CENTS: Final = Decimal("0.01")
WIDE: Final = Context(prec=400)
PERCENT_PLACES: Final = Decimal("0.1")
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
"""English whatever the locale of the process is."""
_STEPS: Final = ((Decimal(1_000_000), "M"), (Decimal(1000), "k"))


def money(value: Decimal) -> str:
    """Spell an amount with thousands and cents, such as ``815,238.09``."""
    return f"{value.quantize(CENTS, context=WIDE):,}".replace("-", "\N{MINUS SIGN}")


def whole(value: Decimal) -> str:
    """Spell an amount with thousands and without cents."""
    return f"{value.quantize(Decimal(1), context=WIDE):,}".replace("-", "\N{MINUS SIGN}")


def exact(value: Decimal) -> str:
    """Spell all digits, without an exponent."""
    return f"{value:f}"


def short(value: Decimal) -> str:
    """Spell an axis label, such as ``200k`` or ``1.5M``."""
    for step, letter in _STEPS:
        if abs(value) >= step:
            return f"{(value / step).normalize():f}{letter}"
    return f"{value.normalize():f}"


def percent(part: Decimal, total: Decimal) -> str:
    """Spell a share; a dash where there is no total."""
    if not total:
        return "\N{EN DASH}"
    share = (100 * part / total).quantize(PERCENT_PLACES, context=WIDE)
    return f"{share}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def change(now: Decimal, before: Decimal) -> str:
    """Spell a change in percent with its sign; a dash where there was nothing before."""
    if not before:
        return "\N{EN DASH}"
    grown = (100 * (now - before) / before).quantize(PERCENT_PLACES, context=WIDE)
    return f"{grown:+}\N{NO-BREAK SPACE}%".replace("-", "\N{MINUS SIGN}")


def day(value: date) -> str:
    """Spell a day, such as ``25 Jan 2026``."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def month(value: date) -> str:
    """Spell a month, such as ``Jan 2026``."""
    return f"{MONTHS[value.month - 1]} {value.year}"
