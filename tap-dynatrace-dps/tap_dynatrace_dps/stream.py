"""What all streams of the tap share: accounts one after another, records written in chunks."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, cast

from singer_sdk import Stream
from singer_sdk.helpers.conform import TypeConformanceLevel
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from .dynatrace_api.client import decode
from .dynatrace_api.errors import ApiError, CredentialsError, DynatraceError
from .projection import projected
from .writer import BufferedWriter, Records

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context, Record

    from .sessions import Session, Sessions
    from .tap import TapDynatraceDPS

STATE_INTERVAL_SECONDS = 5.0
"""A STATE line is written no more often than this, or after STATE_INTERVAL_RECORDS."""

STATE_INTERVAL_RECORDS = 10_000

NOT_FOUND = 404

_NOT_THERE = frozenset({403, NOT_FOUND, 410})
"""Answers that an optional stream turns into a warning."""


@dataclass
class Chunk:
    """Records that belong together, and what to remember once they are written.

    Attributes:
        records: for example one day of an account's subscription.
        written: moves the bookmark; None where there is none.
    """

    records: Records = field(default_factory=list)
    written: Callable[[], None] | None = None


class DPSStream(Stream):
    """A stream that is read account by account.

    The SDK's loop over records is replaced, because its bookmarks know neither accounts nor days
    that are read again, and because it handles each record about ten times. What a user sees of
    the SDK stays: selection, stream maps, flattening, record limits of `--test`, metrics.
    """

    # Records are built from the schema, so there is nothing left to conform.
    TYPE_CONFORMANCE_LEVEL = TypeConformanceLevel.NONE

    optional: ClassVar[bool] = False
    """403, 404 and 410 are a warning, because not every contract or scope allows the stream."""

    scope: ClassVar[str | None] = None
    """Scope of the stream's tokens where it is not that of the settings."""

    @property
    def tap(self) -> TapDynatraceDPS:
        """Return the tap."""
        return cast("TapDynatraceDPS", self._tap)

    @property
    def sessions(self) -> Sessions:
        """Return the accounts of the run."""
        return self.tap.sessions

    @abstractmethod
    def read(self, session: Session) -> Iterator[Chunk]:
        """Read one account.

        Args:
            session: the account.

        Yields:
            Chunks of records in the form of the schema.

        Raises:
            DynatraceError: the account cannot be read (further).
        """

    def fetch(
        self,
        session: Session,
        path: str,
        params: Mapping[str, Any] | None = None,
        decoder: Callable[[bytes], Any] = decode,
    ) -> Any:  # noqa: ANN401  (any JSON value)
        """Send one GET with the stream's scope and count it."""
        with self.tap.request_lock:
            self.tap.requests[self.name, session.account.uuid] += 1
        return session.client(self.scope).get(path, params, decoder)

    def finished(self, record: Mapping[str, Any], session: Session) -> Record:
        """Return a record in the form of the schema, with the account's identity."""
        account = session.account
        return projected(
            {**record, "accountUuid": account.uuid, "accountName": account.name},
            self.schema,
            self.tap.note_unknown(self.name),
        )

    def _chunks(self) -> Iterator[Chunk]:
        for session in self.sessions.usable():
            try:
                yield from self.read(session)
            except DynatraceError as error:
                if self.ABORT_AT_RECORD_COUNT is not None:
                    raise  # `--test`: the first failure is the answer
                if self.optional and self._is_not_there(session, error):
                    self.logger.warning(
                        "%s has no stream '%s' (%s). It needs the scope '%s'; deselect the "
                        "stream if it is not wanted.",
                        session.account.label,
                        self.name,
                        error,
                        self.scope or self.config.get("scope"),
                    )
                else:
                    self.sessions.fail(session, self.name, error)

    def _is_not_there(self, session: Session, error: DynatraceError) -> bool:
        """Tell whether the account or its client lacks the stream."""
        if isinstance(error, CredentialsError):
            # Another scope than usual was refused; wrong credentials are refused with any.
            return self.scope is not None and session.has_valid_credentials()
        return isinstance(error, ApiError) and error.status in _NOT_THERE

    @override
    def get_records(self, context: Context | None) -> Iterable[Record]:
        for chunk in self._chunks():
            yield from chunk.records

    @override
    def get_replication_key_signpost(self, context: Context | None = None) -> None:
        """Bookmarks never pass the day before the run, so the SDK's signpost has no use."""

    @override
    def _sync_records(
        self, context: Context | None = None, *, write_messages: bool = True
    ) -> Generator[dict[str, Any], Any, Any]:
        write = self._writes_directly() if write_messages else None
        limit = self.ABORT_AT_RECORD_COUNT
        count = since_state = 0
        last_state = self.tap.clock.monotonic()
        counter = self.get_record_counter()
        with counter, self.get_sync_timer():
            for chunk in self._chunks():
                records = chunk.records
                if write is None or limit is not None:
                    records = list(records)[: None if limit is None else limit - count]
                if write is not None:
                    # The SDK has no use for what it could write itself.
                    write(records)
                else:
                    for record in records:
                        if write_messages:
                            self._write_record_message(record)
                        yield record
                counter.increment(len(records))
                count += len(records)
                if limit is not None and count >= limit:
                    break
                since_state += len(records)
                if chunk.written is None:
                    continue
                chunk.written()
                self.state_manager.is_flushed = False
                due = self.tap.clock.monotonic() - last_state >= STATE_INTERVAL_SECONDS
                if write_messages and (due or since_state >= STATE_INTERVAL_RECORDS):
                    self._write_state_message()
                    since_state, last_state = 0, self.tap.clock.monotonic()
        self.state_manager.is_flushed = False
        if write_messages:
            self._write_state_message()

    def _writes_directly(self) -> Callable[[Records], None] | None:
        """Return a function that writes records as they are, where nothing may change them."""
        writer = self._tap.message_writer
        maps = self.stream_maps
        if (
            not isinstance(writer, BufferedWriter)
            or len(maps) != 1
            or type(maps[0]) is not SameRecordTransform
            or maps[0].flattening_enabled
            or not all(selected for crumb, selected in self.mask.items() if crumb)
        ):
            return None
        alias = maps[0].stream_alias

        def write(records: Records) -> None:
            extracted = datetime.now(UTC).isoformat()
            writer.write_records(alias, records, version=self._stream_version, extracted=extracted)

        return write
