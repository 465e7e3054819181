"""Faults on the way: the list afterwards is the same as without them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from .messages import activate, deleted, record, schema, state, stream_of, versioned

if TYPE_CHECKING:
    from .judge import Desk

BEFORE = ["a", "b", "c"]


class Run(NamedTuple):
    """Settings, input, the list afterwards, and the methods of the requests."""

    config: dict[str, Any]
    messages: list[dict[str, Any]]
    after: list[str]
    methods: list[str]


RUNS = {
    "append-only": Run({}, stream_of(["c", "d", "e"]), ["a", "b", "c", "d", "e"], ["GET", "POST"]),
    "overwrite": Run(
        {"load_method": "overwrite"}, stream_of(["c", "d"]), ["c", "d"], ["GET", "PUT"]
    ),
    "delete": Run(
        {},
        [schema(), deleted("b"), record("d"), state(n=1)],
        ["a", "c", "d"],
        ["GET", "DELETE", "POST"],
    ),
    "hard-delete": Run(
        {"hard_delete": True},
        [schema(), versioned("c", 1), versioned("d", 1), activate(1), state(n=1)],
        ["c", "d"],
        ["GET", "DELETE", "POST"],
    ),
}
FAULTS: dict[str, dict[str, Any]] = {
    "token expired": {"expire_token": True},
    "429 with wish": {"status": 429, "headers": {"Retry-After": "0.05"}},
    "429": {"status": 429},
    "500 before": {"status": 500},
    "504 after": {"status": 504, "after": True},
    "reset before": {"reset": "before"},
    "reset after": {"reset": "after"},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
@pytest.mark.parametrize(
    ("run", "method"),
    [
        pytest.param(run, method, id=f"{name}-{method}")
        for name, run in RUNS.items()
        for method in run.methods
    ],
)
def test_list_is_the_same_as_without_the_fault(
    desk: Desk, run: Run, method: str, fault: dict[str, Any]
) -> None:
    desk.put(BEFORE)
    desk.sandbox.fault(method=method, path="/settings/", **fault)

    outcome = desk.run(run.messages, **run.config)

    assert desk.sandbox.faults()[0]["applied"] == 1
    assert outcome.failure == ""
    assert desk.look() == run.after
    assert len(outcome.states) == 1


@pytest.mark.parametrize("fault", [{"reset": "after"}, {"status": 502, "after": True}])
def test_post_that_was_stored_without_an_answer_is_not_sent_again(
    desk: Desk, fault: dict[str, Any]
) -> None:
    desk.sandbox.fault(method="POST", path="/settings/", **fault)

    outcome = desk.run(stream_of(["a", "b"]))

    assert [method for method, _ in outcome.requests] == ["GET", "POST", "GET"]
    assert desk.look() == ["a", "b"]


def test_post_that_was_not_stored_is_sent_again_after_a_look(desk: Desk) -> None:
    desk.sandbox.fault(method="POST", path="/settings/", reset="before")

    outcome = desk.run(stream_of(["a", "b"]))

    assert [method for method, _ in outcome.requests] == ["GET", "POST", "GET", "POST"]
    assert desk.look() == ["a", "b"]


def test_delete_that_was_done_without_an_answer_is_not_sent_again(desk: Desk) -> None:
    desk.put(["a", "b"])
    desk.sandbox.fault(method="DELETE", path="/settings/", reset="after")

    outcome = desk.run([schema(), deleted("a")])

    assert [method for method, _ in outcome.requests] == ["GET", "DELETE", "GET"]
    assert desk.look() == ["b"]


def test_key_that_somebody_added_meanwhile_does_not_stop_the_others(desk: Desk) -> None:
    # The first reading does not show the key that is there by the time of the POST.
    desk.put(["a"])
    desk.sandbox.fault(
        method="GET", path="/settings/", status=200, json={"records": [], "hasNextPage": False}
    )

    outcome = desk.run(stream_of(["a", "b"]))

    assert outcome.failure == ""
    assert [method for method, _ in outcome.requests] == ["GET", "POST", "GET", "POST"]
    assert desk.look() == ["a", "b"]


def test_refusal_by_dynatrace_names_the_keys(desk: Desk) -> None:
    refusal = {"error": True, "message": "Key too long.", "payload": None}
    desk.sandbox.fault(method="POST", path="/settings/", times=-1, status=400, json=refusal)

    outcome = desk.run(stream_of(["a", "b"]))

    assert "answers 400 for account" in outcome.failure
    assert "Key too long." in outcome.failure
    assert "The cost centers sent: 'a', 'b'." in outcome.failure
    assert len(outcome.writes) == 1


def test_refusal_of_a_whole_list_names_the_keys(desk: Desk) -> None:
    desk.sandbox.fault(method="PUT", path="/settings/", status=400, json={"message": "No."})

    outcome = desk.run(stream_of(["a", "b"]), load_method="overwrite")

    assert "The cost centers sent: 'a', 'b'." in outcome.failure


def test_account_that_cannot_be_read_does_not_stop_the_others(desk: Desk) -> None:
    first, second = desk.uuids[:2]
    desk.sandbox.fault(path=f"{first}/settings/", times=-1, status=403)

    outcome = desk.run(
        [schema(), record("a", accountUuid=first), record("b", accountUuid=second), state(n=1)]
    )

    assert outcome.failure.startswith("UnwrittenError: GET ")
    assert f"answers 403 for account '{desk.names[0]}'" in outcome.failure
    assert "(setting 'read_scope')" in outcome.failure
    assert desk.look(account=1) == ["b"]
    assert outcome.states == []


def test_missing_write_permission_names_the_setting(desk: Desk) -> None:
    outcome = desk.run(stream_of(["a"]), scope="account-uac-read")

    assert "answers 403" in outcome.failure
    assert "(setting 'scope')" in outcome.failure


@pytest.mark.parametrize("body", ["[]", "{}", '{"records": [{}]}', '{"records": null}', "null"])
def test_answer_of_another_shape_is_told(desk: Desk, body: str) -> None:
    desk.sandbox.fault(method="GET", path="/settings/", status=200, body=body)

    outcome = desk.run(stream_of(["a"]))

    assert "without the documented 'records' and 'key'" in outcome.failure
    assert outcome.writes == []


def test_token_that_ends_during_the_run_is_renewed(desk: Desk) -> None:
    desk.sandbox.switch(token_lifetime=0.2)

    outcome = desk.run([*stream_of(["a"]), *stream_of(["p"], "products")])

    assert outcome.failure == ""
    assert (desk.look("costcenters"), desk.look("products")) == (["a"], ["p"])
