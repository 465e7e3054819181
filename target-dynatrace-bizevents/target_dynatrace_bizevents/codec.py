"""JSON in and out, with the digits of numbers kept."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import msgspec

encode = msgspec.json.Encoder(decimal_format="number").encode
"""Encode; Decimal keeps its digits, integers have any size, NaN and Infinity become null."""

encode_sorted = msgspec.json.Encoder(decimal_format="number", order="sorted").encode
"""Encode with the names of objects in order, so that equal content gives equal text."""

decode = msgspec.json.Decoder(float_hook=Decimal).decode
"""Decode; numbers with a fraction or an exponent become Decimal, integers have any size."""

_SURROGATE = re.compile("[\ud800-\udfff]")


class NotJsonError(ValueError):
    """The text is not JSON; the message says why without quoting it."""


def decode_leniently(text: bytes) -> Any:  # noqa: ANN401  (any JSON value)
    """Decode what other writers put into JSON although it does not belong there.

    NaN and Infinity become float (and null when encoded), half a surrogate pair becomes U+FFFD.

    Raises:
        NotJsonError: not even so.
    """
    try:
        value = json.loads(text, parse_float=Decimal)
    except RecursionError as error:
        message = "it is nested too deeply"
        raise NotJsonError(message) from error
    except UnicodeDecodeError as error:
        message = f"it is not UTF-8 at byte {error.start}"
        raise NotJsonError(message) from error
    except json.JSONDecodeError as error:
        message = f"{error.msg} at character {error.pos}"
        raise NotJsonError(message) from error
    except ValueError as error:
        # Python refuses integers of more than 4300 digits.
        message = "it holds a number of unreasonable length"
        raise NotJsonError(message) from error
    return _without_surrogates(value)


def _without_surrogates(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {
            _without_surrogates(name): _without_surrogates(item) for name, item in value.items()
        }
    return value
