"""Reads Singer messages, line by line, from bytes."""

from __future__ import annotations

import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any, cast

import msgspec
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from singer_sdk.singerlib.exceptions import InvalidInputLine
from typing_extensions import override

from .codec import NotJsonError, decode, decode_leniently

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator


_BLOCK_BYTES = 1 << 16
"""Read at once; what a pipe holds on Linux."""


class _StopReading(BaseException):
    """Raised by a signal handler while the reader waits for input."""


def _do_nothing() -> None:
    pass


def _take_none(_: bytes) -> bool:
    return False


class SingerLines(GenericSingerReader[bytes]):
    """Reader that knows its line number, can be stopped, and tidies up before it fails.

    Attributes:
        line: the current line, as it came.
        number: its number, from 1.
        source: what is being read, once reading has begun.
        take_row: offered each line first; tells whether it has dealt with it.
        before_failure: called before an exception leaves `process_lines`.
    """

    def __init__(self) -> None:
        """Start before the first line."""
        super().__init__()
        self.line = b""
        self.number = 0
        self.source: IO[Any] | None = None
        self.take_row: Callable[[bytes], bool] = _take_none
        self.before_failure: Callable[[], None] = _do_nothing
        self.logger: logging.Logger | None = None
        self._stopping = False
        self._waiting = False
        self._told_of_nan = False

    @property
    @override
    def default_input(self) -> IO[bytes]:
        return cast("IO[bytes]", sys.stdin)

    @override
    def process_lines(
        self, file_input: IO[bytes] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        self.source = file_input or self.default_input
        stats: Counter[str] = Counter()
        try:
            self._process(self.source, callbacks, stats)
        except _StopReading:
            pass
        except BaseException:
            self.before_failure()
            raise
        return stats

    @property
    def stopped(self) -> bool:
        """Whether the input was left before its end."""
        return self._stopping

    def stop(self) -> None:
        """End as if the input ended here; callable from a signal handler.

        Raises:
            _StopReading: to leave a read that waits for input.
        """
        self._stopping = True
        if self._waiting:
            self._waiting = False
            raise _StopReading

    def _process(
        self,
        source: IO[Any],
        callbacks: dict[str, Callable[[dict[str, Any]], None]],
        stats: Counter[str],
    ) -> None:
        records = 0
        try:
            for lines in self._blocks(source):
                for line in lines:
                    if self._stopping:
                        return
                    self.number += 1
                    self.line = line
                    if self.take_row(line):
                        records += 1
                    elif line.strip():
                        self._process_line(callbacks, stats)
        finally:
            stats["RECORD"] += records

    def _blocks(self, source: IO[Any]) -> Iterator[list[bytes]]:
        """Yield lines, as many as there are without waiting for more."""
        binary = getattr(source, "buffer", source)
        read: Callable[[int], bytes | str] = getattr(binary, "read1", binary.readline)
        unfinished: list[bytes] = []
        while not self._stopping:
            self._waiting = True
            block = read(_BLOCK_BYTES)
            self._waiting = False
            if not block:
                yield [b"".join(unfinished)]
                return
            if isinstance(block, str):
                block = block.encode("utf-8", "surrogatepass")
            first, *others = block.split(b"\n")
            unfinished.append(first)
            if others:
                whole = b"".join(unfinished)
                unfinished = [others.pop()]
                yield [whole, *others]

    def _process_line(
        self, callbacks: dict[str, Callable[[dict[str, Any]], None]], stats: Counter[str]
    ) -> None:
        try:
            message = decode(self.line)
            kind = message["type"]
            callback = callbacks[kind]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError):
            message = self.deserialize_json(self.line)
            kind = self._kind(message)
            callback = callbacks.get(kind, self._process_unknown_message)
        callback(message)
        stats[kind] += 1

    def _kind(self, message: object) -> str:
        if not isinstance(message, dict) or not isinstance(message.get("type"), str):
            text = f"Line {self.number} of the input is not a Singer message: it has no 'type'."
            raise InvalidInputLine(text)
        return cast("str", message["type"])

    @override
    def deserialize_json(self, line: bytes) -> dict[str, Any]:
        try:
            message = decode_leniently(line)
        except NotJsonError as error:
            text = (
                f"Line {self.number} of the input cannot be read as JSON: {error}. "
                "What came before it is delivered; look at what the tap writes there."
            )
            raise InvalidInputLine(text) from error
        if not self._told_of_nan and self.logger and (b"NaN" in line or b"Infinity" in line):
            self._told_of_nan = True
            self.logger.warning(
                "Line %d of the input holds NaN or Infinity, which JSON does not know; "
                "such values are sent as null.",
                self.number,
            )
        return cast("dict[str, Any]", message)

    @override
    def _process_unknown_message(self, message_dict: dict[str, Any]) -> None:
        text = (
            f"Line {self.number} of the input is a message of the type "
            f"'{str(message_dict['type'])[:50]}', which Singer does not know."
        )
        raise InvalidInputLine(text)
