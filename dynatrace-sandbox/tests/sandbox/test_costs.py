"""Costs and usage of all endpoints agree with each other and with the truth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from dynatrace_sandbox.testing import SandboxServer

from .client import JANUARY, Client, rows_of, truth_rows
from .conftest import TODAY

EVER = {"startTime": "2020-01-01T00:00:00Z", "endTime": "2030-01-01T00:00:00Z"}


def total(facts: list[dict[str, Any]]) -> Decimal:
    return sum((Decimal(fact["value"]) for fact in facts), Decimal(0))


def costs(client: Client, **query: str) -> Decimal:
    return total(client.read(client.shared + "/cost", **query)["data"])


def test_budget_used_is_the_exact_sum_of_all_accounts_costs(steady: SandboxServer) -> None:
    owner = Client(steady, steady.accounts[0])
    every = [Client(steady, account) for account in steady.accounts[:4]]
    used = owner.read(owner.shared)["budget"]["used"]
    assert used == sum(costs(client) for client in every)
    assert len(str(used)) > 15


def test_costs_are_the_truth_in_no_order(owner: Client, steady: SandboxServer) -> None:
    rows = owner.read(owner.shared + "/cost")["data"]
    found = {row["startTime"]: row["value"] for row in rows}
    facts = {
        fact["startTime"]: Decimal(fact["value"])
        for fact in steady.truth("cost", owner.account["uuid"])
        if fact["subscriptionUuid"] == steady.subscription_uuid
    }
    assert found == facts
    assert len(rows) == 90
    assert [row["startTime"] for row in rows] != sorted(found)


def test_environments_add_up_to_slightly_less_than_the_account(
    owner: Client, steady: SandboxServer
) -> None:
    whole = costs(owner)
    ids = ",".join(each["id"] for each in owner.account["environments"])
    parts = costs(owner, environmentIds=ids)
    facts = steady.truth("environment_cost", owner.account["name"])
    shared = [fact for fact in facts if fact["subscriptionUuid"] == steady.subscription_uuid]
    assert parts == total(shared)
    assert Decimal("0.97") < parts / whole < 1


def test_capabilities_add_up_to_the_account(owner: Client) -> None:
    keys = [each["key"] for each in owner.read(owner.shared)["capabilities"]]
    assert sum(costs(owner, capabilityKeys=key) for key in keys) == costs(owner)
    assert costs(owner, capabilityKeys=",".join(keys[:2])) == sum(
        costs(owner, capabilityKeys=key) for key in keys[:2]
    )


def test_unknown_filter_values_match_nothing(owner: Client) -> None:
    for name in ("environmentIds", "capabilityKeys", "clusterIds"):
        assert owner.read(owner.shared + "/cost", **{name: "nothing"})["data"] == []


def test_clusters_filter_managed_environments(managed: Client) -> None:
    clusters = {each["cluster_id"] for each in managed.account["environments"]}
    ids = ",".join(each["id"] for each in managed.account["environments"])
    assert sum(costs(managed, clusterIds=each) for each in clusters) == costs(
        managed, environmentIds=ids
    )


@pytest.mark.parametrize("kind", ["cost", "usage"])
def test_pages_of_all_accounts_hold_exactly_the_truth(kind: str, steady: SandboxServer) -> None:
    for account in steady.accounts[:3]:
        client = Client(steady, account)
        pages = client.pages(f"{client.shared_v3}/environments/{kind}", **EVER)
        facts = steady.truth(f"environment_{kind}", account["uuid"])
        assert rows_of(pages, kind) == truth_rows(facts, steady.subscription_uuid)


@pytest.mark.parametrize("kind", ["cost", "usage"])
def test_the_old_endpoints_hold_saas_environments_only(
    kind: str, owner: Client, managed: Client, steady: SandboxServer
) -> None:
    old = owner.read(f"{owner.shared}/environments/{kind}", **EVER)
    facts = steady.truth(f"environment_{kind}", owner.account["uuid"])
    assert rows_of([old], kind) == truth_rows(facts, steady.subscription_uuid)
    assert managed.read(f"{managed.shared}/environments/{kind}", **EVER)["data"] == []


def test_the_old_endpoints_say_that_they_are_deprecated(fresh: SandboxServer) -> None:
    client = Client(fresh, fresh.accounts[0])
    path = client.shared + "/environments/cost"
    for state, status in (("deprecated", 200), ("gone", 410)):
        fresh.switch(v2_environments=state)
        answer = client.get(path, **JANUARY)
        assert answer.status_code == status
        assert answer.headers["Deprecation"] == "Mon, 15 Jun 2026 00:00:00 GMT"
        assert answer.headers["Sunset"] == "Mon, 11 Jan 2027 00:00:00 GMT"
        assert 'environment-cost>; rel="successor-version"' in answer.headers["Link"]


def test_usage_is_the_truth_with_units(owner: Client, steady: SandboxServer) -> None:
    rows = owner.read(owner.shared + "/usage")["data"]
    facts = [
        fact
        for fact in steady.truth("usage", owner.account["uuid"])
        if fact["subscriptionUuid"] == steady.subscription_uuid
    ]
    assert [(row["capabilityKey"], row["value"], row["unitMeasure"]) for row in rows] == [
        (fact["capabilityKey"], Decimal(fact["value"]), fact["unitMeasure"]) for fact in facts
    ]
    assert len(rows) == 90 * 10


def test_a_cost_is_price_times_usage(owner: Client, steady: SandboxServer) -> None:
    cards = owner.read(f"/sub/v1/accounts/{owner.account['uuid']}/rate-cards")
    prices = {each["key"]: Decimal(each["price"]) for each in cards[0]["capabilities"]}
    usage = steady.truth("environment_usage", owner.account["uuid"])
    cost = steady.truth("environment_cost", owner.account["uuid"])
    assert len(cost) == len(usage) > 1000
    for used, paid in zip(usage, cost, strict=True):
        assert Decimal(used["value"]) * prices[used["capabilityKey"]] == Decimal(paid["value"])


def test_a_day_that_passes_adds_a_row_and_late_bookings(fresh: SandboxServer) -> None:
    client = Client(fresh, fresh.accounts[1])
    before = {row["startTime"]: row for row in client.read(client.shared + "/cost")["data"]}
    changed: set[str] = set()
    for _ in range(8):
        fresh.advance(1)
        after = {row["startTime"]: row for row in client.read(client.shared + "/cost")["data"]}
        assert len(after) == len(before) + 1
        changed |= {day for day, row in before.items() if after[day] != row}
        assert client.read(client.shared)["budget"]["used"] == total(fresh.truth("cost")) - total(
            [
                fact
                for fact in fresh.truth("cost")
                if fact["subscriptionUuid"] != fresh.subscription_uuid
            ]
        )
        before = after
    assert changed


def test_a_restatement_changes_all_endpoints_alike(fresh: SandboxServer) -> None:
    client = Client(fresh, fresh.accounts[2])
    environment = client.account["environments"][1]["id"]
    day = {"startTime": "2026-02-10T00:00:00Z", "endTime": "2026-02-11T00:00:00Z"}

    def seen() -> dict[str, Decimal]:
        [row] = [
            row
            for row in client.read(client.shared + "/cost")["data"]
            if row["startTime"].startswith("2026-02-10")
        ]
        pages = client.pages(client.shared_v3 + "/environments/cost", **day)
        return {
            "cost": row["value"],
            "environments": sum((row[3] for row in rows_of(pages, "cost")), Decimal(0)),
            "used": client.read(client.shared)["budget"]["used"],
            "truth": total(fresh.truth("environment_cost", client.account["uuid"])),
        }

    before = seen()
    fresh.restate("2026-02-10", "-1.25", client.account["name"], environment)
    after = seen()
    assert {name: after[name] - before[name] for name in after} == dict.fromkeys(
        after, Decimal("-1.25")
    )


def test_a_restated_day_shows_its_booking_date(fresh: SandboxServer) -> None:
    client = Client(fresh, fresh.accounts[0])
    modified = client.read(client.shared + "/cost")["lastModifiedTime"]
    fresh.restate("2026-02-10", "3")
    answer = client.read(client.shared + "/cost")
    [row] = [row for row in answer["data"] if row["startTime"].startswith("2026-02-10")]
    assert row["lastBookingDate"] == "2026-02-28T00:00:00.000Z"
    assert answer["lastModifiedTime"] > modified


def test_a_budget_holds_what_is_used(owner: Client) -> None:
    for each in owner.read(owner.subscriptions)["data"]:
        budget = owner.read(f"{owner.subscriptions}/{each['uuid']}")["budget"]
        assert 0 <= budget["used"] < budget["total"]


def test_a_very_large_customer_is_served_page_by_page() -> None:
    with SandboxServer(environments=100, capabilities=30, days=1800, today=TODAY) as large:
        client = Client(large, large.accounts[0])
        path = client.shared_v3 + "/environments/cost"
        first = client.read(path, **EVER)
        second = client.read(path, **EVER, page_key=first["nextPageKey"])
        assert [len(page["data"]) for page in (first, second)] == [50, 50]
        assert not set(rows_of([first], "cost")) & set(rows_of([second], "cost"))
        day = {"startTime": "2026-02-28T00:00:00Z", "endTime": "2026-03-01T00:00:00Z"}
        assert len(rows_of(client.pages(path, **day), "cost")) == 34 * 30
