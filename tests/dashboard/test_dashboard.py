"""The dashboard asks for what the target really sends, and breaks no rule of its document.

The events come from a whole run: the tap and the target as executables, against the sandbox.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from dynatrace_sandbox.testing import SandboxServer

from .document import faults
from .dql import FETCH, NEWEST_FIRST, QueryError, read_query

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Change = Callable[[dict[str, Any]], object]

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
SECONDS = 120
DASHBOARD = ROOT / "dashboards" / "dps-cost.json"


@pytest.fixture(scope="module")
def attributes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, frozenset[str]]:
    """Run the tap into the target and see which attributes the stored events have."""
    folder = tmp_path_factory.mktemp("run")
    with SandboxServer(today=date(2026, 3, 1), days=40, environments=3, capabilities=3) as sandbox:
        configs = {"tap-dynatrace-dps": sandbox.tap_config()}
        configs["target-dynatrace-bizevents"] = sandbox.bizevents_config()
        for name, config in configs.items():
            (folder / f"{name}.json").write_text(json.dumps(config))

        def run(name: str, given: str = "") -> str:
            command = [str(BIN / name), "--config", str(folder / f"{name}.json")]
            result = subprocess.run(  # noqa: S603 - our own executables
                command,
                input=given,
                capture_output=True,
                text=True,
                cwd=folder,
                timeout=SECONDS,
                check=False,
            )
            assert result.returncode == 0, result.stderr
            return result.stdout

        run("target-dynatrace-bizevents", run("tap-dynatrace-dps"))
        found: defaultdict[str, set[str]] = defaultdict(set)
        for event in sandbox.events():
            found[event["event.type"]] |= event.keys()
    return {kind: frozenset(names) for kind, names in found.items()}


@pytest.fixture
def document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return made


def tile(document: dict[str, Any], title: str) -> dict[str, Any]:
    found: dict[str, Any] = next(
        each for each in document["tiles"].values() if each.get("title") == title
    )
    return found


def test_dashboard_is_what_its_source_makes() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "dashboard.py"), "--check"]
    result = subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert result.returncode == 0, result.stdout


def test_dashboard_has_no_fault(
    document: dict[str, Any], attributes: Mapping[str, frozenset[str]]
) -> None:
    assert faults(document, attributes) == []


def test_dashboard_has_the_sections_and_tiles_it_promises(document: dict[str, Any]) -> None:
    shown = [each.get("title") or each["content"] for each in document["tiles"].values()]
    assert [each for each in shown if each.startswith("## ")] == [
        "## Subscription details",
        "## Account level details",
        "## Forecast and advanced cost management",
    ]
    assert {
        "Period start",
        "Period end",
        "Days remaining",
        "Budget used to date",
        "Budget summary",
        "Subscription forecast",
        "Cost to date against the straight budget line",
        "Cost per account",
        "Cost per capability",
        "Cost per environment",
        "Environments against the total",
        "Forecast per account to the end of the period",
    } <= {*shown}


def test_every_cost_follows_the_account_filter(document: dict[str, Any]) -> None:
    for each in document["tiles"].values():
        if each["type"] == "data" and "dps.cost" in each["query"]:
            assert "filter in(accountName, array($Account))" in each["query"]


def fields_in(query: str, attributes: Mapping[str, frozenset[str]]) -> set[str]:
    """List the event fields that a query names."""
    every = frozenset().union(*attributes.values())
    return {name for name in re.findall(r"(?<![\w.\"$])[A-Za-z][\w.]*", query) if name in every}


def test_a_typo_in_any_field_of_any_query_is_found(
    document: dict[str, Any], attributes: Mapping[str, frozenset[str]]
) -> None:
    """Break every use of every field in turn: none goes unnoticed."""
    tried = 0
    for name, each in document["tiles"].items():
        if each["type"] != "data":
            continue
        # Names that the query gives itself may be misspelt consistently; those of events may not.
        own = {*re.findall(r"(\w+) = ", each["query"])}
        for field in fields_in(each["query"], attributes) - own:
            for use in re.finditer(rf"(?<![\w.\"$]){re.escape(field)}(?![\w.(:\"])", each["query"]):
                broken = copy.deepcopy(document)
                query = each["query"][: use.end()] + "x" + each["query"][use.end() :]
                broken["tiles"][name]["query"] = query
                assert faults(broken, attributes), query
                tried += 1
    assert tried > 400


def replaced(title: str, old: str, new: str) -> Change:
    def change(document: dict[str, Any]) -> None:
        each = tile(document, title)
        assert old in each["query"]
        each["query"] = each["query"].replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("layouts"), "lacks layouts"),
        (lambda d: d.update(tags=[]), "unknown tags"),
        (lambda d: d.update(version=15), "version is 15"),
        (lambda d: d["layouts"].pop("3"), "tile 3 has no layout"),
        (lambda d: d["tiles"].pop("3"), "layout 3 has no tile"),
        (lambda d: d["layouts"]["3"].update(x=1.5), "not whole"),
        (lambda d: d["layouts"]["3"].update(x=True), "not whole"),
        (lambda d: d["layouts"]["0"].update(w=25), "outside of 24 columns"),
        (lambda d: d["layouts"]["3"].update(x=-1), "begins outside"),
        (lambda d: d["layouts"]["3"].update(h=0), "is empty"),
        (lambda d: d["layouts"]["3"].update(x=0), "overlap"),
        (lambda d: d["layouts"]["3"].update(z=0), "unknown z"),
        (lambda d: d["tiles"]["0"].update(title="T"), "unknown title"),
        (lambda d: d["tiles"]["0"].update(type="text"), "is of type text"),
        (lambda d: d["tiles"]["3"].pop("querySettings"), "lacks querySettings"),
        (lambda d: d["tiles"]["3"].update(visualization="barchart"), "unknown visualization"),
        (lambda d: d["variables"][1].pop("defaultValue"), "default"),
        (lambda d: d["variables"][0].update(default=""), "unknown default"),
        (lambda d: d["variables"].pop(1), "unknown variable Account"),
        (
            lambda d: d["variables"][0].update(
                input=d["variables"][0]["input"].replace("fields name", "fields name, uuid")
            ),
            "2 fields, not one",
        ),
        (
            lambda d: tile(d, "Commitment")["visualizationSettings"]["singleValue"].update(
                recordField="total"
            ),
            "shows total",
        ),
        (
            lambda d: tile(d, "Commitment")["visualizationSettings"]["unitsOverrides"][0].update(
                identifier="total"
            ),
            "shows total",
        ),
        (replaced("Cost per account", "fetch bizevents", "fetch events"), "it begins with"),
        (replaced("Cost per account", ", from: now()-35d", ""), "it begins with"),
        (replaced("Cost per account", "dps.cost2.booked", "dps.cost.booked"), "nothing sends"),
        (replaced("Cost per account", "{timestamp desc}", "{timestamp asc}"), "third command"),
        (replaced("Cost per account", "| dedup event.id, sort: {timestamp desc}\n", ""), "third"),
        (
            replaced(
                "Environments against the total",
                "        | dedup event.id, sort: {timestamp desc}\n",
                "",
            ),
            "third command",
        ),
        (replaced("Cost per account", "sum(value)", "total(value)"), "no function"),
        (replaced("Cost per account", "by: {", "split: {"), "no parameter"),
        (replaced("Cost per account", "| sort", "| order"), "no command"),
        (replaced("Cost per account", "sum(value)}", "sum(value)"), "} is missing"),
        (replaced("Cost per account", "cost = sum", "sum"), "needs a name"),
        (replaced("Cost per day and account", ", from: now()-366d", ""), "needs from"),
        (replaced("Cost per day and account", ", to: now()", ""), "needs to"),
        (replaced("Cost per day and account", "time: day, ", ""), "needs time"),
        (replaced("Cost per day and account", "default: 0", "otherwise: 0"), "no argument"),
        (replaced("Cost per account", 'prefix: "subscription."', 'prefix: "s."'), "no field"),
        (
            replaced("Environments against the total", "environments = value", "parts = value"),
            "append brings other fields",
        ),
    ],
)
def test_a_broken_rule_is_found(
    document: dict[str, Any],
    attributes: Mapping[str, frozenset[str]],
    change: Change,
    words: str,
) -> None:
    change(document)
    assert words in "; ".join(faults(document, attributes))


def test_a_field_that_was_removed_before_is_not_there() -> None:
    begin = f'{FETCH} | filter event.type == "t" | dedup {NEWEST_FIRST}'
    known = {"t": frozenset({"a", "b"})}
    assert read_query(f"{begin} | fields a, c = b", known).fields == {"a", "c"}
    with pytest.raises(QueryError, match="there is no field b"):
        read_query(f"{begin} | fields a | filter b == 1", known)
    with pytest.raises(QueryError, match="there is no field a"):
        read_query(f"{begin} | summarize {{n = count()}}, by: {{b}} | sort a desc", known)
