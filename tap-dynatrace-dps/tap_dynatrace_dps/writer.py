"""Singer messages to standard output: msgspec, buffered, flushed where a reader would wait."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from typing_extensions import override

from .dynatrace_api.client import decode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib.messages import Message

if sys.platform == "linux":
    import fcntl

PIPE_BYTES = 1 << 20
"""What anybody may ask for on Linux; a pipe begins with 64 KiB."""

# Decimals are written as JSON numbers with the digits they have.
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class RecordLine(msgspec.Struct, tag_field="type", tag="RECORD", omit_defaults=True, gc=False):
    """A RECORD message, in the SDK's order of members."""

    stream: str
    record: dict[str, Any]
    version: int | None = None
    time_extracted: str | None = None


@dataclass(frozen=True)
class EncodedRecords:
    """Records that are encoded already, but for the members that they share.

    Attributes:
        count: how many.
        before: members that stand first in each record; not empty.
        rows: what follows in each, as one JSON object per line.
        after: members that stand last in each record; not empty.
    """

    count: int
    before: Mapping[str, Any]
    rows: bytes
    after: Mapping[str, Any]

    def __len__(self) -> int:
        """Return the number of records."""
        return self.count

    def __iter__(self) -> Iterator[Record]:
        """Yield the records, for whoever wants to look into them."""
        for line in self.rows.splitlines():
            yield {**self.before, **decode(line), **self.after}


Records = list["Record"] | EncodedRecords
"""Records to write, in order."""


class BufferedWriter(GenericSingerWriter[bytes, "Message"]):
    """Writes messages without a flush per record.

    Records are flushed with the next message of another kind, and whenever the tap calls `flush`
    because it is about to wait for the API.
    """

    def __init__(self, output: BinaryIO | None = None) -> None:
        """Choose where to write; standard output by default."""
        self._output = output
        if sys.platform == "linux":
            # The reader has something to do while this process is busy with the next pages.
            with contextlib.suppress(OSError, ValueError, AttributeError):
                fcntl.fcntl(self._stream.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self._busy = False
        self._afterwards: Callable[[], None] | None = None

    @property
    def _stream(self) -> BinaryIO:
        return sys.stdout.buffer if self._output is None else self._output

    @override
    def serialize_message(self, message: Message) -> bytes:
        return _ENCODER.encode(message.to_dict()) + b"\n"

    @override
    def write_message(self, message: Message) -> None:
        self._write(self.format_message(message))
        if message.type != "RECORD":
            self.flush()

    def write_records(
        self, stream: str, records: Records, *, version: int | None, extracted: str
    ) -> None:
        """Write the RECORD messages of several records in one go."""
        if isinstance(records, EncodedRecords):
            self._write_encoded(stream, records, version, extracted)
            return
        lines = [RecordLine(stream, record, version, extracted) for record in records]
        self._write(_ENCODER.encode_lines(lines))

    def _write_encoded(
        self, stream: str, records: EncodedRecords, version: int | None, extracted: str
    ) -> None:
        if not records.count:
            return
        # A message around a record without members, opened where the rows belong. Nothing after
        # the record holds braces.
        shell = encode(RecordLine(stream, {}, version, extracted))
        opening, _, closing = shell.rpartition(b"{}")
        head = b"%b%b," % (opening, encode(records.before).removesuffix(b"}"))
        tail = b",%b%b\n" % (encode(records.after).removeprefix(b"{"), closing)
        # JSON texts hold no line breaks, so these three bytes stand between two rows only.
        lines = records.rows.replace(b"}\n{", tail + head)
        self._write(head, memoryview(lines)[len(b"{") : -len(b"}\n")], tail)

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._undisturbed(self._stream.flush)

    def _write(self, *contents: bytes | memoryview) -> None:
        self._undisturbed(lambda: self._stream.writelines(contents))

    def _undisturbed(self, action: Callable[[], object]) -> None:
        self._busy = True
        try:
            action()
        finally:
            self._busy = False
        if self._afterwards is not None:
            self._afterwards()

    def between_messages(self, action: Callable[[], None]) -> None:
        """Do something now, or as soon as the write under way is through.

        For signals: what they write must not end up in the middle of a line.
        """
        if self._busy:
            self._afterwards = action
        else:
            action()


def encode(value: object) -> bytes:
    """Encode a value."""
    return _ENCODER.encode(value)


def encode_lines(rows: Sequence[object]) -> bytes:
    """Encode rows, one per line."""
    return _ENCODER.encode_lines(rows)
