"""Whole runs of the program, and what came out of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import msgspec
from target_dynatrace_bizevents.identity import EventIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from dynatrace_sandbox.testing import SandboxServer

Record = dict[str, Any]

_DECODER = msgspec.json.Decoder(float_hook=Decimal)
_ENCODER = msgspec.json.Encoder(decimal_format="number")

ORDERS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "text": {"type": ["string", "null"]},
        "value": {"type": ["number", "null"]},
    },
}


def schema_line(
    stream: str = "orders",
    schema: Mapping[str, Any] = ORDERS_SCHEMA,
    keys: Iterable[str] = ("id",),
) -> bytes:
    return message("SCHEMA", stream=stream, schema=schema, key_properties=list(keys))


def record_line(record: Record, stream: str = "orders") -> bytes:
    return message("RECORD", stream=stream, record=record)


def state_line(value: object) -> bytes:
    return message("STATE", value=value)


def message(kind: str, **fields: object) -> bytes:
    return _ENCODER.encode({"type": kind, **fields})


def orders(count: int, *, state_every: int = 0, size: int = 0) -> list[bytes]:
    """Return the messages of a small tap: `count` records, a state after each `state_every`."""
    lines = [schema_line()]
    for number in range(count):
        lines.append(record_line({"id": number, "text": "x" * size, "value": number}))
        if state_every and (number + 1) % state_every == 0:
            lines.append(state_line({"orders": number + 1}))
    return lines


def event_id(event_type: str, record: Record, keys: Sequence[str]) -> str:
    return EventIds(event_type, keys).of(record)


def decode(line: bytes) -> Any:
    return _DECODER.decode(line)


@dataclass(frozen=True)
class Run:
    """What came out of a run.

    Attributes:
        code: exit code; negative for a signal.
        states: passed on, in their order.
        log: everything on the standard error.
        dead: messages in the dead letter.
    """

    code: int
    states: list[Any]
    log: str
    dead: list[dict[str, Any]]

    @property
    def dead_ids(self) -> list[str]:
        return [line["refused"]["event_id"] for line in self.dead if line["type"] == "RECORD"]

    @property
    def sentence(self) -> str:
        """The last line of the log, which has to say what went wrong; and no traceback."""
        assert self.code != 0
        assert "Traceback" not in self.log
        return self.log.splitlines()[-1].split("|")[-1].strip()


class Program:
    """Starts runs of the program in a folder of their own."""

    def __init__(self) -> None:
        """Start the process that the runs are forked from."""
        self._server = subprocess.Popen(  # noqa: S603  (our own script)
            [sys.executable, str(Path(__file__).with_name("program.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def close(self) -> None:
        """End that process."""
        self._server.communicate(timeout=10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(
        self,
        folder: Path,
        config: Mapping[str, Any],
        lines: Iterable[bytes] | Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        meanwhile: Callable[[int], None] | None = None,
    ) -> Run:
        """Run the program to its end.

        Args:
            folder: working directory; the dead letter lies there.
            config: settings.
            lines: input, or the file that holds it (or a pipe).
            arguments: after `--config`.
            environment: more variables.
            meanwhile: called with the process id in a thread of its own.
        """
        config_path, output, log = folder / "config.json", folder / "output", folder / "log"
        config_path.write_text(json.dumps(config))
        if isinstance(lines, Path):
            source = lines
        else:
            source = folder / "input.singer"
            source.write_bytes(b"".join(line.rstrip(b"\n") + b"\n" for line in lines))
        job = {
            "folder": str(folder),
            "input": str(source),
            "output": str(output),
            "log": str(log),
            "arguments": ["--config", str(config_path), *arguments],
            "environment": {"NO_PROXY": "*", **(environment or {})},
        }
        assert self._server.stdin
        assert self._server.stdout
        self._server.stdin.write(json.dumps(job).encode() + b"\n")
        self._server.stdin.flush()
        process = int(self._server.stdout.readline())
        failures: list[BaseException] = []

        def watched() -> None:
            try:
                if meanwhile:
                    meanwhile(process)
            except BaseException as failure:  # noqa: BLE001  (raised below)
                failures.append(failure)
                os.kill(process, signal.SIGKILL)

        watcher = threading.Thread(target=watched)
        watcher.start()
        code = int(self._server.stdout.readline())
        watcher.join()
        if failures:
            raise failures[0]
        return Run(
            code=code,
            states=[decode(line) for line in whole_lines(output)],
            log=log.read_text(),
            dead=dead_letter(folder / str(config.get("dead_letter_path", "dead-letter.singer"))),
        )


def whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a file without one that a kill has cut off."""
    text = path.read_bytes() if path.exists() else b""
    return [line for line in text.splitlines(keepends=True) if line[-1:] == b"\n"]


def dead_letter(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    return [decode(line) for line in whole_lines(path)]


def stored_ids(sandbox: SandboxServer) -> list[str]:
    return [event["event.id"] for event in sandbox.events()]


def stored_orders(sandbox: SandboxServer) -> set[int]:
    """Return the ids of the stored orders, without repetitions."""
    return {event["id"] for event in sandbox.events()}


def ingests(sandbox: SandboxServer) -> list[dict[str, Any]]:
    return sandbox.requests("bizevents/ingest")
