"""The short way from a line to an event, for records of the form that their schema describes.

Such a record is decoded straight into a class made from the schema: its names and types are
checked while it is read, and no dictionary is made. What does not fit is not wrong, it only takes
the careful way through `Target` and `Sink`, whose verdict counts.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from .flatten import attribute_name
from .typecheck import SCALARS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from .typecheck import Check, Column, ObjectCheck

    TakeRow = Callable[[msgspec.Struct, bytes], bool]
    """Takes a record and its line; False sends it the careful way."""

_CANONICAL: frozenset[type] = frozenset({str, int, bool, type(None)})
"""Types of which equal values have one spelling; those that msgspec tells apart, too."""

DROPPED_COLUMNS = frozenset(
    {"_sdc_extracted_at", "_sdc_received_at", "_sdc_batched_at", "_sdc_deleted_at"}
    | {"_sdc_sequence", "_sdc_table_version", "_sdc_sync_started_at"}
)
"""Columns that the SDK takes out of a record, unless it is to add them."""

_NOT_A_ROW = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class RowType:
    """The class of a stream's records.

    Attributes:
        message: class of the messages that hold one.
        is_flat: whether a record, encoded, is its event's attributes.
    """

    message: type[msgspec.Struct]
    is_flat: bool

    def __init__(
        self,
        stream: str,
        columns: Mapping[str, Column],
        *,
        keys: Sequence[str],
        required: Collection[str],
        dropped: Collection[str],
    ) -> None:
        """Make the classes.

        Args:
            stream: of the messages.
            columns: what each column accepts.
            keys: columns of the key, at least one.
            required: columns that must be there beside the key.
            dropped: columns that may come, and are no part of the record.
        """
        # The key first, in its order, and what is no part of the record last.
        self._names = (*keys, *(name for name in columns if name not in keys))
        fields = {name: f"c{number}" for number, name in enumerate((*self._names, *dropped))}
        self._checks: list[tuple[str, frozenset[type], Check | None]] = []
        self.is_flat = not dropped and all(name == attribute_name(name) for name in columns)
        types: dict[str, Any] = dict.fromkeys(dropped, Any)
        for name, (kinds, closer_look) in columns.items():
            if name in keys:
                types[name] = reduce(or_, kinds & _CANONICAL)
            elif closer_look is None and kinds <= _CANONICAL:
                types[name] = reduce(or_, kinds)
            else:
                types[name] = Any
                self._checks.append((fields[name], kinds | {msgspec.UnsetType}, closer_look))
                self.is_flat &= closer_look is None and kinds <= SCALARS
        row = msgspec.defstruct(
            "Row",
            [
                (field, types[name])
                if name in keys or name in required
                else (field, types[name] | msgspec.UnsetType, msgspec.UNSET)
                for name, field in fields.items()
            ],
            rename={field: name for name, field in fields.items()},
            kw_only=True,
            forbid_unknown_fields=True,
            gc=False,
        )
        self.message = msgspec.defstruct(
            "RowMessage",
            [("type", Literal["RECORD"]), ("record", row)],
            tag_field="stream",
            tag=stream,
            gc=False,
        )
        self._key_length = len(keys)

    def key_of(self, row: msgspec.Struct) -> tuple[Any, ...]:
        """Return the values of the key."""
        return msgspec.structs.astuple(row)[: self._key_length]

    def accepts(self, row: msgspec.Struct) -> bool:
        """Tell whether what the class could not check is accepted for certain, too."""
        for field, kinds, closer_look in self._checks:
            value = getattr(row, field)
            if type(value) not in kinds and (closer_look is None or not closer_look(value)):
                return False
        return True

    def record_of(self, row: msgspec.Struct) -> dict[str, Any]:
        """Return the record; numbers with a fraction are `msgspec.Raw`, in their own spelling."""
        values = zip(self._names, msgspec.structs.astuple(row), strict=False)
        return {name: value for name, value in values if value is not msgspec.UNSET}


def row_type(
    stream: str, check: ObjectCheck, *, keys: Sequence[str], learnt: Iterable[str]
) -> RowType | None:
    """Return the class of a stream's records, or None where all need a careful look.

    Args:
        stream: its name.
        check: of its records.
        keys: columns of the key.
        learnt: columns that came although the schema does not name them.
    """
    columns = check.columns | dict.fromkeys(learnt, (SCALARS, None))
    dropped = columns.keys() & DROPPED_COLUMNS
    kept = {name: column for name, column in columns.items() if name not in dropped}
    if (
        not keys
        or not kept.keys() >= check.required.union(keys)
        or any(_CANONICAL.isdisjoint(kept[key][0]) for key in keys)
    ):
        return None
    return RowType(stream, kept, keys=keys, required=check.required, dropped=dropped)


class _Other(msgspec.Struct, tag_field="stream", tag=""):
    """One more member of the union, because of one alone msgspec does not ask for the tag."""

    record: Any = None


class Rows:
    """Tells apart the records of all streams that can go the short way."""

    def __init__(self, takers: Mapping[type[msgspec.Struct], TakeRow]) -> None:
        """Prepare the decoding.

        Args:
            takers: for each class of messages what takes its records.
        """
        self._takers: Mapping[type, TakeRow] = {_Other: lambda *_: False, **takers}
        union = reduce(or_, takers, _Other)
        self._decode = msgspec.json.Decoder(union, float_hook=msgspec.Raw).decode

    def take(self, line: bytes) -> bool:
        """Take a line, if it is a record of the expected form; tell whether it was."""
        try:
            message = self._decode(line)
        except _NOT_A_ROW:
            return False
        return self._takers[type(message)](cast("Any", message).record, line)
