"""Each load method and each way to delete: before, input, after, and the requests made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from .messages import activate, deleted, record, schema, state, stream_of, versioned

if TYPE_CHECKING:
    from .judge import Desk

GET, POST, PUT = ("GET", "costcenters"), ("POST", "costcenters"), ("PUT", "costcenters")


def delete(encoded: str) -> tuple[str, str]:
    return ("DELETE", f"costcenters/{encoded}")


class Case(NamedTuple):
    """Settings, list before, input, list after, and the requests of the first run."""

    config: dict[str, Any]
    before: list[str]
    messages: list[dict[str, Any]]
    after: list[str]
    requests: list[tuple[str, str]]


CASES = {
    "append-only": Case(
        {"load_method": "append-only"},
        ["a", "b"],
        stream_of(["b", "c", "d"]),
        ["a", "b", "c", "d"],
        [GET, POST],
    ),
    "upsert": Case(
        {"load_method": "upsert"},
        ["a", "b"],
        stream_of(["d", "b", "c"]),
        ["a", "b", "d", "c"],
        [GET, POST],
    ),
    "overwrite": Case(
        {"load_method": "overwrite"},
        ["a", "b"],
        stream_of(["c", "b"]),
        ["c", "b"],
        [GET, PUT],
    ),
    "deleted record": Case(
        {},
        ["a", "b", "c"],
        [schema(), deleted("b"), deleted("x"), record("d"), state(n=1)],
        ["a", "c", "d"],
        [GET, delete("b"), POST],
    ),
    "deleted record under overwrite": Case(
        {"load_method": "overwrite"},
        ["a", "b"],
        [schema(), record("a"), record("c"), deleted("a"), state(n=1)],
        ["c"],
        [GET, PUT],
    ),
    "activated version": Case(
        {"hard_delete": True},
        ["a", "b", "c"],
        [schema(), versioned("b", 7), versioned("d", 7), activate(7), state(n=1)],
        ["b", "d"],
        [GET, delete("a"), delete("c"), POST],
    ),
    "activated version without older records": Case(
        {"hard_delete": True},
        ["a"],
        [schema(), versioned("a", 6), versioned("b", 6), versioned("b", 7), activate(7)],
        ["b"],
        [GET, delete("a"), POST],
    ),
    "activated version without hard_delete": Case(
        {"hard_delete": False},
        ["a"],
        [schema(), versioned("b", 7), activate(7)],
        ["a", "b"],
        [GET, POST],
    ),
}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@each_case
def test_list_becomes_what_the_input_says_with_the_fewest_requests(desk: Desk, case: Case) -> None:
    desk.put(case.before)

    outcome = desk.run(case.messages, **case.config)

    assert outcome.failure == ""
    assert desk.look() == case.after
    assert outcome.requests == case.requests


@each_case
def test_second_run_writes_nothing(desk: Desk, case: Case) -> None:
    desk.put(case.before)
    assert desk.run(case.messages, **case.config).requests == case.requests

    outcome = desk.run(case.messages, **case.config)

    assert outcome.requests == [GET]
    assert outcome.log[-1].endswith("before, nothing to change.")
    assert desk.look() == case.after


@each_case
def test_dry_run_says_what_would_change_and_writes_nothing(desk: Desk, case: Case) -> None:
    desk.put(case.before)

    outcome = desk.run(case.messages, **case.config, dry_run=True)

    assert outcome.failure == ""
    assert outcome.requests == [GET]
    assert desk.look() == case.before
    assert outcome.states == []
    (line,) = [line for line in outcome.log if line.startswith("Dry run. Cost centers")]
    assert f"{len(set(case.after) - set(case.before))} would be added" in line
    assert f"{len(set(case.before) - set(case.after))} would be removed" in line
    assert f"{len(case.after)} after." in line


def test_dry_run_asks_for_no_token_that_may_write(desk: Desk) -> None:
    for account in desk.sandbox.accounts:
        desk.sandbox.grant(account["client_id"], ["account-uac-read"])
    try:
        outcome = desk.run(stream_of(["a"]), dry_run=True)
    finally:
        for account in desk.sandbox.accounts:
            desk.sandbox.grant(
                account["client_id"], ["account-uac-read", "account-uac-write", "account-env-read"]
            )

    assert outcome.failure == ""


def test_both_streams_go_to_their_own_lists(desk: Desk) -> None:
    desk.run([*stream_of(["a"]), *stream_of(["p"], "products")])

    assert (desk.look("costcenters"), desk.look("products")) == (["a"], ["p"])


def test_accounts_get_their_own_records_and_the_first_one_the_rest(desk: Desk) -> None:
    desk.put(["kept"], account=2)
    first, second = desk.uuids[:2]
    messages = [
        schema(),
        record("a", accountUuid=second.upper()),
        record("b"),
        record("c", accountUuid=first),
        record("d", accountUuid=None),
    ]

    outcome = desk.run(messages, load_method="overwrite")

    assert desk.look(account=0) == ["b", "c", "d"]
    assert desk.look(account=1) == ["a"]
    assert desk.look(account=2) == ["kept"]
    assert outcome.writes == [PUT, PUT]


def test_two_hundred_new_keys_are_one_request(desk: Desk) -> None:
    keys = [f"key {number}" for number in range(200)]

    assert desk.run(stream_of(keys)).writes == [POST]
    assert desk.look() == keys


def test_long_list_is_read_page_by_page(desk: Desk) -> None:
    keys = [f"key {number}" for number in range(250)]
    desk.put(keys)

    outcome = desk.run(stream_of(keys))

    assert outcome.writes == []
    assert len(outcome.requests) > 2
    assert "250 before, nothing to change" in outcome.log[-1]


def test_repeated_keys_count_once(desk: Desk) -> None:
    desk.run(stream_of(["a", "b", "a", "a"]))

    assert desk.look() == ["a", "b"]


def test_last_word_about_a_key_counts(desk: Desk) -> None:
    desk.put(["a", "b"])

    desk.run([schema(), deleted("a"), record("a"), record("c"), deleted("c"), deleted("b")])

    assert desk.look() == ["a"]


@pytest.mark.parametrize(
    "key",
    [
        "a/b",
        "a b",
        " a",
        "käse ☕",
        "100%",
        "a%2Fb",
        "%",
        "a?b=c#d",
        "a+b&c",
        "x;y,z",
        "...",
    ],
)
def test_any_key_can_be_added_and_deleted(desk: Desk, key: str) -> None:
    desk.put(["a", "b"])
    desk.run(stream_of([key]))
    assert desk.look() == ["a", "b", key]

    outcome = desk.run([schema(), deleted(key)])

    assert outcome.failure == ""
    assert desk.look() == ["a", "b"]


@pytest.mark.parametrize("key", [".", ".."])
def test_key_that_no_url_can_carry_is_not_deleted_by_one(desk: Desk, key: str) -> None:
    desk.put(["a", key])

    outcome = desk.run([schema(), deleted(key)])

    assert "Remove it with load_method 'overwrite'" in outcome.failure
    assert outcome.writes == []
    assert desk.run(stream_of(["a"]), load_method="overwrite").failure == ""
    assert desk.look() == ["a"]


def test_overwrite_with_another_order_only_writes_nothing(desk: Desk) -> None:
    desk.put(["b", "a"])

    assert desk.run(stream_of(["a", "b"]), load_method="overwrite").writes == []


def test_summary_names_what_changed(desk: Desk) -> None:
    desk.put(["a", "b"])

    outcome = desk.run([schema(), record("c"), deleted("a")])

    assert outcome.log[-1] == (
        f"Cost centers of account '{desk.names[0]}': 2 before, 1 added ('c'), 1 removed ('a'), "
        "2 after."
    )


def test_write_scope_of_the_older_page_is_a_setting(desk: Desk) -> None:
    desk.sandbox.switch(settings_write_scope="account-uac-read")

    assert desk.run(stream_of(["a"]), scope="account-uac-read").failure == ""
    assert desk.look() == ["a"]


def test_batch_file_is_read_like_records(
    desk: Desk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("batch") / "part.jsonl"
    file.write_text('{"key": "a"}\n{"key": "b"}\n')
    batch = {
        "type": "BATCH",
        "stream": "cost_centers",
        "encoding": {"format": "jsonl", "compression": "none"},
        "manifest": [file.as_uri()],
    }

    outcome = desk.run([schema(), batch, state(n=2)])

    assert outcome.failure == ""
    assert desk.look() == ["a", "b"]
