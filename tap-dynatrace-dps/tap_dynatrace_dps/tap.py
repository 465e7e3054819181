"""The tap: settings, streams, and the accounts of a run."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import UTC, date, datetime
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap, metrics
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities
from typing_extensions import override

from . import bookmarks
from .dates import instant
from .dynatrace_api.errors import SettingsError
from .dynatrace_api.plugin import PlainErrors
from .dynatrace_api.retry import SYSTEM_CLOCK, Clock
from .sessions import Sessions
from .settings import SETTINGS
from .streams import ENVIRONMENT_STREAMS, STREAM_TYPES
from .writer import BufferedWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum

    from .stream import DPSStream


class TapDynatraceDPS(PlainErrors, Tap):
    """Dynatrace Platform Subscription (DPS) cost and usage, from the Account Management API."""

    name = "tap-dynatrace-dps"
    message_writer_class = BufferedWriter
    clock: ClassVar[Clock] = SYSTEM_CLOCK

    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        TapCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
        """Read the settings; nothing is sent yet."""
        super().__init__(*args, **kwargs)
        self.request_lock = threading.Lock()
        self.requests: Counter[tuple[str, str]] = Counter()
        self.environments_seen: set[str] = set()
        self._unknown: set[tuple[str, str]] = set()
        self._now = datetime.fromtimestamp(self.clock.now(), UTC)
        self._had_state = bool(self.state.get("bookmarks"))
        if kwargs.get("validate_config", True):
            self._check_dates()
            _ = self.sessions

    @cached_property
    def sessions(self) -> Sessions:
        """Return the accounts of the run.

        Raises:
            SettingsError: the account settings are missing or contradict each other.
        """
        user_agent = f"{self.name}/{self.plugin_version}"
        return Sessions(self.config, self.logger, user_agent, self.clock)

    @property
    def today(self) -> date:
        """Return the UTC day of the run."""
        return self._now.date()

    @property
    def start(self) -> date | None:
        """Return the first day that the settings ask for, if they do."""
        text = self.config.get("start_date")
        return instant(text).date() if text else None

    @property
    def end(self) -> datetime:
        """Return the end of the charge period, exclusive."""
        text = self.config.get("end_date")
        return min(instant(text), self._now) if text else self._now

    @property
    def filters(self) -> dict[str, str]:
        """Return the filters of the cost and usage endpoints, as comma lists."""
        names = {
            "environmentIds": "environment_ids",
            "capabilityKeys": "capability_keys",
            "clusterIds": "cluster_ids",
        }
        return {
            parameter: ",".join(self.config[setting])
            for parameter, setting in names.items()
            if self.config.get(setting)
        }

    def _check_dates(self) -> None:
        for setting in ("start_date", "end_date"):
            try:
                instant(self.config.get(setting) or "2000-01-01")
            except ValueError as error:
                message = (
                    f"The setting '{setting}' is '{self.config[setting]}', which is not a date. "
                    "Write it as 2026-01-31 or 2026-01-31T00:00:00Z."
                )
                raise SettingsError(message) from error
        if self.start and self.start > self.end.date():
            message = (
                f"The setting 'start_date' ({self.start}) lies after the end of the period "
                f"({self.end.date()})."
            )
            raise SettingsError(message)

    @override
    def load_state(self, state: Any) -> None:
        entries = state.get("bookmarks", {}) if isinstance(state, dict) else None
        if not isinstance(entries, dict):
            message = "The state is broken: its 'bookmarks' are not an object."
            raise SettingsError(message)
        names = {stream.name for stream in STREAM_TYPES}
        if entries and not names & entries.keys():
            message = (
                f"The state is that of another tap: it knows {', '.join(sorted(entries))}, of "
                f"which {self.name} has none."
            )
            raise SettingsError(message)
        for name in names & entries.keys():
            bookmarks.check(name, entries[name])
        super().load_state(state)

    @override
    def discover_streams(self) -> Sequence[DPSStream]:
        return [stream(self) for stream in STREAM_TYPES]

    def note_unknown(self, stream: str) -> Callable[[str], None]:
        """Return a function that tells of a field unknown to the stream's schema, once."""

        def note(field: str) -> None:
            if (stream, field) not in self._unknown:
                self._unknown.add((stream, field))
                self.logger.warning(
                    "Stream '%s': the API sends a field '%s' that this version does not know; "
                    "it is left out.",
                    stream,
                    field,
                )

        return note

    def flush(self) -> None:
        """Hand on what is written so far; called before waiting."""
        if isinstance(self.message_writer, BufferedWriter):
            self.message_writer.flush()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        end = partial(super()._handle_termination, signum, frame)
        if isinstance(self.message_writer, BufferedWriter):
            self.message_writer.between_messages(end)
        else:
            end()

    def finish(self) -> None:
        """Count the requests, then tell of accounts that failed.

        Raises:
            DynatraceError: an account failed and `on_account_error` is `fail`.
        """
        for (stream, account), count in sorted(self.requests.items()):
            with metrics.http_request_counter(stream, stream, account=account) as counter:
                counter.increment(count)
        self.sessions.finish()
        self._check_environments()

    def _check_environments(self) -> None:
        """Tell of environments in the settings for which no row ever came."""
        asked = any(self.streams[name].selected for name in ENVIRONMENT_STREAMS)
        unseen = set(self.config.get("environment_ids") or ()) - self.environments_seen
        if not asked or not unseen:
            return
        message = (
            f"The setting 'environment_ids' names {', '.join(sorted(unseen))}, for which no "
            "account has cost or usage in the period."
        )
        if self._had_state:
            self.logger.warning("%s", message)
        else:
            raise SettingsError(message)

    @classmethod
    @override
    def invoke(  # type: ignore[override]  # the SDK's own taps take these too
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: Any = None,
        state: IO[str] | None = None,
        catalog: IO[str] | None = None,
    ) -> None:
        super(Tap, cls).invoke(about=about, about_format=about_format)
        cls.print_version(print_fn=cls.logger.info)
        tap = cls(
            config=config.config,
            state=None if state is None else json.load(state),
            catalog=None if catalog is None else json.load(catalog),
            parse_env_config=config.parse_env,
            validate_config=True,
        )
        try:
            tap.sync_all()
        finally:
            tap.flush()
        # The SDK's own method ends here; an account that failed on the way is told of now.
        tap.finish()
