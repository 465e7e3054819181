"""Following pages by key and by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_dynatrace_dps.dynatrace_api.errors import ApiError
from tap_dynatrace_dps.paging import KeyStyle, pages_by_key, pages_by_number, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

QUERY = {"startTime": "a", "endTime": "b"}


class KeyedService:
    """Serves pages by key under one of the readings, and keeps the queries."""

    def __init__(self, pages: list[Any], reading: str, last_key: Any = None) -> None:
        self.pages = pages
        self.reading = reading
        self.last_key = last_key
        self.queries: list[dict[str, Any]] = []

    def __call__(self, query: Mapping[str, Any]) -> dict[str, Any]:
        self.queries.append(dict(query))
        others = set(query) - {"page-key"}
        if "page-key" in query:
            if self.reading == "whole query" and not others:
                raise ApiError("'endTime' must be provided", status=400)
            if self.reading == "key alone" and others:
                raise ApiError("no other parameter may be set", status=400)
        index = int(query.get("page-key", "0"))
        page: dict[str, Any] = {"data": self.pages[index]}
        if index + 1 < len(self.pages):
            page["nextPageKey"] = str(index + 1)
        elif self.last_key != "missing":
            page["nextPageKey"] = self.last_key
        return page


@pytest.mark.parametrize("reading", ["whole query", "key alone", "both"])
@pytest.mark.parametrize("last_key", [None, "", "missing"])
def test_all_pages_come_under_either_reading_and_any_last_key(
    reading: str, last_key: str | None
) -> None:
    service = KeyedService([[1], [2], [], [3]], reading, last_key)
    pages = list(pages_by_key(service, QUERY, KeyStyle(alone=False)))
    assert [page["data"] for page in pages] == [[1], [2], [], [3]]


def test_the_key_alone_is_kept_for_the_rest_of_the_run() -> None:
    service = KeyedService([[1], [2], [3]], "key alone")
    style = KeyStyle(alone=False)
    list(pages_by_key(service, QUERY, style))
    assert style.alone
    refused = [query for query in service.queries if len(query) == 3]
    assert len(refused) == 1


def test_a_bad_request_that_is_not_about_the_key_is_told_as_it_came() -> None:
    def fetch(query: Mapping[str, Any]) -> dict[str, Any]:
        if "page-key" in query:
            raise ApiError(f"refused {sorted(query)}", status=400)
        return {"data": [1], "nextPageKey": "k"}

    style = KeyStyle(alone=False)
    with pytest.raises(ApiError, match="endTime"):
        list(pages_by_key(fetch, QUERY, style))
    assert not style.alone


def test_other_refusals_do_not_change_the_reading() -> None:
    def fetch(query: Mapping[str, Any]) -> dict[str, Any]:
        if "page-key" in query:
            raise ApiError("forbidden", status=403)
        return {"data": [1], "nextPageKey": "k"}

    with pytest.raises(ApiError, match="forbidden"):
        list(pages_by_key(fetch, QUERY, KeyStyle(alone=False)))


def test_a_key_that_comes_twice_is_an_error_not_a_loop() -> None:
    keys = iter(["a", "b", "a"])

    def fetch(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"data": [], "nextPageKey": next(keys)}

    with pytest.raises(ApiError, match="twice"):
        list(pages_by_key(fetch, QUERY, KeyStyle(alone=False)))


@given(
    pages=st.lists(st.lists(st.integers(), min_size=1), min_size=1, max_size=8, unique_by=str),
    first=st.sampled_from([0, 1]),
)
def test_numbered_pages_come_once_each_whatever_the_first_number(
    pages: list[list[int]], first: int
) -> None:
    def fetch(query: Mapping[str, Any]) -> dict[str, Any]:
        index = query.get("page", first) - first
        return {"records": pages[index], "hasNextPage": index + 1 < len(pages)}

    result = [page["records"] for page in pages_by_number(fetch, {})]
    assert result == pages


def test_a_numbered_page_that_repeats_is_an_error_not_a_loop() -> None:
    def fetch(_: Mapping[str, Any]) -> dict[str, Any]:
        return {"records": [{"key": "a"}], "hasNextPage": True}

    with pytest.raises(ApiError, match="twice"):
        list(pages_by_number(fetch, {}))


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        ({"data": [1]}, [1]),
        ({"subscriptions": [2]}, [2]),
        ([3], [3]),
        ({"data": None}, []),
        ({}, []),
        (None, []),
    ],
    ids=str,
)
def test_rows_are_found_under_each_wrapper(body: object, rows: list[int]) -> None:
    assert rows_of(body, "data", "subscriptions") == rows
