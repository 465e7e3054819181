"""Write the Dynatrace dashboard from its source.

The source, `dashboards/dps-cost.yaml`, has the queries as people read them and the tiles in rows;
the dashboard, `dashboards/dps-cost.json`, is the document that Dynatrace imports.

    python scripts/dashboard.py           writes it
    python scripts/dashboard.py --check   ends with 1 where it is stale
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parent.parent / "dashboards"
SOURCE = FOLDER / "dps-cost.yaml"
DASHBOARD = FOLDER / "dps-cost.json"

VERSION = 21
"""Of the document structure, as new dashboards have it."""
VARIABLE_VERSION = 2
COLUMNS = 24
ALL_VALUES = "3420b2ac-f1cf-4b24-b62d-61ba1ba8ed05*"
"""What Dynatrace writes where all values of a variable are chosen."""
ADDED = 1
"""Units remember when they were set; any number will do."""

QUERY_SETTINGS = {
    "maxResultRecords": 1000,
    "defaultScanLimitGbytes": 500,
    "maxResultMegaBytes": 1,
    "defaultSamplingRatio": 10,
    "enableSampling": False,
}
DAVIS = {"enabled": False, "davisVisualization": {"isAvailable": True}}
# No currency unit: an amount is in the subscription's currency, whichever that is.
UNITS = {
    "money": {"unitCategory": "amount", "baseUnit": "one", "decimals": 2},
    "percent": {"unitCategory": "percentage", "baseUnit": "percent", "decimals": 1},
}
TIME_CHARTS = frozenset({"lineChart", "barChart"})

_BLOCK = re.compile(r"\[(\w+)((?: \|[^\]]*)?)\]")
_INDENT = "    "


def query_of(entry: dict[str, Any], blocks: dict[str, str]) -> str:
    """Put a query together from its block and its own part.

    Args:
        entry: A tile or a variable of the source.
        blocks: Beginnings of queries by name.

    Returns:
        DQL.
    """
    beginning = entry.get("block") or blocks[entry["from"]]
    return _expanded(beginning.rstrip() + "\n" + entry["query"].rstrip(), blocks)


def _expanded(text: str, blocks: dict[str, str]) -> str:
    def inserted(match: re.Match[str]) -> str:
        inner = _expanded(blocks[match[1]].rstrip(), blocks)
        rest = match[2].strip()
        lines = [*inner.splitlines(), *([rest] if rest else [])]
        return "[\n" + "".join(f"{_INDENT}{line}\n" for line in lines) + "]"

    return _BLOCK.sub(inserted, text)


def tile_of(entry: dict[str, Any], blocks: dict[str, str]) -> dict[str, Any]:
    """Make a tile.

    Args:
        entry: A tile of the source.
        blocks: Beginnings of queries by name.

    Returns:
        The tile as the document has it.
    """
    if "markdown" in entry:
        return {"type": "markdown", "content": entry["markdown"].rstrip()}
    tile = {"type": "data", "title": entry["title"]}
    if "description" in entry:
        tile["description"] = entry["description"]
    return tile | {
        "query": query_of(entry, blocks),
        "visualization": entry["show"],
        "visualizationSettings": _settings_of(entry),
        "querySettings": QUERY_SETTINGS,
        "davis": DAVIS,
    }


def _settings_of(entry: dict[str, Any]) -> dict[str, Any]:
    show, value = entry["show"], entry.get("value")
    settings: dict[str, Any] = {"autoSelectVisualization": False}
    if show == "singleValue":
        settings["singleValue"] = {"showLabel": False, "label": "", "recordField": value}
    if show == "meterBar":
        settings["minValue"], settings["maxValue"] = entry["range"]
    if show in TIME_CHARTS:
        settings["chartSettings"] = {
            "xAxisScaling": "analyzedTimeframe",
            "gapPolicy": "connect",
            "legend": {"position": "bottom"},
        }
        if show == "barChart":
            settings["chartSettings"]["stacked"] = True
    if show == "categoricalBarChart":
        settings["chartSettings"] = {
            "categoricalBarChartSettings": {
                "categoryAxis": [entry["category"]],
                "categoryAxisLabel": "",
                "valueAxis": [value],
                "valueAxisLabel": "",
            }
        }
    if "units" in entry:
        settings["unitsOverrides"] = [
            {"identifier": field}
            | UNITS[unit]
            | {"displayUnit": None, "suffix": "", "delimiter": True, "added": ADDED}
            for field, unit in entry["units"].items()
        ]
    return settings


def variable_of(entry: dict[str, Any], blocks: dict[str, str]) -> dict[str, Any]:
    """Make a variable.

    Args:
        entry: A variable of the source.
        blocks: Beginnings of queries by name.

    Returns:
        The variable as the document has it.
    """
    variable = {
        "version": VARIABLE_VERSION,
        "key": entry["key"],
        "type": "query",
        "visible": True,
        "editable": True,
        "input": query_of(entry, blocks),
        "multiple": entry["multiple"],
    }
    # One of many takes the first value where it has no default.
    return variable | {"defaultValue": ALL_VALUES} if entry["multiple"] else variable


def dashboard_of(source: dict[str, Any]) -> dict[str, Any]:
    """Make the document; tiles stand in their rows from left to right.

    Args:
        source: What the source says.

    Returns:
        The content document.

    Raises:
        ValueError: If a row is not as wide as the dashboard.
    """
    blocks = source["blocks"]
    tiles: dict[str, Any] = {}
    layouts: dict[str, Any] = {}
    y = 0
    for row in source["rows"]:
        x = 0
        for entry in row["tiles"]:
            name = str(len(tiles))
            tiles[name] = tile_of(entry, blocks)
            layouts[name] = {"x": x, "y": y, "w": entry["width"], "h": row["height"]}
            x += entry["width"]
        if x != COLUMNS:
            reason = f"the row at {y} is {x} columns wide, not {COLUMNS}"
            raise ValueError(reason)
        y += row["height"]
    return {
        "version": VERSION,
        "variables": [variable_of(entry, blocks) for entry in source["variables"]],
        "tiles": tiles,
        "layouts": layouts,
        "settings": {
            "defaultTimeframe": {"enabled": True, "value": {"from": "now()-35d", "to": "now()"}},
            "gridLayout": {"columnsCount": COLUMNS},
        },
        "importedWithCode": False,
    }


def text_of(source: str) -> str:
    """Write the dashboard's text.

    Args:
        source: Text of the source.

    Returns:
        JSON.
    """
    return json.dumps(dashboard_of(yaml.safe_load(source)), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    """Write or check.

    Returns:
        The exit code.
    """
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing, compare")
    check = parser.parse_args().check
    made = text_of(SOURCE.read_text("utf-8"))
    if not check:
        DASHBOARD.write_text(made, "utf-8")
    elif DASHBOARD.read_text("utf-8") != made:
        print(f"{DASHBOARD.name} is stale: run python scripts/dashboard.py")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
