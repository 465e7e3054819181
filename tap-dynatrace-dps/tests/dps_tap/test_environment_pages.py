"""Pages of environments and the lines made of them: fast, and the same as the slow way."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_dynatrace_dps.dynatrace_api.client import decode
from tap_dynatrace_dps.streams.environment_pages import Entry, PageDecoder, Row
from tap_dynatrace_dps.writer import BufferedWriter, EncodedRecords, encode, encode_lines

TEXTS = st.none() | st.text()
NUMBERS = st.none() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False)

ROWS = st.fixed_dictionaries(
    {"startTime": st.text()},
    optional={
        "endTime": TEXTS,
        "value": NUMBERS,
        "capabilityKey": TEXTS,
        "capabilityName": TEXTS,
        "bookingDate": TEXTS,
        "currencyCode": TEXTS,
    },
)
ENTRIES = st.fixed_dictionaries(
    {},
    optional={
        "environmentId": TEXTS,
        "clusterId": TEXTS,
        "cost": st.none() | st.lists(ROWS, max_size=3),
    },
)


def decoded(page: dict[str, Any]) -> tuple[Any, list[str]]:
    """Decode a page of cost; return it and the names that it does not know."""
    unknown: list[str] = []
    return PageDecoder("cost", "currencyCode", unknown.append)(encode(page)), unknown


def plain(entries: list[Entry]) -> list[Any]:
    return [
        (entry.environment_id, entry.cluster_id, [msgspec.structs.astuple(row) for row in rows])
        for entry in entries
        for rows in [entry.rows or ()]
    ]


@given(entries=st.lists(ENTRIES, max_size=3), key=TEXTS, modified=TEXTS)
def test_an_unknown_field_changes_nothing_but_being_told(
    entries: list[dict[str, Any]], key: str | None, modified: str | None
) -> None:
    page = {"data": entries, "nextPageKey": key, "lastModifiedTime": modified}
    usual, nothing = decoded(page)
    page["data"] = [*entries, {"environmentId": "abc12345", "colour": 1, "cost": []}]
    unusual, unknown = decoded(page)

    assert plain(unusual["data"])[:-1] == plain(usual["data"])
    assert (usual["nextPageKey"], usual["lastModifiedTime"]) == (key, modified)
    assert (unusual["nextPageKey"], unusual["lastModifiedTime"]) == (key, modified)
    assert (nothing, unknown) == ([], ["colour"])


def test_a_row_with_an_unknown_field_is_read() -> None:
    row = {"startTime": "2026-01-01", "value": Decimal("1.50"), "discount": 0.5}
    page, unknown = decoded({"data": [{"environmentId": "abc12345", "cost": [row]}]})

    assert page["data"][0].rows == [Row("2026-01-01", value=Decimal("1.50"))]
    assert unknown == ["discount"]


def test_a_row_without_a_start_is_left_to_whoever_needs_it() -> None:
    page, _ = decoded({"data": [{"environmentId": "abc12345", "cost": [{"value": 1}]}]})

    assert page["data"][0].rows[0].start_time is None


@pytest.mark.parametrize("body", ["[]", "null", '"text"'])
def test_an_answer_that_is_no_page_stays_what_it_is(body: str) -> None:
    answer = PageDecoder("cost", "currencyCode", print)(body.encode())

    assert answer == decode(body.encode())


@pytest.mark.parametrize(
    "digits", ["0.10", "1e-7", "12345678901234567890.12345678901234567890", "5", "-0.0"]
)
def test_digits_stay_those_of_the_api(digits: str) -> None:
    body = f'{{"data":[{{"cost":[{{"startTime":"2026-01-01","value":{digits}}}]}}]}}'
    page = PageDecoder("cost", "currencyCode", print)(body.encode())

    assert encode(page["data"][0].rows[0].value).decode().lower() == digits


def members(alphabet: str) -> st.SearchStrategy[dict[str, Any]]:
    names = st.sampled_from(alphabet)
    return st.dictionaries(names, TEXTS | NUMBERS, min_size=1, max_size=3)


@given(
    rows=st.lists(members("xyz"), max_size=3),
    before=members("abc"),
    after=members("def"),
    version=st.none() | st.integers(),
)
def test_lines_of_encoded_records_are_those_of_the_records(
    rows: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any], version: int | None
) -> None:
    records = EncodedRecords(len(rows), before, encode_lines(rows), after)
    fast, slow = io.BytesIO(), io.BytesIO()
    extracted = "2026-01-01T06:00:00+00:00"
    BufferedWriter(fast).write_records("s{}", records, version=version, extracted=extracted)
    BufferedWriter(slow).write_records("s{}", list(records), version=version, extracted=extracted)

    assert fast.getvalue() == slow.getvalue()
    assert len(list(records)) == len(records) == len(rows)
