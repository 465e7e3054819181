"""The customer is believable, and the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from dynatrace_sandbox.bookings import MAX_LATE_DAYS, Restatement, Share
from dynatrace_sandbox.customer import Scale
from dynatrace_sandbox.customer_making import ACCOUNTS_WITH_COSTS, build, catalogue
from dynatrace_sandbox.metering import Metering
from hypothesis import given
from hypothesis import strategies as st

TODAY = date(2026, 3, 1)
SCALE = Scale(seed=7, today=TODAY, days=60, environments=8, capabilities=5)
CUSTOMER = build(SCALE)
SHARES = [Share(CUSTOMER.main, account) for account in CUSTOMER.accounts[:ACCOUNTS_WITH_COSTS]]


def test_the_same_seed_and_day_make_the_same_customer() -> None:
    assert build(SCALE) == CUSTOMER
    assert build(replace(SCALE, seed=8)).accounts[0].uuid != CUSTOMER.accounts[0].uuid


def test_five_accounts_mix_saas_and_managed_and_two_have_no_environments() -> None:
    kinds = [
        {environment.cluster_id is not None for environment in account.environments}
        for account in CUSTOMER.accounts
    ]
    assert kinds == [{False}, {True}, {True, False}, set(), set()]
    assert [account.without_costs for account in CUSTOMER.accounts] == [
        "",
        "",
        "",
        "empty",
        "missing",
    ]


def test_identifiers_and_credentials_are_unique() -> None:
    secrets = {account.client_secret for account in CUSTOMER.accounts}
    ids = [each.id for account in CUSTOMER.accounts for each in account.environments]
    assert len(secrets) == 5
    assert len(set(ids)) == len(ids) == SCALE.environments
    assert all(a.client_secret.startswith(a.client_id + ".") for a in CUSTOMER.accounts)


def test_there_are_31_capabilities_with_whole_prices() -> None:
    found = catalogue()
    assert len({capability.key for capability in found}) == 31
    for each in found:
        exact = Decimal(each.quoted_price) / each.quoted_quantity
        assert Decimal(each.price_units).scaleb(-7) == exact, each.key


@given(
    share=st.sampled_from(SHARES),
    day=st.integers(0, SCALE.days - 1),
    left_out=st.sets(st.integers(0, SCALE.capabilities - 1), max_size=SCALE.capabilities - 1),
    later=st.integers(0, 2 * MAX_LATE_DAYS),
    delta=st.decimals(min_value=-1000, max_value=1000, places=6),
)
def test_a_days_total_is_the_sum_of_its_bookings(
    share: Share, day: int, left_out: set[int], later: int, delta: Decimal
) -> None:
    metering = Metering(SCALE.seed, TODAY + timedelta(days=later))
    ordinal = metering.days(share.subscription)[day]
    capabilities = tuple(
        c for i, c in enumerate(share.subscription.capabilities) if i not in left_out
    )
    environments = share.account.environments
    metering.add(
        Restatement(
            share.account.uuid,
            share.subscription.uuid,
            environments[0].id,
            capabilities[-1].key,
            date.fromordinal(ordinal),
            delta,
            TODAY - timedelta(days=1),
        )
    )
    total = metering.total(share, ordinal, environments, capabilities)
    bookings = [
        booking
        for environment in environments
        for booking in metering.bookings(
            share, environment, range(ordinal, ordinal + 1), capabilities
        )
    ]
    assert total.cost == sum(booking.cost for booking in bookings)
    assert total.last_booked == max(booking.booked for booking in bookings)
    assert total.usage == tuple(
        sum(booking.usage for booking in bookings if booking.capability is capability)
        for capability in capabilities
    )


def test_a_late_booking_is_seen_when_its_booking_day_is_over() -> None:
    share = SHARES[1]
    seen: list[int] = []
    for passed in range(12):
        metering = Metering(SCALE.seed, TODAY + timedelta(days=passed))
        days = range(metering.days(share.subscription).start, TODAY.toordinal())
        late = [
            booking
            for environment in share.account.environments
            for booking in metering.late(share, environment, days, share.subscription.capabilities)
        ]
        assert all(booking.day < booking.booked < metering.today.toordinal() for booking in late)
        seen.append(len(late))
    assert seen == sorted(seen)
    assert seen[-1] > seen[0]


def test_remembered_sums_follow_the_clock() -> None:
    followed, share = Metering(SCALE.seed, TODAY), SHARES[1]
    for _ in range(10):
        new = Metering(SCALE.seed, followed.today)
        for day in new.days(share.subscription):
            assert followed.account_day(share, day) == new.account_day(share, day)
        followed.today += timedelta(days=1)


def test_values_follow_the_week_and_vary() -> None:
    metering, share = Metering(SCALE.seed, TODAY), SHARES[0]
    days = metering.days(share.subscription)
    costs = {day: metering.account_day(share, day).cost for day in days}
    weekend = [cost for day, cost in costs.items() if date.fromordinal(day).weekday() >= 5]
    workdays = [cost for day, cost in costs.items() if date.fromordinal(day).weekday() < 5]
    assert max(weekend) < min(workdays)
    assert len(set(costs.values())) == len(days)


@pytest.mark.parametrize("days", [1, 300, 1800])
def test_a_contract_covers_its_history(days: int) -> None:
    main = build(replace(SCALE, days=days)).main
    assert main.start == TODAY - timedelta(days=days)
    assert main.end >= TODAY
