"""The accounts of one run: their clients, their subscriptions, and what failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .dates import day_of
from .dynatrace_api.accounts import Account, accounts_in, connect
from .dynatrace_api.errors import (
    ApiError,
    CredentialsError,
    DynatraceError,
    SettingsError,
)
from .paging import KeyStyle, rows_of

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator, Mapping
    from datetime import date

    from .dynatrace_api.client import AccountClient
    from .dynatrace_api.retry import Clock

DEFAULT_SCOPE = "account-uac-read"


@dataclass(frozen=True)
class Subscription:
    """A subscription as one account may ask about it.

    Attributes:
        uuid: its UUID.
        summary: its entry in the list, as the API gave it.
        shared: another account lists it; this one only has costs in it.
    """

    uuid: str
    summary: Mapping[str, Any]
    shared: bool = False

    @property
    def is_active(self) -> bool:
        """Tell whether its status is ACTIVE."""
        return self.summary.get("status") == "ACTIVE"

    @property
    def may_lack_data(self) -> bool:
        """Tell whether 404 only means that there is none: a contract of others, or not active."""
        return self.shared or not self.is_active

    @property
    def first_day(self) -> date | None:
        """Return the first day of the contract, where the list has it."""
        return self._day("startTime")

    @property
    def last_day(self) -> date | None:
        """Return the last day of the contract, where the list has it."""
        return self._day("endTime")

    def _day(self, name: str) -> date | None:
        try:
            return day_of(str(self.summary[name]))
        except (KeyError, ValueError):
            return None


WHOLE_ACCOUNT = Subscription("", {})
"""Stands for no subscription, where an endpoint knows only accounts."""


class Session:
    """One account in this run."""

    def __init__(
        self,
        account: Account,
        config: Mapping[str, Any],
        logger: logging.Logger,
        user_agent: str,
        clock: Clock,
    ) -> None:
        """Make the account's client; nothing is sent yet."""
        self.account = account
        self._config = config
        self._logger = logger
        self._user_agent = user_agent
        self._clock = clock
        self._listed: list[Subscription] | None = None
        self._list_failure: DynatraceError | None = None
        self._clients: dict[str, AccountClient] = {}
        self.parallel = int(config["max_parallel_requests"])
        self.v3_keys = KeyStyle(alone=False)
        self.refused: CredentialsError | None = None

    def client(self, scope: str | None = None) -> AccountClient:
        """Return the client whose tokens have this scope, by default that of the settings."""
        scope = scope or str(self._config.get("scope") or DEFAULT_SCOPE)
        if scope not in self._clients:
            self._clients[scope] = connect(
                self.account,
                self._config,
                scope=scope,
                connections=self.parallel,
                logger=self._logger,
                user_agent=self._user_agent,
                clock=self._clock,
            )
        return self._clients[scope]

    def listed_subscriptions(self) -> list[Subscription]:
        """Return the subscriptions that the account lists itself, unfiltered; asked for once.

        Raises:
            DynatraceError: the list cannot be read. The same again on each further call, because
                every stream of every account that shares the list would wait for it anew.
        """
        if self._list_failure is not None:
            raise self._list_failure
        if self._listed is None:
            path = f"/sub/v2/accounts/{self.account.uuid}/subscriptions"
            try:
                body = self.client().get(path)
            except DynatraceError as error:
                self._list_failure = error
                raise
            self._listed = [
                Subscription(str(entry["uuid"]), entry)
                for entry in rows_of(body, "data", "subscriptions", "items")
                if entry.get("uuid")
            ]
        return self._listed

    def has_valid_credentials(self) -> bool:
        """Tell whether the SSO grants the account's client the usual scope."""
        try:
            self.listed_subscriptions()
        except CredentialsError:
            return False
        except DynatraceError:
            return True
        return True


@dataclass(frozen=True)
class Failure:
    """What went wrong for one account in one stream."""

    account: Account
    stream: str
    error: DynatraceError


class Sessions:
    """All accounts of the run. One account's failure stays its own."""

    def __init__(
        self, config: Mapping[str, Any], logger: logging.Logger, user_agent: str, clock: Clock
    ) -> None:
        """Read the accounts from the settings.

        Raises:
            SettingsError: they are missing, incomplete or contradict each other.
        """
        self._config = config
        self._logger = logger
        self._all = [
            Session(account, config, logger, user_agent, clock) for account in accounts_in(config)
        ]
        for session in self._all:
            session.client()
        self.failures: list[Failure] = []

    def usable(self) -> Iterator[Session]:
        """Yield the accounts whose credentials were not refused in this run."""
        for session in self._all:
            if session.refused is None:
                yield session

    def fail(self, session: Session, stream: str, error: DynatraceError) -> None:
        """Remember a failure, to be told at the end."""
        if isinstance(error, CredentialsError):
            session.refused = error
        self.failures.append(Failure(session.account, stream, error))
        self._logger.warning(
            "Stream '%s' of %s stops here; the other accounts go on. %s",
            stream,
            session.account.label,
            error,
        )

    def own_subscriptions(self, session: Session) -> list[Subscription]:
        """Return the listed subscriptions that the settings ask for.

        Raises:
            SettingsError: the settings name a subscription that no list has.
        """
        self._check_names(session)
        wanted = self._wanted(session)
        listed = session.listed_subscriptions()
        return [entry for entry in listed if not wanted or entry.uuid in wanted]

    def subscriptions(self, session: Session) -> list[Subscription]:
        """Return the subscriptions whose cost and usage the account is asked for.

        An account that lists none shares the first account's active REGULAR ones.
        """
        if session.listed_subscriptions():
            return self.own_subscriptions(session)
        self._check_names(session)
        wanted = self._wanted(session)
        owner = self._all[0]
        try:
            listed = owner.listed_subscriptions()
        except DynatraceError as error:
            message = (
                f"{session.account.label} lists no subscription of its own, and which ones it "
                f"shares cannot be read from {owner.account.label}."
            )
            raise DynatraceError(message) from error
        shared = [
            Subscription(entry.uuid, entry.summary, shared=True)
            for entry in listed
            if (entry.uuid in wanted)
            or (not wanted and entry.is_active and entry.summary.get("type") == "REGULAR")
        ]
        if not shared:
            self._logger.warning(
                "%s lists no subscription, and %s has no active REGULAR one to share.",
                session.account.label,
                owner.account.label,
            )
        return shared

    def _wanted(self, session: Session) -> set[str]:
        return set(session.account.subscription_uuids or self._config.get("subscription_uuids", ()))

    def _check_names(self, session: Session) -> None:
        """Refuse a subscription in the settings that neither this list nor another one has."""
        known = {entry.uuid for entry in session.listed_subscriptions()}
        unknown = self._wanted(session) - known
        for other in self._all if unknown else ():
            try:
                unknown -= {entry.uuid for entry in other.listed_subscriptions()}
            except (ApiError, CredentialsError):
                # That account's list cannot be read, so nothing can be said about the name.
                return
        if unknown:
            message = (
                f"The setting 'subscription_uuids' names {', '.join(sorted(unknown))}, which no "
                "account lists. Check it in Account Management."
            )
            raise SettingsError(message)

    def finish(self) -> None:
        """Tell of the failures, once everything else is done.

        Raises:
            DynatraceError: an account failed and `on_account_error` is `fail`.
        """
        if not self.failures:
            return
        failed = {failure.account.uuid for failure in self.failures}
        reasons = dict.fromkeys(
            f"{failure.account.label}, stream '{failure.stream}': {failure.error}"
            for failure in self.failures
        )
        summary = f"{len(failed)} of {len(self._all)} accounts did not finish. {' '.join(reasons)}"
        if self._config.get("on_account_error") == "skip":
            self._logger.warning("%s", summary)
            return
        raise DynatraceError(summary)
