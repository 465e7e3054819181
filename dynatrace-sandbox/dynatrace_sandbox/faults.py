"""The fault plan: rules that make chosen requests go wrong."""

from __future__ import annotations

import random
import re
from threading import Lock
from typing import Annotated, Any, Literal

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0)]


class RejectMatching(msgspec.Struct, forbid_unknown_fields=True):
    """Refuse the events whose JSON text matches."""

    match: str


class FaultRule(msgspec.Struct, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which requests go wrong, how often, and how.

    Attributes:
        method: Only this HTTP method.
        path: Only paths in which this regular expression is found.
        query: The same for the raw query string.
        request_body: The same for the request's body.
        skip: Let this many matching requests pass first.
        times: Then apply this many times; -1 is for ever.
        probability: Apply only by this chance, drawn from ``seed``.
        seed: Seed of the chance.
        status: Answer with this status.
        after: Handle (store) the request first, then answer with ``status``.
        headers: More headers for the answer.
        body: Body of the answer, as text.
        json: Body of the answer, as JSON; null is none.
        delay_seconds: Wait before anything else.
        reset: Reset the connection before or after the request is handled.
        truncate: Promise the whole body, send this many bytes of it, and close.
        reject: Ingest: refuse the events at these positions, or those that match; store the rest.
        expire_token: Make the request's token invalid and answer 401.
    """

    method: str | None = None
    path: str = ""
    query: str = ""
    request_body: str = ""
    skip: Count = 0
    times: Annotated[int, msgspec.Meta(ge=-1)] = 1
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    status: Annotated[int, msgspec.Meta(ge=200, le=599)] | None = None
    after: bool = False
    headers: dict[str, str] = {}
    body: str | None = None
    json: Any = None
    delay_seconds: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 0.0
    reset: Literal["before", "after"] | None = None
    truncate: Count | None = None
    reject: list[Count] | RejectMatching | None = None
    expire_token: bool = False

    def matches(self, method: str, path: str, query: str, body: bytes) -> bool:
        """Tell whether the rule is about a request.

        Args:
            method: HTTP method.
            path: Path as sent, percent-encoded.
            query: Raw query string.
            body: Request body.

        Returns:
            Whether all patterns fit.
        """
        return (
            (self.method is None or self.method.upper() == method)
            and re.search(self.path, path) is not None
            and re.search(self.query, query) is not None
            and (
                not self.request_body
                or re.search(self.request_body, body.decode("utf-8", "replace")) is not None
            )
        )

    def rejects(self, index: int, text: str) -> bool:
        """Tell whether an ingested event is to be refused.

        Args:
            index: Position in the batch.
            text: The event's JSON text.

        Returns:
            Whether it is.
        """
        if isinstance(self.reject, RejectMatching):
            return re.search(self.reject.match, text) is not None
        return self.reject is not None and index in self.reject


class FaultState(msgspec.Struct):
    """A rule and what it has done so far."""

    rule: FaultRule
    seen: int = 0
    applied: int = 0


class FaultPlan:
    """The rules in force; the first one that fits a request is applied."""

    def __init__(self) -> None:
        """Start without rules."""
        self._states: list[FaultState] = []
        self._chances: list[random.Random] = []
        self._lock = Lock()

    def add(self, rules: list[FaultRule]) -> None:
        """Add rules behind those in force.

        Args:
            rules: New rules.

        Raises:
            ValueError: If a regular expression is broken; nothing is added then.
        """
        for rule in rules:
            patterns = [rule.path, rule.query, rule.request_body]
            if isinstance(rule.reject, RejectMatching):
                patterns.append(rule.reject.match)
            for pattern in patterns:
                try:
                    re.compile(pattern)
                except re.error as error:
                    reason = f"{pattern!r} is no regular expression: {error}"
                    raise ValueError(reason) from error
        with self._lock:
            self._states.extend(FaultState(rule) for rule in rules)
            self._chances.extend(random.Random(rule.seed) for rule in rules)  # noqa: S311 - repeatable chance, no secret

    def clear(self) -> None:
        """Forget all rules."""
        with self._lock:
            self._states.clear()
            self._chances.clear()

    def states(self) -> list[FaultState]:
        """List the rules in force.

        Returns:
            Each with its counts.
        """
        with self._lock:
            return list(self._states)

    def choose(self, method: str, path: str, query: str, body: bytes) -> FaultRule | None:
        """Find the rule to apply to a request, and count it.

        Args:
            method: HTTP method.
            path: Path as sent.
            query: Raw query string.
            body: Request body.

        Returns:
            The rule, or None.
        """
        with self._lock:
            for state, chance in zip(self._states, self._chances, strict=True):
                rule = state.rule
                if 0 <= rule.times <= state.applied:
                    continue
                if not rule.matches(method, path, query, body):
                    continue
                state.seen += 1
                if state.seen <= rule.skip or chance.random() >= rule.probability:
                    continue
                state.applied += 1
                return rule
        return None
