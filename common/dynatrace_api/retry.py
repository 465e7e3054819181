"""Waiting and trying again: back-off with jitter, the server's own wish, a total limit."""

from __future__ import annotations

import email.utils
import random
import threading
import time
from typing import TYPE_CHECKING, TypeVar

import requests
import tenacity
from typing_extensions import override

from .errors import ApiError, RetryableError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

T = TypeVar("T")

FIRST_WAIT_SECONDS = 1.0
"""Upper bound of the first back-off; doubled for each further try."""

LONGEST_WAIT_SECONDS = 60.0
"""No single back-off is longer (a server's own wish may be)."""

NO_CONTACT_SECONDS = 20.0
"""Total limit while no answer at all has come: more likely a wrong host than a bad night."""

RETRY_STATUSES = frozenset({408, 425, 429, *range(500, 600)} - {501, 505})
"""Answers that another try may mend."""

NETWORK_ERRORS = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
"""What requests raises for resets, time-outs and truncated bodies."""

CERTAIN_FAILURES = (requests.exceptions.SSLError, requests.exceptions.InvalidURL)
"""Network errors that waiting does not mend."""

_MICROSECONDS = 1_000_000

_RESET_DIGITS = 20
"""A longer number is no time; microseconds since the epoch have 16 digits."""


class Clock:
    """Time and sleep, replaceable in tests."""

    def now(self) -> float:
        """Return seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


SYSTEM_CLOCK = Clock()


def asked_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Read how long the server wants us to wait, in seconds.

    `Retry-After` (seconds or an HTTP date) wins; then `X-RateLimit-Reset`, microseconds since
    the epoch (documented for the environment APIs).

    Args:
        headers: the answer's headers, case-insensitive.
        now: seconds since the epoch.
    """
    retry_after = headers.get("Retry-After", "").strip()
    if retry_after:
        try:
            return max(0.0, float(retry_after))
        except ValueError:
            pass
        try:
            return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - now)
        except ValueError:
            pass
    reset = headers.get("X-RateLimit-Reset", "").strip()
    if reset.isdecimal() and len(reset) <= _RESET_DIGITS:
        return max(0.0, int(reset) / _MICROSECONDS - now)
    return None


class Throttle:
    """A pause shared by all requests of one account or environment.

    One 429 tells about the whole account, so every chain of it waits.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        """Start without a pause."""
        self._clock = clock
        self._lock = threading.Lock()
        self._until = 0.0

    def pause(self, seconds: float) -> None:
        """Let nobody send for this long, counted from now."""
        with self._lock:
            self._until = max(self._until, self._clock.monotonic() + seconds)

    def wait(self) -> None:
        """Wait until the pause is over."""
        while (left := self._until - self._clock.monotonic()) > 0:
            self._clock.sleep(left)


class _WaitAsAsked(tenacity.wait.wait_base):
    """The server's wish where there is one, else exponential back-off with full jitter."""

    @override
    def __call__(self, retry_state: tenacity.RetryCallState) -> float:
        failure = retry_state.outcome.exception() if retry_state.outcome else None
        # A wish of 0 seconds would become a busy loop.
        if isinstance(failure, RetryableError) and failure.wait_seconds:
            return failure.wait_seconds
        ceiling = FIRST_WAIT_SECONDS * 2 ** min(retry_state.attempt_number - 1, 16)
        # Half fixed, half random: never a busy loop, never in step with the other chains.
        seconds: float = min(LONGEST_WAIT_SECONDS, ceiling)
        return seconds * (0.5 + random.random() / 2)  # noqa: S311  (no secret)


class _StopBefore(tenacity.stop.stop_base):
    """Stop when the next wait would end after the total limit."""

    def __init__(self, clock: Clock, limit_seconds: Callable[[], float]) -> None:
        self._clock = clock
        self._started = clock.monotonic()
        self._limit_seconds = limit_seconds

    @override
    def __call__(self, retry_state: tenacity.RetryCallState) -> bool:
        elapsed = self._clock.monotonic() - self._started
        return elapsed + (retry_state.upcoming_sleep or 0.0) > self._limit_seconds()


class Retrier:
    """Runs one request until it succeeds, fails for good, or the total limit is reached.

    Attributes:
        retried: tries beyond the first, over all calls.
    """

    def __init__(
        self,
        *,
        limit_seconds: float,
        throttle: Throttle,
        logger: logging.Logger,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Make a retrier that several threads may share."""
        self._limit_seconds = limit_seconds
        self._throttle = throttle
        self._logger = logger
        self._clock = clock
        self._lock = threading.Lock()
        self._reached = False
        self.retried = 0

    def call(self, what: str, attempt: Callable[[], T]) -> T:
        """Call `attempt` until it returns.

        Args:
            what: names the request in messages, for example `GET https://host/path`.
            attempt: sends once; raises RetryableError where another try may help.

        Raises:
            ApiError: the total limit is reached.
        """
        retrying = tenacity.Retrying(
            wait=_WaitAsAsked(),
            stop=_StopBefore(self._clock, self._limit),
            retry=tenacity.retry_if_exception_type(RetryableError),
            sleep=self._clock.sleep,
            before_sleep=lambda state: self._before_sleep(what, state),
            reraise=True,
        )
        try:
            result: T = retrying(self._attempt, attempt)
        except RetryableError as error:
            advice = (
                "Run again later; the next run continues where this one stopped."
                if self._reached
                else "Check the host in the settings, and the network."
            )
            message = f"{what} did not succeed within {self._limit():g} s ({error}). {advice}"
            raise ApiError(message, status=error.status, detail=str(error)) from error
        return result

    def _attempt(self, attempt: Callable[[], T]) -> T:
        self._throttle.wait()
        try:
            result = attempt()
        except RetryableError as error:
            if error.status is not None:
                self._reached = True
            raise
        self._reached = True
        return result

    def _limit(self) -> float:
        return (
            self._limit_seconds if self._reached else min(NO_CONTACT_SECONDS, self._limit_seconds)
        )

    def _before_sleep(self, what: str, state: tenacity.RetryCallState) -> None:
        with self._lock:
            self.retried += 1
        failure = state.outcome.exception() if state.outcome else None
        if isinstance(failure, RetryableError) and failure.status in {429, 503}:
            self._throttle.pause(state.upcoming_sleep)
        self._logger.info(
            "%s: %s; try %d follows in %.1f s",
            what,
            failure,
            state.attempt_number + 1,
            state.upcoming_sleep,
        )
