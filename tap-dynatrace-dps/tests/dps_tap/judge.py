"""What the sandbox's own facts say."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from typing import Any


def total(rows: list[dict[str, Any]], name: str) -> Fraction:
    return sum((Fraction(row[name]) for row in rows), Fraction())


def merged_bookings(rows: list[dict[str, Any]]) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["environmentId"], row["capabilityKey"], row["startTime"][:10]].append(row)
    return groups
