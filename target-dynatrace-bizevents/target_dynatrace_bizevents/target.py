"""The target: from Singer messages to delivered events and states that are safe to keep."""

from __future__ import annotations

import copy
import sys
import threading
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Target
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from .codec import encode
from .connection import Connection, StoppableClock, StoppedError
from .dead_letter import DeadLetter
from .delivery import Delivery
from .dynatrace_api.errors import DynatraceError
from .dynatrace_api.plugin import PlainErrors
from .heartbeat import Heartbeat
from .ledger import Ledger
from .reader import SingerLines
from .report import Report
from .rows import Rows
from .settings import SETTINGS
from .sink import BizeventsSink

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType

    from singer_sdk.mapper import StreamMap
    from singer_sdk.sinks import Sink

    from .batch import Batch

Route = tuple["Callable[[dict[str, Any]], dict[str, Any] | None] | None", BizeventsSink]
"""A stream map's function, None where it changes nothing, and the sink behind it."""

UNUSED_SETTINGS = ("load_method", "batch_size_rows")
"""Settings of the SDK that mean nothing here: events are only added, batches have own limits."""


class RefusedEventsError(DynatraceError):
    """More events were refused than `max_rejected_events` allows."""


class TargetDynatraceBizevents(PlainErrors, Target):
    """Sends Singer records to Dynatrace as business events."""

    name = "target-dynatrace-bizevents"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS.to_dict()
    default_sink_class = BizeventsSink
    message_reader_class = SingerLines
    message_reader: SingerLines

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  (passed on to the SDK)
        """Check the settings; nothing is sent before the first batch.

        Raises:
            SettingsError: a setting is missing, contradicts another one or makes no sense.
            DeadLetterError: the dead letter cannot be written.
        """
        self._signals = 0
        self._ready = False
        self._clock = StoppableClock()
        super().__init__(**kwargs)
        self.report = Report()
        self.schemas: Mapping[str, bytes] = {}
        self.ledger = Ledger(self._write_state_message)
        self.message_reader.before_failure = self._finish_early
        self.message_reader.logger = self.logger
        self._routes: dict[str, list[Route]] = {}
        self.lock = threading.Lock()
        self._connection = Connection(
            self.config,
            logger=self.logger,
            user_agent=f"{self.name}/{self.plugin_version}",
            clock=self._clock,
        )
        self._dead_letter = DeadLetter(self.config["dead_letter_path"])
        self.delivery = Delivery(
            client=self._connection.client,
            dead_letter=self._dead_letter,
            ledger=self.ledger,
            report=self.report,
            max_parallel_requests=self.config["max_parallel_requests"],
            on_failure=self._clock.stop,
        )
        self.deliver: Callable[[Batch], None] = self.delivery.submit
        self._heartbeat = Heartbeat(self._close_batches, self.lock, self.ledger)
        self._ready = True
        self._setup_signal_handlers()

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        super().append_builtin_config(config_jsonschema)
        for setting in UNUSED_SETTINGS:
            config_jsonschema["properties"].pop(setting, None)

    @property
    def place(self) -> str:
        """Name the current line in a message."""
        return f"Line {self.message_reader.number} of the input"

    # Messages

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        self.delivery.check()
        try:
            record = message_dict["record"]
            routes = self._routes[message_dict["stream"]]
        except (KeyError, TypeError):
            raise self._misplaced(message_dict) from None
        if type(record) is not dict:
            what = "a RECORD whose 'record' is not an object"
            raise self._malformed(what)
        with self.lock:
            if len(routes) == 1 and routes[0][0] is None:
                routes[0][1].take(record, message_dict, self.message_reader.line)
                return
            for transform, sink in routes:
                mapped = transform(copy.copy(record)) if transform else copy.copy(record)
                if mapped is not None:
                    sink.take(mapped, message_dict, self.message_reader.line)

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        stream, schema = message_dict.get("stream"), message_dict.get("schema")
        if not isinstance(stream, str) or not isinstance(schema, dict):
            what = "a SCHEMA without 'stream' or 'schema'"
            raise self._malformed(what)
        if not isinstance(schema.get("properties"), dict):
            what = f"a SCHEMA of the stream '{stream}' without 'properties'"
            raise self._malformed(what)
        if self.message_reader.source is not None and not self._routes:
            self._dead_letter.replaces(self.message_reader.source)
        super()._process_schema_message(message_dict)
        with self.lock:
            # Sinks of an older schema get no more records.
            for sink in self._sinks_to_clear:
                cast("BizeventsSink", sink).close_batch()
            # A new dict, because batches in flight keep the old one.
            self.schemas = {**self.schemas, stream: self.message_reader.line}
        maps = self.mapper.stream_maps[stream]
        # A schema that changes an alias changes the routes of other streams, too.
        self._routes[stream] = [
            self._route(stream_map)
            for stream_map in maps
            if self.sink_exists(stream_map.stream_alias)
        ]
        for routes in self._routes.values():
            routes[:] = [(step, self._current(sink)) for step, sink in routes]
        self.find_rows()
        self._heartbeat.start()

    def find_rows(self) -> None:
        """Note anew which records can go the short way."""
        takers = {
            sink.row_type.message: sink.take_row
            for stream, routes in self._routes.items()
            for transform, sink in routes
            if len(routes) == 1 and transform is None and sink.stream_name == stream
            if sink.row_type is not None
        }
        self.message_reader.take_row = Rows(takers).take

    def _route(self, stream_map: StreamMap) -> Route:
        plain = type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled
        sink = cast("BizeventsSink", self.get_sink(stream_map.stream_alias))
        return (None if plain else stream_map.transform, sink)

    def _current(self, sink: BizeventsSink) -> BizeventsSink:
        return cast("BizeventsSink", self.get_sink(sink.stream_name))

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        if "value" not in message_dict:
            what = "a STATE without 'value'"
            raise self._malformed(what)
        self.delivery.check()
        self.ledger.hold(message_dict["value"])
        self._heartbeat.checkpoint()

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        if message_dict.get("stream") not in self._routes:
            raise self._misplaced(message_dict)
        self.logger.debug("A new version of the stream '%s' begins", message_dict["stream"])

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        if message_dict.get("stream") not in self._routes:
            raise self._misplaced(message_dict)
        with self.lock:
            super()._process_batch_message(message_dict)

    @override
    def _handle_max_record_age(self) -> None:
        # The heartbeat sees to it that nothing lies around.
        pass

    def _misplaced(self, message: dict[str, Any]) -> Exception:
        stream = message.get("stream")
        if not isinstance(stream, str) or (message["type"] == "RECORD" and "record" not in message):
            return self._malformed(f"a {message['type']} without 'stream' or 'record'")
        return RecordsWithoutSchemaException(
            f"{self.place}: a {message['type']} of the stream '{stream}' comes before its SCHEMA. "
            "Start the input with the stream's SCHEMA message."
        )

    def _malformed(self, what: str) -> InvalidInputLine:
        return InvalidInputLine(f"{self.place} is {what}. Look at what the tap writes there.")

    # State

    @override
    def _write_state_message(self, state: Any) -> None:
        sys.stdout.write(encode(state).decode() + "\n")
        sys.stdout.flush()

    # The end

    @override
    def process_endofpipe(self) -> None:
        if self.message_reader.stopped:
            self.logger.info("Asked to stop: what was read is delivered, the rest is left")
        try:
            self._deliver_all()
            self.delivery.check()
            super().process_endofpipe()
            if not self.message_reader.stopped:
                self._dead_letter.complete()
        finally:
            self._close()
        limit, refused = self.config["max_rejected_events"], self.report.refused
        if 0 <= limit < refused:
            message = (
                f"{refused} events were refused and are in '{self._dead_letter.path}', each with "
                "its reason. Mend them there and send them again with "
                f"--input {self._dead_letter.path}."
            )
            raise RefusedEventsError(message)

    def _deliver_all(self) -> None:
        self._heartbeat.stop()
        if self.delivery.failure is None:
            self._close_batches()
        self.delivery.wait()

    def _finish_early(self) -> None:
        """Deliver what was read before a failure; a failure in this adds nothing to it."""
        try:
            self._deliver_all()
        except Exception as error:  # noqa: BLE001  (the first failure is the one to tell)
            self.logger.debug("Not everything that was read is delivered: %s", error)
        finally:
            self._close()

    def _close(self) -> None:
        self._heartbeat.stop()
        self.delivery.close()
        self._connection.close()
        self._dead_letter.abandon()
        for stream, figures in self.report.streams.items():
            self.logger.info("Stream '%s': %s", stream, figures)
        if self.report.refused:
            self.logger.info("Refused events are in '%s'", self._dead_letter.path)

    def _close_batches(self, older_than_seconds: float = 0.0) -> None:
        sinks: list[Sink] = [*self._sinks_to_clear, *self._sinks_active.values()]
        for sink in cast("list[BizeventsSink]", sinks):
            if sink.age_seconds >= older_than_seconds:
                sink.close_batch()

    @override
    def _setup_signal_handlers(self) -> None:
        # Called by the SDK's constructor; a signal before ours is through ends the process.
        if self._ready:
            super()._setup_signal_handlers()

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        # In a handler nothing may wait for a lock: the main thread may hold it.
        self._signals += 1
        if self._signals > 1:
            self.delivery.failure = self.delivery.failure or StoppedError(
                "Stopped before everything was delivered; the next run continues where the "
                "state says."
            )
            self._clock.stop()
        self.message_reader.stop()
