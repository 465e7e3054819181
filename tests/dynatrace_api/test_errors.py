"""Messages: the server's own words, short, on one line, and never a secret."""

from __future__ import annotations

import string
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from target_dynatrace_dps.dynatrace_api.errors import (
    MESSAGE_LIMIT,
    error_message,
    message_in,
    redact,
    where,
)

TOKEN_CHARACTERS = string.ascii_letters + string.digits + "_-"


def response(body: bytes, status: int = 400) -> requests.Response:
    made = requests.Response()
    made.status_code = status
    made.reason = "Bad Request"
    made._content = body  # noqa: SLF001  (the only way to make a Response)
    return made


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(
            {"error": True, "message": "No such field.", "payload": None}, "No such field."
        ),
        pytest.param({"error": {"code": 400, "message": "Too late."}}, "Too late."),
        pytest.param(
            {"error": "invalid_request", "error_description": "Bad client."},
            "invalid_request: Bad client.",
        ),
        pytest.param({"error": "invalid_request"}, "invalid_request"),
        pytest.param({"errors": [{"index": 3, "message": "No type."}]}, "No type."),
        pytest.param("plain", "plain"),
        pytest.param([], ""),
        pytest.param({"error": True}, ""),
        pytest.param(None, ""),
        pytest.param(7, ""),
    ],
)
def test_message_is_found_in_every_shape_of_error_body(body: object, message: str) -> None:
    assert message_in(body) == message


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "errors"]), inner)
    ),
)


@given(json_values)
def test_any_json_body_gives_some_text(body: object) -> None:
    assert isinstance(message_in(body), str)


@given(st.binary(max_size=2000))
def test_any_body_gives_one_short_line(body: bytes) -> None:
    text = error_message(response(body))

    assert text
    assert "\n" not in text
    assert len(text) <= MESSAGE_LIMIT + len("...")


def test_deeply_nested_body_is_no_trouble() -> None:
    assert error_message(response(b"[" * 100_000)).startswith("[[[")


def test_empty_body_is_told_by_its_reason() -> None:
    assert error_message(response(b"")) == "Bad Request"


@given(
    prefix=st.sampled_from(["dt0c01", "dt0s02", "dt0s16"]),
    public=st.text(TOKEN_CHARACTERS, min_size=1, max_size=24),
    secret=st.text(TOKEN_CHARACTERS, min_size=8, max_size=64),
    before=st.sampled_from(["", "token ", "Bearer ", "Api-Token ", '{"t":"']),
    after=st.sampled_from(["", " is bad", '"}', ", again"]),
)
def test_secret_part_of_a_dynatrace_token_is_never_shown(
    prefix: str, public: str, secret: str, before: str, after: str
) -> None:
    shown = redact(f"{before}{prefix}.{public}.{secret}{after}")

    assert shown == f"{before}{prefix}.{public}.***{after}"


@pytest.mark.parametrize(
    "text",
    [
        "Bearer eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl",
        "the token eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl is expired",
        "authorization: bearer c2lnbmF0dXJl",
        "dt0s02.CLIENT.c2lnbmF0dXJl.c2lnbmF0dXJl",
    ],
)
def test_bearer_is_never_shown(text: str) -> None:
    assert "c2lnbmF0dXJl" not in redact(text)


def test_text_without_a_secret_stays_as_it_is() -> None:
    text = "OAuth client dt0s02.CLIENT is missing following scopes [account-uac-write]"

    assert redact(text) == text


def test_request_is_named_without_query_and_password() -> None:
    named = where("GET", "https://user:password@host:9999/a/b?token=x")

    assert named == "GET https://host:9999/a/b"
