"""Waiting: the server's wish, back-off, total limits, and the pause that an account shares."""

from __future__ import annotations

import email.utils
import logging
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_dps.dynatrace_api.errors import ApiError, RetryableError
from target_dynatrace_dps.dynatrace_api.retry import (
    LONGEST_WAIT_SECONDS,
    NO_CONTACT_SECONDS,
    Retrier,
    Throttle,
    asked_wait,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .scripted import ManualClock

NOW = 1_800_000_000.0


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def attempt() -> str:
        if left:
            raise left.pop()
        return "done"

    return attempt


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({"Retry-After": "7"}, 7, id="seconds"),
        pytest.param({"Retry-After": " 7 "}, 7, id="padded"),
        pytest.param({"Retry-After": "1.5"}, 1.5, id="fraction"),
        pytest.param({"Retry-After": "-3"}, 0, id="negative"),
        pytest.param({"Retry-After": email.utils.formatdate(NOW + 90, usegmt=True)}, 90, id="date"),
        pytest.param({"Retry-After": email.utils.formatdate(NOW - 90, usegmt=True)}, 0, id="past"),
        pytest.param({"Retry-After": "soon"}, None, id="nonsense"),
        pytest.param({}, None, id="none"),
        pytest.param({"X-RateLimit-Reset": str(int((NOW + 12) * 1e6))}, 12, id="reset"),
        pytest.param({"X-RateLimit-Reset": "9" * 30}, None, id="reset-too-long"),
        pytest.param({"X-RateLimit-Reset": "\N{SUPERSCRIPT TWO}"}, None, id="reset-no-number"),
        pytest.param({"Retry-After": "7", "X-RateLimit-Reset": "1"}, 7, id="retry-after-wins"),
        pytest.param(
            {"Retry-After": "soon", "X-RateLimit-Reset": str(int((NOW + 5) * 1e6))},
            5,
            id="reset-where-retry-after-is-nonsense",
        ),
    ],
)
def test_the_servers_wish_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait(headers, NOW) == pytest.approx(seconds)


@given(st.text(), st.text())
def test_no_header_breaks_the_reading(retry_after: str, reset: str) -> None:
    wait = asked_wait({"Retry-After": retry_after, "X-RateLimit-Reset": reset}, NOW)

    assert wait is None or wait >= 0


def test_failure_that_another_try_mends_is_tried_again(
    retrier: Retrier, clock: ManualClock
) -> None:
    assert retrier.call("GET /x", failing(3, RetryableError("503", status=503))) == "done"
    assert retrier.retried == 3
    assert len(clock.sleeps) >= 3


def test_waits_grow_up_to_their_bound(retrier: Retrier, clock: ManualClock) -> None:
    with pytest.raises(ApiError):
        retrier.call("GET /x", failing(100, RetryableError("500", status=500)))

    for number, wait in enumerate(clock.sleeps):
        ceiling = min(LONGEST_WAIT_SECONDS, 2.0**number)
        assert ceiling / 2 <= wait <= ceiling


def test_the_servers_wish_wins_over_the_back_off(retrier: Retrier, clock: ManualClock) -> None:
    retrier.call("GET /x", failing(1, RetryableError("429", status=429, wait_seconds=42)))

    assert clock.sleeps[0] == 42


@pytest.mark.parametrize("wish", [0.0, None])
def test_wish_of_no_wait_is_no_busy_loop(
    retrier: Retrier, clock: ManualClock, wish: float | None
) -> None:
    error = RetryableError("429", status=429, wait_seconds=wish)

    with pytest.raises(ApiError):
        retrier.call("GET /x", failing(10_000, error))

    assert retrier.retried < 20
    assert min(clock.sleeps) >= 0.5


def test_total_limit_ends_it_with_request_reason_and_advice(
    retrier: Retrier, clock: ManualClock
) -> None:
    start = clock.seconds
    with pytest.raises(ApiError) as caught:
        retrier.call("GET https://api/x", failing(1000, RetryableError("502 bad", status=502)))

    assert clock.seconds - start <= 300
    assert caught.value.status == 502
    assert str(caught.value) == (
        "GET https://api/x did not succeed within 300 s (502 bad). Run again later; the next run "
        "continues where this one stopped."
    )


def test_wish_beyond_the_limit_ends_it_at_once(retrier: Retrier, clock: ManualClock) -> None:
    for wish in (301.0, math.inf):
        with pytest.raises(ApiError):
            retrier.call("GET /x", failing(1, RetryableError("429", status=429, wait_seconds=wish)))

    assert not clock.sleeps


def test_host_that_never_answered_is_given_up_early(retrier: Retrier, clock: ManualClock) -> None:
    start = clock.seconds
    with pytest.raises(ApiError, match="Check the host in the settings"):
        retrier.call("GET /x", failing(1000, RetryableError("no answer")))

    assert clock.seconds - start <= NO_CONTACT_SECONDS


def test_host_that_has_answered_once_gets_the_whole_limit(
    retrier: Retrier, clock: ManualClock
) -> None:
    retrier.call("GET /x", failing(0, RetryableError("")))
    start = clock.seconds
    with pytest.raises(ApiError):
        retrier.call("GET /x", failing(1000, RetryableError("no answer")))

    assert clock.seconds - start > NO_CONTACT_SECONDS


def test_failure_that_no_try_mends_is_not_tried_again(retrier: Retrier) -> None:
    with pytest.raises(ApiError):
        retrier.call("GET /x", failing(1, ApiError("404")))

    assert retrier.retried == 0


@pytest.mark.parametrize(("status", "pause"), [(429, 30), (503, 30), (500, 0)])
def test_slow_down_answer_pauses_every_request_of_the_account(
    clock: ManualClock, status: int, pause: float
) -> None:
    throttle = Throttle(clock)
    first, second = (
        Retrier(limit_seconds=300, throttle=throttle, logger=logging.getLogger("test"), clock=clock)
        for _ in range(2)
    )
    start = clock.seconds
    sent: list[float] = []
    clock.at_next_sleep = lambda: second.call("GET /b", lambda: sent.append(clock.seconds))

    first.call("GET /a", failing(1, RetryableError("refused", status=status, wait_seconds=30)))

    assert sent == [start + pause]
