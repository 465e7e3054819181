"""What arrived, as a table for people."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dynatrace_sandbox.sandbox import Sandbox

STATUS_TYPE: Final = "dps.subscription.status"
COST_TYPE: Final = "dps.cost2.booked"
HEADINGS: Final = ("event type", "account", "stored", "distinct", "duplicates", "dropped")
BATCH: Final = 10_000

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Align rows under headings; numbers to the right.

    Args:
        headings: One for each column.
        rows: Cells.

    Returns:
        Lines.
    """
    cells = [[f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    right = [bool(rows) and isinstance(cell, (int, Decimal)) for cell in (rows or [headings])[0]]

    def line(texts: Sequence[str]) -> str:
        return "  ".join(
            text.rjust(width) if numeric else text.ljust(width)
            for text, width, numeric in zip(texts, widths, right, strict=True)
        ).rstrip()

    return [line(headings), line(["-" * width for width in widths]), *map(line, cells)]


def _latest(events: Iterable[dict[str, Any]], *names: str) -> dict[tuple[str, ...], dict[str, Any]]:
    """Keep the last arrived event of each key, as ``dedup`` does in DQL."""
    return {tuple(str(event.get(name)) for name in names): event for event in events}


def _events(sandbox: Sandbox, kind: str) -> Iterable[dict[str, Any]]:
    offset = 0
    while lines := sandbox.store.events(
        type_=kind, account="", limit=BATCH, offset=offset, newest_first=False
    ):
        yield from map(_decode, lines)
        offset += len(lines)


def _day(value: object) -> str:
    try:
        return str(datetime.fromisoformat(str(value)).date())
    except ValueError:
        return str(value)


def _money(value: object) -> str:
    try:
        return f"{Decimal(str(value)):,}"
    except ArithmeticError:
        return str(value)


def cost_lines(sandbox: Sandbox) -> list[str]:
    """Tell what the subscription and cost events say about the money.

    Args:
        sandbox: The sandbox.

    Returns:
        Lines; none where no such events arrived.
    """
    lines: list[str] = []
    for event in _latest(_events(sandbox, STATUS_TYPE), "uuid").values():
        start, end = _day(event.get("startTime")), _day(event.get("endTime"))
        currency = event.get("currency")
        lines += [
            "",
            f"Subscription {event.get('name')} ({event.get('status', 'no status')})",
            f"  period          {start} to {end}, {event.get('daysRemaining')} days remaining",
            f"  budget          {_money(event.get('budget'))} {currency}",
            f"  used            {_money(event.get('used'))} {currency}",
            *_cost_to_date(sandbox, str(event.get("uuid"))),
        ]
    return lines


def _cost_to_date(sandbox: Sandbox, subscription: str) -> list[str]:
    """Read the running total of each account's last day."""
    last: dict[str, dict[str, Any]] = {}
    for event in _events(sandbox, COST_TYPE):
        account = str(event.get("accountName"))
        if event.get("subscriptionUuid") == subscription and str(event.get("startTime")) >= str(
            last.get(account, {}).get("startTime", "")
        ):
            last[account] = event
    if not last:
        return []
    amounts = {
        account: Decimal(str(event.get("costToDate") or 0)) for account, event in last.items()
    }
    lines = [f"  cost to date    {sum(amounts.values()):,}"]
    for account, amount in sorted(amounts.items()):
        lines.append(f"    {account:<18}{amount:,} up to {_day(last[account].get('startTime'))}")
    return lines


def arrival_lines(sandbox: Sandbox) -> list[str]:
    """Write the whole report.

    Args:
        sandbox: The sandbox.

    Returns:
        Lines.
    """
    rows = [
        (kind or "(none)", account or "-", stored, distinct, stored - distinct, dropped)
        for kind, account, stored, distinct, dropped, _, _ in sandbox.store.report()
    ]
    if not rows:
        return ["No business events arrived."]
    return ["Business events that arrived", "", *table(HEADINGS, rows), *cost_lines(sandbox)]
