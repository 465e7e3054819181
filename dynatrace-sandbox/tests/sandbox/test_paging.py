"""Pages of version 3 under each reading of the documentation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .client import JANUARY, Client, rows_of

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

WRONG_QUERIES: list[tuple[dict[str, str], str]] = [
    ({}, "'endTime' must be provided"),
    ({"startTime": "2026-01-01T00:00:00Z"}, "'endTime' must be provided"),
    ({"endTime": "2026-01-01T00:00:00Z"}, "'startTime' must be provided"),
    ({**JANUARY, "endTime": "yesterday"}, "'endTime' must be a date-time"),
    ({**JANUARY, "startTime": "2026-02-30T00:00:00Z"}, "'startTime' must be a date-time"),
    ({**JANUARY, "startTime": "2026-03-01T00:00:00Z"}, "must not be after"),
    ({**JANUARY, "page-size": "51"}, "'page-size' must be from 1 to 50"),
    ({**JANUARY, "page-size": "0"}, "'page-size'"),
    ({**JANUARY, "page-size": "many"}, "'page-size'"),
    ({**JANUARY, "page-key": "bm9uc2Vuc2U="}, "'page-key' is not valid"),
]


@pytest.fixture
def client(server: SandboxServer) -> Client:
    return Client(server, server.accounts[1])


@pytest.fixture
def path(client: Client) -> str:
    return client.shared_v3 + "/environments/cost"


@pytest.mark.parametrize(("query", "message"), WRONG_QUERIES)
def test_a_wrong_query_is_refused(
    query: dict[str, str], message: str, client: Client, path: str
) -> None:
    answer = client.get(path, **query)
    assert answer.status_code == 400
    assert message in answer.json()["message"]


def days_of(page: dict[str, Any]) -> set[str]:
    return {row["startTime"] for entry in page["data"] for row in entry["cost"]}


@pytest.mark.parametrize("size", ["1", "3", "50"])
def test_the_page_size_limits_entries_and_loses_nothing(
    size: str, client: Client, path: str
) -> None:
    whole = client.pages(path, **JANUARY, page_size="50")
    pages = client.pages(path, **JANUARY, page_size=size)
    assert all(len(page["data"]) <= int(size) for page in pages)
    assert rows_of(pages, "cost") == rows_of(whole, "cost")


def test_an_environment_comes_again_within_and_across_pages(client: Client, path: str) -> None:
    pages = client.pages(path, **JANUARY, page_size="9")
    ids = [[entry["environmentId"] for entry in page["data"]] for page in pages]
    assert len(set(ids[0])) < len(ids[0])
    assert set(ids[0]) & set(ids[-1])


def test_a_day_is_spread_over_pages(client: Client, path: str) -> None:
    client.server.restate("2026-01-25", "1", client.account["uuid"])
    pages = client.pages(path, **JANUARY, page_size="1")
    holding = [n for n, page in enumerate(pages) if "2026-01-25T00:00:00Z" in days_of(page)]
    assert max(holding) - min(holding) > 1


def test_live_wants_the_whole_query_beside_the_key(client: Client, path: str) -> None:
    first = client.read(path, **JANUARY, page_size="2")
    key = first["nextPageKey"]
    alone = client.get(path, page_key=key)
    assert (alone.status_code, alone.json()["message"]) == (400, "'endTime' must be provided")
    other = client.get(path, **{**JANUARY, "endTime": "2026-01-20T00:00:00Z"}, page_key=key)
    assert other.status_code == 400
    assert client.read(path, **JANUARY, page_size="2", page_key=key)["data"] != first["data"]


def test_documented_takes_the_key_with_or_without_the_query(client: Client, path: str) -> None:
    client.server.switch(v3_paging="documented")
    beside = client.pages(path, **JANUARY, page_size="7")
    alone = client.pages_by_key(path, **JANUARY, page_size="7")
    assert beside == alone


def test_key_alone_refuses_anything_beside_it(client: Client, path: str) -> None:
    beside = client.pages(path, **JANUARY, page_size="7")
    client.server.switch(v3_paging="key-alone-only")
    key = client.read(path, **JANUARY, page_size="7")["nextPageKey"]
    refused = client.get(path, **JANUARY, page_size="7", page_key=key)
    assert refused.status_code == 400
    assert "must not be combined" in refused.json()["message"]
    alone = client.pages_by_key(path, **JANUARY, page_size="7")
    assert alone == beside


def test_a_key_belongs_to_its_path(client: Client, path: str) -> None:
    client.server.switch(v3_paging="documented")
    key = client.read(path, **JANUARY, page_size="1")["nextPageKey"]
    assert client.get(path.replace("cost", "usage"), page_key=key).status_code == 400
    other = Client(client.server, client.server.accounts[0])
    assert other.get(other.shared_v3 + "/environments/cost", page_key=key).status_code == 400


@pytest.mark.parametrize(
    ("switch", "ending"),
    [("null", {"nextPageKey": None}), ("empty", {"nextPageKey": ""}), ("missing", {})],
)
def test_the_last_page_ends_as_switched(
    switch: str, ending: dict[str, str | None], client: Client, path: str
) -> None:
    client.server.switch(last_page_key=switch)
    last = client.pages(path, **JANUARY)[-1]
    assert {name: last[name] for name in last if name == "nextPageKey"} == ending


@pytest.mark.parametrize(("end_time", "days"), [("exclusive", 1), ("inclusive", 2)])
def test_the_end_of_the_period_is_as_switched(
    end_time: str, days: int, client: Client, path: str
) -> None:
    client.server.switch(end_time=end_time)
    query = {"startTime": "2026-02-01T00:00:00Z", "endTime": "2026-02-02T00:00:00.000Z"}
    [page] = client.pages(path, **query)
    assert len(days_of(page)) == days


def test_a_period_without_data_is_an_empty_page(client: Client, path: str) -> None:
    page = client.read(path, startTime="2019-01-01T00:00:00Z", endTime="2019-02-01T00:00:00Z")
    assert page["data"] == []
    assert page["nextPageKey"] is None


def test_filters_hold_over_all_pages(client: Client, path: str) -> None:
    environment = client.account["environments"][0]
    query = {
        "environmentIds": environment["id"],
        "capabilityKeys": "FULLSTACK_MONITORING,LOGS",
        "clusterIds": environment["cluster_id"],
    }
    rows = rows_of(client.pages(path, **JANUARY, **query, page_size="1"), "cost")
    assert {row[:2] for row in rows} == {(environment["id"], "FULLSTACK_MONITORING")}
    assert {row[2] for row in rows} == {
        fact["startTime"][:10]
        for fact in client.server.truth("cost", client.account["uuid"])
        if fact["startTime"] < "2026-02-01"
    }


def test_saas_entries_have_a_null_or_no_cluster(steady: SandboxServer) -> None:
    client = Client(steady, steady.accounts[0])
    page = client.read(client.shared_v3 + "/environments/usage", **JANUARY)
    assert {entry.get("clusterId", "absent") for entry in page["data"]} == {None, "absent"}
