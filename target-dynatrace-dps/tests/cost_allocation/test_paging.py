"""Reading a list whose first page number nobody documents."""

from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.adapters import BaseAdapter
from target_dynatrace_dps.allow_list import AllowList
from target_dynatrace_dps.dynatrace_api.accounts import Account
from target_dynatrace_dps.dynatrace_api.client import AccountClient
from target_dynatrace_dps.dynatrace_api.errors import ApiError
from target_dynatrace_dps.dynatrace_api.oauth import OAuthClient
from target_dynatrace_dps.dynatrace_api.retry import Retrier, Throttle
from target_dynatrace_dps.fields import COST_CENTERS
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable


class Pages(BaseAdapter):
    """A service whose answer to a page number is given as a function."""

    def __init__(self, answer: Callable[[int | None], dict[str, Any]]) -> None:
        """Take the function; None stands for a request without a number."""
        super().__init__()
        self._answer = answer

    @override
    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:  # type: ignore[override]
        parts = urlsplit(request.url or "")
        numbers = parse_qs(str(parts.query)).get("page")
        body: dict[str, Any] = {"access_token": "t"}
        if not str(parts.path).endswith("/token"):
            body = self._answer(int(numbers[0]) if numbers else None)
        response = requests.Response()
        response.status_code = 200
        response.url = request.url or ""
        response.raw = io.BytesIO(msgspec.json.encode(body))
        return response

    @override
    def close(self) -> None:
        """Nothing is open."""


def list_behind(answer: Callable[[int | None], dict[str, Any]]) -> AllowList:
    session = requests.Session()
    session.mount("https://", Pages(answer))
    account = Account("u-1", "Acme", "client", "secret")
    retrier = Retrier(limit_seconds=1, throttle=Throttle(), logger=logging.getLogger("test"))
    tokens = OAuthClient(
        owner=account.label,
        account_uuid=account.uuid,
        client_id=account.client_id,
        client_secret=account.client_secret,
        scope="account-uac-read",
        session=session,
        retrier=retrier,
        sso_url="https://sso.test/token",
    )
    client = AccountClient(
        owner=account.label,
        api_url="https://api.test",
        tokens=tokens,
        session=session,
        retrier=retrier,
        timeout_seconds=1,
    )
    return AllowList(client, account.uuid, COST_CENTERS)


def page(keys: list[str], *, more: bool) -> dict[str, Any]:
    return {"records": [{"key": key} for key in keys], "hasNextPage": more}


@given(
    keys=st.lists(st.text(), unique=True, max_size=30),
    size=st.integers(1, 10),
    first=st.sampled_from([0, 1]),
)
def test_every_key_is_read_once_wherever_the_pages_start(
    keys: list[str], size: int, first: int
) -> None:
    def answer(number: int | None) -> dict[str, Any]:
        start = ((first if number is None else number) - first) * size
        return page(keys[start : start + size], more=start + size < len(keys))

    assert list_behind(answer).read() == keys


def test_list_that_never_ends_is_given_up() -> None:
    with pytest.raises(ApiError, match="repeats page 2 without an end"):
        list_behind(lambda _: page(["a"], more=True)).read()


def test_list_that_always_grows_is_given_up() -> None:
    with pytest.raises(ApiError, match="without an end"):
        list_behind(lambda number: page([f"key {number}"], more=True)).read()


def test_answer_without_the_flag_is_the_last_page() -> None:
    assert list_behind(lambda _: {"records": [{"key": "a"}]}).read() == ["a"]
