"""One sandbox for tests that only read, and a fresh one for those that change it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest
from dynatrace_sandbox.switches import Switches
from dynatrace_sandbox.testing import SandboxServer

from .client import Client

if TYPE_CHECKING:
    from collections.abc import Iterator

TODAY = date(2026, 3, 1)


@pytest.fixture(scope="session")
def steady() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY, days=90) as server:
        yield server


@pytest.fixture(scope="module")
def running() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY, days=40, capabilities=4) as server:
        yield server


@pytest.fixture
def server(running: SandboxServer) -> Iterator[SandboxServer]:
    """A sandbox whose faults, switches, events and log are forgotten after each test."""
    yield running
    running.clear_faults()
    running.clear_events()
    running.clear_requests()
    running.switch(**msgspec.to_builtins(Switches()))


@pytest.fixture
def fresh() -> Iterator[SandboxServer]:
    with SandboxServer(today=TODAY, days=40, capabilities=4) as server:
        yield server


@pytest.fixture(scope="session")
def owner(steady: SandboxServer) -> Client:
    """The first account, which lists the shared subscription."""
    return Client(steady, steady.accounts[0], "account-uac-read account-env-read")


@pytest.fixture(scope="session")
def managed(steady: SandboxServer) -> Client:
    return Client(steady, steady.accounts[1], "account-uac-read account-env-read")


@pytest.fixture
def writer(fresh: SandboxServer) -> Client:
    return Client(fresh, fresh.accounts[0], "account-uac-read account-uac-write")
