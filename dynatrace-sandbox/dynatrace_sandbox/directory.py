"""Environments and clusters of an account, by the environment management API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dynatrace_sandbox.access import account_of_token
from dynatrace_sandbox.answers import json_answer

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.customer import Account, Environment

ENVIRONMENT_SCOPE: Final = "account-env-read"


def _url(environment: Environment) -> str:
    if environment.cluster_id is None:
        return f"https://{environment.id}.apps.dynatrace.com"
    return f"https://managed.example.com/e/{environment.id}"


def environments(account: Account) -> list[dict[str, Any]]:
    """List an account's environments.

    Args:
        account: The account.

    Returns:
        Records; the last environment of several has no name, for names are optional.
    """
    records = []
    for number, environment in enumerate(account.environments, start=1):
        record: dict[str, Any] = {"id": environment.id}
        if number == 1 or number < len(account.environments):
            record["name"] = environment.name
        record |= {"active": True, "url": _url(environment)}
        records.append(record)
    return records


async def list_environments(request: Request) -> Response:
    """Answer with all environments; never paged."""
    account = account_of_token(request, ENVIRONMENT_SCOPE)
    return json_answer({"data": environments(account)})


async def list_clusters(request: Request) -> Response:
    """Answer with the Managed clusters."""
    account = account_of_token(request, ENVIRONMENT_SCOPE)
    clusters = {each.cluster_id: None for each in account.environments if each.cluster_id}
    return json_answer({"data": [{"clusterId": cluster} for cluster in clusters]})
