"""The streams of the tap, one module per area of the API."""

from __future__ import annotations

from .account import Accounts, Environments, Forecast, RateCards, Subscriptions
from .allocation import CostAllocation, CostCenters, Products
from .consumption import Cost, Usage
from .environment import EnvironmentCost, EnvironmentUsage
from .notifications import Notifications

STREAM_TYPES = (
    Accounts,
    Cost,
    CostAllocation,
    CostCenters,
    EnvironmentCost,
    EnvironmentUsage,
    Environments,
    Forecast,
    Notifications,
    Products,
    RateCards,
    Subscriptions,
    Usage,
)

ENVIRONMENT_STREAMS = (EnvironmentCost.name, EnvironmentUsage.name)

__all__ = ["ENVIRONMENT_STREAMS", "STREAM_TYPES"]
