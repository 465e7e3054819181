"""Runs programs and takes their time and memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

KIBIBYTE = 1024
MEGABYTE = 1_000_000

KEPT_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT")
"""Of the environment; settings of plugins from outside would change what is measured."""


class ProgramFailedError(Exception):
    """A measured program ended with an error."""


@dataclass(frozen=True)
class Program:
    """A command line.

    Attributes:
        arguments: with the program first.
        environment: variables to add.
    """

    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(
        self, *, stdin: int | IO[bytes], stdout: int | IO[bytes], log: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        """Start it."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return subprocess.Popen(  # noqa: S603  (the benchmark's own commands)
            list(self.arguments),
            stdin=stdin,
            stdout=stdout,
            stderr=log,
            env={**kept, **self.environment},
        )


@dataclass(frozen=True)
class Case:
    """One thing to measure: a program, or two with a pipe between them.

    Attributes:
        name: for the table.
        programs: one or two.
        rows: how many it handles.
        source: its standard input; None for nothing.
    """

    name: str
    programs: Sequence[Program]
    rows: int = 0
    source: Path | None = None


@dataclass(frozen=True)
class Sample:
    """One run.

    Attributes:
        wall: seconds from start to end.
        cpu: user and system seconds, of all its programs.
        slowest_cpu: of the one that took most.
        peak_bytes: most memory, of the program that took most.
    """

    wall: float
    cpu: float
    slowest_cpu: float
    peak_bytes: int


@dataclass
class Result:
    """The runs of a case."""

    case: Case
    samples: list[Sample] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median of the wall seconds."""
        return statistics.median(sample.wall for sample in self.samples)

    @property
    def cpu(self) -> float:
        """Median of the processor seconds."""
        return statistics.median(sample.cpu for sample in self.samples)

    @property
    def slowest_cpu(self) -> float:
        """Median of the processor seconds of the slower program."""
        return statistics.median(sample.slowest_cpu for sample in self.samples)

    @property
    def peak_bytes(self) -> float:
        """Median of the peak memory."""
        return statistics.median(sample.peak_bytes for sample in self.samples)


def alternate(cases: Sequence[Case], repetitions: int, folder: Path) -> list[Result]:
    """Run the cases in turn, each so many times, so that what else goes on hits all alike."""
    results = [Result(case) for case in cases]
    for number in range(repetitions):
        for result in results:
            tell(f"{result.case.name} ({number + 1} of {repetitions})")
            result.samples.append(run(result.case, folder))
    return results


def run(case: Case, folder: Path, output: Path | None = None) -> Sample:
    """Run a case once.

    Args:
        case: what to run.
        folder: for logs.
        output: takes the standard output; None throws it away.

    Raises:
        ProgramFailedError: it did not end with 0.
    """
    log_path = folder / "stderr.txt"
    with _opened(case.source) as source, _sink(output) as sink, log_path.open("wb") as log:
        started = time.monotonic()
        processes: list[subprocess.Popen[bytes]] = []
        for program in case.programs:
            is_last = program is case.programs[-1]
            before: int | IO[bytes] = (processes[-1].stdout or source) if processes else source
            processes.append(
                program.start(stdin=before, stdout=sink if is_last else subprocess.PIPE, log=log)
            )
        for process in processes:
            if process.stdout:
                process.stdout.close()
        usages = list(_ended(processes))
        wall = time.monotonic() - started
    if any(process.returncode for process in processes):
        message = f"'{case.name}' ended with an error:\n{log_path.read_text()[-2000:]}"
        raise ProgramFailedError(message)
    seconds = [cpu for cpu, _ in usages]
    return Sample(wall, sum(seconds), max(seconds), max(peak for _, peak in usages))


def _ended(processes: Sequence[subprocess.Popen[bytes]]) -> Iterator[tuple[float, int]]:
    """Wait for processes; yield the processor seconds and peak bytes of each."""
    for process in processes:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        # Linux counts kibibytes, macOS bytes.
        unit = 1 if sys.platform == "darwin" else KIBIBYTE
        yield usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit


def _opened(source: Path | None) -> AbstractContextManager[IO[bytes]]:
    return (source or Path(os.devnull)).open("rb")


def _sink(output: Path | None) -> AbstractContextManager[IO[bytes]]:
    return (output or Path(os.devnull)).open("wb")


def tell(text: str) -> None:
    """Say what is going on."""
    print(f"  {text}", file=sys.stderr, flush=True)
