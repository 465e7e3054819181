"""The command as Meltano runs it: input, output, exit code."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .messages import activate, record, schema, stream_of

if TYPE_CHECKING:
    from pathlib import Path

    from .judge import Desk

COMMAND = [sys.executable, "-m", "target_dynatrace_dps", "--config"]


@pytest.fixture
def config(desk: Desk, tmp_path: Path) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(desk.sandbox.dps_config(load_method="overwrite")))
    return path


def test_state_goes_to_the_output_and_the_summary_to_the_log(desk: Desk, config: Path) -> None:
    ended = subprocess.run(  # noqa: S603  (our own command)
        [*COMMAND, config],
        input="\n".join(map(json.dumps, stream_of(["a", "b"]))),
        capture_output=True,
        check=True,
        text=True,
    )

    assert ended.stdout == '{"read": 2}\n'
    assert "0 before, 2 added ('a', 'b'), 0 removed, 2 after." in ended.stderr
    assert desk.look() == ["a", "b"]


def test_failure_is_one_sentence_without_a_secret(desk: Desk, config: Path) -> None:
    desk.put(["a"])
    settings = json.loads(config.read_text())
    secret = "dt0s02.WRONG.SECRETSECRET"
    settings["accounts"][0]["client_secret"] = secret
    config.write_text(json.dumps(settings))

    ended = subprocess.run(  # noqa: S603  (our own command)
        [*COMMAND, config],
        input="\n".join(map(json.dumps, stream_of(["b"]))),
        capture_output=True,
        check=False,
        text=True,
    )

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    assert "SECRETSECRET" not in ended.stderr
    (line,) = [line for line in ended.stderr.splitlines() if "| ERROR " in line]
    assert "refuses the credentials of account" in line
    assert desk.look() == ["a"]


def test_stopped_run_leaves_the_list_as_it_is(desk: Desk, config: Path) -> None:
    desk.put(["a", "b"])
    with subprocess.Popen(  # noqa: S603  (our own command)
        [*COMMAND, config],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stderr
        assert process.stdout
        for message in (schema(), record("c"), activate(1)):
            process.stdin.write(f"{json.dumps(message)}\n")
        process.stdin.flush()
        for line in process.stderr:
            if "The stream is complete in version 1" in line:
                break
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
        output = process.stdout.read()

    assert process.returncode == 128 + signal.SIGTERM
    assert output == ""
    assert "Stopped by signal 15 before the end of the input" in log
    assert desk.look() == ["a", "b"]
