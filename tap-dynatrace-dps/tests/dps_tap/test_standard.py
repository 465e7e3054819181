"""Singer's own tests of a tap, and what a catalog may ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from dynatrace_sandbox.testing import SandboxServer
from singer_sdk.testing import SuiteConfig, get_tap_test_class
from tap_dynatrace_dps.tap import TapDynatraceDPS

from .runner import ALL_STREAMS, FULL_STREAMS, catalog_of, run_tap

if TYPE_CHECKING:
    from collections.abc import Iterator

# The class is made before the server runs, so it gets settings that are exchanged later.
_CONFIG: dict[str, Any] = {
    "accounts": [{"uuid": "later", "client_id": "later", "client_secret": "later"}],
}

_StandardTests = get_tap_test_class(
    TapDynatraceDPS,
    config=_CONFIG,
    suite_config=SuiteConfig(max_records_limit=None),
    parse_env_config=False,
    # A stream that is selected only after the tap was made has no properties in its schema.
    catalog=catalog_of(_CONFIG, ALL_STREAMS),
)


class TestStandard(_StandardTests):  # type: ignore[misc, valid-type]  # made by a factory
    """The SDK's tests, against the sandbox."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def _serve(cls) -> Iterator[None]:
        # The SDK's tests use the real clock.
        today = datetime.now(UTC).date()
        with SandboxServer(today=today, days=20, environments=4, capabilities=2) as server:
            _CONFIG.update(server.tap_config())
            yield


def entry_of(catalog: dict[str, Any], stream: str) -> dict[str, Any]:
    entry: dict[str, Any] = next(
        each for each in catalog["streams"] if each["tap_stream_id"] == stream
    )
    return entry


def select(entry: dict[str, Any], breadcrumb: list[str], *, selected: bool) -> None:
    for metadata in entry["metadata"]:
        if metadata["breadcrumb"] == breadcrumb:
            metadata["metadata"]["selected"] = selected


def test_streams_and_properties_are_deselected_by_the_catalog(sandbox: SandboxServer) -> None:
    catalog = catalog_of(sandbox.tap_config(), ("usage", "subscriptions"))
    select(entry_of(catalog, "usage"), ["properties", "capabilityName"], selected=False)
    select(
        entry_of(catalog, "subscriptions"),
        ["properties", "budget", "properties", "used"],
        selected=False,
    )
    run = run_tap(sandbox.tap_config(), catalog=catalog)
    assert set(run.records) == {"usage", "subscriptions"}
    assert all("capabilityName" not in record for record in run.records["usage"])
    assert all("value" in record for record in run.records["usage"])
    assert all(
        set(record["budget"]) == {"total", "currencyCode"}
        for record in run.records["subscriptions"]
    )
    whole = run_tap(sandbox.tap_config(), select=("usage",))
    assert run.keys("usage") == whole.keys("usage")


def test_stream_maps_change_records_as_in_any_tap(sandbox: SandboxServer) -> None:
    maps = {
        "cost": {
            "__alias__": "daily_cost",
            "value": None,
            "label": "accountName + ' ' + currencyCode",
            "__filter__": "accountName != 'Training'",
        },
    }
    run = run_tap(sandbox.tap_config(stream_maps=maps), select=("cost", "accounts"))
    assert len(run.records["daily_cost"]) == len(sandbox.truth("cost"))
    assert all(record["label"].endswith(" USD") for record in run.records["daily_cost"])
    assert all("value" not in record for record in run.records["daily_cost"])
    assert len(run.records["accounts"]) == len(sandbox.accounts)


def test_flattening_works_as_in_any_tap(sandbox: SandboxServer) -> None:
    config = sandbox.tap_config(flattening_enabled=True, flattening_max_depth=2)
    run = run_tap(config, select=("subscriptions",))
    assert all("budget__total" in record for record in run.records["subscriptions"])


def test_activate_version_is_sent_for_full_streams_on_request(sandbox: SandboxServer) -> None:
    run = run_tap(sandbox.tap_config(emit_activate_version_messages=True))
    versions = [each for each in run.messages if each["type"] == "ACTIVATE_VERSION"]
    assert {each["stream"] for each in versions} == set(FULL_STREAMS)
    cost = [each for each in run.messages if each["type"] == "RECORD" and each["stream"] == "cost"]
    assert all(each["version"] for each in cost)


def test_discovery_needs_no_settings() -> None:
    tap = TapDynatraceDPS(config={}, validate_config=False)
    assert len(tap.catalog_dict["streams"]) == 13
    assert not tap.streams["environments"].selected_by_default
