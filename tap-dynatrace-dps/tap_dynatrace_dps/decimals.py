"""Exact sums."""

from __future__ import annotations

import decimal
from decimal import Decimal

# The default context rounds to 28 digits. This one never rounds: it stops instead.
_EXACT = decimal.Context(
    prec=2000,
    traps=[decimal.Inexact, decimal.InvalidOperation, decimal.Overflow, decimal.Subnormal],
)

Number = int | Decimal
"""A JSON number with its digits kept; never float."""


def add(left: Number | None, right: Number | None) -> Number | None:
    """Add without rounding; a missing number counts as nothing.

    Raises:
        decimal.Inexact: the sum needs more than 2000 digits.
    """
    if left is None or right is None:
        return right if left is None else left
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    return _EXACT.add(left, right)
