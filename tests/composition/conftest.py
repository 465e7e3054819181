"""A Meltano project whose state and files are a test's own, beside a sandbox in this process."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from dynatrace_sandbox.plugin_settings import environment_variables
from dynatrace_sandbox.testing import SandboxServer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DAYS = 40
"""Days of costs in the sandbox: more than one window, and quickly read."""

RUN_SECONDS = 240
"""Longer than any command here takes, the first installation of its plugins included."""


@dataclass
class Ended:
    """A command that has ended."""

    code: int
    output: str


@dataclass
class Project:
    """Runs commands in the checkout with its own Meltano database, output and settings."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command: no setting of the machine, and the project's own."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TAP_", "TARGET_", "MELTANO_", "DUCKDB_"))
        }
        return {
            **kept,
            "MELTANO_DATABASE_URI": f"sqlite:///{self.folder}/meltano.db",
            "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
            "NO_COLOR": "1",
            "TARGET_CSV_OUTPUT_PATH": str(self.folder / "csv"),
            "TARGET_JSONL_DESTINATION_PATH": str(self.folder / "jsonl"),
            "TARGET_DYNATRACE_BIZEVENTS_DEAD_LETTER_PATH": str(self.folder / "refused.singer"),
            "DUCKDB_FOLDER": str(self.folder / "csv"),
            "DUCKDB_DATABASE": str(self.folder / "warehouse.duckdb"),
            **self.settings,
        }

    def command(self, *arguments: str, cwd: Path = ROOT) -> Ended:
        """Run a command."""
        ended = subprocess.run(  # noqa: S603  (our own commands)
            arguments,
            cwd=cwd,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)

    @staticmethod
    def meltano_command(*arguments: str, environment: str = "demo") -> list[str]:
        """Return the command line of Meltano."""
        return [str(BIN / "meltano"), f"--environment={environment}", *arguments]

    def meltano(self, *arguments: str) -> str:
        """Run Meltano; the test fails with its output where it does not succeed."""
        ended = self.command(*self.meltano_command(*arguments))
        assert ended.code == 0, ended.output
        return ended.output


def environment_of(sandbox: SandboxServer) -> dict[str, str]:
    """Return what `dynatrace-sandbox exec` would set."""
    return environment_variables(sandbox.url, sandbox.sandbox.customer)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxServer]:
    """A small customer."""
    today = datetime.now(UTC).date() - timedelta(days=1)
    with SandboxServer(today=today, days=DAYS, environments=3, capabilities=3) as server:
        yield server


@pytest.fixture
def project(sandbox: SandboxServer, tmp_path: Path) -> Project:
    """The project with settings that point at the sandbox."""
    return Project(tmp_path, environment_of(sandbox))


def require(found: bool, what: str) -> None:  # noqa: FBT001  (a plain condition)
    """Skip the test where a system package is missing; fail where CI says it must be there."""
    if not found and os.environ.get("REQUIRE_SYSTEM_PACKAGES"):
        pytest.fail(f"{what} is not installed, and REQUIRE_SYSTEM_PACKAGES is set.")
    if not found:
        pytest.skip(f"{what} is not installed.")
