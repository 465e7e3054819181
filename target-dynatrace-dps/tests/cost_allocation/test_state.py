"""State is passed on when, and only when, everything before it is written."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from target_dynatrace_dps.target import TargetDynatraceDPS

from .messages import schema, state, stream_of

if TYPE_CHECKING:
    import pytest

    from .judge import Desk


def test_last_state_follows_the_writes(desk: Desk) -> None:
    outcome = desk.run([*stream_of(["a"]), *stream_of(["p"], "products"), state(last=True)])

    assert outcome.states == [{"last": True}]


def test_state_is_kept_back_where_a_write_fails(desk: Desk) -> None:
    desk.sandbox.fault(method="POST", path="/settings/products", status=403)

    outcome = desk.run([*stream_of(["a"]), *stream_of(["p"], "products")])

    assert outcome.failure.startswith("UnwrittenError: POST ")
    assert "/settings/products answers 403" in outcome.failure
    assert outcome.states == []
    assert desk.look("costcenters") == ["a"]


def test_state_is_kept_back_where_the_input_is_refused(desk: Desk) -> None:
    desk.put(["a"])

    assert desk.run([schema(), state(n=1)], load_method="overwrite").states == []


def test_nothing_is_passed_on_or_written_before_the_end_of_a_long_input(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.sandbox.clear_requests()
    target = TargetDynatraceDPS(config=desk.sandbox.dps_config())
    monkeypatch.setattr(target, "_last_full_drain_at", 0.0)
    lines = "\n".join(map(json.dumps, stream_of([f"k{number}" for number in range(20_000)])))

    target.process_lines(io.StringIO(lines))

    assert capsys.readouterr().out == ""
    assert desk.sandbox.requests() == []
