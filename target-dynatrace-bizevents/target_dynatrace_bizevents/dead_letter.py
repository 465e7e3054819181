"""The dead letter: a Singer file of the records that were refused, each with its reason."""

from __future__ import annotations

import contextlib
import io
import os
import stat
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import msgspec

from .codec import decode_leniently, encode
from .dynatrace_api.errors import DynatraceError, redact

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON_FIELD = "refused"
"""Field of the RECORD message, beside `record`, that holds the reason; readers ignore it."""

_TAIL_BYTES = 1 << 16
"""Read from the end at a time, to find the last line."""


class DeadLetterError(DynatraceError):
    """The dead letter cannot be written."""


@dataclass(frozen=True)
class Refusal:
    """A refused event.

    Attributes:
        line: the Singer message it was made from.
        schemas: the SCHEMA messages of that time, by stream.
        reason: what the server said, or why it was not sent.
        status: HTTP status of the refusal, or None where it was not sent.
        event_id: of the event.
    """

    line: bytes
    schemas: Mapping[str, bytes]
    reason: str
    status: int | None
    event_id: str


class DeadLetter:
    """Appends refused records so that a crash, a full disk or a second writer spoils nothing."""

    def __init__(self, path: str) -> None:
        """Look whether the file can be written; it is created when the first event is refused.

        Raises:
            DeadLetterError: it cannot.
        """
        self.path = Path(path)
        self._lock = threading.Lock()
        self._schemas: dict[str, bytes] = {}
        self._replaces: Path | None = None
        folder = self.path.parent
        obstacle = ""
        if self.path.is_dir() or (self.path.exists() and not os.access(self.path, os.W_OK)):
            obstacle = "it is a folder or read-only"
        elif not self.path.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
            obstacle = "its folder does not exist or is read-only"
        if obstacle:
            raise self._unwritable(obstacle)

    def replaces(self, source: IO[Any]) -> None:
        """Write beside the dead letter where the input is the dead letter itself.

        Otherwise a replay would read what it has just refused, without end.
        """
        try:
            same = os.path.samestat(os.fstat(source.fileno()), self.path.stat())
        except (OSError, io.UnsupportedOperation, AttributeError):
            return
        if same and stat.S_ISREG(self.path.stat().st_mode):
            handle, name = self._guarded(
                lambda: tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.name}.")
            )
            os.close(handle)
            self._replaces, self.path = self.path, Path(name)

    def complete(self) -> None:
        """After a whole replay: keep only what was refused again."""
        if self._replaces is not None:
            replayed, refused_again = self._replaces, self.path
            self._guarded(lambda: _replace(refused_again, replayed))
            self.path, self._replaces = replayed, None

    def abandon(self) -> None:
        """After a replay that did not reach its end: the dead letter stays as it was."""
        if self._replaces is not None:
            self.path.unlink(missing_ok=True)
            self.path, self._replaces = self._replaces, None

    def write(self, refusals: list[Refusal]) -> None:
        """Append the refusals; they are on the disk when this returns.

        Raises:
            DeadLetterError: the file cannot be written; it is as it was before.
        """
        with self._lock:
            schemas = dict(self._schemas)
            lines = b"".join(_lines_of(refusals, schemas))
            self._guarded(lambda: _append(self.path, lines))
            self._schemas = schemas

    def _guarded(self, action: Any) -> Any:  # noqa: ANN401  (whatever the action returns)
        try:
            return action()
        except OSError as error:
            raise self._unwritable(error.strerror or type(error).__name__) from error

    def _unwritable(self, reason: str) -> DeadLetterError:
        message = (
            f"The dead letter '{self._replaces or self.path}' (setting 'dead_letter_path') cannot "
            f"be written: {reason}. Refused events would be lost without it."
        )
        return DeadLetterError(message)


def _lines_of(refusals: list[Refusal], schemas: dict[str, bytes]) -> list[bytes]:
    """Return the lines to write; note in `schemas` which SCHEMA messages the file has."""
    lines = []
    for refusal in refusals:
        reason = {
            "reason": redact(refusal.reason),
            "status": refusal.status,
            "event_id": refusal.event_id,
        }
        stream, line = _with_reason(refusal.line, reason)
        schema = refusal.schemas.get(stream)
        if schema is not None and schemas.get(stream) != schema:
            schemas[stream] = schema
            lines.append(schema.strip() + b"\n")
        lines.append(line)
    return lines


def _with_reason(line: bytes, reason: dict[str, Any]) -> tuple[str, bytes]:
    """Return the stream and the message with the reason; all else stays byte for byte."""
    try:
        raw = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
        stream = msgspec.json.decode(raw["stream"], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError):
        message = decode_leniently(line)
        return message["stream"], encode({**message, REASON_FIELD: reason}) + b"\n"
    raw[REASON_FIELD] = msgspec.Raw(encode(reason))
    return stream, msgspec.json.encode(raw) + b"\n"


def _append(path: Path, lines: bytes) -> None:
    """Append whole lines or nothing."""
    binary = getattr(os, "O_BINARY", 0)  # or Windows would change the line ends
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | binary, 0o600)
    try:
        regular = stat.S_ISREG(os.fstat(descriptor).st_mode)
        if regular and _mend_tail(descriptor):
            lines = b"\n" + lines
        size = os.fstat(descriptor).st_size
        try:
            view = memoryview(lines)
            while view:
                view = view[os.write(descriptor, view) :]
            if regular:
                os.fsync(descriptor)
        except OSError:
            if regular:
                with contextlib.suppress(OSError):
                    os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)


def _mend_tail(descriptor: int) -> bool:
    """Cut off a line that a crash left half written; tell whether a newline is missing.

    Such a line was never acknowledged: its record came again. A complete last line without a
    newline is the work of an editor and stays.
    """
    size = os.fstat(descriptor).st_size
    if not size or _read_at(descriptor, size - 1, 1) == b"\n":
        return False
    start, tail = size, b""
    while start and b"\n" not in tail:
        step = min(_TAIL_BYTES, start)
        start -= step
        tail = _read_at(descriptor, start, step) + tail
    last = tail.rpartition(b"\n")[2]
    try:
        msgspec.json.decode(last)
    except (msgspec.DecodeError, UnicodeDecodeError):
        os.ftruncate(descriptor, size - len(last))
        return False
    return True


def _read_at(descriptor: int, start: int, count: int) -> bytes:
    os.lseek(descriptor, start, os.SEEK_SET)
    return os.read(descriptor, count)


def _replace(source: Path, destination: Path) -> None:
    source.chmod(stat.S_IMODE(destination.stat().st_mode))
    source.replace(destination)
