"""Check the Hub definitions against the JSON schemas that Meltano Hub publishes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7

ROOT = Path(__file__).resolve().parent.parent
SCHEMAS = ROOT.parent / "shared" / "hub-schemas"
KINDS = {"tap": "extractors", "target": "loaders"}


def registry() -> Registry:
    """Return the schemas by the addresses they call each other by."""
    resources = []
    for path in SCHEMAS.glob("*/*.schema.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        # Their own ids are relative to other folders than the links between them.
        schema["$id"] = path.as_uri()
        resources.append((path.as_uri(), DRAFT7.create_resource(schema)))
    return Registry().with_resources(resources)


def main() -> int:
    """Print what is wrong with each definition; return the exit code."""
    schemas = registry()
    problems = 0
    definitions = sorted((ROOT / "hub").glob("*.yml"))
    for path in definitions:
        kind = KINDS[path.name.partition("-")[0]]
        schema = SCHEMAS / "plugin_definitions" / f"{kind}.schema.json"
        text = json.loads(schema.read_text(encoding="utf-8")) | {"$id": schema.as_uri()}
        validator = Draft7Validator(text, registry=schemas)
        for error in validator.iter_errors(yaml.safe_load(path.read_text(encoding="utf-8"))):
            problems += 1
            print(f"{path.name}: {error.json_path}: {error.message}")
    print(f"{len(definitions)} Hub definitions, {problems} problems")
    return 0 if definitions and not problems else 1


if __name__ == "__main__":
    sys.exit(main())
