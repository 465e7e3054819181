"""The customer: accounts, environments, clusters, subscriptions and capabilities."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

CURRENCY: Final = "USD"
UNATTRIBUTED: Final = ""
"""Environment id of the usage that Dynatrace books on the account only."""

READ_SCOPES: Final = frozenset({"account-uac-read", "account-uac-write", "account-env-read"})
INGEST_SCOPES: Final = frozenset({"storage:events:write", "openpipeline:bizevents:ingest"})


@dataclass(frozen=True)
class Scale:
    """What decides the customer's shape; two equal ones make the same customer.

    Attributes:
        seed: Any whole number.
        today: The sandbox's first present day; data end the day before.
        days: Days of metered history before ``today``.
        environments: Environments over all accounts that have costs.
        capabilities: Capabilities that every environment uses, 31 at most.
    """

    seed: int = 20241022
    today: date = date(2026, 1, 1)
    days: int = 300
    environments: int = 8
    capabilities: int = 10


@dataclass(frozen=True)
class Capability:
    """A billed capability with its list price."""

    key: str
    name: str
    unit: str
    quoted_price: str
    quoted_quantity: int
    price_units: int
    daily_units: int
    order: int


@dataclass(frozen=True)
class Environment:
    """A SaaS environment, or a Managed one when it has a cluster."""

    id: str
    name: str
    cluster_id: str | None
    size_percent: int


@dataclass(frozen=True)
class Account:
    """A Dynatrace account and its OAuth client."""

    uuid: str
    name: str
    client_id: str
    client_secret: str
    environments: tuple[Environment, ...]
    without_costs: Literal["", "empty", "missing"]

    @property
    def metered(self) -> tuple[Environment, ...]:
        """The environments and, last, what belongs to none of them."""
        if not self.environments:
            return ()
        rest = Environment(UNATTRIBUTED, "", None, size_percent=3)
        return (*self.environments, rest)


@dataclass(frozen=True)
class Subscription:
    """A Dynatrace Platform Subscription."""

    uuid: str
    name: str
    type: str
    sub_type: str | None
    status: str
    start: date
    end: date
    shared: bool
    metered: bool
    capabilities: tuple[Capability, ...]
    budget_total: int


@dataclass(frozen=True)
class Customer:
    """Everything that one seed makes."""

    scale: Scale
    accounts: tuple[Account, ...]
    subscriptions: tuple[Subscription, ...]
    ingest_client_id: str
    ingest_client_secret: str
    api_token: str
    platform_token: str
    expired_platform_token: str

    @property
    def main(self) -> Subscription:
        """The active subscription that all accounts share."""
        return self.subscriptions[0]

    def account(self, uuid_or_name: str) -> Account | None:
        """Find an account.

        Args:
            uuid_or_name: Either.

        Returns:
            The account, or None.
        """
        return next((a for a in self.accounts if uuid_or_name in {a.uuid, a.name}), None)

    def visible(self, account: Account, subscription_uuid: str) -> Subscription | None:
        """Find a subscription that an account may ask for.

        The shared one is open to all accounts but to the one that answers 404.

        Args:
            account: Who asks.
            subscription_uuid: Which subscription.

        Returns:
            The subscription, or None.
        """
        for subscription in self.subscriptions:
            if subscription.uuid == subscription_uuid:
                owner = account.uuid == self.accounts[0].uuid
                allowed = subscription.shared and account.without_costs != "missing"
                return subscription if owner or allowed else None
        return None


def years_later(day: date, years: int) -> date:
    """Move a date by whole years.

    Args:
        day: The date; 29 February becomes 28 February where needed.
        years: How many.

    Returns:
        The moved date.
    """
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
