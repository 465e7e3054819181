"""The sandbox and the program, each started once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import pytest
from dynatrace_sandbox.testing import SandboxServer

from .runner import Program, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

INGEST = "bizevents/ingest"


class RunTarget(Protocol):
    """Runs the program against the sandbox."""

    def __call__(
        self,
        lines: Iterable[bytes] | Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        meanwhile: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> Run: ...


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    with Program() as program:
        yield program


@pytest.fixture(scope="session")
def one_sandbox() -> Iterator[SandboxServer]:
    with SandboxServer(days=3) as server:
        yield server


@pytest.fixture
def sandbox(one_sandbox: SandboxServer) -> SandboxServer:
    """Return the sandbox without faults, events and requests of earlier tests."""
    clear(one_sandbox)
    return one_sandbox


def clear(sandbox: SandboxServer) -> None:
    sandbox.clear_faults()
    sandbox.clear_events()
    sandbox.clear_requests()
    sandbox.switch(gzip="accept", latency=0.0)


@pytest.fixture
def run_target(program: Program, sandbox: SandboxServer, tmp_path: Path) -> RunTarget:
    def run(
        lines: Iterable[bytes] | Path,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        meanwhile: Callable[[int], None] | None = None,
        **settings: Any,
    ) -> Run:
        return program.run(
            tmp_path,
            sandbox.bizevents_config(**settings),
            lines,
            *arguments,
            environment=environment,
            meanwhile=meanwhile,
        )

    return run
