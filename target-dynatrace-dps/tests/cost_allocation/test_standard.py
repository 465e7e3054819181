"""Singer's standard tests, their streams mapped to cost centers."""

from __future__ import annotations

import importlib.resources
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.testing import get_target_test_class, target_test_streams
from target_dynatrace_dps.target import TargetDynatraceDPS

if TYPE_CHECKING:
    from dynatrace_sandbox.testing import SandboxServer


def streams_in_fixtures() -> dict[str, str]:
    """Return a column of each stream of the standard tests that can serve as its key."""
    columns: dict[str, str] = {}
    for file in importlib.resources.files(target_test_streams).iterdir():
        if not file.name.endswith(".singer"):
            continue
        for line in file.read_text(encoding="utf-8").splitlines():
            message = json.loads(line)
            if message["type"] == "SCHEMA":
                properties = message["schema"].get("properties", {"none": {}})
                columns.setdefault(message["stream"], next(iter(properties)))
    return columns


# The one whose records lack the column on purpose; a map would stumble over that first.
WITHOUT_COLUMN = "test_record_missing_key_property"
CONFIG: dict[str, Any] = {
    "stream_maps": {
        stream: {
            "__alias__": "cost_centers",
            **({} if stream == WITHOUT_COLUMN else {"key": f"str({column})"}),
        }
        for stream, column in streams_in_fixtures().items()
    }
}


@pytest.fixture(scope="module", autouse=True)
def settings(sandbox: SandboxServer) -> None:
    """Let the tests write to the sandbox."""
    CONFIG.update(sandbox.dps_config())


TestStandard = get_target_test_class(TargetDynatraceDPS, config=CONFIG, parse_env_config=False)
