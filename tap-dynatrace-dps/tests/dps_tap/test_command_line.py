"""The executable: one sentence for each mistake, nothing lost when it is killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from dynatrace_sandbox.testing import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "tap_dynatrace_dps"]

Settings = dict[str, Any]


@pytest.fixture(scope="module")
def live() -> Iterator[SandboxServer]:
    """Serve a customer on the real day; the executable has the real clock."""
    today = datetime.now(UTC).date()
    with SandboxServer(today=today, days=60, environments=10, capabilities=6) as server:
        yield server


class Executable:
    """Runs the tap in a process of its own, with its files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def arguments(
        self, config: Settings, state: object = None, catalog: object = None
    ) -> list[str]:
        arguments = list(COMMAND)
        for name, content in (("config", config), ("state", state), ("catalog", catalog)):
            if content is None:
                continue
            path = self.folder / f"{name}.json"
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            arguments += [f"--{name}", str(path)]
        return arguments

    def __call__(
        self, config: Settings, *more: str, state: object = None, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603  (our own command)
            [*self.arguments(config, state), *more],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=env,
        )


@pytest.fixture
def tap(tmp_path: Path) -> Executable:
    """Return a way to run the tap's executable."""
    return Executable(tmp_path)


def without(config: Settings, *names: str) -> Settings:
    return {name: value for name, value in config.items() if name not in names}


def one_account(config: Settings, **changes: str) -> Settings:
    account = config["accounts"][0]
    single = {
        "account_uuid": account["uuid"],
        "client_id": account["client_id"],
        "client_secret": account["client_secret"],
    }
    return {**without(config, "accounts"), **single, **changes}


def second_account(config: Settings, **changes: Any) -> Settings:
    first, second, *others = config["accounts"]
    return {**config, "accounts": [first, {**second, **changes}, *others]}


BEFORE_ANY_REQUEST: dict[str, tuple[Callable[[Settings], Settings], str]] = {
    "no credentials": (lambda c: without(c, "accounts"), "No account is configured"),
    "secret missing": (lambda c: without(one_account(c), "client_secret"), "'client_secret'"),
    "both forms": (lambda c: {**c, **one_account(c)}, "given twice"),
    "account twice": (
        lambda c: {**c, "accounts": [c["accounts"][0], c["accounts"][0]]},
        "is listed twice",
    ),
    "accounts is text": (lambda c: {**c, "accounts": "[{]"}, "'accounts' should be an array"),
    "account without id": (
        lambda c: {**c, "accounts": [without(c["accounts"][0], "client_id")]},
        "'accounts[0]' lacks client_id",
    ),
    "page_size 51": (lambda c: {**c, "page_size": 51}, "'page_size' should be at most 50"),
    "window_days 0": (lambda c: {**c, "window_days": 0}, "'window_days' should be at least 1"),
    "start after end": (
        lambda c: {**c, "start_date": "2026-02-01", "end_date": "2026-01-01"},
        "'start_date' (2026-02-01) lies after",
    ),
    "start is no date": (lambda c: {**c, "start_date": "soon"}, "'start_date' is 'soon'"),
    "url without scheme": (
        lambda c: {**c, "api_url": "api.dynatrace.com"},
        "'api_url' is 'api.dynatrace.com'",
    ),
    "sso url without host": (lambda c: {**c, "sso_url": "https:///x"}, "'sso_url'"),
    "unknown choice": (lambda c: {**c, "on_account_error": "ignore"}, "one of fail, skip"),
}

AFTER_A_REQUEST: dict[str, tuple[Callable[[Settings], Settings], str]] = {
    "wrong secret": (lambda c: one_account(c, client_secret="dt0s02.A.NOTTHESECRET"), "400"),
    "wrong account": (lambda c: one_account(c, account_uuid="not-an-account"), "not-an-account"),
    "unknown scope": (lambda c: {**one_account(c), "scope": "account-all"}, "account-all"),
    "unknown subscription": (
        lambda c: {**c, "subscription_uuids": ["no-such-subscription"]},
        "no-such-subscription",
    ),
    "unknown subscription of an account": (
        lambda c: second_account(c, subscription_uuids=["no-such-subscription"]),
        "no-such-subscription",
    ),
    "unknown environment": (
        lambda c: {**c, "environment_ids": ["zzz99999"]},
        "'environment_ids' names zzz99999",
    ),
}


def complain(result: subprocess.CompletedProcess[str], config: Settings, sentence: str) -> None:
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert sentence in last
    assert "Traceback" not in result.stderr
    accounts = config.get("accounts")
    for account in accounts if isinstance(accounts, list) else [config]:
        if secret := account.get("client_secret"):
            assert secret not in result.stderr + result.stdout


@pytest.mark.parametrize("name", BEFORE_ANY_REQUEST)
def test_a_wrong_setting_is_told_before_any_request(
    live: SandboxServer, tap: Executable, name: str
) -> None:
    change, sentence = BEFORE_ANY_REQUEST[name]
    config = change(live.tap_config())
    live.clear_requests()
    complain(tap(config), config, sentence)
    assert not live.requests()


@pytest.mark.parametrize("name", AFTER_A_REQUEST)
def test_a_mistake_that_only_the_service_knows_is_told_at_the_end(
    live: SandboxServer, tap: Executable, name: str
) -> None:
    change, sentence = AFTER_A_REQUEST[name]
    config = change(live.tap_config())
    complain(tap(config), config, sentence)


def test_an_unreachable_host_is_told(tap: Executable, live: SandboxServer) -> None:
    # A port of our own that nobody listens on.
    config = {**one_account(live.tap_config()), "sso_url": "http://127.0.0.1:1/token"}
    result = tap(config, "--test")
    complain(result, config, "127.0.0.1:1")


BROKEN_STATES = {
    "another tap's": ({"bookmarks": {"orders": {}}}, "another tap"),
    "not an object": ({"bookmarks": []}, "broken"),
    "broken entry": ({"bookmarks": {"usage": {"accounts": {"a": 1}}}}, "'usage' is broken"),
    "not JSON": ("{", "not JSON"),
}


@pytest.mark.parametrize("name", BROKEN_STATES)
def test_a_wrong_state_is_told_before_any_request(
    live: SandboxServer, tap: Executable, name: str
) -> None:
    state, sentence = BROKEN_STATES[name]
    config = live.tap_config()
    live.clear_requests()
    complain(tap(config, state=state), config, sentence)
    assert not live.requests()


def test_accounts_in_the_environment_that_are_not_json_are_told(
    live: SandboxServer, tap: Executable
) -> None:
    env = {"TAP_DYNATRACE_DPS_ACCOUNTS": "[{'uuid': 'x', 'client_secret': 'HIDDEN'}]"}
    result = tap({}, "--config", "ENV", env=env)
    complain(result, live.tap_config(), "TAP_DYNATRACE_DPS_ACCOUNTS")
    assert "HIDDEN" not in result.stderr


def test_the_connection_test_succeeds_and_writes_few_records(
    live: SandboxServer, tap: Executable
) -> None:
    result = tap(live.tap_config(), "--test")
    assert result.returncode == 0
    records = [line for line in result.stdout.splitlines() if '"type":"RECORD"' in line]
    assert 1 <= len(records) <= 13


def test_the_connection_test_fails_with_wrong_credentials(
    live: SandboxServer, tap: Executable
) -> None:
    config = one_account(live.tap_config(), client_secret="dt0s02.A.NOTTHESECRET")
    complain(tap(config, "--test"), config, "client_secret")


def test_a_reader_that_goes_away_is_no_traceback(live: SandboxServer, tap: Executable) -> None:
    process = subprocess.Popen(  # noqa: S603  (our own command)
        tap.arguments(live.tap_config()),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    stderr = process.stderr.read()
    process.stderr.close()
    assert process.wait(60) != 0
    assert "Traceback" not in stderr


def test_a_termination_leaves_whole_lines_and_a_state_that_holds(
    live: SandboxServer, tap: Executable
) -> None:
    config = {**live.tap_config(), "window_days": 5}
    whole = tap(config).stdout.splitlines()
    process = subprocess.Popen(  # noqa: S603  (our own command)
        tap.arguments(config),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = [process.stdout.readline() for _ in range(2000)]
    # The pipe is full by now, so the signal meets the tap in the middle of a write.
    process.terminate()
    lines += process.stdout.readlines()
    stderr = process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    assert process.wait(60) == 0
    assert "Traceback" not in stderr
    messages = [json.loads(line) for line in lines]
    assert messages[-1]["type"] == "STATE"
    rest = tap(config, state=messages[-1]["value"]).stdout.splitlines()
    got = {_content(line) for line in [*lines, *rest]}
    assert got == {_content(line) for line in whole}


def test_killed_at_random_moments_nothing_is_missing(live: SandboxServer, tap: Executable) -> None:
    chance = random.Random(7)  # noqa: S311  (no secret)
    config = {**live.tap_config(), "window_days": 5}
    whole = tap(config).stdout.splitlines()
    size = sum(len(line) + 1 for line in whole)
    expected = {record for record in map(_content, whole) if record}
    got: set[str] = set()
    state: Any = None
    kills = 0
    finished = False
    while not finished:
        process = subprocess.Popen(  # noqa: S603  (our own command)
            tap.arguments(config, state),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdout is not None
        limit = chance.randrange(size // 8, size // 2)
        read = 0
        unconfirmed: list[str] = []
        for line in process.stdout:
            read += len(line)
            if kills < 6 and read > limit:
                process.kill()
                kills += 1
                break
            message = json.loads(line)
            if message["type"] == "STATE":
                got.update(filter(None, map(_content, unconfirmed)))
                unconfirmed, state = [], message["value"]
            else:
                unconfirmed.append(line)
        else:
            finished = True
            got.update(filter(None, map(_content, unconfirmed)))
        process.stdout.close()
        process.wait(60)
    assert kills == 6
    # What was written after the last state counts as lost, and comes again.
    assert got == expected


def _content(line: str) -> str:
    message = json.loads(line)
    if message["type"] != "RECORD":
        return ""
    return f"{message['stream']} {json.dumps(message['record'], sort_keys=True)}"
