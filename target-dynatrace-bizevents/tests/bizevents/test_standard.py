"""The Singer SDK's own tests of targets, and what really arrived from each of their files."""

from __future__ import annotations

import importlib.resources
import os
import signal
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynatrace_sandbox.testing import SandboxServer
from singer_sdk.testing import get_target_test_class, target_test_streams
from target_dynatrace_bizevents.target import TargetDynatraceBizevents

from .runner import decode, event_id, stored_ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .conftest import RunTarget

FIXTURES = Path(str(importlib.resources.files(target_test_streams)))

CONFIG: dict[str, Any] = {}
"""Filled when the sandbox of the standard tests is up; the test class keeps this very object."""

StandardTests = get_target_test_class(
    TargetDynatraceBizevents, config=CONFIG, parse_env_config=False
)


class TestStandard(StandardTests):  # type: ignore[valid-type, misc]
    """All tests of the SDK for targets."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def configured(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
        """Serve ingest, and give the process its signal handlers back."""
        kinds = (signal.SIGINT, signal.SIGTERM)
        handlers = {kind: signal.getsignal(kind) for kind in kinds}
        dead = tmp_path_factory.mktemp("standard") / "dead-letter.singer"
        with SandboxServer(days=3) as server:
            CONFIG.update(server.bizevents_config(dead_letter_path=str(dead)))
            yield
        for kind, handler in handlers.items():
            signal.signal(kind, handler)


REFUSED_FILES = {
    "invalid_schema": "SCHEMA",
    "record_before_schema": "SCHEMA",
    "record_missing_key_property": "key",
    "record_missing_required_property": "required",
}
"""Files that the target must not take, and a word of the reason."""


def fixture_lines(name: str) -> list[bytes]:
    return (FIXTURES / name).read_bytes().splitlines()


@pytest.mark.parametrize("name", sorted(path.stem for path in FIXTURES.glob("*.singer")), ids=str)
def test_what_arrives_from_the_sdks_files(
    run_target: RunTarget, one_sandbox: SandboxServer, name: str
) -> None:
    lines = fixture_lines(f"{name}.singer")
    run = run_target(lines)
    if name in REFUSED_FILES:
        assert run.sentence
        return
    assert run.code == 0, run.log
    keys: dict[str, list[str]] = {}
    expected: list[str] = []
    state: Any = None
    for message in map(decode, lines):
        if message["type"] == "SCHEMA":
            keys[message["stream"]] = message.get("key_properties") or []
        elif message["type"] == "RECORD":
            stream = message["stream"]
            expected.append(event_id(f"singer.{stream}", message["record"], keys[stream]))
        elif message["type"] == "STATE":
            state = message["value"]
    assert Counter(stored_ids(one_sandbox)) == Counter(expected)
    assert (run.states[-1] if run.states else None) == state


def test_each_state_of_the_sdks_file_is_passed_on_in_order(run_target: RunTarget) -> None:
    lines = fixture_lines("multiple_state_messages.singer")
    states = [decode(line)["value"] for line in lines if b'"STATE"' in line]
    run = run_target(lines)
    positions = [states.index(state) for state in run.states]
    assert positions == sorted(set(positions))
    assert run.states[-1] == states[-1]
    assert os.linesep not in str(run.states)
