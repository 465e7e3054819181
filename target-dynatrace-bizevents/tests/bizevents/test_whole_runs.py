"""Random records, random faults, whole runs: one equation holds for all of them.

Distinct ids stored = records sent minus dead letter. And what is passed on as the last state
stands for records that are all safe.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .conftest import clear
from .runner import event_id, record_line, schema_line, state_line, stored_ids

if TYPE_CHECKING:
    from pathlib import Path

    from dynatrace_sandbox.testing import SandboxServer

    from .runner import Program

INGEST = "bizevents/ingest"
SOON = {"Retry-After": "0.01"}
STREAMS = ("orders", "cost", "things")

contents = st.dictionaries(
    st.sampled_from(["text", "value", "timestamp", "dt.x", "a", "deep"]),
    st.none()
    | st.integers(-(10**20), 10**20)
    | st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-1e6, max_value=1e6)
    | st.text(st.characters(codec="utf-8"), max_size=30)
    | st.dictionaries(st.sampled_from("xy"), st.integers(0, 9), max_size=2)
    | st.lists(st.integers(0, 9), max_size=3),
    max_size=5,
)
records = st.lists(st.tuples(st.sampled_from(STREAMS), contents), min_size=1, max_size=60)

before_storing: list[dict[str, Any]] = [
    {"status": 429, "headers": SOON},
    {"status": 500, "headers": SOON},
    {"status": 503, "headers": SOON},
    {"status": 413},
    {"expire_token": True},
    {"reset": "before"},
]
after_storing: list[dict[str, Any]] = [
    {"reset": "after"},
    {"status": 503, "after": True, "headers": SOON},
]
refusing: list[dict[str, Any]] = [
    {"reject": [0]},
    {"reject": [0, 2, 5]},
    {"reject": {"match": "x"}},
    {"status": 400},
]
faults = st.lists(
    st.tuples(st.sampled_from(before_storing + after_storing + refusing), st.integers(0, 4)),
    max_size=2,
).filter(lambda some: sum("expire_token" in rule for rule, _ in some) <= 1)
"""A second 401 for one request ends the run, as it should."""


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    records=records,
    faults=faults,
    max_events=st.integers(1, 20),
    parallel=st.integers(1, 4),
    compress=st.booleans(),
)
def test_nothing_is_lost_whatever_the_server_answers(  # noqa: PLR0917  (what varies)
    program: Program,
    one_sandbox: SandboxServer,
    tmp_path: Path,
    records: list[tuple[str, dict[str, Any]]],
    faults: list[tuple[dict[str, Any], int]],
    max_events: int,
    parallel: int,
    compress: bool,  # noqa: FBT001  (drawn)
) -> None:
    clear(one_sandbox)
    (tmp_path / "dead-letter.singer").unlink(missing_ok=True)
    for rule, skip in faults:
        one_sandbox.fault(path=INGEST, skip=skip, **rule)
    lines = [schema_line(stream, {"properties": {"id": {}}}) for stream in STREAMS]
    sent = []
    for number, (stream, content) in enumerate(records):
        lines.append(record_line({"id": number, **content}, stream))
        kind = "dps.cost2.booked" if stream == "cost" else f"singer.{stream}"
        sent.append(event_id(kind, {"id": number}, ["id"]))
        if number % 7 == 0:
            lines.append(state_line({"n": number + 1}))
    lines.append(state_line({"n": len(sent)}))
    settings = one_sandbox.bizevents_config(
        max_batch_events=max_events, max_parallel_requests=parallel, compress=compress
    )
    run = program.run(tmp_path, settings, lines)
    stored = stored_ids(one_sandbox)
    assert run.code == (1 if run.dead_ids else 0), run.log
    assert run.states[-1] == {"n": len(sent)}
    assert set(stored) | set(run.dead_ids) == set(sent)
    assert len(run.dead_ids) == len(set(run.dead_ids))
    kinds = [rule for rule, _ in faults]
    # Of a request that is stored without an answer, the repetition may be refused.
    if not any(rule in after_storing for rule in kinds):
        assert not set(stored) & set(run.dead_ids)
        assert len(stored) == len(set(stored))
    if not any(rule in refusing or rule == {"status": 413} for rule in kinds):
        assert run.dead_ids == []
