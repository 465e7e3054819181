"""The difference between a list and the wishes about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_dps.change import MAX_NAMED, RefusedInputError, change_of, check, named
from target_dynatrace_dps.fields import COST_CENTERS, MAX_VALUES, PRODUCTS
from target_dynatrace_dps.wishes import Input, Wishes

if TYPE_CHECKING:
    from target_dynatrace_dps.change import Change

KEYS = st.sampled_from("abcdefgh")
RECORDS = st.lists(
    st.tuples(KEYS, st.sampled_from(["want", "delete"]), st.sampled_from([1, 2, None]))
)
LISTS = st.lists(KEYS, unique=True)


def wishes_of(records: list[tuple[str, str, int | None]]) -> Wishes:
    wishes = Wishes()
    for key, verb, version in records:
        if verb == "want":
            wishes.want(key, version)
        else:
            wishes.delete(key)
    return wishes


def carried_out(change: Change) -> list[str]:
    """Do what the service does with the requests."""
    if change.whole is not None:
        return list(change.whole)
    return [key for key in change.before if key not in change.removed] + list(change.added)


@given(LISTS, RECORDS)
def test_adding_leaves_what_the_input_does_not_mention(
    before: list[str], records: list[tuple[str, str, int | None]]
) -> None:
    last = {key: verb for key, verb, _ in records}

    after = carried_out(change_of(before, wishes_of(records), overwrite=False, version=None))

    expected = {key for key in before if key not in last} | {
        key for key, verb in last.items() if verb == "want"
    }
    assert set(after) == expected
    assert len(after) == len(expected)


@given(before=LISTS, records=RECORDS, overwrite=st.booleans())
def test_complete_input_is_the_list_afterwards(
    before: list[str], records: list[tuple[str, str, int | None]], *, overwrite: bool
) -> None:
    version = None if overwrite else 2
    wishes = wishes_of(records)
    last = {key: (verb, seen) for key, verb, seen in records}

    after = carried_out(change_of(before, wishes, overwrite=overwrite, version=version))

    assert set(after) == {
        key
        for key, (verb, seen) in last.items()
        if verb == "want" and (overwrite or seen in {None, 2})
    }
    assert len(after) == len(set(after))


@given(
    before=LISTS,
    records=RECORDS,
    version=st.sampled_from([None, 2]),
    overwrite=st.booleans(),
)
def test_change_is_counted_right_and_needed_only_once(
    before: list[str],
    records: list[tuple[str, str, int | None]],
    version: int | None,
    *,
    overwrite: bool,
) -> None:
    wishes = wishes_of(records)

    change = change_of(before, wishes, overwrite=overwrite, version=version)
    after = carried_out(change)

    if change.needed:
        assert change.after == len(after)
    assert not change_of(
        after if change.needed else before, wishes, overwrite=overwrite, version=version
    ).needed


@given(RECORDS)
def test_new_keys_keep_the_order_of_the_input(records: list[tuple[str, str, int | None]]) -> None:
    wanted = [(key, "want", version) for key, _, version in records]

    change = change_of([], wishes_of(wanted), overwrite=True, version=None)

    assert change.whole == change.added == tuple(dict.fromkeys(key for key, _, _ in records))


@given(LISTS, st.integers(0, MAX_VALUES + 5))
def test_list_is_refused_exactly_above_the_limit(before: list[str], new: int) -> None:
    wishes = Wishes()
    for number in range(new):
        wishes.want(f"new {number}")
    change = change_of(before, wishes, overwrite=False, version=None)

    if len(before) + new > MAX_VALUES and new:
        with pytest.raises(RefusedInputError, match=f"with {len(before) + new} products"):
            check(change, PRODUCTS, "account 'Acme'", allow_empty=False)
    else:
        check(change, PRODUCTS, "account 'Acme'", allow_empty=False)


def test_stream_without_records_speaks_for_the_first_account_only() -> None:
    collected = Input("first")
    collected.announce(COST_CENTERS)
    collected.about(PRODUCTS, "second").want("p")

    assert [(field, account) for field, account, _ in collected.lists()] == [
        (COST_CENTERS, "first"),
        (PRODUCTS, "second"),
    ]


def test_many_keys_are_named_in_part() -> None:
    assert named(["a", "b"]) == "'a', 'b'"
    assert named([str(number) for number in range(MAX_NAMED + 3)]).endswith("'19' and 3 more")
