"""Every description of the settings says what the plugins' own `--about` says."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from .conftest import BIN, ROOT, Project, environment_of

if TYPE_CHECKING:
    from pathlib import Path

    from dynatrace_sandbox.testing import SandboxServer

PLUGINS = {
    "tap-dynatrace-dps": "extractors",
    "target-dynatrace-bizevents": "loaders",
    "target-dynatrace-dps": "loaders",
}


def test_generated_files_are_fresh(tmp_path: Path) -> None:
    script = str(ROOT / "scripts" / "definitions.py")

    ended = Project(tmp_path).command(sys.executable, script, "--check")

    assert ended.code == 0, ended.output


def about(plugin: str, project: Project) -> dict[str, Any]:
    ended = project.command(str(BIN / plugin), "--about", "--format=json")
    described: dict[str, Any] = yaml.safe_load(ended.output)
    return described


@pytest.mark.parametrize("plugin", PLUGINS)
def test_definitions_list_the_settings_of_about(plugin: str, tmp_path: Path) -> None:
    schema = about(plugin, Project(tmp_path))["settings"]["properties"]
    secret = {name for name, rule in schema.items() if rule.get("secret")}
    meltano = yaml.safe_load((ROOT / "plugins" / f"{plugin}.meltano.yml").read_text("utf-8"))
    hub = yaml.safe_load((ROOT / "hub" / f"{plugin}.yml").read_text("utf-8"))

    for definition in (meltano["plugins"][PLUGINS[plugin]][0], hub):
        settings = {setting["name"].split(".")[0]: setting for setting in definition["settings"]}
        assert set(settings) == set(schema)
        assert {name for name, setting in settings.items() if setting.get("sensitive")} == secret
        for name, setting in settings.items():
            assert setting.get("label")
            assert setting.get("kind")
            if "properties" not in schema[name]:
                assert setting.get("value") == schema[name].get("default")


def test_example_of_env_names_settings_only(tmp_path: Path) -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    variables = {m[1] for line in lines if (m := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))}

    known = {
        f"{plugin}_{name}".replace("-", "_").upper()
        for plugin in PLUGINS
        for name in about(plugin, Project(tmp_path))["settings"]["properties"]
    }

    assert variables <= known
    assert {"TAP_DYNATRACE_DPS_LOOKBACK_DAYS", "TARGET_DYNATRACE_DPS_DRY_RUN"} <= variables


def test_demo_is_not_disturbed_by_a_filled_in_env_file(sandbox: SandboxServer) -> None:
    lines = (ROOT / ".env.example").read_text("utf-8").splitlines()
    top = lines[: lines.index("# <settings>")]
    credentials = {m[1] for line in top if (m := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))}

    assert credentials <= set(environment_of(sandbox))
