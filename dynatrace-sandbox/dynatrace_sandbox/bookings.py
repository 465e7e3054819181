"""Bookings, and the arithmetic that makes one from seed and day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from dynatrace_sandbox.customer import Account, Capability, Environment, Subscription

MAX_LATE_DAYS: Final = 8
"""The latest a booking made by the seed may lag behind its day, in days."""
LATE_ONE_IN_MANAGED: Final = 48
LATE_ONE_IN_SAAS: Final = 400
"""Managed clusters report late more often than SaaS environments."""
WEEK_PERCENT: Final = (108, 112, 111, 109, 103, 78, 74)
"""Usage by day of the week, Monday first, in percent."""
GROWTH_DAYS: Final = 2000
"""Usage doubles in this many days."""
WEIGHT_OF_ONE: Final = 100 * GROWTH_DAYS * 10_000
"""A day's weight times its noise where usage is just the base."""
MASK: Final = 2**64 - 1
GOLDEN: Final = 0x9E3779B97F4A7C15
MIX: Final = 0xBF58476D1CE4E5B9
"""The 64-bit constants of the SplitMix64 generator (Steele, Lea and Flood, 2014)."""


class Share(NamedTuple):
    """An account's share in a subscription."""

    subscription: Subscription
    account: Account

    @property
    def key(self) -> tuple[str, str]:
        """Both UUIDs, that of the subscription first."""
        return self.subscription.uuid, self.account.uuid


class Booking(NamedTuple):
    """One booked amount; days are proleptic ordinals as of :meth:`datetime.date.toordinal`."""

    environment: Environment
    capability: Capability
    day: int
    booked: int
    usage: int
    cost: int
    variety: int


class DayTotal(NamedTuple):
    """What an account used and owes for a day."""

    cost: int
    last_booked: int
    usage: tuple[int, ...]


@dataclass(frozen=True)
class Restatement:
    """A booking that somebody added to a past day."""

    account_uuid: str
    subscription_uuid: str
    environment_id: str
    capability_key: str
    day: date
    delta: Decimal
    booked: date


@dataclass(frozen=True, slots=True)
class Cell:
    """An environment's use of one capability."""

    salt: int
    base: int
    price: int
    late_one_in: int
    position: int

    def noise(self, day: int) -> int:
        """Draw 64 bits that are always the same for a day.

        Args:
            day: Ordinal.

        Returns:
            The bits; each use below takes others of them.
        """
        mixed = (self.salt + day * GOLDEN) & MASK
        mixed = ((mixed ^ (mixed >> 30)) * MIX) & MASK
        return mixed ^ (mixed >> 27)

    def usage(self, weight: int, noise: int) -> int:
        """Tell what is used on a day.

        Args:
            weight: The day's, see :func:`weight_of`.
            noise: The day's; moves it by up to ten percent, and fills the last digits.

        Returns:
            In units of ``USAGE_SCALE``.
        """
        return self.base * weight * (9000 + noise % 2000) // WEIGHT_OF_ONE + noise % 997

    def lag(self, noise: int) -> int:
        """Tell how late a day's second booking is.

        Args:
            noise: The day's.

        Returns:
            Days, 0 where there is none.
        """
        if (noise >> 20) % self.late_one_in:
            return 0
        return 1 + (noise >> 40) % MAX_LATE_DAYS

    def late_usage(self, weight: int, noise: int) -> int:
        """Tell the amount of a day's second booking.

        Args:
            weight: The day's.
            noise: The day's.

        Returns:
            Mostly a few percent more; one in eight is a correction downwards.
        """
        part = self.usage(weight, noise) * (1 + (noise >> 44) % 16) // 100
        return -part if (noise >> 50) % 8 == 0 else part


def weight_of(share: Share, day: int) -> int:
    """Weigh a day by its place in the week (ordinal 1 was a Monday) and by growth.

    Args:
        share: Growth counts from the start of its subscription.
        day: Ordinal.

    Returns:
        The weight; ``100 * GROWTH_DAYS`` is that of an average first day.
    """
    growth = GROWTH_DAYS + day - share.subscription.start.toordinal()
    return WEEK_PERCENT[(day - 1) % 7] * growth
