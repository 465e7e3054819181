"""What the input says about the lists, collected until the input has ended."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .fields import Field


@dataclass
class Wishes:
    """What the input says about one list: one field of one account.

    Attributes:
        wanted: the keys that should be there, in the order of their first record, each with the
            version its latest record carries (None without one).
        deleted: the keys that should not be there, in the order of the input.
    """

    wanted: dict[str, int | None] = dataclasses.field(default_factory=dict)
    deleted: dict[str, None] = dataclasses.field(default_factory=dict)

    def want(self, key: str, version: int | None = None) -> None:
        """Note a record; it takes back an earlier deletion of the key."""
        self.deleted.pop(key, None)
        self.wanted[key] = version

    def delete(self, key: str) -> None:
        """Note a deleted record; it takes back an earlier wish for the key."""
        self.wanted.pop(key, None)
        self.deleted[key] = None

    def keys(self, version: int | None = None) -> list[str]:
        """Return the wanted keys.

        Args:
            version: leave out the keys that only an older version of the stream had.
        """
        return [
            key
            for key, seen in self.wanted.items()
            if version is None or seen is None or seen == version
        ]


class Input:
    """The wishes of all streams and accounts."""

    def __init__(self, first_account: str) -> None:
        """Start with nothing.

        Args:
            first_account: UUID of the account that a stream without any record speaks for.
        """
        self._first_account = first_account
        self._fields: dict[Field, dict[str, Wishes]] = {}
        self._versions: dict[Field, int] = {}

    def announce(self, field: Field) -> None:
        """Note that the field's stream is part of the input, with or without records."""
        self._fields.setdefault(field, {})

    def about(self, field: Field, account: str) -> Wishes:
        """Return the wishes for the list of an account, to be added to."""
        return self._fields.setdefault(field, {}).setdefault(account, Wishes())

    def activate(self, field: Field, version: int) -> None:
        """Note that the stream is complete in this version: keys it lacks are to go."""
        self._versions[field] = version

    def version(self, field: Field) -> int | None:
        """Return the activated version of the stream, if there is one."""
        return self._versions.get(field)

    def lists(self) -> Iterator[tuple[Field, str, Wishes]]:
        """Go through the lists that the input is about: field, account UUID, wishes."""
        for field, accounts in self._fields.items():
            for account, wishes in (accounts or {self._first_account: Wishes()}).items():
                yield field, account, wishes
