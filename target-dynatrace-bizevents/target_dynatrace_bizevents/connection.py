"""From the settings to the client of the ingest endpoint."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from .dynatrace_api.accounts import check_url
from .dynatrace_api.client import new_session
from .dynatrace_api.errors import DynatraceError, SettingsError
from .dynatrace_api.oauth import OAuthClient
from .dynatrace_api.retry import Clock, Retrier, Throttle
from .endpoint import ingest_url, is_platform
from .ingest import Authorization, IngestClient, OAuthBearer, StaticToken

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    import requests

_OAUTH = ("client_id", "client_secret", "account_uuid")


class StoppedError(DynatraceError):
    """The run ends before everything is delivered."""


class StoppableClock(Clock):
    """A clock whose waits end when the run does."""

    def __init__(self) -> None:
        """Start running."""
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End all waits, now and later."""
        self._stopped.set()

    @override
    def sleep(self, seconds: float) -> None:
        if self._stopped.wait(seconds):
            message = (
                "The run was stopped before everything was delivered; the next run continues "
                "where the state says."
            )
            raise StoppedError(message)


class Connection:
    """The ingest client and what has to be closed after it.

    Attributes:
        client: sends.
        clock: stops its waits.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        *,
        logger: logging.Logger,
        user_agent: str,
        clock: StoppableClock,
    ) -> None:
        """Read the settings; nothing is sent yet.

        Raises:
            SettingsError: a setting is missing, contradicts another one or makes no sense.
        """
        url = ingest_url(config["environment_url"])
        self.clock = clock
        self._limit_seconds = float(config["max_retry_seconds"])
        self._timeout_seconds = float(config["request_timeout"])
        self._logger = logger
        self._session: requests.Session = new_session(config["max_parallel_requests"], user_agent)
        self.client = IngestClient(
            url=url,
            authorization=self._authorization(config, url),
            session=self._session,
            retrier=self._retrier(),
            timeout_seconds=self._timeout_seconds,
            compress=bool(config["compress"]),
            logger=logger,
            clock=clock,
        )

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _retrier(self) -> Retrier:
        return Retrier(
            limit_seconds=self._limit_seconds,
            throttle=Throttle(self.clock),
            logger=self._logger,
            clock=self.clock,
        )

    def _authorization(self, config: Mapping[str, Any], url: str) -> Authorization:
        values = {
            name: str(config.get(name) or "").strip()
            for name in (*_OAUTH, "api_token", "platform_token")
        }
        _check(values, url)
        if values["api_token"]:
            hints = {
                401: "Check the setting 'api_token'.",
                403: "The token in 'api_token' needs the scope bizevents.ingest.",
            }
            return StaticToken("Api-Token", values["api_token"], hints)
        if values["platform_token"]:
            hints = {
                401: "Check the setting 'platform_token', and that 'environment_url' is the "
                "apps.dynatrace.com one.",
                403: "The token in 'platform_token' has expired or lacks the scope "
                "storage:events:write.",
            }
            return StaticToken("Bearer", values["platform_token"], hints)
        scope = str(config["scope"])
        tokens = OAuthClient(
            owner=f"the account {values['account_uuid']}",
            account_uuid=values["account_uuid"],
            client_id=values["client_id"],
            client_secret=values["client_secret"],
            scope=scope,
            session=self._session,
            retrier=self._retrier(),
            sso_url=check_url("sso_url", config["sso_url"]),
            timeout_seconds=self._timeout_seconds,
            clock=self.clock,
        )
        return OAuthBearer(tokens, scope)


def _check(values: Mapping[str, str], url: str) -> None:
    """See that exactly one kind of credentials is given, and whole.

    Raises:
        SettingsError: it is not so.
    """
    # The account alone may come from settings that other plugins share.
    oauth = values["client_id"] or values["client_secret"]
    kinds = [name for name in ("api_token", "platform_token") if values[name]]
    if oauth:
        kinds.insert(0, "client_id")
    if not kinds:
        message = (
            "No credentials are configured. Set 'client_id', 'client_secret' and 'account_uuid', "
            "or 'api_token', or 'platform_token'."
        )
        raise SettingsError(message)
    if len(kinds) > 1:
        message = (
            f"Several kinds of credentials are configured: {', '.join(map(repr, kinds))}. "
            "Use one of them."
        )
        raise SettingsError(message)
    for name in kinds:
        # Into a header goes what a header can hold; anything else is a slip of the clipboard.
        if not values[name].isascii() or not values[name].isprintable() or " " in values[name]:
            message = f"The setting '{name}' holds characters that no token has. Copy it again."
            raise SettingsError(message)
    missing = [name for name in _OAUTH if not values[name]] if oauth else []
    if missing:
        names, verb = ", ".join(map(repr, missing)), "is" if len(missing) == 1 else "are"
        message = f"Of the credentials of the OAuth client, {names} {verb} missing."
        raise SettingsError(message)
    if values["api_token"] and is_platform(url):
        message = (
            "An 'api_token' does not work with an apps.dynatrace.com 'environment_url'. Use "
            "https://<environment>.live.dynatrace.com, or an OAuth client."
        )
        raise SettingsError(message)
