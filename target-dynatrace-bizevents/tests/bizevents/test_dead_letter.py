"""The dead letter: whole lines, each with its reason, and a way back."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_bizevents.dead_letter import DeadLetter, DeadLetterError, Refusal

from .runner import (
    decode,
    message,
    orders,
    record_line,
    schema_line,
    state_line,
    stored_orders,
    whole_lines,
)

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer

    from .conftest import RunTarget

INGEST = "bizevents/ingest"

SCHEMA = schema_line()


def refusal(line: bytes, reason: str = "bad") -> Refusal:
    return Refusal(line, {"orders": SCHEMA}, reason, 400, "the-id")


def test_fixed_and_replayed_it_is_empty(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    dead = tmp_path / "dead-letter.singer"
    sandbox.fault(path=INGEST, request_body="wrong", status=400, times=-1)
    lines = [schema_line(), *(record_line({"id": n, "text": "wrong"}) for n in range(3))]
    assert run_target([*lines, record_line({"id": 3, "text": "right"})]).code == 1
    dead.write_text(dead.read_text().replace("wrong", "right"))
    run = run_target([], "--input", str(dead))
    assert run.code == 0, run.log
    assert dead.read_bytes() == b""
    assert stored_orders(sandbox) == {0, 1, 2, 3}
    assert sorted(path.name for path in tmp_path.iterdir() if "dead" in path.name) == [dead.name]


def test_replayed_unfixed_it_keeps_what_is_refused_again(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    dead = tmp_path / "dead-letter.singer"
    sandbox.fault(path=INGEST, request_body="wrong", status=400, times=-1)
    lines = [schema_line(), *(record_line({"id": n, "text": "wrong"}) for n in range(3))]
    first = run_target(lines)
    dead.write_text(dead.read_text().replace("wrong", "right", 1))
    again = run_target([], "--input", str(dead))
    assert again.code == 1
    assert len(first.dead_ids) == 3
    assert len(again.dead_ids) == 2
    assert stored_orders(sandbox) == {0}
    assert b'"refused"' in dead.read_bytes()
    assert dead.read_bytes().count(b'"refused"') == 2


def test_a_replay_that_fails_keeps_the_dead_letter_whole(
    run_target: RunTarget, sandbox: SandboxServer, tmp_path: Path
) -> None:
    dead = tmp_path / "dead-letter.singer"
    sandbox.fault(path=INGEST, reject=[0, 1, 2])
    run_target(orders(3))
    before = dead.read_bytes()
    sandbox.fault(path=INGEST, status=403)
    assert "403" in run_target([], "--input", str(dead)).sentence
    assert dead.read_bytes() == before
    assert run_target(dead).code == 0, "the standard input may be the dead letter, too"
    assert dead.read_bytes() == b""


def test_it_is_a_singer_file_with_the_schemas_of_all_streams(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reject={"match": "singer"}, times=-1)
    other = {"properties": {"key": {"type": "string"}}}
    lines = [
        *orders(2),
        schema_line("other", other, ["key"]),
        record_line({"key": "a"}, "other"),
        state_line({"n": 1}),
        record_line({"id": 7}),
    ]
    run = run_target(lines, max_batch_events=1, max_parallel_requests=1)
    known = set()
    for line in run.dead:
        if line["type"] == "SCHEMA":
            known.add(line["stream"])
        assert line["stream"] in known, "a schema stands before its records"
    assert [line["record"] for line in run.dead if line["type"] == "RECORD"] == [
        {"id": 0, "text": "", "value": 0},
        {"id": 1, "text": "", "value": 1},
        {"key": "a"},
        {"id": 7},
    ]


def test_the_record_stays_byte_for_byte(tmp_path: Path) -> None:
    text = b'{"a":1.10,"b":1e2,"c":"\xc3\xa4","n":123456789012345678901234567890}'
    line = (
        b'{"type":"RECORD","stream":"orders","record":' + text + b',"refused":{"reason":"old"}}\n'
    )
    letter = DeadLetter(str(tmp_path / "dead"))
    letter.write([refusal(line, "new")])
    written = whole_lines(tmp_path / "dead")[1]
    assert b'"record":' + text in written
    assert written.count(b"refused") == 1
    assert decode(written)["refused"]["reason"] == "new"


def test_secrets_never_get_into_it(tmp_path: Path) -> None:
    letter = DeadLetter(str(tmp_path / "dead"))
    reason = "token dt0c01.PUBLIC.SECRETSECRET and Bearer abcdefghijklmnop are wrong"
    letter.write([refusal(record_line({"id": 1}), reason)])
    text = (tmp_path / "dead").read_text()
    assert "SECRETSECRET" not in text
    assert "abcdefghijklmnop" not in text


def test_a_line_that_a_crash_cut_off_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    DeadLetter(str(path)).write([refusal(record_line({"id": 1}))])
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"type":"RECORD","stream":"ord' + b"x" * 100_000)
    DeadLetter(str(path)).write([refusal(record_line({"id": 2}))])
    assert path.read_bytes().startswith(whole)
    assert [decode(line)["type"] for line in whole_lines(path)] == ["SCHEMA", "RECORD"] * 2


def test_a_last_line_without_a_newline_is_an_editors_work(tmp_path: Path) -> None:
    path = tmp_path / "dead"
    DeadLetter(str(path)).write([refusal(record_line({"id": 1}))])
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    DeadLetter(str(path)).write([refusal(record_line({"id": 2}))])
    records = [decode(line).get("record") for line in whole_lines(path)]
    assert records == [None, {"id": 1}, None, {"id": 2}]


@pytest.mark.parametrize("place", ["missing/dead.singer", "."])
def test_an_unwritable_dead_letter_is_told_at_the_start(
    run_target: RunTarget, sandbox: SandboxServer, place: str
) -> None:
    run = run_target(orders(3, state_every=3), dead_letter_path=place)
    assert "dead_letter_path" in run.sentence
    assert sandbox.events() == []


def test_a_full_disk_ends_the_run_and_the_state_stays_behind(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    sandbox.fault(path=INGEST, reject={"match": '"id":12[,}]'}, times=-1)
    run = run_target(
        orders(30, state_every=5),
        dead_letter_path="/dev/full",
        max_batch_events=5,
        max_parallel_requests=1,
    )
    assert "No space left" in run.sentence
    assert run.states[-1] == {"orders": 10}


def test_a_full_disk_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "dead"
    letter = DeadLetter(str(path))
    letter.write([refusal(record_line({"id": 1}))])
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("target_dynatrace_bizevents.dead_letter.os.fsync", full)
    with pytest.raises(DeadLetterError, match="No space left"):
        letter.write([refusal(record_line({"id": 2}))])
    assert path.read_bytes() == before


@given(
    st.lists(
        st.dictionaries(
            st.text(st.characters(codec="utf-8"), max_size=5),
            st.none() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=20),
            max_size=4,
        ),
        min_size=1,
        max_size=5,
    )
)
def test_what_goes_in_comes_out(records: list[dict[str, Any]]) -> None:
    with TemporaryDirectory() as folder:
        letter = DeadLetter(f"{folder}/dead")
        letter.write([refusal(message("RECORD", stream="orders", record=r)) for r in records])
        lines = [json.loads(line) for line in whole_lines(Path(folder) / "dead")]
    assert [line["record"] for line in lines[1:]] == records
