"""One test per answer of the ingest endpoint: nothing lost, nothing doubled without need."""

from __future__ import annotations

import email.utils
import itertools
import math
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from .runner import event_id, ingests, orders, record_line, schema_line, stored_ids, stored_orders

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynatrace_sandbox.testing import SandboxServer

    from .conftest import RunTarget
    from .runner import Run

INGEST = "bizevents/ingest"

SOON = {"Retry-After": "0.05"}

CLOCK_TOLERANCE_SECONDS = 0.05
"""The log of the sandbox and the wait of the target read clocks of different kinds."""

BACK_OFF_FLOOR_SECONDS = 0.5
"""The first wait without a wish of the server's."""


def ids(numbers: range | list[int]) -> set[str]:
    return {event_id("singer.orders", {"id": number}, ["id"]) for number in numbers}


def assert_all_delivered_once(run: Run, sandbox: SandboxServer, count: int) -> None:
    """The equation for faults before storing: nothing refused, nothing twice."""
    assert run.code == 0, run.log
    assert run.dead == []
    assert set(stored_ids(sandbox)) == ids(range(count))
    assert len(stored_ids(sandbox)) == count
    assert run.states[-1] == {"orders": count}


def assert_all_but_dead(run: Run, sandbox: SandboxServer, count: int, dead: set[int]) -> None:
    """Distinct ids stored = records sent minus dead letter; the dead letter has no others."""
    assert set(run.dead_ids) == ids(sorted(dead))
    assert len(run.dead_ids) == len(dead)
    assert stored_orders(sandbox) == set(range(count)) - dead
    assert run.states[-1] == {"orders": count}


def waits(sandbox: SandboxServer) -> list[float]:
    """Seconds between the ends of the ingest requests."""
    times = [float(entry["time"]) for entry in ingests(sandbox)]
    return [after - before for before, after in itertools.pairwise(times)]


def test_accepted_batches_go_out_by_count(run_target: RunTarget, sandbox: SandboxServer) -> None:
    run = run_target(orders(25, state_every=5), max_batch_events=10)
    assert_all_delivered_once(run, sandbox, 25)
    assert max(entry["events"] for entry in ingests(sandbox)) <= 10


def test_only_the_named_events_of_a_400_are_refused(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reject=[0, 3])
    run = run_target(orders(10, state_every=10))
    assert run.code == 1
    assert_all_but_dead(run, sandbox, 10, {0, 3})
    assert len(stored_ids(sandbox)) == 8
    assert len(ingests(sandbox)) == 1, "nothing of a partly stored batch is sent again"
    assert run.dead[1]["refused"] == {
        "reason": "The event is not valid.",
        "status": 400,
        "event_id": run.dead_ids[0],
    }


def test_a_400_without_a_list_is_halved_down_to_the_culprit(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, request_body='"id":6[,}]', status=400, times=-1)
    run = run_target(orders(16, state_every=16))
    assert run.code == 1
    assert_all_but_dead(run, sandbox, 16, {6})
    assert len(stored_ids(sandbox)) == 15


def test_a_400_in_plain_words_is_halved_too(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, request_body='"id":2[,}]', status=400, body="Bad Request", times=-1)
    run = run_target(orders(5, state_every=5))
    assert_all_but_dead(run, sandbox, 5, {2})
    assert run.dead[1]["refused"]["reason"] == "Bad Request"


def test_a_400_that_does_not_say_which_event_loses_none(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, status=400, json={"errors": [{"message": "one is bad"}]})
    run = run_target(orders(3, state_every=3))
    assert_all_but_dead(run, sandbox, 3, {0, 1, 2})


def test_a_token_that_expires_is_renewed(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, expire_token=True, skip=1)
    run = run_target(orders(30, state_every=30), max_batch_events=10, max_parallel_requests=1)
    assert_all_delivered_once(run, sandbox, 30)
    assert len(sandbox.requests("/sso/oauth2/token")) == 2


def test_a_second_401_ends_the_run(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=401, times=-1)
    run = run_target(orders(3, state_every=3), max_parallel_requests=1)
    assert "401" in run.sentence
    assert "client_secret" in run.sentence
    assert len(ingests(sandbox)) == 2
    assert run.states == []


def test_a_403_names_the_scope(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=403, times=-1)
    run = run_target(orders(3))
    assert "storage:events:write" in run.sentence
    assert len(ingests(sandbox)) == 1


def test_a_404_names_the_url(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=404, times=-1)
    run = run_target(orders(3))
    assert "environment_url" in run.sentence


def test_a_redirect_is_not_followed(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=302, headers={"Location": "/login"}, times=-1)
    run = run_target(orders(3))
    assert "302" in run.sentence
    assert len(ingests(sandbox)) == 1


def test_a_413_is_halved(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, request_body="(?s).{1000}", status=413, times=-1)
    run = run_target(orders(20, state_every=20))
    assert_all_delivered_once(run, sandbox, 20)


def test_a_413_for_one_event_is_a_refusal(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, request_body="y{500}", status=413, times=-1)
    lines = [*orders(4), record_line({"id": 4, "text": "y" * 500}), *orders(9)[6:]]
    run = run_target([*lines, b'{"type":"STATE","value":{"orders":8}}'])
    assert set(run.dead_ids) == ids([4])
    assert stored_orders(sandbox) == {0, 1, 2, 3, 5, 6, 7, 8}
    assert run.states[-1] == {"orders": 8}


def test_an_event_above_the_byte_limit_is_refused_unsent(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    lines = [*orders(2), record_line({"id": 2, "text": "y" * 5000}), record_line({"id": 3})]
    run = run_target([*lines, b'{"type":"STATE","value":{"orders":4}}'], max_batch_bytes=5000)
    assert_all_but_dead(run, sandbox, 4, {2})
    assert "max_batch_bytes" in run.dead[1]["refused"]["reason"]


def test_compressed_bodies_arrive(run_target: RunTarget, sandbox: SandboxServer) -> None:
    run = run_target(orders(50, state_every=50, size=100), compress=True)
    assert_all_delivered_once(run, sandbox, 50)
    assert all(entry["bytes"] < 5000 for entry in ingests(sandbox))


def test_a_415_for_a_compressed_body_falls_back_once(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.switch(gzip="refuse")
    run = run_target(
        orders(30, state_every=30), compress=True, max_batch_events=10, max_parallel_requests=1
    )
    assert_all_delivered_once(run, sandbox, 30)
    assert Counter(entry["status"] for entry in ingests(sandbox)) == {415: 1, 202: 3}


def test_a_415_for_a_plain_body_ends_the_run(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=415, times=-1)
    assert "415" in run_target(orders(3)).sentence


@pytest.mark.parametrize(
    ("name", "spell"),
    [
        ("Retry-After", lambda until: str(math.ceil(until - time.time()))),
        ("Retry-After", lambda until: email.utils.formatdate(until, usegmt=True)),
        ("X-RateLimit-Reset", lambda until: str(int(until * 1_000_000))),
    ],
    ids=["seconds", "date", "microseconds"],
)
def test_a_429_waits_as_long_as_the_server_asks(
    run_target: RunTarget,
    sandbox: SandboxServer,
    name: str,
    spell: Callable[[float], str],
) -> None:
    # A date has whole seconds, so the moment has, too.
    until = math.ceil(time.time()) + 1
    sandbox.fault(path=INGEST, status=429, headers={name: spell(until)})
    run = run_target(orders(5, state_every=5))
    assert_all_delivered_once(run, sandbox, 5)
    assert len(ingests(sandbox)) == 2
    assert float(ingests(sandbox)[1]["time"]) >= until - CLOCK_TOLERANCE_SECONDS


def test_a_429_without_a_header_backs_off(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=429)
    run = run_target(orders(5, state_every=5))
    assert_all_delivered_once(run, sandbox, 5)
    assert waits(sandbox)[0] > BACK_OFF_FLOOR_SECONDS * 0.9


def test_a_429_pauses_all_requests(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, status=429, headers={"Retry-After": "1"})
    run = run_target(orders(40, state_every=40), max_batch_events=2)
    assert_all_delivered_once(run, sandbox, 40)
    log = ingests(sandbox)
    refused = next(n for n, entry in enumerate(log) if entry["status"] == 429)
    # Those that were on their way already may still arrive; then nobody sends for a second.
    assert max(waits(sandbox)[refused:]) > 0.8


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_5xx_is_tried_again(run_target: RunTarget, sandbox: SandboxServer, status: int) -> None:
    sandbox.fault(path=INGEST, status=status, headers=SOON, times=2)
    run = run_target(orders(5, state_every=5))
    assert_all_delivered_once(run, sandbox, 5)
    assert "2 requests retried" in run.log


@pytest.mark.parametrize("status", [502, 200, 400])
def test_an_answer_in_html_is_tried_again(
    run_target: RunTarget, sandbox: SandboxServer, status: int
) -> None:
    page: dict[str, Any] = {
        "headers": {"Content-Type": "text/html"},
        "body": "<html>Maintenance</html>",
    }
    sandbox.fault(path=INGEST, status=status, **page)
    run = run_target(orders(5, state_every=5))
    assert_all_delivered_once(run, sandbox, 5)


def test_a_reset_before_storing_is_tried_again(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reset="before", skip=1)
    run = run_target(orders(20, state_every=20), max_batch_events=10)
    assert_all_delivered_once(run, sandbox, 20)


def test_a_reset_after_storing_repeats_with_the_same_ids(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reset="after")
    run = run_target(orders(10, state_every=10))
    assert run.code == 0
    assert Counter(stored_ids(sandbox)) == dict.fromkeys(ids(range(10)), 2)


def test_a_503_after_storing_repeats_with_the_same_ids(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, status=503, after=True, headers=SOON)
    run = run_target(orders(10, state_every=10))
    assert run.code == 0
    assert Counter(stored_ids(sandbox)) == dict.fromkeys(ids(range(10)), 2)


def test_a_list_that_is_cut_off_is_asked_for_again(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reject=[1], truncate=20)
    sandbox.fault(path=INGEST, reject=[1])
    run = run_target(orders(4, state_every=4))
    assert_all_but_dead(run, sandbox, 4, {1})


def test_a_time_out_is_tried_again(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path=INGEST, delay_seconds=1.5, status=503)
    run = run_target(orders(5, state_every=5), request_timeout=0.5)
    assert_all_delivered_once(run, sandbox, 5)


def test_the_retry_limit_ends_the_run_with_what_is_delivered_in_the_state(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, request_body='"id":25[,}]', status=503, times=-1)
    run = run_target(
        orders(100, state_every=10),
        max_batch_events=10,
        max_parallel_requests=1,
        max_retry_seconds=1,
    )
    assert "503" in run.sentence
    assert "next run continues" in run.sentence
    assert run.states[-1] == {"orders": 20}
    assert stored_orders(sandbox) == set(range(20))


def test_a_batch_that_fails_holds_back_the_state_of_later_ones(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, request_body='"id":25[,}]', status=503, times=-1)
    run = run_target(
        orders(100, state_every=10),
        max_batch_events=10,
        max_parallel_requests=8,
        max_retry_seconds=1,
    )
    assert run.code == 1
    assert run.states[-1] == {"orders": 20}
    assert stored_orders(sandbox) > set(range(20))


def test_the_sso_is_retried_too(run_target: RunTarget, sandbox: SandboxServer) -> None:
    sandbox.fault(path="/sso/", status=503, headers=SOON, times=2)
    run = run_target(orders(5, state_every=5))
    assert_all_delivered_once(run, sandbox, 5)


def test_refused_events_within_the_allowance_do_not_fail_the_run(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reject=[0, 3])
    run = run_target(orders(10, state_every=10), max_rejected_events=2)
    assert run.code == 0
    assert_all_but_dead(run, sandbox, 10, {0, 3})


@pytest.mark.parametrize(("allowed", "code"), [(1, 1), (-1, 0)])
def test_the_allowance_decides_the_exit_code(
    run_target: RunTarget, sandbox: SandboxServer, allowed: int, code: int
) -> None:
    sandbox.fault(path=INGEST, reject={"match": '"id":[03][,}]'}, times=-1)
    lines = [*orders(10), schema_line("more"), record_line({"id": 1}, "more")]
    run = run_target(lines, max_rejected_events=allowed)
    assert run.code == code
    assert "dead-letter.singer" in run.log
    assert len(sandbox.events("singer.more")) == 1, "all else is delivered"
