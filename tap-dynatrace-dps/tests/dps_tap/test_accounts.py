"""Several accounts: the shared subscription, and failures that stay their own."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from .runner import run_tap

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


def test_an_account_without_subscription_shares_the_first_ones(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    owner = sandbox.accounts[0]["uuid"]
    shared = {
        (record["accountUuid"], record["subscriptionUuid"])
        for record in run.records["cost"]
        if record["accountUuid"] != owner
    }
    others = [each["uuid"] for each in sandbox.accounts[1:] if sandbox.truth("cost", each["uuid"])]
    assert shared == {(account, sandbox.subscription_uuid) for account in others}
    assert len(others) == 2


def test_no_costs_is_a_warning(sandbox: SandboxServer, caplog: pytest.LogCaptureFixture) -> None:
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert run.failure is None
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    empty = [each["name"] for each in sandbox.accounts if not sandbox.truth("cost", each["uuid"])]
    assert len(empty) == 2
    for name in empty:
        assert sum(f"'{name}' has no cost" in message for message in warned) == 1


@pytest.mark.parametrize("on_account_error", ["fail", "skip"])
def test_one_accounts_failure_stays_its_own(
    sandbox: SandboxServer, on_account_error: str, caplog: pytest.LogCaptureFixture
) -> None:
    broken = sandbox.accounts[2]["uuid"]
    whole = run_tap(sandbox.tap_config())
    sandbox.fault(path=f"/accounts/{broken}/", status=403, times=-1)
    run = run_tap(sandbox.tap_config(on_account_error=on_account_error))
    for stream in ("cost", "usage", "environment_cost"):
        expected = [key for key in whole.keys(stream) if key[0] != broken]
        assert run.keys(stream) == expected
    assert set(run.state["bookmarks"]["usage"]["accounts"]) == {
        key for key in whole.state["bookmarks"]["usage"]["accounts"] if not key.startswith(broken)
    }
    if on_account_error == "fail":
        assert "1 of 5 accounts did not finish" in str(run.failure)
        assert sandbox.accounts[2]["name"] in str(run.failure)
    else:
        assert run.failure is None
        assert "1 of 5 accounts did not finish" in caplog.text
    sandbox.clear_faults()
    rest = run_tap(sandbox.tap_config(), state=run.state)
    assert set(rest.keys("usage")) == {key for key in whole.keys("usage") if key[0] == broken}


def test_a_list_that_cannot_be_read_is_waited_for_once(sandbox: SandboxServer) -> None:
    owner = sandbox.accounts[0]
    sandbox.fault(path=f"/accounts/{owner['uuid']}/subscriptions$", status=503, times=-1)
    run = run_tap(sandbox.tap_config(), select=("cost", "usage", "environment_cost"))
    assert sum(run.clock.slept) <= 300
    for account in sandbox.accounts:
        assert f"'{account['name']}'" in str(run.failure)
    assert not any(run.records.values())


def test_wrong_credentials_name_the_account_and_never_the_secret(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    config = sandbox.tap_config()
    config["accounts"][1]["client_secret"] = "dt0s02.WRONG.VERYSECRETVALUE"
    run = run_tap(config)
    assert config["accounts"][1]["name"] in str(run.failure)
    assert "client_secret" in str(run.failure)
    secrets = [account["client_secret"] for account in config["accounts"]]
    output = b"\n".join(run.lines).decode() + caplog.text + str(run.failure)
    for secret in secrets:
        assert secret not in output
        assert secret.rpartition(".")[2] not in output
    refused = [each for each in sandbox.requests("token") if each["status"] == 400]
    assert len(refused) == 1
