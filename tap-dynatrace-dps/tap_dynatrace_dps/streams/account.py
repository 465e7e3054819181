"""What belongs to an account as a whole: itself, subscriptions, prices, forecast, environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from tap_dynatrace_dps import schemas
from tap_dynatrace_dps.dynatrace_api.errors import ApiError
from tap_dynatrace_dps.paging import rows_of
from tap_dynatrace_dps.stream import NOT_FOUND, Chunk, DPSStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_dynatrace_dps.sessions import Session, Subscription


class Accounts(DPSStream):
    """The accounts of the settings, never their secrets.

    Each account's list of subscriptions is asked for first, so that wrong credentials are told
    here and not in the middle of the night's work.
    """

    name = "accounts"
    schema = schemas.ACCOUNTS
    primary_keys = ("uuid",)

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        self.sessions.own_subscriptions(session)
        account = session.account
        yield Chunk([{"uuid": account.uuid, "name": account.name}])


class Subscriptions(DPSStream):
    """Subscriptions with budget, current period and capabilities."""

    name = "subscriptions"
    schema = schemas.SUBSCRIPTIONS
    primary_keys = ("accountUuid", "uuid")

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        for subscription in self.sessions.own_subscriptions(session):
            record = {**subscription.summary, **self._detail(session, subscription)}
            yield Chunk([self.finished(record, session)])

    def _detail(self, session: Session, subscription: Subscription) -> dict[str, Any]:
        account = session.account.uuid
        try:
            body = self.fetch(
                session, f"/sub/v2/accounts/{account}/subscriptions/{subscription.uuid}"
            )
        except ApiError as error:
            if error.status != NOT_FOUND or subscription.is_active:
                raise
            self.logger.warning("Only the list knows subscription %s: %s", subscription.uuid, error)
            body = None
        return body if isinstance(body, dict) else {}


class Forecast(DPSStream):
    """The account's cost forecast; none before about 15 days of data."""

    name = "forecast"
    schema = schemas.FORECAST
    primary_keys = ("accountUuid", "forecastCreatedAt")
    optional = True

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        path = f"/sub/v2/accounts/{session.account.uuid}/subscriptions/forecast"
        try:
            body = self.fetch(session, path)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise
            body = None
        if isinstance(body, dict) and body.get("forecastCreatedAt"):
            yield Chunk([self.finished(body, session)])
        else:
            self.logger.info("%s has no forecast yet.", session.account.label)


class RateCards(DPSStream):
    """Prices by capability; one record is a capability's price on a card."""

    name = "rate_cards"
    schema = schemas.RATE_CARDS
    primary_keys = ("accountUuid", "quoteNumber", "key", "startTime", "deploymentType")
    optional = True

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        body = self.fetch(session, f"/sub/v1/accounts/{session.account.uuid}/rate-cards")
        prices: dict[tuple[str, ...], dict[str, Any]] = {}
        for card in rows_of(body, "data", "items"):
            for price in card.get("capabilities") or ():
                record = self.finished(_priced(card, price), session)
                # A card repeated in full, or a correction of it: the later entry counts.
                prices[tuple(record[name] for name in self.primary_keys)] = record
        yield Chunk(list(prices.values()))


def _priced(card: dict[str, Any], price: dict[str, Any]) -> dict[str, Any]:
    own = {name: value for name, value in card.items() if name != "capabilities"}
    return {
        **own,
        **price,
        "quoteNumber": own.get("quoteNumber") or "",
        "key": price.get("key") or "",
        "startTime": price.get("startTime") or own.get("startTime") or "",
        "endTime": price.get("endTime") or own.get("endTime"),
        "deploymentType": price.get("deploymentType") or "",
        "cardStartTime": own.get("startTime"),
        "cardEndTime": own.get("endTime"),
    }


class Environments(DPSStream):
    """Names of the environments; needs a scope of its own, so it is not selected by default."""

    name = "environments"
    schema = schemas.ENVIRONMENTS
    primary_keys = ("accountUuid", "id")
    selected_by_default = False
    optional = True
    scope = "account-env-read"

    @override
    def read(self, session: Session) -> Iterator[Chunk]:
        body = self.fetch(session, f"/env/v2/accounts/{session.account.uuid}/environments")
        rows = rows_of(body, "data", "environments", "items")
        found = {row["id"]: self.finished(row, session) for row in rows if row.get("id")}
        yield Chunk(list(found.values()))
