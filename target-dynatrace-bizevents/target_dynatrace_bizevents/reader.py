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
    from collections.abc import Callable


class _StopReading(BaseException):
    """Raised by a signal handler while the reader waits for input."""


def _do_nothing() -> None:
    pass


class SingerLines(GenericSingerReader[bytes]):
    """Reader that knows its line number, can be stopped, and tidies up before it fails.

    Attributes:
        line: the current line, as it came.
        number: its number, from 1.
        source: what is being read, once reading has begun.
        before_failure: called before an exception leaves `process_lines`.
    """

    def __init__(self) -> None:
        """Start before the first line."""
        super().__init__()
        self.line = b""
        self.number = 0
        self.source: IO[Any] | None = None
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
        read = getattr(source, "buffer", source).readline
        while not self._stopping:
            self._waiting = True
            line = read()
            self._waiting = False
            if not line:
                break
            self.number += 1
            self.line = line if type(line) is bytes else line.encode("utf-8", "surrogatepass")
            try:
                message = decode(self.line)
                kind = message["type"]
                callback = callbacks[kind]
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError):
                if not self.line.strip():
                    continue
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
