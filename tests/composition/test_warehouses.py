"""The warehouse jobs: keys, types and digits in a real database, and what a later run changes."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import psycopg
import pytest

from .conftest import ROOT, Project, environment_of, require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dynatrace_sandbox.testing import SandboxServer

Rows = list[tuple[Any, ...]]

QUERIES = dict(
    re.findall(
        r"```sql (\w+)\n(.*?);\n```", (ROOT / "docs" / "sql.md").read_text("utf-8"), re.DOTALL
    )
)
"""The queries of the SQL page, by the word behind ```sql."""

KEYS = {
    "cost": ("accountUuid", "subscriptionUuid", "startTime"),
    "environment_cost": (
        "accountUuid",
        "subscriptionUuid",
        "environmentId",
        "capabilityKey",
        "startTime",
    ),
    "cost_allocation": (
        "subscriptionUuid",
        "environmentId",
        "field",
        "date",
        "capability",
        "key",
    ),
    "subscriptions": ("accountUuid", "uuid"),
}
RESTATED_BY = Decimal("0.1234567890123")


@dataclass
class Warehouse:
    """A job, and how to ask the database that it fills."""

    job: str
    ask: Callable[[str], Rows]
    project: Project

    def load(self) -> None:
        """Run the job."""
        self.project.meltano("run", self.job)

    def table(self, name: str) -> Rows:
        """Return the rows of a stream that later runs must keep, in a fixed order."""
        key = ", ".join(f'"{column}"' for column in KEYS[name])
        amount = {"cost_allocation": "costs", "subscriptions": '"budget__used"'}.get(name, "value")
        return self.ask(f"SELECT {key}, {amount} FROM dps.{name} ORDER BY {key}")


def postgres_programs() -> Path | None:
    """Return the folder with PostgreSQL's own programs; Debian keeps them out of PATH."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextlib.contextmanager
def postgres_server(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server for a while; yield its address.

    Args:
        folder: an empty folder that its user can reach; those of pytest are root's alone.
    """
    programs = postgres_programs()
    require(programs is not None, "PostgreSQL")
    assert programs is not None
    # The server refuses to run as root; Debian's package brings a user for it.
    user = "postgres" if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    port = free_port()

    def program(name: str, *arguments: str) -> None:
        subprocess.run(  # noqa: S603  (PostgreSQL's own programs)
            [programs / name, "-D", str(folder), *arguments],
            user=user,
            cwd="/",
            check=True,
            stdout=subprocess.DEVNULL,
        )

    program("initdb", "--auth=trust", "--username=dps", "--no-sync")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    program("pg_ctl", "--wait", "--log", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgresql://dps@127.0.0.1:{port}/postgres"
    finally:
        program("pg_ctl", "--wait", "--mode=fast", "stop")


@pytest.fixture(scope="module", params=["duckdb", "postgres"])
def warehouse(
    request: pytest.FixtureRequest,
    sandbox: SandboxServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Warehouse]:
    """A warehouse after its first run."""
    folder = tmp_path_factory.mktemp(request.param)
    project = Project(folder, environment_of(sandbox))
    with contextlib.ExitStack() as stack:
        if request.param == "postgres":
            place = stack.enter_context(tempfile.TemporaryDirectory(prefix="dps-postgres-"))
            url = stack.enter_context(postgres_server(Path(place)))
            project.settings["TARGET_POSTGRES_SQLALCHEMY_URL"] = url.replace("://", "+psycopg://")

            def ask(query: str) -> Rows:
                with psycopg.connect(url) as connection:
                    return connection.execute(query.encode()).fetchall()

        else:

            def ask(query: str) -> Rows:
                with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
                    return connection.execute(query).fetchall()

        made = Warehouse(f"dps-to-{request.param}", ask, project)
        made.load()
        yield made


def exact(sandbox: SandboxServer, dataset: str) -> Decimal:
    """Return the sum of a dataset of the sandbox."""
    return sum((Decimal(row["value"]) for row in sandbox.truth(dataset)), Decimal())


@pytest.mark.parametrize("stream", ["cost", "environment_cost"])
def test_sums_are_exact(warehouse: Warehouse, sandbox: SandboxServer, stream: str) -> None:
    assert warehouse.ask(f"SELECT sum(value) FROM dps.{stream}") == [(exact(sandbox, stream),)]


def test_every_stream_has_a_table_keyed_as_the_stream(warehouse: Warehouse) -> None:
    streams = ROOT / "sql" / "duckdb.sql"
    tables = re.findall(r"CREATE TABLE IF NOT EXISTS dps\.(\w+)", streams.read_text("utf-8"))

    found = warehouse.ask(
        "SELECT DISTINCT table_name FROM information_schema.table_constraints"
        " WHERE table_schema = 'dps' AND constraint_type = 'PRIMARY KEY'"
    )

    assert {name for (name,) in found} == set(tables)
    for stream in KEYS:
        rows = warehouse.table(stream)
        assert len(rows) == len({row[:-1] for row in rows}) > 0


def test_queries_of_the_sql_page_agree_with_the_sandbox(
    warehouse: Warehouse, sandbox: SandboxServer
) -> None:
    answers = {name: warehouse.ask(query) for name, query in QUERIES.items()}

    assert set(answers) == {"capability", "environment", "costcenter", "budget", "residual"}
    by_environment = exact(sandbox, "environment_cost")
    assert sum(row[-1] for row in answers["capability"]) == by_environment
    assert sum(row[-1] for row in answers["environment"]) == by_environment
    assert sum(row[-1] for row in answers["residual"]) == exact(sandbox, "cost") - by_environment
    assert [row[6] for row in answers["budget"]] == [0]
    assert answers["costcenter"]


def test_second_run_changes_nothing_and_a_restated_day_is_updated(
    warehouse: Warehouse, sandbox: SandboxServer
) -> None:
    before = {stream: warehouse.table(stream) for stream in KEYS}

    warehouse.load()

    assert {stream: warehouse.table(stream) for stream in KEYS} == before

    late = max(row["startTime"] for row in sandbox.truth("environment_cost"))[:10]
    sandbox.restate(day=late, delta=str(RESTATED_BY))
    warehouse.load()

    for stream in ("cost", "environment_cost"):
        rows = warehouse.table(stream)
        assert [row[:-1] for row in rows] == [row[:-1] for row in before[stream]]
        changed = [
            new[-1] - old[-1] for old, new in zip(before[stream], rows, strict=True) if old != new
        ]
        assert changed == [RESTATED_BY]


def test_lines_keep_the_digits(project: Project, sandbox: SandboxServer) -> None:
    project.meltano("run", "dps-to-jsonl")

    files = list((project.folder / "jsonl").glob("cost-*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    values = [json.loads(line, parse_float=Decimal, parse_int=Decimal)["value"] for line in lines]
    assert sum(values) == exact(sandbox, "cost")
