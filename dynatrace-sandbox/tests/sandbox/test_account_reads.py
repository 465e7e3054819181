"""Cost allocation, notifications, forecast, rate cards and environments."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .client import Client

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


@pytest.fixture
def allocation(owner: Client) -> tuple[str, dict[str, str]]:
    path = f"/v1/subscriptions/{owner.server.subscription_uuid}/cost-allocation"
    return path, {"field": "PRODUCT", "environment-id": owner.account["environments"][0]["id"]}


def all_records(client: Client, path: str, **query: str) -> list[Any]:
    """Follow page keys, each alone."""
    pages = client.pages_by_key(path, **query)
    return [record for page in pages for record in page["records"]]


def test_allocated_costs_add_up_to_the_environments(
    owner: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    records = all_records(owner, path, **query)
    allocated: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for record in records:
        allocated[record["date"], record["capability"]] += record["costs"]
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for fact in owner.server.truth("environment_cost", owner.account["uuid"]):
        key = fact["startTime"][:10], fact["capabilityKey"]
        if fact["environmentId"] == query["environment-id"] and key in allocated:
            booked[key] += Decimal(fact["value"])
    assert allocated == booked
    assert len({record["date"] for record in records}) == 59
    assert {record["key"] is None for record in records} == {True, False}


def test_allocation_has_nothing_for_the_last_day(
    owner: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    assert max(record["date"] for record in all_records(owner, path, **query)) == "2026-02-27"


def test_allocation_pages_take_the_key_alone(
    owner: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    first = owner.read(path, **query, page_size="4")
    assert len(first["records"]) == 4
    refused = owner.get(path, **query, page_key=first["nextPageKey"])
    assert refused.status_code == 400
    small = all_records(owner, path, **query, page_size="50")
    assert small == all_records(owner, path, **query)


def test_allocation_is_cut_by_dates(owner: Client, allocation: tuple[str, dict[str, str]]) -> None:
    path, query = allocation
    period = {"from": "2026-02-10", "to": "2026-02-12"}
    records = all_records(owner, path, **query, **period)
    assert {record["date"] for record in records} == {"2026-02-10", "2026-02-11"}


@pytest.mark.parametrize(
    "changes",
    [
        {"field": "TEAM"},
        {"field": ""},
        {"environment-id": ""},
        {"environment-id": "abc00000"},
        {"from": "yesterday"},
        {"page-size": "0"},
    ],
)
def test_a_wrong_allocation_query_is_refused(
    changes: dict[str, str], owner: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    assert owner.get(path, **{**query, **changes}).status_code == 400


def test_allocation_of_an_unknown_subscription_is_a_400(
    owner: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    assert owner.get(path.replace(owner.server.subscription_uuid, "x"), **query).status_code == 400


def test_allocation_is_for_saas_only(
    managed: Client, allocation: tuple[str, dict[str, str]]
) -> None:
    path, query = allocation
    query = {**query, "environment-id": managed.account["environments"][0]["id"]}
    answer = managed.get(path, **query)
    assert answer.status_code == 400
    assert "SaaS" in answer.json()["message"]


@pytest.fixture
def notifications(owner: Client) -> str:
    return f"/v2/accounts/{owner.account['uuid']}/notifications"


def test_notifications_come_in_pages_by_key_alone(owner: Client, notifications: str) -> None:
    records = all_records(owner, notifications, page_size="5")
    facts = owner.server.truth("notifications", owner.account["uuid"])
    assert {each["key"] for each in records} == {fact["key"] for fact in facts}
    assert len(records) == len(facts) > 10
    first = owner.read(notifications, page_size="5")
    assert first["hasNextPage"] is True
    beside = owner.get(notifications, page_key=first["nextPageKey"], page_size="5")
    assert beside.status_code == 400
    last = owner.read(notifications, page_size="500")
    assert last["hasNextPage"] is False
    assert "nextPageKey" not in last


def test_notification_filters_are_repeated_parameters(owner: Client, notifications: str) -> None:
    both = all_records(owner, notifications)
    found = owner.read(notifications, types=["BUDGET", "BYOK_REVOKED"], page_size="500")
    assert {each["type"] for each in found["records"]} <= {"budget", "byok-revoked"}
    assert len(found["records"]) == sum(each["type"] in {"budget", "byok-revoked"} for each in both)
    assert owner.get(notifications, types="BUDGET,COST").status_code == 400
    assert owner.get(notifications, types="budget").status_code == 400
    assert owner.get(notifications, severities="LOUD").status_code == 400


def test_notifications_are_cut_and_sorted_by_date(owner: Client, notifications: str) -> None:
    period = {"start-time": "2026-01-01T00:00:00Z", "end-time": "2026-02-01T00:00:00Z"}
    dates = [each["date"] for each in all_records(owner, notifications, **period, sorts="date")]
    assert dates == sorted(dates)
    assert all(date.startswith("2026-01") for date in dates)
    newest = [each["date"] for each in owner.read(notifications)["records"]]
    assert newest == sorted(newest, reverse=True)


def test_notifications_are_filtered_by_environment_and_capability(
    owner: Client, notifications: str
) -> None:
    environment = owner.account["environments"][0]["id"]
    for each in owner.read(notifications, environments=environment, page_size="500")["records"]:
        assert environment in str(each["details"])
    for each in owner.read(notifications, capabilities="LOGS", page_size="500")["records"]:
        assert each["details"]["capabilities"] == ["LOGS"]


def test_a_forecast_lies_above_what_is_used(steady: SandboxServer) -> None:
    for account in steady.accounts[:3]:
        client = Client(steady, account)
        found = client.read(client.subscriptions + "/forecast")
        costs = client.read(client.shared + "/cost")["data"]
        assert sum(row["value"] for row in costs) < found["forecastLower"]
        assert found["forecastLower"] < found["forecastMedian"] < found["forecastUpper"]


def test_forecasts_differ_in_the_budget_fields(steady: SandboxServer) -> None:
    fields = []
    for account in steady.accounts[:3]:
        client = Client(steady, account)
        fields.append(client.read(client.subscriptions + "/forecast").get("budget", "absent"))
    assert isinstance(fields[0], Decimal)
    assert fields[1:] == ["absent", None]


def test_there_is_no_forecast_without_data(steady: SandboxServer) -> None:
    for account in steady.accounts[3:]:
        client = Client(steady, account)
        assert client.get(client.subscriptions + "/forecast").status_code == 404


def test_rate_cards_overlap_and_price_saas_and_managed(owner: Client) -> None:
    main, addendum = owner.read(f"/sub/v1/accounts/{owner.account['uuid']}/rate-cards")
    assert main["startTime"] < addendum["startTime"] < main["endTime"]
    first = [each for each in main["capabilities"] if each["key"] == "FULLSTACK_MONITORING"]
    assert [each["deploymentType"] for each in first] == ["SaaS", "Managed"]
    assert first[0]["quotedUnitOfMeasure"] == "Per 100,000 memory-gibibyte-hours"
    assert (first[0]["quotedPrice"], first[0]["price"]) == ("1000", "0.01")


def test_accounts_without_costs_have_no_rate_cards(steady: SandboxServer) -> None:
    client = Client(steady, steady.accounts[3])
    assert client.read(f"/sub/v1/accounts/{client.account['uuid']}/rate-cards") == []


def test_environments_are_those_of_the_costs(managed: Client) -> None:
    path = f"/env/v2/accounts/{managed.account['uuid']}"
    ids = [each["id"] for each in managed.read(path + "/environments")["data"]]
    assert ids == [each["id"] for each in managed.account["environments"]]
    clusters = [each["clusterId"] for each in managed.read(path + "/clusters")["data"]]
    assert set(clusters) == {each["cluster_id"] for each in managed.account["environments"]}
    assert len(clusters) == 2
