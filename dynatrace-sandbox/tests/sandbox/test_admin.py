"""The admin API, and what survives a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
import requests
from dynatrace_sandbox.sandbox import Options, Sandbox, SandboxUsageError
from dynatrace_sandbox.testing import AdminRefusedError, SandboxServer
from dynatrace_sandbox.truth import DATASETS

from .client import SECONDS, Client
from .test_ingest import Sender

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize("dataset", DATASETS)
def test_every_dataset_can_be_read_by_account(dataset: str, steady: SandboxServer) -> None:
    everything = steady.truth(dataset)
    by_account = [
        fact for account in steady.accounts for fact in steady.truth(dataset, account["uuid"])
    ]
    assert everything == by_account
    assert {fact["accountName"] for fact in everything} >= {"Production SaaS"}


def test_health_says_that_it_is_no_real_service(steady: SandboxServer) -> None:
    answer = requests.get(steady.url + "/sandbox/health", timeout=SECONDS).json()
    assert answer["status"] == "up"
    assert "stand-in" in answer["what"]
    assert answer["today"] == "2026-03-01"


def test_the_settings_for_the_plugins_work(steady: SandboxServer) -> None:
    tap = steady.tap_config(page_size=10)
    assert tap["page_size"] == 10
    assert tap["sso_url"] == steady.url + "/sso/oauth2/token"
    assert [set(each) for each in tap["accounts"]] == [
        {"uuid", "name", "client_id", "client_secret"}
    ] * 5
    target = steady.bizevents_config(client_secret=None, max_batch_events=5)
    assert set(target) == {
        "environment_url",
        "client_id",
        "account_uuid",
        "sso_url",
        "max_batch_events",
    }
    assert steady.dps_config(dry_run=True)["dry_run"] is True


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "truth/money", "", "no dataset 'money'"),
        ("GET", "truth/cost?account=nobody", "", "no account is called 'nobody'"),
        ("POST", "clock/advance", '{"days": -1}', "from 0 to"),
        ("POST", "clock/advance", '{"hours": 1}', "hours"),
        ("POST", "restate", '{"delta": 1}', "day"),
        ("POST", "restate", '{"day": "2026-03-01", "delta": 1}', "not a metered day"),
        ("POST", "restate", '{"day": "2026-02-01", "delta": "1e-20"}', "decimal places"),
        ("POST", "restate", '{"day": "2026-02-01", "delta": "NaN"}', "number"),
        ("POST", "restate", '{"day": "2026-02-01", "delta": 1, "account": "Training"}', "costs"),
        ("POST", "restate", '{"day": "2026-02-01", "delta": 1, "environmentId": "x"}', "'x'"),
        ("POST", "restate", '{"day": "2026-02-01", "delta": 1, "capabilityKey": "x"}', "'x'"),
        ("POST", "grants", '{"client_id": "x", "scopes": []}', "no client"),
        ("POST", "faults", "{", "truncated"),
        ("PUT", "switches", '{"latency": -1}', "latency"),
        ("PUT", "switches", '{"speed": 1}', "speed"),
        ("GET", "requests?path=(", "", "no regular expression"),
        ("GET", "events?limit=x", "", "limit"),
        ("GET", "events?order=up", "", "order"),
    ],
)
def test_a_senseless_request_is_answered_with_one_sentence(
    method: str, path: str, body: str, words: str, steady: SandboxServer
) -> None:
    answer = requests.request(
        method, f"{steady.url}/sandbox/{path}", data=body or None, timeout=SECONDS
    )
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert "\n" not in answer.json()["error"]


def test_switches_change_one_at_a_time(fresh: SandboxServer) -> None:
    changed = fresh.switch(v3_paging="documented")
    assert changed["v3_paging"] == "documented"
    assert fresh.switch(latency=0)["v3_paging"] == "documented"


def test_a_restart_remembers_what_people_changed(tmp_path: Path) -> None:
    with SandboxServer(data=tmp_path, today=TODAY, days=30, seed=5) as first:
        first.advance(3)
        first.restate("2026-02-20", "7.5")
        writer = Client(first, first.accounts[0], "account-uac-write")
        body = {"values": [{"key": "kept"}]}
        assert writer.send("PUT", writer.settings("products"), body).status_code == 204
        Sender(first).post([{"event.type": "t", "event.id": "1"}, {"timestamp": 1}])
        facts = {dataset: first.truth(dataset) for dataset in DATASETS}
        report = first.report()
    with SandboxServer(data=tmp_path) as second:
        assert {dataset: second.truth(dataset) for dataset in DATASETS} == facts
        assert second.report() == report
        assert [row["dropped"] for row in report] == [1, 0]
        Sender(second).post({"event.type": "t", "event.id": "2"})
        assert [event["event.id"] for event in second.events()] == ["1", "2"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(seed=6), "seed 5, not 6"),
        (Options(days=9), "days 30, not 9"),
        (Options(today=date(2026, 2, 1)), "turn the clock back"),
    ],
)
def test_options_that_contradict_the_data_are_refused(
    options: Options, words: str, tmp_path: Path
) -> None:
    Sandbox(Options(data=tmp_path, seed=5, today=TODAY, days=30)).close()
    with pytest.raises(SandboxUsageError, match=words):
        Sandbox(replace(options, data=tmp_path))
    later = Sandbox(Options(data=tmp_path, today=date(2026, 3, 9)))
    assert later.today == date(2026, 3, 9)
    assert later.customer.scale.today == TODAY
    later.close()


def test_a_refused_admin_call_raises_its_sentence(steady: SandboxServer) -> None:
    with pytest.raises(AdminRefusedError, match="no dataset"):
        steady.truth("money")


def test_the_same_seed_serves_the_same_money() -> None:
    facts = []
    for seed in (1, 1, 2):
        with SandboxServer(seed=seed, today=TODAY, days=5) as server:
            facts.append(server.truth("environment_cost"))
    assert facts[0] == facts[1]
    assert facts[0] != facts[2]
