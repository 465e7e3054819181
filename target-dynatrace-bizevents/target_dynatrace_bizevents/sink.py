"""The sink of one stream: checks its records and collects their events."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import InvalidRecord, MissingKeyPropertiesError
from singer_sdk.sinks import Sink
from typing_extensions import override

from .batch import Batch, OpenBatch
from .codec import encode
from .events import EventEncoder
from .mapping import event_type, shape_of
from .validator import RecordValidator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from .target import TargetDynatraceBizevents

DEFAULT_SEPARATOR = "__"
"""Between the names of a column flattened by the SDK, where `flattening_separator` is not set."""


class BizeventsSink(Sink):
    """Turns the records of a stream into events, and events into batches."""

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
        self._validate = self._validator.validate if self._validator else None
        self._keys = frozenset(self.key_properties)
        self._known = set(self.schema["properties"])
        self._open = OpenBatch(config["max_batch_events"], config["max_batch_bytes"])
        self._report = target.report.stream(stream_name)
        self._metadata = self.include_sdc_metadata_properties

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        return RecordValidator(self.schema, self.stream_name) if self.validate_schema else None

    @property
    @override
    def current_size(self) -> int:
        return len(self._open)

    @property
    def age_seconds(self) -> float:
        """Seconds since the first event of the open batch came; 0 where there is none."""
        return time.monotonic() - self._open.opened if len(self._open) else 0.0

    def take(self, record: dict[str, Any], message: dict[str, Any], line: bytes) -> None:
        """Check a record and add its event to the open batch.

        Args:
            record: after the stream map.
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
        if self._validate is not None:
            try:
                self._validate(record)
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
        if not self._known.issuperset(record):
            self._tell_unknown(record)
        self._report.records += 1
        self._record_counter.increment()
        self._add(self._encode(record), line)

    def close_batch(self) -> None:
        """Send what has been collected."""
        if len(self._open):
            self._target.deliver(self._open.close(self.stream_name, self._target.schemas))

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

    def _add(self, event: bytes, line: bytes) -> None:
        batch = self._open
        if not batch.fits_alone(event):
            self._refuse(event, line)
            return
        if not batch.has_room(event):
            self.close_batch()
        if not len(batch):
            batch.first = self._target.ledger.begin()
            batch.opened = time.monotonic()
        self._target.ledger.taken += 1
        if batch.add(event, line):
            self.close_batch()

    def _refuse(self, event: bytes, line: bytes) -> None:
        ledger = self._target.ledger
        first = ledger.begin()
        ledger.taken += 1
        batch = Batch(self.stream_name, first, [event], [line], self._target.schemas)
        reason = (
            f"The event has {len(event)} bytes, more than one request may hold "
            f"(setting 'max_batch_bytes': {self.config['max_batch_bytes']})."
        )
        self._target.delivery.refuse(batch, reason)

    def _tell_unknown(self, record: dict[str, Any]) -> None:
        unknown = sorted(record.keys() - self._known)
        self._known.update(unknown)
        if not self.schema.get("additionalProperties"):
            self.logger.warning(
                "Not in the schema of the stream, sent all the same: %s", ", ".join(unknown)
            )
