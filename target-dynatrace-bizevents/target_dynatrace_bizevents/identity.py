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

_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The two highest bits of this digit are 1 and 0 (RFC 9562); the others stay."""


class EventIds:
    """Makes the event ids of one stream."""

    def __init__(self, event_type: str, keys: Sequence[str]) -> None:
        """Hash what all names of the stream begin with.

        Args:
            event_type: of the events.
            keys: names of the records' key, in their order; empty for none.
        """
        self._keys = tuple(keys)
        self._begun = hashlib.sha1(
            NAMESPACE.bytes + encode([event_type])[:-1] + b",", usedforsecurity=False
        )

    def of(self, record: Mapping[str, Any]) -> str:
        """Return the record's event id.

        A number counts, not its spelling: 1, 1.0 and 1e0 are one key, and "1" is another.
        """
        if self._keys:
            return self.of_key([canonical(record[key]) for key in self._keys])
        content = {
            name: canonical(value)
            for name, value in record.items()
            if not name.startswith(METADATA_PREFIX)
        }
        return self._uuid5(encode_sorted([content]))

    def of_key(self, values: Sequence[Any]) -> str:
        """Return the id of the record with these values of its key, spelled canonically."""
        return self._uuid5(encode(values))

    def _uuid5(self, rest: bytes) -> str:
        # The standard library's uuid5 takes text and builds an object: four times the time.
        digest = self._begun.copy()
        digest.update(rest[1:])
        text = digest.hexdigest()
        variant = _VARIANT[text[16]]
        return f"{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


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
