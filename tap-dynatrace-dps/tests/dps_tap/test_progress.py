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
    progress = Progress(logging.getLogger("tap.stream"), "account 'Acme'", 310, clock)
    for _ in range(124):
        clock.sleep(INTERVAL_SECONDS / 62)
        progress.day_done(100)
    assert caplog.messages == [
        "account 'Acme': 62 of 310 days, 6200 records, 1240 records/s, 20 s left",
        "account 'Acme': 124 of 310 days, 12400 records, 1240 records/s, 15 s left",
    ]


def test_nothing_is_logged_per_record(
    sandbox: SandboxServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="tap-dynatrace-dps")
    run = run_tap(sandbox.tap_config())
    records = sum(len(rows) for rows in run.records.values())
    own = [each for each in caplog.records if each.name.startswith("tap-dynatrace-dps")]
    assert records > 1000
    assert len(own) < 100
