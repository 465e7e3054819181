"""A light reader of DQL: follows which fields a query has after each command.

It knows the commands and functions that the dashboard uses, no more, and refuses the rest. So a
misspelt field, function or parameter is found without a Dynatrace environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SYSTEM_FIELDS: Final = frozenset(
    {"timestamp", "event.id", "event.type", "event.kind", "event.provider"}
)
"""What Grail has on every business event."""
FUNCTIONS: Final = frozenset(
    {
        *("array", "arrayCumulativeSum", "count", "formatTimestamp", "if", "in", "isNotNull"),
        *("isNull", "max", "now", "sum", "toTimestamp", "unixSecondsFromTimestamp"),
    }
)
WORDS: Final = frozenset({"and", "or", "not", "true", "false", "null", "asc", "desc"})
ARGUMENTS: Final = frozenset({"then", "else", "default", "format"})
"""Named arguments of functions."""
FETCH: Final = "fetch bizevents, from: now()-35d"
NEWEST_FIRST: Final = "event.id, sort: {timestamp desc}"

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
    | (?P<text>"[^"\\]*")
    | (?P<variable>\$\w+)
    | (?P<number>\d+(\.\d+)?(?P<unit>[smhdwM](@[smhdwM])?)?)
    | (?P<align>@[smhdwM])
    | (?P<name>[A-Za-z_][A-Za-z0-9_.]*)
    | (?P<sign>==|!=|<=|>=|[-+*/<>=(){}\[\],:|])
    """,
    re.VERBOSE,
)
_PAIRS: Final = {"(": ")", "{": "}", "[": "]"}

Token = tuple[str, str]
"""Kind and text."""


class QueryError(ValueError):
    """What is wrong with a query."""


@dataclass
class Query:
    """What a query does.

    Attributes:
        types: Event types it fetches, sub-queries included.
        variables: Dashboard variables it uses.
        fields: What it returns.
    """

    types: list[str] = field(default_factory=list)
    variables: set[str] = field(default_factory=set)
    fields: frozenset[str] = frozenset()


def read_query(text: str, attributes: Mapping[str, frozenset[str]]) -> Query:
    """Follow a query.

    Args:
        text: DQL.
        attributes: Attributes of the events by event type.

    Returns:
        What it does.

    Raises:
        QueryError: If it breaks a rule or uses a field that is not there.
    """
    return _Reader(attributes).read(_tokens(text))


def _tokens(text: str) -> list[Token]:
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            reason = f"cannot read {text[position : position + 20]!r}"
            raise QueryError(reason)
        kind = "number" if match.lastgroup == "unit" else match.lastgroup
        if kind != "space":
            found.append((kind, match[0]))
        position = match.end()
    return found


def _spelled(tokens: list[Token]) -> str:
    return re.sub(r" ?([,:(){}]) ?", r"\1", " ".join(text for _, text in tokens))


def _split(tokens: list[Token], separator: str) -> list[list[Token]]:
    """Cut at a sign, but not inside of brackets."""
    parts: list[list[Token]] = [[]]
    waiting: list[str] = []
    for token in tokens:
        _, text = token
        if token[0] == "sign" and text in _PAIRS:
            waiting.append(_PAIRS[text])
        elif (
            token[0] == "sign"
            and text in _PAIRS.values()
            and (not waiting or waiting.pop() != text)
        ):
            reason = f"{text} closes nothing"
            raise QueryError(reason)
        if text == separator and not waiting:
            parts.append([])
        else:
            parts[-1].append(token)
    if waiting:
        reason = f"{waiting[-1]} is missing"
        raise QueryError(reason)
    return parts


def _inside(tokens: list[Token], opening: str) -> list[Token]:
    """Take the brackets off, where the whole is in brackets."""
    if tokens and tokens[0][1] == opening and tokens[-1][1] == _PAIRS[opening]:
        return tokens[1:-1]
    return tokens


class _Reader:
    """Reads one query with its sub-queries."""

    def __init__(self, attributes: Mapping[str, frozenset[str]]) -> None:
        self._attributes = attributes
        self._query = Query()
        self._commands: dict[str, Callable[[list[Token], frozenset[str]], frozenset[str]]] = {
            "filter": self._filter,
            "dedup": self._dedup,
            "sort": self._sort,
            "limit": self._limit,
            "fields": self._fields,
            "fieldsAdd": self._fields_add,
            "fieldsRemove": self._fields_remove,
            "summarize": self._summarize,
            "makeTimeseries": self._make_timeseries,
            "lookup": self._lookup,
            "append": self._append,
        }

    def read(self, tokens: list[Token]) -> Query:
        self._query.fields = self._pipeline(tokens)
        return self._query

    def _pipeline(self, tokens: list[Token]) -> frozenset[str]:
        commands = _split(tokens, "|")
        if len(commands) < 3:
            reason = "a query begins with fetch, filter and dedup"
            raise QueryError(reason)
        known = self._fetched(commands[:3])
        for command in commands[3:]:
            name = command[0][1] if command else ""
            if name not in self._commands:
                reason = f"no command is called {name!r}"
                raise QueryError(reason)
            known = self._commands[name](command[1:], known)
        return known

    def _fetched(self, commands: list[list[Token]]) -> frozenset[str]:
        fetch, chosen, newest = commands
        if _spelled(fetch) != _spelled(_tokens(FETCH)):
            reason = (
                f"it begins with {_spelled(fetch)!r}, not with fetch bizevents, from: now()-35d"
            )
            raise QueryError(reason)
        if [text for _, text in chosen[:3]] != ["filter", "event.type", "=="] or len(chosen) != 4:
            reason = "the second command filters one event.type"
            raise QueryError(reason)
        kind = chosen[3][1].strip('"')
        if kind not in self._attributes:
            reason = f"nothing sends events of type {kind}"
            raise QueryError(reason)
        if _spelled(newest) != f"dedup {_spelled(_tokens(NEWEST_FIRST))}":
            reason = f"the third command is dedup {NEWEST_FIRST}"
            raise QueryError(reason)
        self._query.types.append(kind)
        return self._attributes[kind] | SYSTEM_FIELDS

    def _expression(self, tokens: list[Token], known: frozenset[str]) -> None:
        if not tokens:
            reason = "an expression is missing"
            raise QueryError(reason)
        following = [*[text for _, text in tokens[1:]], ""]
        for (kind, text), after in zip(tokens, following, strict=True):
            if kind == "variable":
                self._query.variables.add(text.removeprefix("$"))
            if kind != "name" or text in WORDS:
                continue
            if after == "(":
                if text not in FUNCTIONS:
                    reason = f"no function is called {text}"
                    raise QueryError(reason)
            elif after == ":":
                if text not in ARGUMENTS:
                    reason = f"no argument is called {text}"
                    raise QueryError(reason)
            elif text not in known:
                reason = f"there is no field {text}"
                raise QueryError(reason)

    def _named(self, tokens: list[Token], known: frozenset[str]) -> list[str]:
        """Read ``name = expression`` or a field, separated by commas."""
        found: list[str] = []
        for part in _split(tokens, ","):
            if [text for _, text in part[1:2]] == ["="]:
                self._expression(part[2:], known)
            elif len(part) == 1 and part[0][0] == "name":
                self._expression(part, known)
            else:
                reason = f"{_spelled(part)!r} needs a name"
                raise QueryError(reason)
            found.append(part[0][1])
        return found

    def _options(
        self, tokens: list[Token], allowed: frozenset[str]
    ) -> tuple[list[list[Token]], dict[str, list[Token]]]:
        """Part what stands alone from ``name: value``."""
        plain: list[list[Token]] = []
        named: dict[str, list[Token]] = {}
        for part in _split(tokens, ","):
            if [text for _, text in part[1:2]] == [":"]:
                if part[0][1] not in allowed:
                    reason = f"no parameter is called {part[0][1]}"
                    raise QueryError(reason)
                named[part[0][1]] = part[2:]
            else:
                plain.append(part)
        return plain, named

    def _filter(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        self._expression(tokens, known)
        return known

    def _sort(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        for part in _split(tokens, ","):
            self._expression(part, known)
        return known

    def _limit(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        if [kind for kind, _ in tokens] != ["number"]:
            reason = "limit takes a number"
            raise QueryError(reason)
        return known

    def _dedup(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        plain, named = self._options(tokens, frozenset({"sort"}))
        if "sort" not in named:
            reason = "dedup keeps any record unless it sorts"
            raise QueryError(reason)
        for part in plain:
            self._expression(part, known)
        return self._sort(_inside(named["sort"], "{"), known)

    def _fields(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        return frozenset(self._named(tokens, known))

    def _fields_add(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        return known | frozenset(self._named(tokens, known))

    def _fields_remove(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        return known - frozenset(self._named(tokens, known))

    def _aggregated(
        self, tokens: list[Token], known: frozenset[str], allowed: frozenset[str]
    ) -> tuple[frozenset[str], dict[str, list[Token]]]:
        plain, named = self._options(tokens, allowed | {"by"})
        if len(plain) != 1 or _inside(plain[0], "{") is plain[0]:
            reason = "aggregations stand in one pair of braces"
            raise QueryError(reason)
        names = self._named(_inside(plain[0], "{"), known)
        if "by" in named:
            names += self._named(_inside(named.pop("by"), "{"), known)
        return frozenset(names), named

    def _summarize(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        return self._aggregated(tokens, known, frozenset())[0]

    def _make_timeseries(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        needed = frozenset({"time", "interval", "from", "to"})
        names, named = self._aggregated(tokens, known, needed)
        if missing := needed - named.keys():
            reason = f"makeTimeseries needs {', '.join(sorted(missing))} of its own"
            raise QueryError(reason)
        for part in named.values():
            self._expression(part, known)
        return names | {"timeframe", "interval"}

    def _subquery(self, part: list[Token]) -> frozenset[str]:
        inner = _inside(part, "[")
        if inner is part:
            reason = "a sub-query stands in square brackets"
            raise QueryError(reason)
        return self._pipeline(inner)

    def _lookup(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        plain, named = self._options(tokens, frozenset({"sourceField", "lookupField", "prefix"}))
        [subquery] = plain
        found = self._subquery(subquery)
        self._expression(named["sourceField"], known)
        self._expression(named["lookupField"], found)
        prefix = named["prefix"][0][1].strip('"')
        return known | {prefix + name for name in found}

    def _append(self, tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
        found = self._subquery(tokens)
        if found != known:
            reason = f"append brings other fields: {', '.join(sorted(found ^ known))}"
            raise QueryError(reason)
        return known
