"""Makes a believable customer from a seed."""

from __future__ import annotations

import csv
import hashlib
import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from importlib import resources
from typing import Final, Literal

from dynatrace_sandbox.customer import (
    Account,
    Capability,
    Customer,
    Environment,
    Scale,
    Subscription,
    years_later,
)
from dynatrace_sandbox.decimals import PRICE_SCALE, USAGE_SCALE, scaled

PERIODS: Final = 3
"""A contract runs for three yearly periods, or for as many as its history needs."""
EXPIRED_DAYS: Final = 45
"""Length of the expired subscription, in days."""
HEADROOM_PERCENT: Final = 115
"""A commitment is this share of its period at the first day's rate."""


class _Words:
    """Stable pseudo-random identifiers of one seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def digest(self, name: str) -> bytes:
        return hashlib.sha512(f"{self._seed}:{name}".encode()).digest()

    def number(self, name: str) -> int:
        return int.from_bytes(self.digest(name)[:8], "big")

    def uuid(self, name: str) -> str:
        return str(uuid.UUID(bytes=self.digest(name)[:16], version=4))

    def letters(self, name: str, length: int) -> str:
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        return "".join(alphabet[byte % 32] for byte in self.digest(name)[:length])

    def tenant(self, name: str) -> str:
        number = self.number(name)
        letters = "".join(chr(ord("a") + (number >> shift) % 26) for shift in (0, 8, 16))
        return f"{letters}{10000 + (number >> 24) % 90000}"


def catalogue() -> tuple[Capability, ...]:
    """Read the 31 documented capabilities, the most common first.

    Returns:
        Keys, names and units as documented; prices after the public list, daily usage invented.
    """
    file = resources.files("dynatrace_sandbox") / "data" / "capabilities.csv"
    rows = csv.DictReader(file.read_text("utf-8").splitlines())
    return tuple(
        Capability(
            key=row["key"],
            name=row["name"],
            unit=row["unit"],
            quoted_price=row["quoted_price"],
            quoted_quantity=int(row["quoted_quantity"]),
            price_units=scaled(
                Decimal(row["quoted_price"]) / Decimal(row["quoted_quantity"]), PRICE_SCALE
            ),
            daily_units=scaled(Decimal(row["daily_usage"]), USAGE_SCALE),
            order=order,
        )
        for order, row in enumerate(rows)
    )


@dataclass(frozen=True)
class _Plan:
    """How one of the five accounts is made: its share of Managed environments and its costs."""

    name: str
    managed: Literal["none", "all", "every other"] = "none"
    without_costs: Literal["", "empty", "missing"] = ""


PLANS: Final = (
    _Plan("Production SaaS"),
    _Plan("Managed Europe", managed="all"),
    _Plan("Retail Hybrid", managed="every other"),
    _Plan("Training", without_costs="empty"),
    _Plan("Acquired Company", without_costs="missing"),
)
ACCOUNTS_WITH_COSTS: Final = 3
ENVIRONMENT_NAMES: Final = (
    "production",
    "staging",
    "development",
    "payments",
    "logistics",
    "webshop",
    "analytics",
    "quality",
)


def build(scale: Scale) -> Customer:
    """Make the customer of a seed.

    Args:
        scale: Seed, first day and size.

    Returns:
        The same customer for the same scale.
    """
    words = _Words(scale.seed)
    accounts = tuple(_account(words, scale, number) for number in range(len(PLANS)))
    capabilities = catalogue()[: scale.capabilities]
    return Customer(
        scale=scale,
        accounts=accounts,
        subscriptions=_subscriptions(words, scale, accounts, capabilities),
        ingest_client_id=f"dt0s02.{words.letters('ingest client', 8)}",
        ingest_client_secret=_client_secret(words, "ingest client"),
        api_token=_static_token(words, "dt0c01", "api token"),
        platform_token=_static_token(words, "dt0s16", "platform token"),
        expired_platform_token=_static_token(words, "dt0s16", "expired platform token"),
    )


def _client_secret(words: _Words, name: str) -> str:
    return f"dt0s02.{words.letters(name, 8)}.{words.letters(name + ' secret', 64)}"


def _static_token(words: _Words, prefix: str, name: str) -> str:
    return f"{prefix}.{words.letters(name, 24)}.{words.letters(name + ' secret', 64)}"


def _account(words: _Words, scale: Scale, number: int) -> Account:
    plan = PLANS[number]
    return Account(
        uuid=words.uuid(f"account {number}"),
        name=plan.name,
        client_id=f"dt0s02.{words.letters(f'client {number}', 8)}",
        client_secret=_client_secret(words, f"client {number}"),
        environments=tuple(
            _environment(words, number, index)
            for index in range(scale.environments)
            if index % ACCOUNTS_WITH_COSTS == number
        ),
        without_costs=plan.without_costs,
    )


def _environment(words: _Words, account: int, index: int) -> Environment:
    label = f"environment {index}"
    even = (index // ACCOUNTS_WITH_COSTS) % 2 == 0
    managed = PLANS[account].managed == "all" or (PLANS[account].managed == "every other" and even)
    name = ENVIRONMENT_NAMES[index % len(ENVIRONMENT_NAMES)]
    round_number = index // len(ENVIRONMENT_NAMES)
    cluster = words.uuid(f"cluster {account} {even}")
    return Environment(
        id=words.uuid(label) if managed else words.tenant(label),
        name=f"{name}-{round_number + 1}" if round_number else name,
        cluster_id=cluster if managed else None,
        size_percent=30 + words.number(label) % 170,
    )


def _subscriptions(
    words: _Words,
    scale: Scale,
    accounts: tuple[Account, ...],
    capabilities: tuple[Capability, ...],
) -> tuple[Subscription, ...]:
    start = scale.today - timedelta(days=scale.days)
    years = max(PERIODS, -(-(scale.days + 1) // 365))
    per_day = sum(
        capability.daily_units * capability.price_units * environment.size_percent // 100
        for account in accounts
        for environment in account.environments
        for capability in capabilities
    )
    step: int = 10_000 * 10 ** (USAGE_SCALE + PRICE_SCALE)

    def commitment(days: int) -> int:
        steps = -(-per_day * days * HEADROOM_PERCENT // 100 // step)
        return max(steps, 1) * step

    main = Subscription(
        uuid=words.uuid("subscription main"),
        name="DPS for Hybrid",
        type="REGULAR",
        sub_type=None,
        status="ACTIVE",
        start=start,
        end=years_later(start, years) - timedelta(days=1),
        shared=True,
        metered=True,
        capabilities=capabilities,
        budget_total=commitment(365),
    )
    expired = Subscription(
        uuid=words.uuid("subscription expired"),
        name="DPS pilot year",
        type="REGULAR",
        sub_type=None,
        status="EXPIRED",
        start=start - timedelta(days=EXPIRED_DAYS),
        end=start - timedelta(days=1),
        shared=False,
        metered=True,
        capabilities=capabilities[:3],
        budget_total=commitment(EXPIRED_DAYS),
    )
    trial = Subscription(
        uuid=words.uuid("subscription trial"),
        name="Trial of Kubernetes",
        type="TRIAL",
        sub_type="POC",
        status="ACTIVE",
        start=scale.today - timedelta(days=5),
        end=scale.today + timedelta(days=24),
        shared=False,
        metered=False,
        capabilities=capabilities[:3],
        budget_total=step // 10,
    )
    return (main, expired, trial)
