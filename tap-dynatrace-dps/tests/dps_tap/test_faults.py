"""Each fault in a whole sync: the records are those of a run without it, none twice."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from .runner import run_tap

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

STREAMS = ("environment_cost", "cost", "subscriptions", "cost_centers", "notifications")

PATHS = {
    "sso": "/sso/oauth2/token",
    "list": "/subscriptions$",
    "cost": "/cost$",
    "pages": "/environments/cost$",
    "values": "/settings/costcenters$",
    "notices": "/notifications$",
}

FAULTS: dict[str, dict[str, Any]] = {
    "429-with-seconds": {"status": 429, "headers": {"Retry-After": "7"}},
    "429-with-date": {"status": 429, "headers": {"Retry-After": "Fri, 20 Nov 2026 06:00:09 GMT"}},
    "429-without-header": {"status": 429},
    "500": {"status": 500},
    "503-html": {"status": 503, "body": "<html>maintenance</html>"},
    "504": {"status": 504, "json": {"error": True, "message": "Query timeout."}},
    "200-html": {"status": 200, "body": "<html>login</html>"},
    "reset-before": {"reset": "before"},
    "reset-after": {"reset": "after"},
    "truncated": {"truncate": 20},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_changes_nothing_in_the_records(
    sandbox: SandboxServer, fault: dict[str, Any]
) -> None:
    expected = run_tap(sandbox.tap_config(), select=STREAMS)
    for path in PATHS.values():
        sandbox.fault(path=path, skip=1, times=2, **fault)
    run = run_tap(sandbox.tap_config(window_days=10), select=STREAMS)
    assert run.failure is None
    assert run.records == expected.records
    assert all(rule["applied"] == 2 for rule in sandbox.faults())


def test_an_expired_token_is_renewed_once(sandbox: SandboxServer) -> None:
    expected = run_tap(sandbox.tap_config(), select=STREAMS)
    sandbox.clear_requests()
    sandbox.fault(path="/environments/cost$", skip=3, times=1, expire_token=True)
    run = run_tap(sandbox.tap_config(window_days=10), select=STREAMS)
    assert run.failure is None
    assert run.records == expected.records
    assert len(sandbox.requests("token")) == 5 + 1


def test_a_second_401_is_not_retried(sandbox: SandboxServer) -> None:
    account = sandbox.accounts[1]
    sandbox.fault(path=f"/accounts/{account['uuid']}/", status=401, times=-1)
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert "401" in str(run.failure)
    assert account["name"] in str(run.failure)
    assert len(sandbox.requests(f"/accounts/{account['uuid']}/")) == 2


@pytest.mark.parametrize("status", [400, 403])
def test_a_refusal_is_not_retried(sandbox: SandboxServer, status: int) -> None:
    owner = sandbox.accounts[0]["uuid"]
    sandbox.fault(path=f"/accounts/{owner}/.*/cost$", status=status, times=-1)
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert str(status) in str(run.failure)
    assert len(sandbox.requests(f"/accounts/{owner}/.*/cost$")) == 1


def test_the_servers_wish_to_wait_wins(sandbox: SandboxServer) -> None:
    sandbox.fault(path="/cost$", times=1, status=429, headers={"Retry-After": "123"})
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert run.failure is None
    assert max(run.clock.slept) == pytest.approx(123, abs=1)


def test_a_total_limit_ends_the_retries(sandbox: SandboxServer) -> None:
    owner = sandbox.accounts[0]
    sandbox.fault(path=f"/accounts/{owner['uuid']}/.*/cost$", times=-1, status=503)
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert "did not succeed within 300 s" in str(run.failure)
    assert owner["name"] in str(run.failure)
    assert 200 < sum(run.clock.slept) <= 300
    # The other accounts have finished.
    assert len({record["accountUuid"] for record in run.records["cost"]}) == 2


@pytest.mark.parametrize("status", [403, 404, 410])
@pytest.mark.parametrize(
    ("stream", "path"),
    [
        ("environments", "/environments$"),
        ("cost_allocation", "/cost-allocation$"),
        ("forecast", "/forecast$"),
        ("rate_cards", "/rate-cards$"),
        ("notifications", "/notifications$"),
    ],
)
def test_an_optional_stream_that_is_not_there_is_a_warning(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture, stream: str, path: str, status: int
) -> None:
    sandbox.fault(path=path, times=-1, status=status)
    run = run_tap(sandbox.tap_config(), select=(stream,))
    assert run.failure is None
    assert not run.records[stream]
    if (stream, status) != ("forecast", 404):
        warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
        scope = "account-env-read" if stream == "environments" else "account-uac-read"
        assert any(scope in each.getMessage() for each in warnings)


def test_a_missing_scope_of_an_optional_stream_leaves_the_others_alone(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    for account in sandbox.accounts:
        sandbox.grant(account["client_id"], ["account-uac-read"])
    run = run_tap(sandbox.tap_config(), select=("cost", "environments", "usage"))
    assert run.failure is None
    assert run.records["cost"]
    assert run.records["usage"]
    assert not run.records["environments"]
    assert "account-env-read" in caplog.text


@pytest.mark.parametrize("stream", ["environments", "forecast", "notifications", "rate_cards"])
def test_wrong_credentials_fail_an_optional_stream_too(sandbox: SandboxServer, stream: str) -> None:
    config = sandbox.tap_config()
    config["accounts"][0]["client_secret"] = "dt0s02.WRONG.SECRET"
    run = run_tap(config, select=(stream,))
    assert "client_secret" in str(run.failure)
    assert sandbox.accounts[0]["name"] in str(run.failure)


def test_a_missing_scope_of_a_required_stream_fails_clearly(sandbox: SandboxServer) -> None:
    sandbox.grant(sandbox.accounts[0]["client_id"], ["account-env-read"])
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert "account-uac-read" in str(run.failure)
    assert sandbox.accounts[0]["name"] in str(run.failure)


def test_a_page_key_given_twice_ends_the_account_not_the_run(sandbox: SandboxServer) -> None:
    owner = sandbox.accounts[0]
    page = {"data": [], "nextPageKey": "again", "lastModifiedTime": "2026-11-20"}
    sandbox.fault(path=f"{owner['uuid']}/.*/environments/cost$", times=-1, status=200, json=page)
    run = run_tap(sandbox.tap_config(), select=("environment_cost",))
    assert "given twice" in str(run.failure)
    assert run.records["environment_cost"]


def test_unknown_fields_are_left_out_and_told_once(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    row = {"startTime": "2026-11-01", "value": 1, "surprise": "x"}
    body = {"data": [row, {**row, "startTime": "2026-11-02"}]}
    sandbox.fault(path="/cost$", times=-1, status=200, json=body)
    run = run_tap(sandbox.tap_config(), select=("cost",))
    assert run.records["cost"]
    assert all("surprise" not in record for record in run.records["cost"])
    assert caplog.text.count("'surprise'") == 1


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, None], ids=str)
@pytest.mark.parametrize("stream", STREAMS)
def test_nothing_but_keys_is_assumed_present(
    sandbox: SandboxServer, stream: str, body: dict[str, Any] | None
) -> None:
    paths = {"environment_cost": "/environments/cost$", "subscriptions": "/subscriptions/[^/]+$"}
    path = paths.get(stream, PATHS["values"] if stream == "cost_centers" else f"/{stream}$")
    sandbox.fault(path=path, times=-1, status=200, body="null" if body is None else None, json=body)
    run = run_tap(sandbox.tap_config(), select=(stream,))
    assert run.failure is None


def test_rows_with_keys_only_are_records(sandbox: SandboxServer) -> None:
    entry = {"environmentId": "abc", "cost": [{"startTime": "2026-11-01", "capabilityKey": "K"}]}
    sandbox.fault(path="/environments/cost$", times=-1, status=200, json={"data": [entry]})
    run = run_tap(sandbox.tap_config(), select=("environment_cost",))
    assert run.failure is None
    record = run.records["environment_cost"][0]
    assert record["startTime"] == "2026-11-01T00:00:00.000Z"
    assert record["value"] is None
