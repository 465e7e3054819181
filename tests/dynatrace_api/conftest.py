"""The shared client, with a clock and a service made for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .scripted import ManualClock, Service, make_client, make_retrier, make_tokens

if TYPE_CHECKING:
    from target_dynatrace_dps.dynatrace_api.client import AccountClient
    from target_dynatrace_dps.dynatrace_api.oauth import OAuthClient
    from target_dynatrace_dps.dynatrace_api.retry import Retrier


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def retrier(clock: ManualClock) -> Retrier:
    return make_retrier(clock)


@pytest.fixture
def tokens(service: Service, clock: ManualClock) -> OAuthClient:
    return make_tokens(service, clock)


@pytest.fixture
def client(service: Service, clock: ManualClock) -> AccountClient:
    return make_client(service, clock)
