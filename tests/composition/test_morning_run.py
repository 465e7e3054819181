"""The main job through `meltano run`, from the sandbox's API to its stored events."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from .conftest import ROOT, Ended, Project, environment_of

if TYPE_CHECKING:
    from pathlib import Path

    from dynatrace_sandbox.testing import SandboxServer

COST_EVENT = "dps.cost2.booked"


@dataclass
class Morning:
    """What had arrived after each of three runs.

    Attributes:
        costs: cost events after the first run, with exact amounts.
        first: all events after the first run.
        second: all events after the second run, minutes later.
        month: what the full run of the monthly schedule added.
        accounts: the sandbox's own costs, exact, by account and subscription.
    """

    costs: list[dict[str, Any]]
    first: list[dict[str, Any]]
    second: list[dict[str, Any]]
    month: list[dict[str, Any]]
    truth: dict[tuple[str, str], Decimal]


@pytest.fixture(scope="module")
def morning(sandbox: SandboxServer, tmp_path_factory: pytest.TempPathFactory) -> Morning:
    """Run the job, run it again, and run the schedule that sends everything again."""
    project = Project(tmp_path_factory.mktemp("morning"), environment_of(sandbox))
    project.meltano("run", "dps-to-bizevents")
    costs = [
        json.loads(line, parse_float=Decimal, parse_int=Decimal)
        for line in sandbox.event_lines(COST_EVENT)
    ]
    first = sandbox.events()
    project.meltano("run", "dps-to-bizevents")
    second = sandbox.events()
    project.meltano("schedule", "run", "every-month-all")
    truth: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in sandbox.truth("cost"):
        truth[row["accountUuid"], row["subscriptionUuid"]] += Decimal(row["value"])
    return Morning(costs, first, second, sandbox.events(offset=len(second)), truth)


def ids(events: list[dict[str, Any]], kind: str | None = None) -> list[str]:
    """Return the ids of the events, of one type or of all."""
    return [event["event.id"] for event in events if kind in {None, event["event.type"]}]


def test_costs_arrive_digit_for_digit(morning: Morning) -> None:
    arrived: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    last: dict[tuple[str, str], Decimal] = {}
    for event in sorted(morning.costs, key=lambda event: str(event["startTime"])):
        key = event["accountUuid"], event["subscriptionUuid"]
        arrived[key] += event["value"]
        last[key] = event["costToDate"]

    assert arrived == morning.truth
    assert last == morning.truth


def test_second_run_adds_no_new_event(morning: Morning) -> None:
    assert set(ids(morning.second)) == set(ids(morning.first))
    kind = "dps.environment.cost"
    assert sorted(ids(morning.second, kind)) == sorted(ids(morning.first, kind)) != []


def test_monthly_run_sends_everything_again_under_the_same_ids(morning: Morning) -> None:
    assert set(ids(morning.month)) == set(ids(morning.first))


def test_meltano_finds_the_configuration_of_the_tap_valid(project: Project) -> None:
    assert "Plugin configuration is valid" in project.meltano("config", "test", "tap-dynatrace-dps")


@pytest.mark.parametrize(
    ("plugin", "arrived"),
    [
        pytest.param("target-dynatrace-bizevents", 1, id="bizevents"),
        # Its streams are the cost centers and the products; Meltano's test stream is neither.
        pytest.param("target-dynatrace-dps", 0, id="dps"),
    ],
)
def test_meltano_can_write_its_test_record(
    project: Project, sandbox: SandboxServer, plugin: str, arrived: int
) -> None:
    before = len(sandbox.events("singer.meltano_test_stream"))

    ended = project.command(*project.meltano_command("config", "test", plugin))

    # Meltano 4.4.1 may end with a ProcessLookupError of its own after this line, with any loader:
    # it terminates a process that has already ended.
    assert "Test data was written to your target system" in ended.output
    assert len(sandbox.events("singer.meltano_test_stream")) - before == arrived


def test_names_of_environments_are_not_read_unless_selected(project: Project) -> None:
    selection = project.meltano("select", "tap-dynatrace-dps", "--list", "--all")

    assert "[excluded   ] environments.name" in selection
    assert "[selected   ] cost.value" in selection


def run_in_prod_with(settings_of: str, sandbox: SandboxServer, folder: Path) -> Ended:
    """Run the job with one plugin's settings; of two that fail, Meltano may silence one."""
    settings = environment_of(sandbox)
    given = {name: value for name, value in settings.items() if name.startswith(settings_of)}
    command = Project.meltano_command("run", "dps-to-bizevents", environment="prod")
    return Project(folder, given).command(*command)


def test_prod_without_settings_of_the_tap_says_which_are_missing_and_where_they_go(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    ended = run_in_prod_with("TARGET_", sandbox, tmp_path)

    assert ended.code == 1
    assert "Set 'account_uuid', 'client_id' and 'client_secret'" in ended.output
    assert ".env as TAP_DYNATRACE_DPS_<SETTING>" in ended.output
    assert "Traceback" not in ended.output


def test_prod_without_settings_of_the_target_says_which_are_missing(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    ended = run_in_prod_with("TAP_", sandbox, tmp_path)

    # When a loader fails, Meltano 4.4.1 adds a traceback of its own.
    assert ended.code == 1
    assert "lacks environment_url" in ended.output


def test_project_files_follow_the_schema_of_meltano(project: Project, tmp_path: Path) -> None:
    output = project.meltano("compile", "--lint", "--directory", str(tmp_path))

    assert "Failed" not in output
    assert "errors were encountered" not in output


def test_no_secret_stands_in_what_meltano_shows(project: Project, sandbox: SandboxServer) -> None:
    secrets = [account["client_secret"] for account in sandbox.accounts]

    shown = project.meltano("config", "list", "tap-dynatrace-dps--warehouse")

    assert "(redacted)" in shown
    assert not [secret for secret in secrets if secret in shown]


def test_files_bring_cost_centers_and_products(project: Project, sandbox: SandboxServer) -> None:
    output = project.meltano("run", "cost-allocation-from-files")

    wanted = (ROOT / "examples" / "cost-centers.csv").read_text().splitlines()[1:]
    account = sandbox.accounts[0]["uuid"]
    assert {row["key"] for row in sandbox.truth("cost_centers", account)} >= set(wanted), output

    sandbox.clear_requests()
    project.meltano("run", "cost-allocation-from-files")

    methods = {entry["method"] for entry in sandbox.requests("settings")}
    assert methods == {"GET"}


def test_records_of_a_tap_that_knows_nothing_of_dynatrace_become_events(
    project: Project, sandbox: SandboxServer
) -> None:
    orders = project.folder / "orders.csv"
    orders.write_text("number,amount\n7,1.10\n8,2\n", encoding="utf-8")
    files = [
        {"path": str(orders), "format": "csv", "table_name": "orders", "primary_keys": ["number"]}
    ]
    project.settings["TAP_SPREADSHEETS_FILES"] = json.dumps(files)

    project.meltano("run", "tap-spreadsheets", "target-dynatrace-bizevents")

    events = sandbox.events("singer.orders")
    assert [(str(event["number"]), str(event["amount"])) for event in events] == [
        ("7", "1.10"),
        ("8", "2"),
    ]
