"""From a list as it is and the wishes about it to the difference between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .dynatrace_api.errors import DynatraceError
from .fields import MAX_VALUES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .fields import Field
    from .wishes import Wishes

MAX_NAMED = 20
"""Keys that a message names one by one; the rest is counted."""


class RefusedInputError(DynatraceError):
    """What the input asks for cannot be, or is not allowed by the settings."""


@dataclass(frozen=True)
class Change:
    """The difference for one list.

    Attributes:
        before: the keys as they are, in the order of the service.
        added: keys to add, in the order of the input.
        removed: keys to remove, in the order of the list.
        whole: the whole new list where it is sent as one, else None.
        complete: the input is the whole list, so what it lacks is removed.
    """

    before: tuple[str, ...]
    added: tuple[str, ...]
    removed: tuple[str, ...]
    whole: tuple[str, ...] | None
    complete: bool

    @property
    def needed(self) -> bool:
        """Tell whether anything is to be sent."""
        return bool(self.added or self.removed)

    @property
    def after(self) -> int:
        """Return the number of keys afterwards."""
        return len(self.before) - len(self.removed) + len(self.added)


def change_of(
    before: Sequence[str], wishes: Wishes, *, overwrite: bool, version: int | None
) -> Change:
    """Work out what to send.

    Args:
        before: the list as it is.
        wishes: what the input says about it.
        overwrite: the input is the whole list and is sent as one.
        version: the activated version; keys that it lacks are removed one by one.
    """
    wanted = wishes.keys(version)
    complete = overwrite or version is not None
    staying = set(wanted) if complete else set(before) - wishes.deleted.keys()
    present = set(before)
    return Change(
        before=tuple(before),
        added=tuple(key for key in wanted if key not in present),
        removed=tuple(key for key in before if key not in staying),
        whole=tuple(wanted) if overwrite else None,
        complete=complete,
    )


def check(change: Change, field: Field, owner: str, *, allow_empty: bool) -> None:
    """Refuse what Dynatrace would refuse, and what would empty a list by accident.

    Args:
        change: what is about to be sent.
        field: the list's field.
        owner: names the account in messages.
        allow_empty: a complete input may be empty.

    Raises:
        RefusedInputError: with the counts or keys concerned.
    """
    if change.added and change.after > MAX_VALUES:
        message = (
            f"The stream '{field.stream}' would leave {owner} with {field.count(change.after)} "
            f"({len(change.before)} now, {len(change.added)} to add, {len(change.removed)} to "
            f"remove); Dynatrace allows {MAX_VALUES}. Nothing was changed. Shorten the input, or "
            "delete values that are no longer used."
        )
        raise RefusedInputError(message)
    if change.complete and change.needed and not change.after and not allow_empty:
        message = (
            f"The stream '{field.stream}' holds nothing that {owner} should keep, so all its "
            f"{field.count(len(change.before))} would be removed. Nothing was changed. If that is "
            "meant, set 'allow_empty' to true."
        )
        raise RefusedInputError(message)


def named(keys: Sequence[str]) -> str:
    """Name keys in a message, shortened where there are many."""
    text = ", ".join(f"'{key}'" for key in keys[:MAX_NAMED])
    more = len(keys) - MAX_NAMED
    return f"{text} and {more} more" if more > 0 else text
