"""Cost allocation: the allowed values of each account, and how costs fall on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dynatrace_sandbox.bookings import Share
    from dynatrace_sandbox.customer import Environment
    from dynatrace_sandbox.metering import Metering

FIELDS: Final = {"costcenters": "COSTCENTER", "products": "PRODUCT"}
MAX_VALUES: Final = 250
"""Allowed values of one field and account, after the documentation of cost allocation."""
HISTORY_DAYS: Final = 60
"""Cost allocation was switched on this many days before the sandbox's first day."""
ALLOCATED_CAPABILITIES: Final = 3
"""Only the first few capabilities report costs by value."""
SHARES_PERCENT: Final = (47, 28)
"""What the first two values of an environment take; the rest is not allocated."""
TRICKY_KEYS: Final = ("R&D / Berlin", "Vertrieb Süd", "50% shared", "ops+cloud", "日本チーム")
"""Keys that only work when they are percent-encoded correctly."""


class Allocation(NamedTuple):
    """A day's cost and usage of a capability that fall on one value, None for nobody."""

    day: int
    capability: str
    key: str | None
    cost: int
    usage: int


def first_values(account_number: int, field: str) -> list[str]:
    """Make the values that an account starts with.

    Args:
        account_number: Position of the account.
        field: ``costcenters`` or ``products``.

    Returns:
        Keys; none for the accounts without costs.
    """
    if field == "costcenters":
        plain = [f"department-{number:03d}" for number in range(1, 28 - 11 * account_number)]
        return [*plain, *TRICKY_KEYS] if account_number == 0 else plain
    names = ("webshop", "payments", "logistics", "search", "loyalty", "reporting", "mobile/app")
    return list(names[: 7 - 2 * account_number]) if account_number < len(names) // 2 else []


def allocations(
    metering: Metering,
    share: Share,
    environment: Environment,
    values: Sequence[str],
    days: range,
) -> Iterator[Allocation]:
    """Split an environment's costs over the allowed values; the parts add up to the whole.

    Args:
        metering: Where costs come from.
        share: The account's share in a subscription.
        environment: A SaaS environment.
        values: The field's values.
        days: Ordinals.

    Yields:
        At most three parts for a day and capability.
    """
    offset = environment.size_percent
    keys = [values[(offset + step) % len(values)] for step in range(min(2, len(values)))]
    for day in days:
        for capability in share.subscription.capabilities[:ALLOCATED_CAPABILITIES]:
            total = metering.total(share, day, [environment], [capability])
            cost, usage = total.cost, total.usage[0]
            for key, percent in zip(keys, SHARES_PERCENT, strict=False):
                part, used = total.cost * percent // 100, total.usage[0] * percent // 100
                cost, usage = cost - part, usage - used
                yield Allocation(day, capability.key, key, part, used)
            yield Allocation(day, capability.key, None, cost, usage)
