"""One sandbox for all tests, cleared for each."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest
from dynatrace_sandbox.testing import SandboxServer

from .judge import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(today=date(2026, 3, 1), days=2, environments=5, capabilities=1) as server:
        yield server


@pytest.fixture
def desk(
    sandbox: SandboxServer,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> Desk:
    # Faults are answered over real HTTP; the waits between the tries are short.
    monkeypatch.setattr("target_dynatrace_dps.dynatrace_api.retry.FIRST_WAIT_SECONDS", 0.01)
    return Desk(sandbox, capsys, caplog)
