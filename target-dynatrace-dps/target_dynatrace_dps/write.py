"""The one moment of writing: all lists are read and checked before the first change is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .allow_list import AllowList
from .change import Change, change_of, check, named
from .dynatrace_api.errors import DynatraceError
from .fields import FIELDS

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping

    from .dynatrace_api.client import AccountClient
    from .fields import Field
    from .wishes import Input


@dataclass(frozen=True)
class Options:
    """The settings that decide what is written."""

    overwrite: bool
    allow_empty: bool
    dry_run: bool


class UnwrittenError(DynatraceError):
    """Some lists could not be read or written; the others were."""


@dataclass(frozen=True)
class _Planned:
    """One list and the change for it."""

    allow_list: AllowList
    change: Change
    field: Field
    owner: str


def write(
    wishes: Input, clients: Mapping[str, AccountClient], options: Options, logger: logging.Logger
) -> None:
    """Bring the lists in step with the input.

    Args:
        wishes: what the whole input says.
        clients: by account UUID.
        options: what may be written.
        logger: takes the summary of each list.

    Raises:
        RefusedInputError: a list would become too long or empty; nothing is written at all.
        UnwrittenError: an account failed; the lists of the others are written.
    """
    # A dict, because an account that fails usually fails for both of its lists in the same words.
    failures: dict[str, None] = {}
    planned: list[_Planned] = []
    for field, account, list_wishes in wishes.lists():
        client = clients[account]
        allow_list = AllowList(client, account, field)
        try:
            before = allow_list.read()
        except DynatraceError as error:
            failures[str(error)] = None
            continue
        version = wishes.version(field)
        change = change_of(before, list_wishes, overwrite=options.overwrite, version=version)
        planned.append(_Planned(allow_list, change, field, client.owner))
    for plan in planned:
        check(plan.change, plan.field, plan.owner, allow_empty=options.allow_empty)
    for plan in planned:
        if plan.change.needed and not options.dry_run:
            try:
                plan.allow_list.apply(plan.change)
            except DynatraceError as error:
                failures[str(error)] = None
                continue
        logger.info(summary(plan.change, plan.field, plan.owner, dry_run=options.dry_run))
    if failures:
        raise UnwrittenError(" ".join(failures))


def summary(change: Change, field: Field, owner: str, *, dry_run: bool) -> str:
    """Say what became, or would become, of a list."""
    text = f"{field.many.capitalize()} of {owner}: {len(change.before)} before"
    if not change.needed:
        return f"{text}, nothing to change."
    would = "would be " if dry_run else ""
    for keys, verb in ((change.added, "added"), (change.removed, "removed")):
        text += f", {len(keys)} {would}{verb}"
        if keys:
            text += f" ({named(keys)})"
    text += f", {change.after} after."
    return f"Dry run. {text}" if dry_run else text


def try_connections(clients: Mapping[str, AccountClient], logger: logging.Logger) -> None:
    """Read the lists of each account and ask for a token that may write; change nothing.

    Raises:
        ApiError: a list cannot be read.
        CredentialsError: the SSO refuses an account's client.
    """
    for account, client in clients.items():
        for field in FIELDS.values():
            count = len(AllowList(client, account, field).read())
            logger.info("%s can be read: %s.", client.owner.capitalize(), field.count(count))
        client.tokens_for("PUT").token()
        logger.info("%s grants a token for writing.", client.owner.capitalize())
