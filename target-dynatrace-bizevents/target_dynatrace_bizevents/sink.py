"""The sink of one stream: checks its records and collects their events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import InvalidRecord, MissingKeyPropertiesError
from singer_sdk.singerlib.exceptions import InvalidInputLine
from singer_sdk.sinks import Sink
from typing_extensions import override

from .batch import Batch, OpenBatch
from .codec import encode
from .events import EventEncoder
from .mapping import event_type, shape_of
from .rows import row_type
from .typecheck import type_check
from .validator import RecordValidator

if TYPE_CHECKING:
    from collections.abc import Sequence

    import msgspec

    from .rows import RowType
    from .target import TargetDynatraceBizevents

DEFAULT_SEPARATOR = "__"
"""Between the names of a column flattened by the SDK, where `flattening_separator` is not set."""


MOST_COLUMNS_LEARNT = 200
"""Of those that no schema names: no more are learnt beyond it, because names that are ids never
end. Records with others are slower, not wrong."""


class BizeventsSink(Sink):
    """Turns the records of a stream into events, and events into batches."""

    _validator: RecordValidator | None

    def __init__(
        self,
        target: TargetDynatraceBizevents,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Prepare validation and encoding once for all records."""
        super().__init__(target, stream_name, schema, key_properties)
        config = self.config
        separator = config.get("flattening_separator") or DEFAULT_SEPARATOR
        self._target = target
        self._encode = EventEncoder(
            event_type=event_type(
                stream_name, config.get("event_types") or {}, config["event_type_prefix"]
            ),
            provider=config["event_provider"],
            keys=self.key_properties,
            shape=shape_of(stream_name, self.schema["properties"], separator),
        )
        self._keys = frozenset(self.key_properties)
        self._known = set(self.schema["properties"])
        self._learnt: set[str] = set()
        self._metadata = self.include_sdc_metadata_properties
        # The SDK's own columns differ from record to record; they are added the careful way.
        self._types = None if self._metadata else type_check(self.schema)
        self.row_type = self._find_row_type()
        self._open = OpenBatch(config["max_batch_events"], config["max_batch_bytes"])
        self._report = target.report.stream(stream_name)

    @override
    def get_validator(self) -> RecordValidator | None:
        return RecordValidator(self.schema, self.stream_name) if self.validate_schema else None

    @property
    @override
    def current_size(self) -> int:
        return len(self._open.events)

    @property
    def age_seconds(self) -> float:
        """Seconds since the first event of the open batch came; 0 where there is none."""
        return time.monotonic() - self._open.opened if self._open.events else 0.0

    def _find_row_type(self) -> RowType | None:
        if self._types is None:
            return None
        found = row_type(
            self.stream_name, self._types, keys=self.key_properties, learnt=self._learnt
        )
        if found is not None:
            self._encode_row = self._encode.of_row(found)
        return found

    def take_row(self, row: msgspec.Struct, line: bytes) -> bool:
        """Add the event of a record that came the short way, unless it needs a careful look.

        Args:
            row: of the class `row_type`.
            line: the message as it came.

        Returns:
            Whether it was taken.
        """
        self._target.delivery.check()
        try:
            if self.row_type is None or not self.row_type.accepts(row):
                return False
            event = self._encode_row(row)
        except RecursionError:
            return False
        with self._target.lock:
            self._add(event, line)
        return True

    def take(self, record: dict[str, Any], message: dict[str, Any], line: bytes) -> None:
        """Check a record and add its event to the open batch.

        Args:
            record: after the stream map; may be changed.
            message: the RECORD message.
            line: the message as it came.

        Raises:
            InvalidRecord: it does not fit the schema.
            MissingKeyPropertiesError: it lacks a part of the key.
        """
        if self._metadata:
            self._add_sdc_metadata_to_record(record, message, {})
        else:
            self._remove_sdc_metadata_from_record(record)
        try:
            self._check(record)
            if not self._known.issuperset(record):
                self._tell_unknown(record)
            event = self._encode(record)
        except RecursionError as error:
            text = f"{self._target.place}: the record is nested too deeply."
            raise InvalidInputLine(text) from error
        self._add(event, line)

    def _add(self, event: bytes, line: bytes) -> None:
        batch = self._open
        if batch.events and batch.add(event, line):
            self._target.ledger.taken += 1
        elif not self._begin(event, line):
            return
        if batch.is_full:
            self.close_batch()

    def _check(self, record: dict[str, Any]) -> None:
        if self._validator is not None:
            try:
                self._validator.validate(record)
            except InvalidRecord as error:
                error.args = (f"{self._target.place}: {error.error_message}",)
                raise
        if not self._keys.issubset(record):
            missing = ", ".join(sorted(self._keys.difference(record)))
            text = (
                f"{self._target.place}: a record of the stream '{self.stream_name}' lacks "
                f"{missing}, which is part of its key."
            )
            raise MissingKeyPropertiesError(text)

    def close_batch(self) -> None:
        """Send what has been collected."""
        if self._open.events:
            self._count(len(self._open.events))
            self._target.deliver(self._open.close(self.stream_name, self._target.schemas))

    def _count(self, records: int) -> None:
        self._report.records += records
        self._record_counter.increment(records)

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        message = {"type": "RECORD", "stream": self.stream_name, "record": record}
        self.take(record, message, encode(message))

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        for record in context.get("records", ()):
            self.process_record(record, context)
        self.close_batch()

    @override
    def activate_version(self, new_version: int) -> None:
        # Events stay what they are; an older version of a table has no meaning in Grail.
        self.logger.debug("Version %d of the stream begins", new_version)

    def _begin(self, event: bytes, line: bytes) -> bool:
        """Begin a batch with an event; tell whether a request could hold it."""
        self.close_batch()
        if self._open.add(event, line):
            self._open.first, self._open.opened = self._number(), time.monotonic()
            return True
        reason = (
            f"The event has {len(event)} bytes, more than one request may hold "
            f"(setting 'max_batch_bytes': {self.config['max_batch_bytes']})."
        )
        self._refuse(event, line, reason)
        return False

    def _refuse(self, event: bytes, line: bytes, reason: str) -> None:
        """Put a record into the dead letter without asking the server."""
        self._count(1)
        number = self._number()
        batch = Batch(self.stream_name, number, [event], [line], self._target.schemas)
        self._target.delivery.refuse(batch, reason)

    def _number(self) -> int:
        """Begin a batch in the ledger with one event and return that event's number."""
        ledger = self._target.ledger
        first = ledger.begin()
        ledger.taken += 1
        return first

    def _tell_unknown(self, record: dict[str, Any]) -> None:
        unknown = sorted(record.keys() - self._known)
        self._known.update(unknown)
        if not self.schema.get("additionalProperties"):
            self.logger.warning(
                "Not in the schema of the stream, sent all the same: %s", ", ".join(unknown)
            )
        if len(self._learnt) < MOST_COLUMNS_LEARNT:
            self._learnt.update(unknown)
            self.row_type = self._find_row_type()
            self._target.find_rows()
