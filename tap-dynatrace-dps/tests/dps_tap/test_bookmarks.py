"""The memory of an incremental stream."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tap_dynatrace_dps import bookmarks
from tap_dynatrace_dps.bookmarks import DIGEST_LENGTH, NO_ROWS, Bookmark, digest
from tap_dynatrace_dps.dynatrace_api.errors import SettingsError

FIRST = date(2026, 1, 1)
ONE_DAY = timedelta(days=1)


@given(
    contents=st.lists(st.one_of(st.none(), st.binary(min_size=1)), min_size=1, max_size=40),
    lookback=st.integers(0, 20),
)
def test_a_bookmark_survives_the_state_and_knows_each_day_of_the_lookback(
    contents: list[bytes | None], lookback: int
) -> None:
    last = FIRST + ONE_DAY * (len(contents) - 1)
    yesterday = last - ONE_DAY
    texts = [NO_ROWS if content is None else digest(content) for content in contents]
    bookmark = Bookmark(lookback)
    for offset, text in enumerate(texts):
        bookmark.remember(FIRST + ONE_DAY * offset, text, last_complete=yesterday)
    state: dict[str, Any] = {}
    bookmarks.store(state, "account/subscription", bookmark)
    again = bookmarks.load(json.loads(json.dumps(state)), "account/subscription", lookback)
    assert again.day == yesterday
    for offset, text in enumerate(texts):
        day = FIRST + ONE_DAY * offset
        if day >= yesterday - ONE_DAY * lookback:
            assert again.is_unchanged(day, text)
            if text != NO_ROWS:
                assert not again.is_unchanged(day, digest(b"other" + text.encode()))


def test_the_bookmark_never_passes_the_day_before_the_run() -> None:
    bookmark = Bookmark(10)
    today = date(2026, 11, 20)
    bookmark.remember(today, digest(b"rows of today"), last_complete=today - ONE_DAY)
    assert bookmark.day == today - ONE_DAY


def test_the_bookmark_never_goes_back() -> None:
    bookmark = Bookmark(10, ["2026-11-19", ""])
    bookmark.remember(date(2026, 11, 10), digest(b"a"), last_complete=date(2026, 11, 19))
    assert bookmark.day == date(2026, 11, 19)


def test_an_entry_stays_small() -> None:
    bookmark = Bookmark(10)
    for offset in range(400):
        day = FIRST + ONE_DAY * offset
        bookmark.remember(day, digest(str(day).encode()), last_complete=day)
    entry = bookmark.entry()
    assert entry is not None
    assert len(entry[1]) == (1 + 10 + 1) * DIGEST_LENGTH


@pytest.mark.parametrize(
    "state",
    [
        {"accounts": []},
        {"accounts": {"a": "2026-01-01"}},
        {"accounts": {"a": ["yesterday", ""]}},
        {"accounts": {"a": ["2026-01-01", "abc"]}},
        {"accounts": {"a": ["2026-01-01", 5]}},
        {"accounts": {"a": {"day": 1}}},
        [],
        "2026",
    ],
    ids=str,
)
def test_a_broken_state_is_refused_with_the_stream_named(state: object) -> None:
    with pytest.raises(SettingsError, match="'usage' is broken"):
        bookmarks.check("usage", state)
