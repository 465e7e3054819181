"""Singer messages to standard output: msgspec, buffered, flushed where a reader would wait."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerWriter
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from singer_sdk.helpers.types import Record
    from singer_sdk.singerlib.messages import Message

# Decimals are written as JSON numbers with the digits they have.
_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=str)


class RecordLine(msgspec.Struct, tag_field="type", tag="RECORD", omit_defaults=True, gc=False):
    """A RECORD message, in the SDK's order of members."""

    stream: str
    record: dict[str, Any]
    version: int | None = None
    time_extracted: str | None = None


class BufferedWriter(GenericSingerWriter[bytes, "Message"]):
    """Writes messages without a flush per record.

    Records are flushed with the next message of another kind, and whenever the tap calls `flush`
    because it is about to wait for the API.
    """

    def __init__(self, output: BinaryIO | None = None) -> None:
        """Choose where to write; standard output by default."""
        self._output = output
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
        self, stream: str, records: Iterable[Record], *, version: int | None, extracted: str
    ) -> None:
        """Write the RECORD messages of several records in one go."""
        lines = [RecordLine(stream, record, version, extracted) for record in records]
        self._write(_ENCODER.encode_lines(lines))

    def flush(self) -> None:
        """Hand on what is buffered."""
        self._undisturbed(self._stream.flush)

    def _write(self, content: bytes) -> None:
        self._undisturbed(lambda: self._stream.write(content))

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
    """Encode any value of rows, for digests."""
    return _ENCODER.encode(value)
