"""Check the sandbox's answers and the tap's schemas against the API's contract.

The sandbox and the tap were written apart from each other; the contract judges both.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import requests
import yaml
from dynatrace_sandbox.testing import SandboxServer
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from tap_dynatrace_dps.tap import TapDynatraceDPS

ROOT = Path(__file__).resolve().parent.parent
CONTRACT = ROOT.parent / "shared" / "contract" / "dynatrace.openapi.yaml"
TIMEOUT_SECONDS = 60

QUERIES = {
    "environments": {"startTime": "2026-10-20T00:00:00Z", "endTime": "2026-11-05T00:00:00Z"},
    "cost-allocation": {"field": "COSTCENTER"},
}
"""Required query parameters, by the part of the path that needs them."""

STREAM_SCHEMAS = {
    "subscriptions": ["SubscriptionDetail"],
    "cost": ["CostRow"],
    "usage": ["UsageRow"],
    "environment_cost": ["CapabilityCostRowV3", "EnvironmentCostV3"],
    "environment_usage": ["UsageRow", "EnvironmentUsageV3"],
    "forecast": ["Forecast"],
    "notifications": ["Notification"],
    "environments": ["Environment"],
    "rate_cards": ["RateCardCapability"],
    "cost_allocation": ["CostAllocationRow"],
    "cost_centers": ["FieldValue"],
}
"""The tap's streams and the contract's objects that they are made of."""

LISTS_OF_ROWS = {"cost", "usage"}
"""Properties of an environment's entry that become records of their own."""


def answers(server: SandboxServer, paths: dict[str, Any]) -> list[tuple[str, str, Any]]:
    """Ask every GET of the contract as every account; return (path, status, body)."""
    found = []
    for account in server.accounts:
        tokens = {}
        for scope in ("account-uac-read", "account-env-read"):
            form = {
                "grant_type": "client_credentials",
                "client_id": account["client_id"],
                "client_secret": account["client_secret"],
                "scope": scope,
                "resource": f"urn:dtaccount:{account['uuid']}",
            }
            url = f"{server.url}/sso/oauth2/token"
            answer = requests.post(url, data=form, timeout=TIMEOUT_SECONDS).json()
            tokens[scope] = answer["access_token"]
        environment = next(
            iter(row["environmentId"] for row in server.truth("environment_cost")), ""
        )
        for path, operations in paths.items():
            if "get" not in operations:
                continue
            query = next((QUERIES[part] for part in QUERIES if f"/{part}" in path), {})
            if path.endswith("cost-allocation"):
                query = {**query, "environment-id": environment}
            filled = path.replace("{accountUuid}", account["uuid"]).replace(
                "{subscriptionUuid}", server.subscription_uuid
            )
            scope = operations["get"]["x-token-scopes"][0]
            answer = requests.get(
                server.url + filled,
                params=query,
                headers={"Authorization": f"Bearer {tokens[scope]}"},
                timeout=TIMEOUT_SECONDS,
            )
            found.append((path, str(answer.status_code), answer.json()))
    return found


def answer_problems(contract: dict[str, Any]) -> list[str]:
    """Return what is wrong with the sandbox's answers."""
    resource = DRAFT202012.create_resource(contract)
    registry = Registry().with_resource("urn:contract", resource)
    problems = []
    with SandboxServer(today=date(2026, 11, 20), days=40, environments=6) as server:
        found = answers(server, contract["paths"])
    served = {path for path, status, _ in found if status == "200"}
    asked = {path for path, _, _ in found}
    problems += [f"{path}: never answered 200" for path in sorted(asked - served)]
    for path, status, body in found:
        pointer = f"#/paths/{path.replace('~', '~0').replace('/', '~1')}/get/responses/{status}"
        response = contract["paths"][path]["get"]["responses"].get(status)
        if response is None:
            problems.append(f"{path}: the contract knows no {status}")
            continue
        pointer = response.get("$ref", pointer)
        schema = {"$ref": f"urn:contract{pointer}/content/application~1json/schema"}
        validator = Draft202012Validator(schema, registry=registry)
        problems += [
            f"{path} {status}: {error.json_path}: {error.message}"
            for error in validator.iter_errors(body)
        ]
    print(f"{len(found)} answers of the sandbox, {len(problems)} problems")
    return problems


def schema_problems(contract: dict[str, Any]) -> list[str]:
    """Return the properties of the contract that the tap's schemas leave out."""
    streams = TapDynatraceDPS(config={}, validate_config=False).streams
    problems = []
    count = 0
    for name, objects in STREAM_SCHEMAS.items():
        known = streams[name].schema["properties"]
        for title in objects:
            for field in contract["components"]["schemas"][title]["properties"]:
                if title.startswith("Environment") and field in LISTS_OF_ROWS:
                    continue
                count += 1
                if field not in known:
                    problems.append(f"stream {name}: {title}.{field} is missing")
    print(f"{count} properties of the contract, {len(problems)} missing in the tap's schemas")
    return problems


def main() -> int:
    """Print what is wrong; return the exit code."""
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    problems = answer_problems(contract) + schema_problems(contract)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
