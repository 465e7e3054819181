"""The sandbox as a whole: customer, clock, switches, and what people changed."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from dynatrace_sandbox.allocation import HISTORY_DAYS, first_values
from dynatrace_sandbox.bookings import Restatement
from dynatrace_sandbox.customer import Account, Scale, Subscription
from dynatrace_sandbox.customer_making import build
from dynatrace_sandbox.decimals import COST_SCALE
from dynatrace_sandbox.faults import FaultPlan
from dynatrace_sandbox.metering import Metering
from dynatrace_sandbox.store import Store
from dynatrace_sandbox.switches import Switches
from dynatrace_sandbox.times import overlap
from dynatrace_sandbox.tokens import TokenOffice

if TYPE_CHECKING:
    from decimal import Decimal
    from pathlib import Path

KEPT_REQUESTS: Final = 100_000
"""The request log forgets the oldest entries above this."""
CLOSED_DAYS: Final = 2
"""Cost allocation has nothing for the last 24 hours, so the youngest day is two days back."""
MAX_ADVANCE_DAYS: Final = 3650


class SandboxUsageError(Exception):
    """Somebody asked for what cannot be; the text says what and what to do."""


@dataclass(frozen=True)
class Options:
    """What the command line or a test decides; None takes what is stored, else the default."""

    data: Path | None = None
    seed: int | None = None
    today: date | None = None
    days: int | None = None
    environments: int | None = None
    capabilities: int | None = None
    switches: Switches | None = None


class Sandbox:
    """One customer on one present day."""

    def __init__(self, options: Options) -> None:
        """Make the customer, or take up the one that the data directory remembers.

        Args:
            options: What to make.

        Raises:
            SandboxUsageError: If the options contradict the data directory.
        """
        self.store = Store(options.data)
        try:
            scale, today = self._remembered(options)
        except SandboxUsageError:
            self.store.close()
            raise
        self.customer = build(scale)
        self.metering = Metering(scale.seed, today)
        for entry in self.store.restatements():
            self.metering.add(entry)
        self.switches = options.switches or Switches()
        self.tokens = TokenOffice(self.customer)
        self.faults = FaultPlan()
        self.requests: deque[dict[str, Any]] = deque(maxlen=KEPT_REQUESTS)
        self.request_count = 0
        self._values = self.store.allowed_values()
        self._lock = Lock()

    def _remembered(self, options: Options) -> tuple[Scale, date]:
        facts = self.store.facts()
        present = options.today or datetime.now(UTC).date()
        default = Scale(today=present)
        made = Scale(
            seed=int(facts.get("seed", default.seed)),
            today=date.fromisoformat(facts.get("first_today", str(present))),
            days=int(facts.get("days", default.days)),
            environments=int(facts.get("environments", default.environments)),
            capabilities=int(facts.get("capabilities", default.capabilities)),
        )
        if not facts:
            made = Scale(
                seed=default.seed if options.seed is None else options.seed,
                today=present,
                days=options.days or default.days,
                environments=options.environments or default.environments,
                capabilities=options.capabilities or default.capabilities,
            )
        for name in ("seed", "days", "environments", "capabilities"):
            asked, known = getattr(options, name), getattr(made, name)
            if asked is not None and asked != known:
                reason = (
                    f"the data directory {options.data} holds a customer with {name} {known}, "
                    f"not {asked}; leave the option out or use another directory"
                )
                raise SandboxUsageError(reason)
        today = date.fromisoformat(facts.get("today", str(present)))
        if options.today is not None and options.today < today:
            reason = (
                f"the data directory {options.data} is at {today} already; "
                f"--today {options.today} would turn the clock back"
            )
            raise SandboxUsageError(reason)
        today = options.today or today
        for name in ("seed", "days", "environments", "capabilities"):
            self.store.remember(name, str(getattr(made, name)))
        self.store.remember("first_today", str(made.today))
        self.store.remember("today", str(today))
        return made, today

    def close(self) -> None:
        """Close the database."""
        self.store.close()

    @property
    def today(self) -> date:
        """The sandbox's present day."""
        return self.metering.today

    def advance(self, days: int) -> date:
        """Let days pass: new days are metered, late bookings come in.

        Args:
            days: How many.

        Returns:
            The new present day.

        Raises:
            SandboxUsageError: If it is not a sensible number of days.
        """
        if not 0 <= days <= MAX_ADVANCE_DAYS:
            reason = f"days must be from 0 to {MAX_ADVANCE_DAYS}"
            raise SandboxUsageError(reason)
        self.metering.today += timedelta(days=days)
        self.store.remember("today", str(self.today))
        return self.today

    def restate(
        self,
        day: date,
        delta: Decimal,
        account: str | None = None,
        environment_id: str | None = None,
        capability_key: str | None = None,
    ) -> Restatement:
        """Book another amount on a past day of the shared subscription.

        Args:
            day: A metered day.
            delta: Cost to add, negative to take away.
            account: UUID or name; the first account where not given.
            environment_id: The account's first environment where not given.
            capability_key: The first capability where not given.

        Returns:
            What was booked.

        Raises:
            SandboxUsageError: If there is no such account, environment, capability or day.
        """
        subscription = self.customer.main
        chosen = self.customer.account(account) if account else self.customer.accounts[0]
        if chosen is None or not chosen.environments:
            reason = f"no account with costs is called {account!r}"
            raise SandboxUsageError(reason)
        environment = environment_id or chosen.environments[0].id
        if environment not in {known.id for known in chosen.environments}:
            reason = f"{chosen.name} has no environment {environment!r}"
            raise SandboxUsageError(reason)
        key = capability_key or subscription.capabilities[0].key
        if key not in {capability.key for capability in subscription.capabilities}:
            reason = f"no capability is called {key!r}"
            raise SandboxUsageError(reason)
        if day.toordinal() not in self.metering.days(subscription):
            reason = f"{day} is not a metered day; they run from {subscription.start} to yesterday"
            raise SandboxUsageError(reason)
        exponent = delta.as_tuple().exponent
        if not isinstance(exponent, int) or exponent < -COST_SCALE:
            reason = f"delta must be a number with at most {COST_SCALE} decimal places"
            raise SandboxUsageError(reason)
        entry = Restatement(
            chosen.uuid,
            subscription.uuid,
            environment,
            key,
            day,
            delta,
            booked=self.today - timedelta(days=1),
        )
        self.store.add_restatement(entry)
        self.metering.add(entry)
        return entry

    def values(self, account: Account, field: str) -> list[str]:
        """List an account's cost centers or products.

        Args:
            account: The account.
            field: ``costcenters`` or ``products``.

        Returns:
            Keys.
        """
        with self._lock:
            known = self._values.get((account.uuid, field))
            if known is None:
                known = first_values(self.customer.accounts.index(account), field)
            return list(known)

    def set_values(self, account: Account, field: str, keys: list[str]) -> None:
        """Replace an account's cost centers or products.

        Args:
            account: The account.
            field: ``costcenters`` or ``products``.
            keys: All keys.
        """
        with self._lock:
            self._values[account.uuid, field] = list(keys)
            self.store.set_allowed_values(account.uuid, field, keys)

    def allocation_days(self, subscription: Subscription) -> range:
        """Tell for which days costs are allocated.

        Args:
            subscription: The subscription.

        Returns:
            Ordinals.
        """
        first = self.customer.scale.today.toordinal() - HISTORY_DAYS
        last = self.today.toordinal() - CLOSED_DAYS
        return overlap(self.metering.days(subscription), range(first, max(first, last + 1)))

    def logged(self, path: str) -> list[dict[str, Any]]:
        """Read the request log.

        Args:
            path: A regular expression to be found in the path; "" for all.

        Returns:
            Entries, oldest first.

        Raises:
            SandboxUsageError: If the expression is broken.
        """
        try:
            pattern = re.compile(path)
        except re.error as error:
            reason = f"{path!r} is no regular expression: {error}"
            raise SandboxUsageError(reason) from error
        return [entry for entry in list(self.requests) if pattern.search(entry["path"])]
