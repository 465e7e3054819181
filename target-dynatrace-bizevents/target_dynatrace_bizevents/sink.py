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
from .validator import RecordValidator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .target import TargetDynatraceBizevents
    from .typecheck import Check

DEFAULT_SEPARATOR = "__"
"""Between the names of a column flattened by the SDK, where `flattening_separator` is not set."""


MOST_PLANS = 1000
"""Remembered combinations of names and types; a stream with more is slower, not wrong."""

Signature = tuple[object, ...]
"""The names of a record and the types of its values."""

Plan = tuple[tuple[tuple[str, "Check"], ...], "Callable[[dict[str, Any]], bytes]"]
"""For records of one signature: the columns to look at more closely, and the encoding."""


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
        self._plans: dict[Signature, Plan] = {}
        self._known = set(self.schema["properties"])
        self._open = OpenBatch(config["max_batch_events"], config["max_batch_bytes"])
        self._report = target.report.stream(stream_name)
        self._metadata = self.include_sdc_metadata_properties

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
        signature = (*record, *map(type, record.values()))
        plan = self._plans.get(signature)
        try:
            if plan is None:
                event = self._take_first(record, message, signature)
            else:
                checks, encode_event = plan
                for column, check in checks:
                    if not check(record[column]):
                        self._check(record)
                        break
                event = encode_event(record)
        except RecursionError as error:
            text = f"{self._target.place}: the record is nested too deeply."
            raise InvalidInputLine(text) from error
        batch = self._open
        if not batch.events or not batch.add(event, line):
            if not self._begin(event, line):
                return
        else:
            self._target.ledger.taken += 1
        if batch.is_full:
            self.close_batch()

    def _take_first(
        self, record: dict[str, Any], message: dict[str, Any], signature: Signature
    ) -> bytes:
        """Check a record of new names and types, and note how to do it faster for its like."""
        if self._metadata:
            self._add_sdc_metadata_to_record(record, message, {})
        else:
            self._remove_sdc_metadata_from_record(record)
        self._check(record)
        if not self._known.issuperset(record):
            self._tell_unknown(record)
        checks = self._validator.closer_looks(record) if self._validator else ()
        same = len(signature) == 2 * len(record)
        if checks is not None and same and len(self._plans) < MOST_PLANS:
            self._plans[signature] = (checks, self._encode.for_records_like(record))
        return self._encode(record)

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
