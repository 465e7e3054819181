"""What is measured: our programs and the others, each doing the same job."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from .data import ACCOUNT_UUID, LARGE, DataSet, day_at
from .measure import Case, Program, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TAP = "tap-dynatrace-dps"
TARGET = "target-dynatrace-bizevents"
STREAM = "environment_cost"
WITHOUT_CHECKS = "plain SDK target, validate_records: false"


def python(*arguments: str) -> Program:
    """Return a program that runs a module."""
    return Program((sys.executable, "-m", *arguments))


def tap_version(*arguments: str) -> Program:
    """Return the tap with arguments that read nothing."""
    return python("tap_dynatrace_dps", *arguments)


def target_version(*arguments: str) -> Program:
    """Return the target with arguments that send nothing."""
    return python("target_dynatrace_bizevents", *arguments)


@dataclass(frozen=True)
class Taps:
    """The programs that read a period of a data set.

    Attributes:
        url: of the server.
        folder: for settings.
        data: the data set.
        days: how many of its days to read.
        chains: requests in flight, of our tap.
    """

    url: str
    folder: Path
    data: DataSet = LARGE
    days: int = 1
    chains: int = 4

    @property
    def rows(self) -> int:
        """How many rows the period has."""
        return self.days * self.data.rows_per_day

    def _file(self, name: str, content: Any) -> str:  # noqa: ANN401  (any JSON value)
        name = f"{name}-{self.data.capabilities}-{self.days}-{self.chains}"
        path = self.folder / f"{name}-{self.url.rpartition(':')[2]}.json"
        path.write_text(json.dumps(content))
        return str(path)

    @property
    def _period(self) -> dict[str, str]:
        return {
            "start_date": f"{day_at(0)}T00:00:00.000Z",
            "end_date": f"{day_at(self.days)}T00:00:00.000Z",
        }

    @property
    def _plain_settings(self) -> dict[str, str]:
        identity = {"account_uuid": ACCOUNT_UUID, "subscription_uuid": self.data.uuid}
        return {"api_url": self.url, **identity, **self._period}

    def program(self) -> Program:
        """Return our tap, with only the stream of the benchmark selected."""
        settings = {
            "api_url": self.url,
            "sso_url": f"{self.url}/sso/oauth2/token",
            "account_uuid": ACCOUNT_UUID,
            "client_id": "benchmark",
            "client_secret": "benchmark",
            "subscription_uuids": [self.data.uuid],
            "max_parallel_requests": self.chains,
            **self._period,
        }
        catalog = self.folder / "catalog.json"
        if not catalog.exists():
            run(Case("discover", [tap_version("--discover")]), self.folder, output=catalog)
            content = json.loads(catalog.read_bytes())
            for entry in content["streams"]:
                for metadata in entry["metadata"]:
                    metadata["metadata"]["selected"] = entry["tap_stream_id"] == STREAM
            catalog.write_text(json.dumps(content))
        return tap_version("--config", self._file("tap", settings), "--catalog", str(catalog))

    def ours(self) -> Case:
        """Return our tap."""
        return Case(TAP, [self.program()], self.rows)

    def plain_sdk(self) -> Case:
        """Return a tap as the SDK's template has it."""
        settings = self._file("plain", self._plain_settings)
        program = python("benchmarks.peers.sdk_tap", "--config", settings)
        return Case("plain SDK tap", [program], self.rows)

    def dlt(self, to: str) -> Case:
        """Return dlt's rest_api source into `nothing` or `jsonl`."""
        settings = json.dumps(self._plain_settings)
        program = python("benchmarks.peers.dlt_rest", settings, "--to", to)
        quiet = {"RUNTIME__DLTHUB_TELEMETRY": "false"}
        return Case(f"dlt rest_api to {to}", [replace(program, environment=quiet)], self.rows)

    def raw(self, *, discard: bool = False) -> Case:
        """Return the bare loop; with `discard` it only fetches the pages."""
        settings = json.dumps(self._plain_settings)
        program = python("benchmarks.peers.raw_tap", settings, *_discard(discard=discard))
        name = "pages fetched, not read" if discard else "raw loop"
        return Case(name, [program], self.rows)

    def all(self) -> list[Case]:
        """Return our tap and all others."""
        others = [self.plain_sdk(), self.dlt("nothing"), self.dlt("jsonl"), self.raw()]
        return [self.ours(), *others]


@dataclass(frozen=True)
class Targets:
    """The programs that send a file of records.

    Attributes:
        url: of the server.
        folder: for settings.
        source: the file.
        records: how many records it has.
    """

    url: str
    folder: Path
    source: Path
    records: int

    @property
    def _ingest(self) -> str:
        return f"{self.url}/api/v2/bizevents/ingest"

    def _case(self, name: str, program: Program) -> Case:
        return Case(name, [program], self.records, self.source)

    def program(self) -> Program:
        """Return our target."""
        settings = {
            "environment_url": self.url,
            "api_token": "benchmark",
            "dead_letter_path": str(self.folder / "dead-letter.singer"),
        }
        path = self.folder / "target.json"
        path.write_text(json.dumps(settings))
        return target_version("--config", str(path))

    def ours(self) -> Case:
        """Return our target."""
        return self._case(TARGET, self.program())

    def plain_sdk(self, *, validate: bool = True) -> Case:
        """Return a target as the SDK's template has it."""
        path = self.folder / f"plain-{validate}.json"
        path.write_text(json.dumps({"url": self._ingest, "validate_records": validate}))
        program = python("benchmarks.peers.sdk_target", "--config", str(path))
        return self._case("plain SDK target" if validate else WITHOUT_CHECKS, program)

    def raw(self, *, discard: bool = False) -> Case:
        """Return the bare loop; with `discard` it sends the lines as they are."""
        program = python("benchmarks.peers.raw_target", self._ingest, *_discard(discard=discard))
        return self._case("lines sent, not read" if discard else "raw loop", program)

    def all(self) -> list[Case]:
        """Return our target and all others."""
        return [self.ours(), self.plain_sdk(), self.plain_sdk(validate=False), self.raw()]


def _discard(*, discard: bool) -> Iterable[str]:
    return ["--discard"] if discard else []


def pipe(taps: Taps, targets: Targets) -> Case:
    """Return `tap | target`."""
    return Case("tap | target", [taps.program(), targets.program()], taps.rows)


def start_up() -> list[Case]:
    """Return our programs and the plain ones, doing nothing."""
    return [
        Case(f"{TAP} --version", [tap_version("--version")]),
        Case(f"{TARGET} --version", [target_version("--version")]),
        Case("plain SDK tap --version", [python("benchmarks.peers.sdk_tap", "--version")]),
        Case("plain SDK target --version", [python("benchmarks.peers.sdk_target", "--version")]),
        Case(f"{TAP} --about", [tap_version("--about", "--format=json")]),
        Case(f"{TARGET} --about", [target_version("--about", "--format=json")]),
        Case("import singer_sdk", [Program((sys.executable, "-c", "import singer_sdk"))]),
    ]
