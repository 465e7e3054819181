"""Write every description of the plugins' settings from the plugins' own `--about`.

The settings stand once, in the code. From there come the Meltano definitions (`plugins/`), the
Meltano Hub definitions (`hub/`), the tables in the packages' READMEs and the `.env.example` list.
The versions stand once, in `uv.lock`; `requirements/constraints.txt` repeats them for Meltano.

    python scripts/definitions.py           writes them
    python scripts/definitions.py --check   ends with 1 where one of them is stale
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uv
import yaml
from described import PLUGINS, Plugin

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = "requirements/constraints.txt"
GENERATED = "# Written by scripts/definitions.py from the plugin's --about; do not edit."
YAML_WIDTH = 100  # characters in a line, as in the code

KINDS = {
    "array": "array",
    "boolean": "boolean",
    "integer": "integer",
    "number": "decimal",
    "object": "object",
    "string": "string",
}
"""JSON types and Meltano's kinds of settings."""

HUB_ONLY_CAPABILITIES = frozenset({"target-schema", "validate-records"})
"""Capabilities that the Hub's schema knows and that of Meltano 4.4 does not."""

SDK_SETTINGS = frozenset(
    {
        "add_record_metadata",
        "batch_config",
        "batch_size_rows",
        "faker_config",
        "flattening_enabled",
        "flattening_max_depth",
        "flattening_max_key_length",
        "flattening_separator",
        "process_activate_version_messages",
        "stream_map_config",
        "stream_maps",
        "validate_records",
    }
)
"""Settings that every plugin on the Singer SDK has; left out of `.env.example`."""


def types_of(schema: dict[str, Any]) -> list[str]:
    """Return the JSON types of a setting, without null."""
    kinds = schema.get("type", "string")
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]


def settings_of(schema: dict[str, Any], prefix: str = "") -> Iterator[dict[str, Any]]:
    """Yield the settings of a config schema in Meltano's form; nested ones with dots."""
    for name, rule in schema.get("properties", {}).items():
        # stream_maps lists one of its keys, and takes any other.
        if rule.get("properties") and not rule.get("additionalProperties"):
            yield from settings_of(rule, f"{prefix}{name}.")
        else:
            yield setting_of(f"{prefix}{name}", rule)


def setting_of(name: str, rule: dict[str, Any]) -> dict[str, Any]:
    """Return one setting in Meltano's form."""
    options = [option for option in rule.get("enum", []) if option is not None]
    kind = KINDS[types_of(rule)[0]]
    if options:
        kind = "options"
    elif rule.get("format") == "date-time":
        kind = "date_iso8601"
    setting: dict[str, Any] = {
        "name": name,
        "label": rule.get("title") or name.replace(".", " ").replace("_", " ").capitalize(),
        "kind": kind,
    }
    if rule.get("description"):
        setting["description"] = " ".join(rule["description"].split())
    if "default" in rule:
        setting["value"] = rule["default"]
    if options:
        setting["options"] = [{"label": option, "value": option} for option in options]
    if rule.get("secret") or rule.get("writeOnly"):
        setting["sensitive"] = True
    return setting


def as_yaml(document: object) -> str:
    """Return the document as YAML in our layout."""
    return yaml.safe_dump(document, sort_keys=False, width=YAML_WIDTH, allow_unicode=True)


def meltano_definition(plugin: Plugin, about: dict[str, Any]) -> str:
    """Return the Meltano file that defines the plugin from this checkout."""
    definition = {
        "name": plugin.name,
        "namespace": plugin.namespace,
        "label": plugin.label,
        "description": plugin.description,
        "pip_url": f"-e ./{plugin.name} -c {CONSTRAINTS}",
        "executable": plugin.name,
        "capabilities": sorted(set(about["capabilities"]) - HUB_ONLY_CAPABILITIES),
        **plugin.selection,
        "settings_group_validation": [list(group) for group in plugin.groups],
        "settings": list(settings_of(about["settings"])),
    }
    return f"{GENERATED}\n{as_yaml({'plugins': {plugin.kind: [definition]}})}"


def hub_definition(plugin: Plugin, about: dict[str, Any]) -> str:
    """Return the definition in the format of Meltano Hub."""
    settings = sorted(settings_of(about["settings"]), key=lambda setting: str(setting["name"]))
    definition = {
        "capabilities": sorted(about["capabilities"]),
        "description": plugin.description,
        "domain_url": "https://docs.dynatrace.com/docs/license",
        "executable": plugin.name,
        "keywords": ["meltano_sdk", "dynatrace", "finops"],
        "label": plugin.label,
        "maintenance_status": "active",
        "name": plugin.name,
        "namespace": plugin.namespace,
        "next_steps": plugin.usage,
        "pip_url": plugin.name,
        "quality": "unknown",
        **plugin.selection,
        "settings": settings,
        "settings_group_validation": [list(group) for group in plugin.groups],
        "supported_python_versions": about["supported_python_versions"],
        "variant": "dynatrace-dps",
    }
    return f"{GENERATED}\n{as_yaml(definition)}"


def readme_table(plugin: Plugin, about: dict[str, Any]) -> str:
    """Return the settings as a Markdown table, the SDK's own ones below the plugin's."""
    properties = about["settings"]["properties"]
    required = set(about["settings"].get("required", []))
    own = [name for name in properties if name not in SDK_SETTINGS]
    shared = [name for name in properties if name in SDK_SETTINGS]
    lines = ["| setting | type | default | meaning |", "|---|---|---|---|"]
    for name in own + shared:
        rule = properties[name]
        kind = ", ".join(types_of(rule)) + (", secret" if rule.get("secret") else "")
        if name in required:
            default = "required"
        elif "default" in rule:
            default = f"`{json.dumps(rule['default']).strip(chr(34))}`"
        else:
            default = ""
        meaning = " ".join(rule.get("description", "").split()).replace("|", "\\|")
        lines.append(f"| `{name}` | {kind} | {default} | {meaning} |")
    lines += ["", f"As an environment variable a setting is `{plugin.env_prefix}<SETTING>`."]
    return "\n".join(lines)


def env_lines(plugin: Plugin, about: dict[str, Any]) -> str:
    """Return the plugin's own settings as commented lines of a `.env` file."""
    lines = [f"# {plugin.name}"]
    for name, rule in about["settings"]["properties"].items():
        if name in SDK_SETTINGS:
            continue
        default = rule.get("default", "")
        text = default if isinstance(default, str) else json.dumps(default)
        lines.append(f"# {' '.join(rule.get('description', '').split())}")
        lines.append(f"#{plugin.env_prefix}{name.upper()}={text}")
    return "\n".join(lines)


def between(text: str, start: str, end: str, new: str) -> str:
    """Return the text with what stands between two marker lines replaced.

    Raises:
        ValueError: a marker is missing.
    """
    head, found_start, rest = text.partition(f"{start}\n")
    _, found_end, tail = rest.partition(end)
    if not (found_start and found_end):
        message = f"the markers {start} and {end} are missing"
        raise ValueError(message)
    return f"{head}{start}\n{new}\n{end}{tail}"


def constraints() -> str:
    """Return the locked versions that Meltano's environments of the plugins get too."""
    command = [uv.find_uv_bin(), "export", "--quiet", "--locked", "--all-packages"]
    form = ["--no-default-groups", "--no-emit-workspace", "--no-hashes", "--no-annotate"]
    exported = subprocess.run(  # noqa: S603  (uv, of our own environment)
        [*command, *form, "--no-header"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return exported.stdout


def wanted_files() -> dict[Path, str]:
    """Return every generated file with the text it should have."""
    files: dict[Path, str] = {ROOT / CONSTRAINTS: constraints()}
    env = []
    for plugin in PLUGINS:
        about = plugin.about()
        files[ROOT / "plugins" / f"{plugin.name}.meltano.yml"] = meltano_definition(plugin, about)
        files[ROOT / "hub" / f"{plugin.name}.yml"] = hub_definition(plugin, about)
        readme = ROOT / plugin.name / "README.md"
        files[readme] = between(
            readme.read_text(encoding="utf-8"),
            "<!-- settings -->",
            "<!-- /settings -->",
            readme_table(plugin, about),
        )
        env.append(env_lines(plugin, about))
    example = ROOT / ".env.example"
    files[example] = between(
        example.read_text(encoding="utf-8"), "# <settings>", "# </settings>", "\n\n".join(env)
    )
    return files


def main() -> int:
    """Write or check the files; return the exit code."""
    parser = argparse.ArgumentParser(description="Write the definitions from the plugins' --about.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if one is stale")
    check = parser.parse_args().check
    wanted = wanted_files()
    stale = [
        path
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
    if not check:
        for path, text in wanted.items():
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
    elif stale:
        print("Run: .venv/bin/python scripts/definitions.py")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
