"""The account settings that the tap and the cost-allocation target share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk import typing as th

from .client import DEFAULT_API_URL, RETRY_LIMIT_SECONDS, AccountClient, new_session
from .errors import SettingsError
from .oauth import DEFAULT_SSO_URL, OAuthClient
from .retry import SYSTEM_CLOCK, Clock, Retrier, Throttle

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping, Sequence

_ONE_ACCOUNT = ("account_uuid", "client_id", "client_secret")


@dataclass(frozen=True)
class Account:
    """One account of the customer.

    Attributes:
        uuid: the account's UUID.
        name: what to call it in events and messages; the UUID where no name is set.
        client_id: OAuth client, `dt0s02.…`.
        client_secret: its secret; never shown.
        subscription_uuids: only these subscriptions; empty for all.
    """

    uuid: str
    name: str
    client_id: str
    client_secret: str = field(repr=False)
    subscription_uuids: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name the account in a message."""
        return f"account '{self.name}'"


_ACCOUNT_OBJECT = th.ObjectType(
    th.Property(
        "uuid",
        th.StringType,
        required=True,
        title="Account UUID",
        description="UUID of the account (Account Management, at the end of its URL).",
    ),
    th.Property(
        "name",
        th.StringType,
        title="Account name",
        description="What to call the account in records and messages.",
    ),
    th.Property(
        "client_id",
        th.StringType,
        required=True,
        title="Client ID",
        description="OAuth client of this account, dt0s02.XXXXXXXX.",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        required=True,
        secret=True,
        title="Client secret",
        description="Secret of the OAuth client.",
    ),
    th.Property(
        "subscription_uuids",
        th.ArrayType(th.StringType),
        title="Subscription UUIDs",
        description="Only these subscriptions of this account.",
    ),
    additional_properties=False,
)

ACCOUNT_SETTINGS: tuple[th.Property[Any], ...] = (
    th.Property(
        "accounts",
        th.ArrayType(_ACCOUNT_OBJECT),
        # The whole value holds client secrets.
        secret=True,
        title="Accounts",
        description=(
            "Several accounts, each with uuid, name, client_id, client_secret and, if wanted, "
            "subscription_uuids. The first one owns a subscription that others share."
        ),
    ),
    th.Property(
        "account_uuid",
        th.StringType,
        title="Account UUID",
        description="UUID of the account, where there is only one.",
    ),
    th.Property(
        "account_name",
        th.StringType,
        title="Account name",
        description="What to call the one account in records and messages.",
    ),
    th.Property(
        "client_id",
        th.StringType,
        title="Client ID",
        description="OAuth client of the one account, dt0s02.XXXXXXXX.",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        secret=True,
        title="Client secret",
        description="Secret of the one account's OAuth client.",
    ),
)
"""The settings both forms of account credentials are made of."""

URL_SETTINGS: tuple[th.Property[Any], ...] = (
    th.Property(
        "api_url",
        th.StringType,
        default=DEFAULT_API_URL,
        title="API URL",
        description="Scheme and host of the Account Management API.",
    ),
    th.Property(
        "sso_url",
        th.StringType,
        default=DEFAULT_SSO_URL,
        title="SSO URL",
        description="Token endpoint of the Dynatrace single sign-on.",
    ),
)
"""Where the services are; for the sandbox and non-production hosts."""


def check_url(setting: str, url: str) -> str:
    """Return the URL without a trailing slash.

    Raises:
        SettingsError: it has no http or https scheme, or no host.
    """
    try:
        parts = urlsplit(url)
        complete = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        complete = False
    if not complete:
        message = (
            f"The setting '{setting}' is '{url.rpartition('@')[2]}', which is not a complete URL. "
            "Write it with its scheme, as in https://host."
        )
        raise SettingsError(message)
    return url.rstrip("/")


def accounts_in(config: Mapping[str, Any]) -> list[Account]:
    """Read the accounts from the settings, in their order.

    Raises:
        SettingsError: none is given, both forms are, one is incomplete or listed twice.
    """
    listed = config.get("accounts") or []
    single = [name for name in (*_ONE_ACCOUNT, "account_name") if config.get(name)]
    if listed and single:
        message = (
            "Credentials are given twice: in the setting 'accounts' and in "
            f"{_names(single)}. Use one of the two forms."
        )
        raise SettingsError(message)
    if listed:
        accounts = [_account(entry, f"accounts[{index}]") for index, entry in enumerate(listed)]
    elif single:
        missing = [name for name in _ONE_ACCOUNT if not str(config.get(name) or "").strip()]
        if missing:
            verb = "is" if len(missing) == 1 else "are"
            message = f"Of the credentials of the account, {_names(missing)} {verb} missing."
            raise SettingsError(message)
        accounts = [
            _account(
                {
                    "uuid": config["account_uuid"],
                    "name": config.get("account_name"),
                    "client_id": config["client_id"],
                    "client_secret": config["client_secret"],
                },
                "account_uuid",
            )
        ]
    else:
        message = (
            "No account is configured. Set 'account_uuid', 'client_id' and 'client_secret', "
            "or list several accounts in 'accounts'."
        )
        raise SettingsError(message)
    seen: set[str] = set()
    for account in accounts:
        if account.uuid.casefold() in seen:
            message = f"The account {account.uuid} is listed twice in the setting 'accounts'."
            raise SettingsError(message)
        seen.add(account.uuid.casefold())
    return accounts


def _account(entry: Mapping[str, Any], setting: str) -> Account:
    for name in ("uuid", "client_id", "client_secret"):
        if not str(entry.get(name) or "").strip():
            message = f"The setting '{setting}' has an empty '{name}'."
            raise SettingsError(message)
    uuid = str(entry["uuid"]).strip()
    if any(character in uuid for character in "/?#% "):
        message = f"The setting '{setting}' holds '{uuid}', which is not an account UUID."
        raise SettingsError(message)
    return Account(
        uuid=uuid,
        name=str(entry.get("name") or uuid),
        client_id=str(entry["client_id"]).strip(),
        client_secret=str(entry["client_secret"]).strip(),
        subscription_uuids=tuple(entry.get("subscription_uuids") or ()),
    )


def _names(settings: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in settings)


def connect(  # noqa: PLR0913  (its collaborators)
    account: Account,
    config: Mapping[str, Any],
    *,
    scope: str,
    connections: int,
    logger: logging.Logger,
    user_agent: str,
    scope_setting: str = "scope",
    write_scope: str | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> AccountClient:
    """Make the client of an account from the plugin's settings.

    Args:
        account: whose client.
        config: the plugin's settings (`api_url`, `sso_url`, `request_timeout`).
        scope: what its tokens ask for.
        scope_setting: the setting that `scope` comes from, for messages.
        write_scope: what the tokens of requests other than GET ask for (setting `scope`), where
            they are tokens of their own: one ungranted scope makes the SSO refuse all others.
        connections: kept connections; the number of threads that will use it.
        logger: for retries.
        user_agent: sent with each request.
        clock: for tests.
    """
    timeout_seconds = float(config.get("request_timeout") or 60)
    session = new_session(connections, user_agent)
    sso_retrier = Retrier(
        limit_seconds=RETRY_LIMIT_SECONDS, throttle=Throttle(clock), logger=logger, clock=clock
    )

    def tokens(scope: str, setting: str) -> OAuthClient:
        return OAuthClient(
            owner=account.label,
            account_uuid=account.uuid,
            client_id=account.client_id,
            client_secret=account.client_secret,
            scope=scope,
            session=session,
            retrier=sso_retrier,
            sso_url=check_url("sso_url", config.get("sso_url") or DEFAULT_SSO_URL),
            scope_setting=setting,
            timeout_seconds=timeout_seconds,
            clock=clock,
        )

    return AccountClient(
        owner=account.label,
        api_url=check_url("api_url", config.get("api_url") or DEFAULT_API_URL),
        tokens=tokens(scope, scope_setting),
        write_tokens=None if write_scope is None else tokens(write_scope, "scope"),
        session=session,
        retrier=Retrier(
            limit_seconds=RETRY_LIMIT_SECONDS, throttle=Throttle(clock), logger=logger, clock=clock
        ),
        timeout_seconds=timeout_seconds,
        clock=clock,
    )
