"""The forecast of an account: what it will have cost at the end of the current period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import run_in_threadpool

from dynatrace_sandbox.access import READ_SCOPE, account_of_token, sandbox_of
from dynatrace_sandbox.answers import AccountAnswerError, json_answer, number
from dynatrace_sandbox.bookings import Share
from dynatrace_sandbox.decimals import COST_SCALE, text
from dynatrace_sandbox.subscription_api import current_period
from dynatrace_sandbox.times import at_hour

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.customer import Account
    from dynatrace_sandbox.sandbox import Sandbox

NEEDED_DAYS: Final = 15
"""There is no forecast before about this many days of data (subscription page of the docs)."""
RECENT_DAYS: Final = 28
SPREAD_PERCENT: Final = 9
"""Half the distance between the lower and the upper forecast."""
PERCENT_SCALE: Final = 4


@dataclass(frozen=True)
class Forecast:
    """Amounts in units of ``COST_SCALE``; no budget where the contract has none by account."""

    median: int
    lower: int
    upper: int
    budget: int | None
    created: str

    @property
    def percent(self) -> int | None:
        """The median in percent of the budget, in units of ``PERCENT_SCALE``."""
        if self.budget is None:
            return None
        return self.median * 100 * 10**PERCENT_SCALE // self.budget

    def texts(self) -> dict[str, str | None]:
        """Spell all fields.

        Returns:
            Numbers as decimal text, None for what is not known.
        """
        percent = self.percent
        return {
            "forecastMedian": text(self.median, COST_SCALE),
            "forecastLower": text(self.lower, COST_SCALE),
            "forecastUpper": text(self.upper, COST_SCALE),
            "budget": None if self.budget is None else text(self.budget, COST_SCALE),
            "forecastBudgetPct": None if percent is None else text(percent, PERCENT_SCALE),
            # One account alone never uses the commitment up.
            "forecastBudgetDate": None,
            "forecastCreatedAt": self.created,
        }


def forecast(sandbox: Sandbox, account: Account) -> Forecast | None:
    """Project an account's recent costs to the end of the period.

    Args:
        sandbox: The sandbox.
        account: The account.

    Returns:
        The forecast, or None while there is too little data.
    """
    subscription = sandbox.customer.main
    days = sandbox.metering.days(subscription)
    if not account.environments or len(days) < NEEDED_DAYS:
        return None
    first, last = current_period(subscription, sandbox.today)
    metering, share = sandbox.metering, Share(subscription, account)
    booked = sum(metering.account_day(share, day).cost for day in days if day >= first.toordinal())
    recent = [metering.account_day(share, day).cost for day in days[-RECENT_DAYS:]]
    remaining = max((last - sandbox.today).days + 1, 0)
    rest = sum(recent) * remaining // len(recent)
    spread = rest * SPREAD_PERCENT // 100
    owner = account.uuid == sandbox.customer.accounts[0].uuid
    return Forecast(
        median=booked + rest,
        lower=booked + rest - spread,
        upper=booked + rest + spread,
        budget=subscription.budget_total if owner else None,
        created=at_hour(sandbox.today, 4),
    )


async def get_forecast(request: Request) -> Response:
    """Answer with the account's forecast; 404 where there is none."""
    account = account_of_token(request, READ_SCOPE)
    sandbox = sandbox_of(request)
    found = await run_in_threadpool(forecast, sandbox, account)
    if found is None:
        raise AccountAnswerError(404, "There is no forecast for this account yet.")
    answer: dict[str, Any] = {
        name: number(value) if value is not None and name != "forecastCreatedAt" else value
        for name, value in found.texts().items()
    }
    if account.environments[-1].cluster_id is not None:
        # Some hybrid contracts leave the budget fields out; others have them as null.
        for name in ("budget", "forecastBudgetPct", "forecastBudgetDate"):
            if answer[name] is None:
                del answer[name]
    return json_answer(answer)
