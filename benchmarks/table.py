"""The figures as a Markdown table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .measure import MEGABYTE, Result

if TYPE_CHECKING:
    from collections.abc import Sequence

_HEAD = (
    "wall s",
    "CPU s",
    "rows/s (wall)",
    "ours is faster by (wall)",
    "(CPU)",
    "(CPU, without start-up)",
    "peak MB",
)


def section(
    title: str, results: Sequence[Result], started: Sequence[Result] = (), note: str = ""
) -> str:
    """Return a table that compares the first result with the others.

    Args:
        title: of the section.
        results: ours first.
        started: the same cases with hardly any rows, to take their start off.
        note: a line below the title.
    """
    lines = [f"### {title}", "", *([note, ""] if note else [])]
    lines += [f"| {' | '.join(('', *_HEAD))} |", f"|{'---|' * (len(_HEAD) + 1)}"]
    ours = results[0]
    for index, result in enumerate(results):
        cells = [result.case.name, f"{result.wall:.2f}", f"{result.cpu:.2f}"]
        cells.append(f"{result.case.rows / result.wall:,.0f}" if result.case.rows else "")
        if index:
            cells += [_ratio(result.wall, ours.wall), _ratio(result.cpu, ours.cpu)]
            cells.append(_net_ratio(results, started, index) if started else "")
        else:
            cells += ["", "", ""]
        cells.append(f"{result.peak_bytes / MEGABYTE:,.0f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def _net_ratio(results: Sequence[Result], started: Sequence[Result], index: int) -> str:
    ours = results[0].cpu - started[0].cpu
    other = results[index].cpu - started[index].cpu
    return _ratio(other, ours) if ours > 0 else ""


def _ratio(other: float, ours: float) -> str:
    return f"{other / ours:.2f}"


def plain(title: str, rows: Sequence[tuple[str, str]], note: str = "") -> str:
    """Return a table of names and figures."""
    lines = [f"### {title}", "", *([note, ""] if note else []), "| | |", "|---|---|"]
    lines += [f"| {name} | {figure} |" for name, figure in rows]
    return "\n".join([*lines, ""])
