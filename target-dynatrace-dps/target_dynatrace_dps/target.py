"""The target: settings, streams, and when it writes."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import typing as th
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.target_base import Target
from typing_extensions import override

from .change import RefusedInputError
from .dynatrace_api.accounts import ACCOUNT_SETTINGS, URL_SETTINGS, accounts_in, connect
from .dynatrace_api.plugin import PlainErrors
from .fields import FIELDS
from .reader import PlainReader
from .sinks import MELTANO_TEST_STREAM, AllowListSink, ConnectionTestSink
from .wishes import Input
from .write import Options, try_connections, write

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum
    from singer_sdk.sinks import Sink

READ_SCOPE = "account-uac-read"
WRITE_SCOPE = "account-uac-write"
APPEND_ONLY, UPSERT, OVERWRITE = "append-only", "upsert", "overwrite"

_KILLED = 128
"""A process ended by a signal exits with this plus the signal's number, by convention."""

_UNUSED_SETTINGS = ("add_record_metadata", "batch_size_rows")
"""Settings the SDK gives to every target, and that would do nothing here."""


class TargetDynatraceDPS(PlainErrors, Target):
    """Singer target that writes Dynatrace cost centers and products."""

    name = "target-dynatrace-dps"
    message_reader_class = PlainReader
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
        PluginCapabilities.ACTIVATE_VERSION,
        TargetCapabilities.HARD_DELETE,
    ]
    config_jsonschema = th.PropertiesList(
        *ACCOUNT_SETTINGS,
        th.Property(
            "load_method",
            th.StringType,
            default=APPEND_ONLY,
            allowed_values=[APPEND_ONLY, UPSERT, OVERWRITE],
            title="Load method",
            description=(
                "`append-only` and `upsert` add the keys that are not there yet and leave the "
                "others alone. `overwrite` makes the list equal to the input."
            ),
        ),
        th.Property(
            "hard_delete",
            th.BooleanType,
            default=False,
            title="Hard delete",
            description=(
                "Whether an ACTIVATE_VERSION message, with which a tap ends a complete stream, "
                "removes the keys that the stream lacks."
            ),
        ),
        th.Property(
            "allow_empty",
            th.BooleanType,
            default=False,
            title="Allow empty",
            description=(
                "Whether a complete input (`overwrite`, or ACTIVATE_VERSION with `hard_delete`) "
                "without any key may empty a list."
            ),
        ),
        th.Property(
            "dry_run",
            th.BooleanType,
            default=False,
            title="Dry run",
            description="Only say what would change: no write request is sent, no state passed on.",
        ),
        *URL_SETTINGS,
        th.Property(
            "scope",
            th.StringType,
            default=WRITE_SCOPE,
            title="Scope",
            description="What the token for changes asks for.",
        ),
        th.Property(
            "read_scope",
            th.StringType,
            default=READ_SCOPE,
            title="Read scope",
            description="What the token for reading the lists asks for.",
        ),
        th.Property(
            "request_timeout",
            th.IntegerType(minimum=1),
            default=60,
            title="Request timeout",
            description="Seconds until a request without an answer counts as failed.",
        ),
    ).to_dict()

    # The lists are written once, at the end. An earlier drain would pass on state before that.
    _MAX_RECORD_AGE_IN_MINUTES = math.inf

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  (passed on)
        """Read the accounts.

        Raises:
            SettingsError: the accounts or the URLs make no sense.
        """
        super().__init__(*args, **kwargs)
        self._clients = {
            account.uuid: connect(
                account,
                self.config,
                scope=self.config.get("read_scope") or READ_SCOPE,
                scope_setting="read_scope",
                write_scope=self.config.get("scope") or WRITE_SCOPE,
                connections=1,
                logger=self.logger,
                user_agent=f"{self.name}/{self.plugin_version}",
            )
            for account in accounts_in(self.config)
        }
        self.account_uuids = {uuid.casefold(): uuid for uuid in self._clients}
        self.input = Input(first_account=next(iter(self._clients)))
        self.connection_test = False

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        for setting in _UNUSED_SETTINGS:
            config_jsonschema["properties"].pop(setting, None)

    @override
    def get_sink_class(self, stream_name: str) -> type[Sink]:
        if stream_name == MELTANO_TEST_STREAM:
            return ConnectionTestSink
        if stream_name not in FIELDS:
            message = (
                f"The stream '{stream_name}' is none of the two that {self.name} takes, "
                "'cost_centers' and 'products'. Select only these in the tap, or rename it with "
                f'\'stream_maps\': {{"{stream_name}": {{"__alias__": "cost_centers"}}}}.'
            )
            raise RefusedInputError(message)
        return AllowListSink

    @override
    def process_endofpipe(self) -> None:
        """Write the lists, then let the SDK pass on the state."""
        options = Options(
            overwrite=self.config["load_method"] == OVERWRITE,
            allow_empty=bool(self.config["allow_empty"]),
            dry_run=bool(self.config["dry_run"]),
        )
        if self.connection_test:
            try_connections(self._clients, self.logger)
        write(self.input, self._clients, options, self.logger)
        super().process_endofpipe()

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        if self.config["dry_run"]:
            self.logger.info("Dry run. The state is not passed on, since nothing was written.")
            return
        super()._write_state_message(state)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # The SDK would drain, which means: write a list of which only a part has arrived.
        self.logger.warning(
            "Stopped by signal %d before the end of the input: what is not written yet stays as "
            "it is, and no state is passed on.",
            signum,
        )
        sys.exit(_KILLED + signum)
