"""Runs the target's program many times; started by `runner.py`, once for all tests.

Importing the Singer SDK takes longer than most runs. So this process imports it once and forks
for each run. A run is one line of JSON on the standard input; the answers are the run's process
id and then its exit code (negative: the signal that ended it).
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any

from target_dynatrace_bizevents.__main__ import main


def run(job: dict[str, Any]) -> int:
    """Run the program in this process."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for target, source in (
        (0, os.open(job["input"], os.O_RDONLY)),
        (1, os.open(job["output"], flags)),
        (2, os.open(job["log"], flags)),
    ):
        os.dup2(source, target)
    os.chdir(job["folder"])
    os.environ.update(job["environment"])
    sys.argv = ["target-dynatrace-bizevents", *job["arguments"]]
    try:
        main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  (as the interpreter would)
        traceback.print_exc()
        return 1
    return 0


def serve() -> None:
    """Take jobs until the input ends."""
    # Read without buffering ahead: a fork must not inherit half-read input.
    while line := os.fdopen(os.dup(0), "rb", buffering=0).readline():
        job = json.loads(line)
        process = os.fork()
        if not process:
            code = 1
            try:
                code = run(job)
                sys.stdout.flush()
                sys.stderr.flush()
            finally:
                os._exit(code)
        answer(process)
        answer(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))


def answer(number: int) -> None:
    """Write a number on a line of its own."""
    os.write(1, b"%d\n" % number)


if __name__ == "__main__":
    serve()
