"""The sandbox, small and on the day of the tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from dynatrace_sandbox.testing import SandboxServer

from .runner import TODAY

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def sandbox() -> Iterator[SandboxServer]:
    """Serve a small customer: 45 days, 8 environments, 3 capabilities."""
    with SandboxServer(today=TODAY, days=45, environments=8, capabilities=3) as server:
        yield server
