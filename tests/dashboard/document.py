"""The rules of a dashboard document: an unknown key or a gap makes Dynatrace refuse it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, Final

from .dql import QueryError, read_query

COLUMNS: Final = 24
VERSION: Final = 21

Keys = tuple[frozenset[str], frozenset[str]]
"""Required, and also allowed."""

DOCUMENT: Final[Keys] = (
    frozenset({"version", "variables", "tiles", "layouts"}),
    frozenset(
        {"settings", "annotations", "importedWithCode", "refreshRate", "gridColumnsCount"},
    ),
)
MARKDOWN: Final[Keys] = (frozenset({"type", "content"}), frozenset())
DATA: Final[Keys] = (
    frozenset(
        {"type", "title", "query", "visualization", "visualizationSettings", "querySettings"}
    ),
    frozenset({"description", "davis", "timeframe", "segments"}),
)
LAYOUT: Final[Keys] = (frozenset("xywh"), frozenset())
VARIABLE: Final[Keys] = (
    frozenset({"version", "key", "type", "visible", "editable", "input", "multiple"}),
    frozenset({"defaultValue"}),
)
VISUALIZATIONS: Final = frozenset(
    {"lineChart", "barChart", "categoricalBarChart", "singleValue", "meterBar", "table"}
)
SETTINGS: Final[Keys] = (
    frozenset({"autoSelectVisualization"}),
    frozenset({"singleValue", "minValue", "maxValue", "chartSettings", "unitsOverrides"}),
)
QUERY_SETTINGS: Final[Keys] = (
    frozenset(
        {
            "maxResultRecords",
            "defaultScanLimitGbytes",
            "maxResultMegaBytes",
            "defaultSamplingRatio",
            "enableSampling",
        }
    ),
    frozenset(),
)
UNIT: Final[Keys] = (
    frozenset(
        {
            *("identifier", "unitCategory", "baseUnit", "displayUnit"),
            *("decimals", "suffix", "delimiter", "added"),
        }
    ),
    frozenset(),
)

Attributes = Mapping[str, frozenset[str]]


def faults(document: Any, attributes: Attributes) -> list[str]:
    """Find what is wrong with a dashboard.

    Args:
        document: The content document.
        attributes: Attributes of the events that are really sent, by event type.

    Returns:
        A sentence for each fault; none for a good dashboard.
    """
    found = [*_keys("the document", document, DOCUMENT)]
    if found:
        return found
    if document["version"] != VERSION:
        found.append(f"the version is {document['version']}, not {VERSION}")
    found += _layouts(document["tiles"], document["layouts"])
    names = [variable.get("key") for variable in document["variables"]]
    for variable in document["variables"]:
        found += _variable(variable, attributes)
    for name, tile in document["tiles"].items():
        found += _tile(f"tile {name}", tile, attributes, names)
    return found


def _keys(where: str, value: Any, keys: Keys) -> Iterator[str]:
    required, allowed = keys
    if not isinstance(value, dict):
        yield f"{where} is no object"
        return
    yield from (f"{where} lacks {key}" for key in sorted(required - value.keys()))
    yield from (
        f"{where} has an unknown {key}" for key in sorted(value.keys() - required - allowed)
    )


def _layouts(tiles: Mapping[str, Any], layouts: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"tile {name} has no layout" for name in tiles.keys() - layouts.keys())
    yield from (f"layout {name} has no tile" for name in layouts.keys() - tiles.keys())
    sound: dict[str, dict[str, int]] = {}
    for name, layout in layouts.items():
        where = f"layout {name}"
        problems = [*_keys(where, layout, LAYOUT)]
        if not problems and any(type(value) is not int for value in layout.values()):
            problems.append(f"{where} has a number that is not whole")
        if not problems and (
            min(layout["x"], layout["y"]) < 0 or min(layout["w"], layout["h"]) < 1
        ):
            problems.append(f"{where} is empty or begins outside")
        if not problems and layout["x"] + layout["w"] > COLUMNS:
            problems.append(f"{where} ends outside of {COLUMNS} columns")
        if not problems:
            sound[name] = layout
        yield from problems
    for (one, a), (other, b) in combinations(sound.items(), 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        if not apart:
            yield f"layouts {one} and {other} overlap"


def _variable(variable: Any, attributes: Attributes) -> Iterator[str]:
    where = f"variable {variable.get('key')}"
    problems = [*_keys(where, variable, VARIABLE)]
    yield from problems
    if problems:
        return
    try:
        query = read_query(variable["input"], attributes)
    except QueryError as error:
        yield f"{where}: {error}"
        return
    if len(query.fields) != 1:
        yield f"{where} returns {len(query.fields)} fields, not one"
    if query.variables:
        yield f"{where} uses another variable"
    if variable["multiple"] != ("defaultValue" in variable):
        yield f"{where} has a default only if it is one of many, where it needs one"


def _tile(
    where: str,
    tile: Any,
    attributes: Attributes,
    variables: list[str | None],
) -> Iterator[str]:
    kind = tile.get("type") if isinstance(tile, dict) else None
    if kind not in {"markdown", "data"}:
        yield f"{where} is of type {kind}"
        return
    problems = [*_keys(where, tile, MARKDOWN if kind == "markdown" else DATA)]
    if not problems and kind == "data":
        problems += _keys(f"{where}, settings", tile["visualizationSettings"], SETTINGS)
        problems += _keys(f"{where}, query settings", tile["querySettings"], QUERY_SETTINGS)
    yield from problems
    if problems or kind == "markdown":
        return
    if tile["visualization"] not in VISUALIZATIONS:
        yield f"{where} has an unknown visualization {tile['visualization']}"
    try:
        query = read_query(tile["query"], attributes)
    except QueryError as error:
        yield f"{where}, {tile['title']}: {error}"
        return
    for name in sorted(query.variables - {*variables}):
        yield f"{where} uses an unknown variable {name}"
    yield from _shown(where, tile, query.fields)


def _shown(where: str, tile: dict[str, Any], fields: frozenset[str]) -> Iterator[str]:
    """Hold what the settings name against what the query returns."""
    settings = tile["visualizationSettings"]
    named: list[str] = []
    for unit in settings.get("unitsOverrides", []):
        yield from _keys(f"{where}, unit", unit, UNIT)
        named.append(unit.get("identifier"))
    if tile["visualization"] == "singleValue":
        named.append(settings["singleValue"]["recordField"])
    if tile["visualization"] == "categoricalBarChart":
        axes = settings["chartSettings"]["categoricalBarChartSettings"]
        named += [*axes["categoryAxis"], *axes["valueAxis"]]
    if tile["visualization"] in {"lineChart", "barChart"} and "timeframe" not in fields:
        yield f"{where} has no time for its chart"
    if tile["visualization"] == "meterBar" and not settings["minValue"] < settings["maxValue"]:
        yield f"{where} has no range"
    yield from (
        f"{where} shows {name}, which the query lacks" for name in named if name not in fields
    )
