"""`event.id`: the same record has the same one in every run.

Grail neither updates nor de-duplicates, so a query does: `dedup event.id, sort: {timestamp
desc}` keeps the newest version of each record. The id is a UUID version 5 (RFC 9562) over the
event type and the values of the record's key; without a key, over the whole record.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from .codec import encode, encode_sorted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAMESPACE = uuid.UUID("c453367e-cb01-5960-9cc0-59cd522fe98f")
"""Our own UUID namespace. Another value would give every record a new id: never change it."""

METADATA_PREFIX = "_sdc_"
"""Columns that the Singer SDK adds; they differ from run to run."""

_LARGEST_EXPONENT = 400
"""Above it a whole number stays in exponent form; a float ends at 1e308."""

_HEX_VARIANT = "89ab89ab89ab89ab"


def event_id(event_type: str, record: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return the record's event id.

    A number counts, not its spelling: 1, 1.0 and 1e0 are one key, and "1" is another.

    Args:
        event_type: of the event.
        record: as it came.
        keys: names of its key, in their order; empty for none.
    """
    if keys:
        name = encode([event_type, *[canonical(record[key]) for key in keys]])
    else:
        content = {
            key: canonical(value)
            for key, value in record.items()
            if not key.startswith(METADATA_PREFIX)
        }
        name = encode_sorted([event_type, content])
    return uuid5(name)


def canonical(value: Any) -> Any:  # noqa: ANN401  (any JSON value)
    """Return the value with one spelling for equal numbers."""
    kind = type(value)
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        return {name: canonical(item) for name, item in value.items()}
    if kind is list:
        return [canonical(item) for item in value]
    if kind is float:
        return canonical(Decimal(repr(value))) if math.isfinite(value) else repr(value)
    if kind is Decimal:
        return _canonical_decimal(value)
    return value


def _canonical_decimal(value: Decimal) -> int | Decimal:
    if value.adjusted() < _LARGEST_EXPONENT and value == value.to_integral_value():
        return int(value)
    sign, digits, exponent = value.as_tuple()
    end = len(digits)
    while end > 1 and digits[end - 1] == 0:
        end -= 1
    # Built from its parts, because normalize() would round to 28 digits.
    return Decimal((sign, digits[:end], int(exponent) + len(digits) - end))


def uuid5(name: bytes) -> str:
    """Return the text of the UUID version 5 of a name in our namespace.

    The standard library's `uuid.uuid5` takes text and builds an object: four times the time.
    """
    text = hashlib.sha1(NAMESPACE.bytes + name, usedforsecurity=False).hexdigest()
    return (
        f"{text[:8]}-{text[8:12]}-5{text[13:16]}-"
        f"{_HEX_VARIANT[int(text[16], 16)]}{text[17:20]}-{text[20:32]}"
    )
