"""A clock that is moved by hand, and a service that answers from a script."""

from __future__ import annotations

import io
import json
import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import BaseAdapter
from target_dynatrace_dps.dynatrace_api.client import AccountClient
from target_dynatrace_dps.dynatrace_api.oauth import OAuthClient
from target_dynatrace_dps.dynatrace_api.retry import Clock, Retrier, Throttle
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SSO = "https://sso.test/sso/oauth2/token"
API = "https://api.test"


class ManualClock(Clock):
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        """Start at some time."""
        self.seconds = 1_000_000.0
        self.sleeps: list[float] = []
        self.at_next_sleep: Callable[[], None] | None = None

    @override
    def now(self) -> float:
        return self.seconds

    @override
    def monotonic(self) -> float:
        return self.seconds

    @override
    def sleep(self, seconds: float) -> None:
        event, self.at_next_sleep = self.at_next_sleep, None
        if event:
            event()
        self.sleeps.append(seconds)
        self.seconds += seconds


@dataclass
class Answer:
    """One scripted answer."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


class Service(BaseAdapter):
    """Answers token requests with new tokens, others from the script; raises what is an error."""

    def __init__(self) -> None:
        """Start with empty scripts."""
        super().__init__()
        self.sso_script: list[Answer | Exception] = []
        self.script: list[Answer | Exception] = []
        self.requests: list[requests.PreparedRequest] = []
        self.token_requests: list[requests.PreparedRequest] = []
        self._lock = threading.Lock()

    @override
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        with self._lock:
            if request.url == SSO:
                self.token_requests.append(request)
                script = self.sso_script
                token = {"access_token": f"token-{len(self.token_requests)}", "expires_in": 300}
                usual = Answer(body=token)
            else:
                self.requests.append(request)
                script, usual = self.script, Answer(body={})
            answer = script.pop(0) if script else usual
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.request = request
        response.url = request.url or ""
        body = answer.body
        response.raw = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        return response

    @override
    def close(self) -> None:
        """Nothing is open."""


def make_retrier(clock: ManualClock) -> Retrier:
    return Retrier(
        limit_seconds=300, throttle=Throttle(clock), logger=logging.getLogger("test"), clock=clock
    )


def make_tokens(
    service: Service,
    clock: ManualClock,
    *,
    scope: str = "account-uac-read",
    scope_setting: str = "scope",
) -> OAuthClient:
    return OAuthClient(
        owner="account 'Acme'",
        account_uuid="uuid-1",
        client_id="dt0s02.CLIENT",
        client_secret="dt0s02.CLIENT.SECRETSECRET",
        scope=scope,
        session=make_session(service),
        retrier=make_retrier(clock),
        sso_url=SSO,
        scope_setting=scope_setting,
        clock=clock,
    )


def make_client(
    service: Service, clock: ManualClock, write_tokens: OAuthClient | None = None
) -> AccountClient:
    return AccountClient(
        owner="account 'Acme'",
        api_url=API,
        tokens=make_tokens(service, clock),
        write_tokens=write_tokens,
        session=make_session(service),
        retrier=make_retrier(clock),
        timeout_seconds=5,
        clock=clock,
    )


def make_session(service: Service) -> requests.Session:
    session = requests.Session()
    session.mount("https://", service)
    return session
