"""What was used, what it costs and when it was booked: pure functions of seed and day.

Every environment, capability and day has one booking of its own day. Some have a second one that
was reported late and is booked, and therefore seen, a few days after. Restatements made through
the admin API come on top. Nothing is stored but those, so the history may be as long as it likes.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from dynatrace_sandbox.bookings import (
    LATE_ONE_IN_MANAGED,
    LATE_ONE_IN_SAAS,
    MAX_LATE_DAYS,
    Booking,
    Cell,
    DayTotal,
    Restatement,
    Share,
    weight_of,
)
from dynatrace_sandbox.customer import UNATTRIBUTED, Capability, Environment, Subscription
from dynatrace_sandbox.decimals import COST_SCALE, scaled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Metering:
    """The bookings of all accounts, as seen on the sandbox's present day."""

    def __init__(self, seed: int, today: date) -> None:
        """Start without restatements.

        Args:
            seed: The customer's seed.
            today: The present day; everything booked before it is visible.
        """
        self.today = today
        self._seed = seed
        self._restated: dict[tuple[str, str], list[Restatement]] = {}
        self._totals: dict[tuple[str, str, int], tuple[int, DayTotal]] = {}
        self._cells: dict[tuple[str, str, str], list[tuple[Capability, Cell]]] = {}
        self._lock = Lock()

    def add(self, restatement: Restatement) -> None:
        """Book an amount on a past day.

        Args:
            restatement: What to book.
        """
        key = (restatement.subscription_uuid, restatement.account_uuid)
        with self._lock:
            self._restated.setdefault(key, []).append(restatement)
            self._totals.pop((*key, restatement.day.toordinal()), None)

    @property
    def restatements(self) -> int:
        """How many amounts were booked through :meth:`add`."""
        return sum(len(entries) for entries in self._restated.values())

    def days(self, subscription: Subscription) -> range:
        """Tell which days are metered and visible.

        Args:
            subscription: The subscription.

        Returns:
            Ordinals, the end exclusive.
        """
        if not subscription.metered:
            return range(0)
        end = min(self.today, subscription.end + timedelta(days=1))
        return range(subscription.start.toordinal(), end.toordinal())

    def regular(
        self,
        share: Share,
        environment: Environment,
        days: range,
        capabilities: Sequence[Capability],
    ) -> Iterator[Booking]:
        """Yield the bookings of the days themselves, in order of day and capability.

        Args:
            share: The account's share in a subscription.
            environment: One environment of it.
            days: Ordinals, inside :meth:`days`.
            capabilities: Only these.

        Yields:
            One booking for each day and capability.
        """
        cells = self._row_of_cells(share, environment, capabilities)
        for day in days:
            weight = weight_of(share, day)
            for capability, cell in cells:
                noise = cell.noise(day)
                usage = cell.usage(weight, noise)
                yield Booking(
                    environment, capability, day, day, usage, usage * cell.price, noise >> 8
                )

    def late(
        self,
        share: Share,
        environment: Environment,
        days: range,
        capabilities: Sequence[Capability],
    ) -> Iterator[Booking]:
        """Yield the bookings that came later and are visible by now: reported late or restated.

        Args:
            share: The account's share in a subscription.
            environment: One environment of it.
            days: Ordinals, inside :meth:`days`.
            capabilities: Only these.

        Yields:
            Bookings, any number for a day and capability.
        """
        present = self.today.toordinal()
        for capability, cell in self._row_of_cells(share, environment, capabilities):
            for day in days:
                noise = cell.noise(day)
                lag = cell.lag(noise)
                if lag and day + lag < present:
                    usage = cell.late_usage(weight_of(share, day), noise)
                    yield Booking(
                        environment, capability, day, day + lag, usage, usage * cell.price, noise
                    )
        yield from self._restated_bookings(share, environment, days, capabilities)

    def _restated_bookings(
        self,
        share: Share,
        environment: Environment,
        days: range,
        capabilities: Sequence[Capability],
    ) -> Iterator[Booking]:
        for entry in self._restated.get(share.key, ()):
            day = entry.day.toordinal()
            if entry.environment_id != environment.id or day not in days:
                continue
            for capability in capabilities:
                if capability.key == entry.capability_key:
                    cost = scaled(entry.delta, COST_SCALE)
                    usage = cost // capability.price_units
                    booked = entry.booked.toordinal()
                    yield Booking(environment, capability, day, booked, usage, cost, usage)

    def bookings(
        self,
        share: Share,
        environment: Environment,
        days: range,
        capabilities: Sequence[Capability],
    ) -> Iterator[Booking]:
        """Yield every visible booking of an environment.

        Args:
            share: The account's share in a subscription.
            environment: One environment of it.
            days: Ordinals, inside :meth:`days`.
            capabilities: Only these.

        Yields:
            Bookings, the late ones last.
        """
        yield from self.regular(share, environment, days, capabilities)
        yield from self.late(share, environment, days, capabilities)

    def total(
        self,
        share: Share,
        day: int,
        environments: Sequence[Environment],
        capabilities: Sequence[Capability],
    ) -> DayTotal:
        """Add up a day of some environments and capabilities.

        Args:
            share: The account's share in a subscription.
            day: Ordinal, inside :meth:`days`.
            environments: Only these.
            capabilities: Only these.

        Returns:
            Cost, latest booking day, and usage in the order of ``capabilities``.
        """
        # The same sums as over bookings(), without making a million bookings for a large customer.
        cost, last = 0, day
        usage = [0] * len(share.subscription.capabilities)
        weight, present = weight_of(share, day), self.today.toordinal()
        for environment in environments:
            for _, cell in self._row_of_cells(share, environment, capabilities):
                noise = cell.noise(day)
                units = cell.usage(weight, noise)
                lag = cell.lag(noise)
                if lag and day + lag < present:
                    units += cell.late_usage(weight, noise)
                    last = max(last, day + lag)
                usage[cell.position] += units
                cost += units * cell.price
            for booking in self._restated_bookings(
                share, environment, range(day, day + 1), capabilities
            ):
                cost += booking.cost
                usage[share.subscription.capabilities.index(booking.capability)] += booking.usage
                last = max(last, booking.booked)
        chosen = set(capabilities)
        return DayTotal(
            cost,
            last,
            tuple(
                units
                for units, capability in zip(usage, share.subscription.capabilities, strict=True)
                if capability in chosen
            ),
        )

    def account_day(self, share: Share, day: int) -> DayTotal:
        """Add up a day of the whole account, and remember the sum.

        Args:
            share: The account's share in a subscription.
            day: Ordinal, inside :meth:`days`.

        Returns:
            The day with what belongs to no environment.
        """
        key = (*share.key, day)
        # No seeded booking comes after the maximum lag, so an older sum holds for ever.
        settled = min(self.today.toordinal(), day + MAX_LATE_DAYS + 1)
        with self._lock:
            known = self._totals.get(key)
            if known is not None and known[0] == settled:
                return known[1]
            total = self.total(share, day, share.account.metered, share.subscription.capabilities)
            self._totals[key] = (settled, total)
            return total

    def _row_of_cells(
        self,
        share: Share,
        environment: Environment,
        capabilities: Sequence[Capability],
    ) -> list[tuple[Capability, Cell]]:
        key = (*share.key, environment.id)
        cells = self._cells.get(key)
        if cells is None:
            cells = self._cells[key] = self._made(share, environment)
        if len(capabilities) == len(share.subscription.capabilities):
            return cells
        return [pair for pair in cells if pair[0] in capabilities]

    def _made(self, share: Share, environment: Environment) -> list[tuple[Capability, Cell]]:
        every = share.subscription.capabilities
        # One capability only has usage that cannot be told apart by environment.
        used = every[:1] if environment.id == UNATTRIBUTED else every
        cells = []
        for position, capability in enumerate(used):
            name = ":".join((str(self._seed), *share.key, environment.id, capability.key))
            cell = Cell(
                salt=int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big"),
                base=max(capability.daily_units * environment.size_percent // 100, 1),
                price=capability.price_units,
                late_one_in=LATE_ONE_IN_MANAGED if environment.cluster_id else LATE_ONE_IN_SAAS,
                position=position,
            )
            cells.append((capability, cell))
        return cells
