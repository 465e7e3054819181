"""Input that cannot be: one sentence, and nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from .messages import activate, record, schema, state, stream_of

if TYPE_CHECKING:
    from .judge import Desk


@pytest.mark.parametrize(
    ("messages", "sentence"),
    [
        pytest.param(
            [
                schema(),
                record("a"),
                {"type": "RECORD", "stream": "cost_centers", "record": {"id": 1}},
            ],
            "Record 2 of the stream 'cost_centers' has no 'key'.",
            id="no-key",
        ),
        pytest.param(
            stream_of([None]), "Record 1 of the stream 'cost_centers' has no 'key'.", id="null"
        ),
        pytest.param(stream_of([""]), "has an empty 'key'.", id="empty"),
        pytest.param(stream_of([" \t"]), "has an empty 'key'.", id="blank"),
        pytest.param(stream_of([7]), "has the key 7, which is not a text.", id="number"),
        pytest.param(stream_of([["a"]]), "has the key ['a'], which is not a text.", id="list"),
        pytest.param(stream_of(["\ud800"]), "has characters that no URL", id="surrogate"),
        pytest.param(
            stream_of(["a\nb"]), "'a\\nb', which has characters that no URL", id="newline"
        ),
        pytest.param(
            [schema(), record("a", accountUuid="nobody")],
            "names the account 'nobody', which is not among the accounts of the settings.",
            id="unknown-account",
        ),
        pytest.param(
            [schema(), record("a", accountUuid=7)], "names the account '7'", id="account-number"
        ),
        pytest.param(
            stream_of(["a"], "departments"),
            "The stream 'departments' is none of the two that target-dynatrace-dps takes, "
            "'cost_centers' and 'products'.",
            id="unknown-stream",
        ),
        pytest.param("{", "Line 1 of the input is not JSON", id="no-json"),
        pytest.param("[]", "Line 1 of the input is not a Singer message", id="no-object"),
        pytest.param([schema(), {"type": "X"}], "Line 2 of the input is not a", id="unknown-type"),
        pytest.param([{"type": ["X"]}], "Line 1 of the input is not a", id="odd-type"),
        pytest.param(
            [activate(1)], "the stream 'cost_centers', which no SCHEMA", id="version-before-schema"
        ),
        pytest.param([record("a")], "before a corresponding schema", id="no-schema"),
    ],
)
def test_mistake_in_the_input_is_told_and_nothing_is_sent(
    desk: Desk, messages: list[dict[str, Any]] | str, sentence: str
) -> None:
    outcome = desk.run(messages)

    assert sentence in outcome.failure
    assert outcome.requests == []
    assert outcome.states == []


def test_too_many_values_are_refused_before_any_list_is_changed(desk: Desk) -> None:
    desk.put(["p"], "products")
    desk.put([f"old {number}" for number in range(100)])
    many = stream_of([f"new {number}" for number in range(151)])

    outcome = desk.run([*stream_of(["q"], "products"), *many])

    assert outcome.failure == (
        "RefusedInputError: The stream 'cost_centers' would leave account "
        f"'{desk.names[0]}' with 251 cost centers (100 now, 151 to add, 0 to remove); Dynatrace "
        "allows 250. Nothing was changed. Shorten the input, or delete values that are no longer "
        "used."
    )
    assert outcome.writes == []
    assert desk.look("products") == ["p"]


def test_two_hundred_and_fifty_values_are_taken(desk: Desk) -> None:
    keys = [f"key {number}" for number in range(250)]

    assert desk.run(stream_of(keys), load_method="overwrite").failure == ""
    assert desk.look() == keys


def test_deletions_make_room_for_new_values(desk: Desk) -> None:
    old = [f"old {number}" for number in range(250)]
    desk.put(old)
    gone = {**record(old[0]), "record": {"key": old[0], "_sdc_deleted_at": "2026-01-01"}}

    assert desk.run([schema(), record("new"), gone]).failure == ""
    assert desk.look() == [*old[1:], "new"]


@pytest.mark.parametrize(
    ("messages", "config"),
    [
        pytest.param([schema(), state(n=1)], {"load_method": "overwrite"}, id="overwrite"),
        pytest.param([schema(), activate(7), state(n=1)], {"hard_delete": True}, id="hard-delete"),
    ],
)
def test_empty_input_empties_a_list_only_where_that_is_allowed(
    desk: Desk, messages: list[dict[str, Any]], config: dict[str, Any]
) -> None:
    desk.put(["a", "b"])

    refused = desk.run(messages, **config)
    assert refused.failure == (
        "RefusedInputError: The stream 'cost_centers' holds nothing that account "
        f"'{desk.names[0]}' should keep, so all its 2 cost centers would be removed. Nothing was "
        "changed. If that is meant, set 'allow_empty' to true."
    )
    assert (refused.writes, desk.look()) == ([], ["a", "b"])

    assert desk.run(messages, **config, allow_empty=True).failure == ""
    assert desk.look() == []


def test_empty_input_for_an_empty_list_is_fine(desk: Desk) -> None:
    outcome = desk.run([schema(), state(n=1)], load_method="overwrite")

    assert (outcome.failure, outcome.writes, outcome.states) == ("", [], [{"n": 1}])


def test_input_without_any_stream_does_nothing(desk: Desk) -> None:
    outcome = desk.run([state(n=1)])

    assert (outcome.requests, outcome.states) == ([], [{"n": 1}])


def test_key_in_another_column_is_found_by_a_stream_map(desk: Desk) -> None:
    messages = [
        schema("departments", key="code"),
        {"type": "RECORD", "stream": "departments", "record": {"code": 17, "name": "Sales"}},
    ]
    maps = {"departments": {"__alias__": "cost_centers", "key": "str(code)"}}

    assert desk.run(messages, stream_maps=maps).failure == ""
    assert desk.look() == ["17"]


def test_empty_deletion_date_of_a_file_is_no_deletion(desk: Desk) -> None:
    desk.run([schema(), record("a", _sdc_deleted_at=""), record("b", _sdc_deleted_at=None)])

    assert desk.look() == ["a", "b"]


def test_meltanos_own_test_tries_the_accounts_and_writes_nothing(desk: Desk) -> None:
    outcome = desk.run(stream_of(["a"], "meltano_test_stream"))

    assert outcome.failure == ""
    assert outcome.writes == []
    assert len(outcome.requests) == 2 * len(desk.uuids)
    assert not any("error" in line.lower() for line in outcome.log)


def test_meltanos_own_test_fails_where_the_client_may_not_write(desk: Desk) -> None:
    outcome = desk.run(stream_of(["a"], "meltano_test_stream"), scope="account-uac-write other")

    assert outcome.failure.startswith("CredentialsError: The SSO ")
    assert "change the setting 'scope'" in outcome.failure
