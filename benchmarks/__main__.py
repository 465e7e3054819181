"""Measures everything and prints the tables: `make bench`, or `python -m benchmarks --quick`."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .report import LATENCY_SECONDS, QUICK, WHOLE, Report

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def server(days: int) -> Iterator[tuple[str, str]]:
    """Run the server; yield its URLs without and with latency."""
    command = (sys.executable, "-m", "benchmarks.server", "--days", str(days))
    with subprocess.Popen(  # noqa: S603  (our own module)
        [*command, "--delays", "0", str(LATENCY_SECONDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        ports = process.stdout.readline().split() if process.stdout else []
        yield f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}"
        process.communicate("")  # it ends with its standard input


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rows, each case once")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=sorted(Report.SECTIONS),
        default=list(Report.SECTIONS),
        help="sections of the report",
    )
    arguments = parser.parse_args()
    plan = QUICK if arguments.quick else WHOLE
    with (
        tempfile.TemporaryDirectory() as folder,
        server(plan.more_days) as (url, slow_url),
    ):
        report = Report(plan, Path(folder), url, slow_url)
        print(report.head(), flush=True)
        for name in arguments.only:
            print(Report.SECTIONS[name](report), flush=True)


if __name__ == "__main__":
    main()
