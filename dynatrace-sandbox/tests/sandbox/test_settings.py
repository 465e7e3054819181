"""Cost centers and products: pages, changes and limits."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from .client import Client

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


def values(keys: list[str]) -> dict[str, list[dict[str, str]]]:
    return {"values": [{"key": key} for key in keys]}


def keys_of(client: Client, field: str) -> list[str]:
    return [fact["key"] for fact in client.server.truth(field, client.account["uuid"])]


def test_pages_are_numbered_from_1(owner: Client) -> None:
    path = owner.settings("costcenters")
    found: list[str] = []
    for page in range(1, 10):
        answer = owner.read(path, page=str(page))
        found += [record["key"] for record in answer["records"]]
        if not answer["hasNextPage"]:
            break
    assert found == keys_of(owner, "cost_centers")
    assert page == 2
    assert owner.read(path)["records"] == owner.read(path, page="1")["records"]
    assert owner.read(path, page="99") == {"records": [], "hasNextPage": False}


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"page-size": "0"}])
def test_a_wrong_page_is_refused(query: dict[str, str], owner: Client) -> None:
    assert owner.get(owner.settings("products"), **query).status_code == 400


@pytest.mark.parametrize("field", ["costcenters", "products"])
def test_values_are_added_replaced_and_deleted(field: str, writer: Client) -> None:
    path = writer.settings(field)
    dataset = {"costcenters": "cost_centers", "products": "products"}[field]
    before = keys_of(writer, dataset)
    assert writer.send("POST", path, values(["new", "newer"])).status_code == 204
    assert keys_of(writer, dataset) == [*before, "new", "newer"]
    assert writer.send("DELETE", f"{path}/new").status_code == 204
    assert keys_of(writer, dataset) == [*before, "newer"]
    answer = writer.send("PUT", path, values(["only"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert keys_of(writer, dataset) == ["only"]


@pytest.mark.parametrize(
    "key", ["a/b", "50% off", "R&D", "Süd", "日本", "a+b c", "?#", "%2F", ".."]
)
def test_any_key_can_be_deleted_when_it_is_percent_encoded(key: str, writer: Client) -> None:
    path = writer.settings("products")
    assert writer.send("PUT", path, values(["x", key])).status_code == 204
    encoded = quote(key, safe="").replace(".", "%2E")
    assert writer.send("DELETE", f"{path}/{encoded}").status_code == 204
    assert keys_of(writer, "products") == ["x"]


def test_a_slash_that_is_not_encoded_leads_nowhere(writer: Client) -> None:
    path = writer.settings("products")
    writer.send("PUT", path, values(["a/b"]))
    assert writer.send("DELETE", f"{path}/a/b").status_code == 404
    assert keys_of(writer, "products") == ["a/b"]


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    "body",
    [
        values(["twice", "twice"]),
        values([""]),
        {"values": ["text"]},
        {"records": []},
        values([f"key-{number}" for number in range(251)]),
    ],
    ids=["twice", "empty", "text", "no values", "too many"],
)
def test_a_wrong_list_changes_nothing(method: str, body: object, writer: Client) -> None:
    before = keys_of(writer, "products")
    answer = writer.send(method, writer.settings("products"), body)
    assert answer.status_code == 400
    assert answer.json()["error"] is True
    assert keys_of(writer, "products") == before


def test_a_key_that_exists_refuses_the_whole_post(writer: Client) -> None:
    before = keys_of(writer, "products")
    answer = writer.send("POST", writer.settings("products"), values(["new", before[0]]))
    assert answer.status_code == 400
    assert before[0] in answer.json()["message"]
    assert keys_of(writer, "products") == before


def test_the_limit_counts_what_is_there(writer: Client) -> None:
    path = writer.settings("products")
    assert writer.send("PUT", path, values([str(n) for n in range(249)])).status_code == 204
    assert writer.send("POST", path, values(["a", "b"])).status_code == 400
    assert writer.send("POST", path, values(["a"])).status_code == 204


def test_an_unknown_key_is_a_400(writer: Client) -> None:
    assert writer.send("DELETE", writer.settings("products") + "/unknown").status_code == 400


def test_changes_need_the_write_scope_unless_switched(fresh: SandboxServer) -> None:
    reader = Client(fresh, fresh.accounts[0])
    path = reader.settings("products")
    for method, target in (("POST", path), ("PUT", path), ("DELETE", path + "/webshop")):
        assert reader.send(method, target, values(["x"])).status_code == 403
    fresh.switch(settings_write_scope="account-uac-read")
    assert reader.send("POST", path, values(["x"])).status_code == 204


def test_accounts_without_costs_have_no_values(steady: SandboxServer) -> None:
    client = Client(steady, steady.accounts[3])
    assert client.read(client.settings("costcenters")) == {"records": [], "hasNextPage": False}
