"""The line about long work."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from tap_dynatrace_dps.progress import INTERVAL_SECONDS, Progress

from .runner import FakeClock, run_tap

if TYPE_CHECKING:
    import pytest
    from dynatrace_sandbox.testing import SandboxServer


def test_one_line_every_few_seconds_says_how_far_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clock = FakeClock()
    progress = Progress(logging.getLogger("tap.stream"), "account 'Acme'", 10, clock)
    for window in range(4):
        for _ in range(31):
            clock.sleep(INTERVAL_SECONDS / 62)
            progress.records_sent(100)
        if window < 3:
            progress.window_done()
    assert len(caplog.messages) == 2
    assert caplog.messages[1].startswith("account 'Acme': 3 of 10 windows, ")
    assert "1240 records/s" in caplog.messages[1]
    assert "23 s left" in caplog.messages[1]


def test_nothing_is_logged_per_record(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="tap-dynatrace-dps")
    run = run_tap(sandbox.tap_config())
    records = sum(len(rows) for rows in run.records.values())
    own = [each for each in caplog.records if each.name.startswith("tap-dynatrace-dps")]
    assert records > 1000
    assert len(own) < 100
