"""The command line, as its user sees it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from dynatrace_sandbox.admin_client import AdminClient
from dynatrace_sandbox.cli import main
from dynatrace_sandbox.testing import SandboxServer

SANDBOX = [str(Path(sys.executable).with_name("dynatrace-sandbox"))]
SECONDS = 60

SENDS_EVENTS = """
import json, os, urllib.request
events = json.loads(os.environ["EVENTS"])
url = os.environ["TARGET_DYNATRACE_BIZEVENTS_ENVIRONMENT_URL"]
accounts = urllib.request.urlopen(os.environ["DYNATRACE_SANDBOX_URL"] + "/sandbox/accounts")
token = json.load(accounts)["api_token"]
headers = {"Content-Type": "application/json", "Authorization": "Api-Token " + token}
request = urllib.request.Request(
    url + "/api/v2/bizevents/ingest", json.dumps(events).encode(), headers
)
urllib.request.urlopen(request)
"""


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [*SANDBOX, *arguments],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, **environment},
        check=False,
    )


def one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    [sentence] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert "Traceback" not in result.stderr
    return sentence


def test_exec_tells_the_command_where_everything_is() -> None:
    shows = "import json, os; print(json.dumps(dict(os.environ)))"
    result = run("exec", "--days", "5", "--", sys.executable, "-c", shows)
    seen = json.loads(result.stdout.splitlines()[0])
    url = seen["DYNATRACE_SANDBOX_URL"]
    assert url.startswith("http://127.0.0.1:")
    for prefix in ("TAP_DYNATRACE_DPS", "TARGET_DYNATRACE_DPS"):
        assert len(json.loads(seen[f"{prefix}_ACCOUNTS"])) == 5
        assert seen[f"{prefix}_API_URL"] == url
        assert seen[f"{prefix}_SSO_URL"] == f"{url}/sso/oauth2/token"
    for name in ("ENVIRONMENT_URL", "CLIENT_ID", "CLIENT_SECRET", "ACCOUNT_UUID", "SSO_URL"):
        assert seen[f"TARGET_DYNATRACE_BIZEVENTS_{name}"]
    assert "development tool" in result.stderr
    assert seen["TARGET_DYNATRACE_BIZEVENTS_CLIENT_SECRET"] not in result.stderr
    assert "No business events arrived." in result.stdout


def test_exec_reports_what_arrived() -> None:
    common: dict[str, Any] = {"subscriptionUuid": "s"}
    events = [
        {
            "event.type": "dps.subscription.status",
            "event.id": "0",
            "uuid": "s",
            "name": "DPS for Hybrid",
            "status": "ACTIVE",
            "budget": 1000000,
            "used": 27328.8794184588,
            "currency": "USD",
            "startTime": "2026-01-01",
            "endTime": "2026-12-31",
            "daysRemaining": 313,
        },
        *(
            {
                **common,
                "event.type": "dps.cost2.booked",
                "event.id": event_id,
                "accountName": account,
                "startTime": day,
                "costToDate": total,
            }
            for event_id, account, day, total in [
                ("2", "North", "2026-01-02T00:00:00.000Z", 3.5),
                ("1", "North", "2026-01-01T00:00:00.000Z", 1.25),
                ("1", "North", "2026-01-01T00:00:00.000Z", 1.25),
                ("3", "South", "2026-01-01T00:00:00.000Z", 0.0098),
            ]
        ),
    ]
    result = run(
        "exec", "--days=5", "--", sys.executable, "-c", SENDS_EVENTS, EVENTS=json.dumps(events)
    )
    assert result.returncode == 0, result.stderr
    words = [line.split() for line in result.stdout.splitlines()]
    assert ["dps.cost2.booked", "North", "3", "2", "1", "0"] in words
    assert ["dps.cost2.booked", "South", "1", "1", "0", "0"] in words
    assert ["budget", "1,000,000", "USD"] in words
    assert ["used", "27,328.8794184588", "USD"] in words
    assert ["cost", "to", "date", "3.5098"] in words
    assert ["North", "3.5", "up", "to", "2026-01-02"] in words
    assert "period 2026-01-01 to 2026-12-31, 313 days remaining" in " ".join(words[-6])


@pytest.mark.parametrize(
    ("command", "code"), [("exit 3", 3), ("kill -TERM $$", 128 + 15), ("true", 0)]
)
def test_exec_ends_with_the_commands_exit_code(command: str, code: int) -> None:
    assert run("exec", "--days=5", "--", "sh", "-c", command).returncode == code


def test_a_signal_reaches_the_command() -> None:
    waits = "import time; print('up', flush=True); time.sleep(60)"
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*SANDBOX, "exec", "--days=5", "--", sys.executable, "-c", waits],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + 15


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["exec"], "Missing argument 'COMMAND...'"),
        (["exec", "--", "no-such-command"], "no-such-command was not found"),
        (["exec", "--", "/"], "the command / cannot be run"),
        (["exec", "--seed", "abc", "--", "true"], "'abc' is not a valid integer"),
        (["exec", "--today", "soon", "--", "true"], "'soon' is not a day like 2026-03-01"),
        (["exec", "--days", "0", "--", "true"], "--days"),
        (["exec", "--capabilities", "32", "--", "true"], "--capabilities"),
        (["serve", "--v3-paging", "both"], "--v3-paging"),
        (["serve", "--data", "/proc/nowhere"], "cannot make the data directory /proc/nowhere"),
        (["serve", "--host", "192.0.2.1"], "cannot listen on 192.0.2.1"),
    ],
)
def test_a_bad_option_is_one_sentence(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert isinstance(result.exception, SystemExit)
    assert result.exit_code > 0
    [sentence] = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert words in sentence


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run("serve", "--port", port)
    assert result.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in one_sentence(result)
    assert "--port" in one_sentence(result)


def test_a_broken_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sandbox.duckdb").write_text("not a database")
    result = run("exec", "--data", str(tmp_path), "--", "true")
    assert result.returncode == 1
    assert "is broken" in one_sentence(result)


def test_a_directory_in_use_is_one_sentence_and_serve_stops_on_ctrl_c(tmp_path: Path) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*SANDBOX, "serve", "--port", "0", "--days", "5", "--data", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        assert "development tool" in process.stderr.readline()
        url = process.stderr.readline().split()[2].rstrip(";")
        result = run("exec", "--data", str(tmp_path), "--", "true")
        assert result.returncode == 1
        assert "is in use by another process" in one_sentence(result)
        until = time.monotonic() + SECONDS
        while not serves(url):
            assert time.monotonic() < until
        process.send_signal(signal.SIGINT)
        _, rest = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0
    assert "Traceback" not in rest


def test_what_was_accepted_survives_a_killed_server(tmp_path: Path) -> None:
    process = subprocess.Popen(  # noqa: S603 - our own command
        [*SANDBOX, "serve", "--port", "0", "--today", "2026-03-01", "--data", str(tmp_path)],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    with process, process.stderr:
        process.stderr.readline()
        client = AdminClient(process.stderr.readline().split()[2].rstrip(";"))
        until = time.monotonic() + SECONDS
        while not serves(client.url):
            assert time.monotonic() < until
        token = client.call("GET", "accounts")["api_token"]
        answer = requests.post(
            client.url + "/api/v2/bizevents/ingest",
            json=[{"event.type": "t"}] * 3,
            headers={"Authorization": f"Api-Token {token}"},
            timeout=SECONDS,
        )
        assert answer.status_code == 202
        assert client.advance(2) == "2026-03-03"
        process.kill()
    with SandboxServer(data=tmp_path) as again:
        assert [row["stored"] for row in again.report()] == [3]
        assert again.advance(0) == "2026-03-03"


def serves(url: str) -> bool:
    try:
        return requests.get(f"{url}/sandbox/health", timeout=SECONDS).ok
    except requests.ConnectionError:
        return False
