"""Pages of the v3 endpoints, decoded straight into rows.

A page holds thousands of rows that nearly always look the same. They are decoded as such, in
half the time of dictionaries. A page with anything else in it, such as a field that this version
does not know, is decoded again without expectations.
"""

from __future__ import annotations

from decimal import Decimal  # noqa: TC003  (msgspec reads the annotations)
from typing import TYPE_CHECKING, Any

import msgspec

from tap_dynatrace_dps.dynatrace_api.client import decode
from tap_dynatrace_dps.paging import rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Row(msgspec.Struct, rename="camel", forbid_unknown_fields=True, gc=False):
    """A capability's cost or usage; `unit` stands for what its value is counted in."""

    start_time: str
    end_time: str | None = None
    value: int | Decimal | None = None
    capability_key: str | None = None
    capability_name: str | None = None
    booking_date: str | None = None
    unit: str | None = None


class Entry(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    """An environment with some of its rows; `rows` stands for the name of the list."""

    environment_id: str | None = None
    cluster_id: str | None = None
    rows: list[Any] | None = None


class PageDecoder:
    """Decodes the pages of one of the two endpoints; they differ in two names."""

    def __init__(self, kind: str, unit_field: str, unknown: Callable[[str], None]) -> None:
        """Prepare both ways.

        Args:
            kind: the name of an entry's list of rows.
            unit_field: the name of a row's unit.
            unknown: told the names of fields that this version does not know.
        """
        self._unknown = unknown
        self._row_names = _names_of(Row, unit=unit_field)
        self._entry_names = _names_of(Entry, rows=kind)
        row = msgspec.defstruct("Row", [_optional("unit", str, unit_field)], bases=(Row,))
        rows = msgspec.defstruct("Entry", [_optional("rows", list[row], kind)], bases=(Entry,))  # type: ignore[valid-type]  # made above
        page = msgspec.defstruct(
            "Page",
            [
                ("data", list[rows]),  # type: ignore[valid-type]  # made above
                _optional("modified", str, "lastModifiedTime"),
                _optional("next_key", str, "nextPageKey"),
            ],
        )
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(page)

    def __call__(self, body: bytes) -> Any:  # noqa: ANN401  (an answer need not be a page)
        """Return a page, with entries in its `data`; any other JSON value as it is.

        Raises:
            msgspec.DecodeError: the body is not JSON.
        """
        try:
            page = self._decoder.decode(body)
        except msgspec.ValidationError:
            page = decode(body)
            if not isinstance(page, dict):
                return page
            return {**page, "data": [self._entry(entry) for entry in rows_of(page, "data")]}
        return {
            "data": page.data,
            "lastModifiedTime": page.modified,
            "nextPageKey": page.next_key,
        }

    def _entry(self, content: Mapping[str, Any]) -> Entry:
        found = self._renamed(content, self._entry_names)
        rows = found.pop("rows", None) or ()
        return Entry(
            **found,
            rows=[
                Row(**{"start_time": None, **self._renamed(row, self._row_names)}) for row in rows
            ],
        )

    def _renamed(self, content: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        for name in content.keys() - names.keys():
            self._unknown(name)
        return {names[name]: value for name, value in content.items() if name in names}


def _optional(name: str, kind: Any, spelled: str) -> tuple[str, Any, Any]:  # noqa: ANN401  (any type)
    return name, kind | None, msgspec.field(default=None, name=spelled)


def _names_of(struct: type[msgspec.Struct], **others: str) -> dict[str, str]:
    """Return the API's names of a struct's fields, with the fields."""
    return {
        others.get(field.name, field.encode_name): field.name
        for field in msgspec.structs.fields(struct)
    }
