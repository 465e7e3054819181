"""Who asks: tokens, scopes, accounts, subscriptions and the filters of a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from dynatrace_sandbox.answers import AccountAnswerError

if TYPE_CHECKING:
    from starlette.requests import Request

    from dynatrace_sandbox.customer import Account, Capability, Environment, Subscription
    from dynatrace_sandbox.sandbox import Sandbox

READ_SCOPE = "account-uac-read"


def sandbox_of(request: Request) -> Sandbox:
    """Get the sandbox that serves a request.

    Args:
        request: The request.

    Returns:
        The sandbox.
    """
    return cast("Sandbox", request.app.state.sandbox)


def bearer(request: Request) -> str:
    """Get the request's bearer token.

    Args:
        request: The request.

    Returns:
        The token, "" if there is none.
    """
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def account_of_token(request: Request, scope: str) -> Account:
    """Check the token and its scope.

    Args:
        request: The request.
        scope: What the operation needs.

    Returns:
        The account that the token is bound to.

    Raises:
        AccountAnswerError: 401 or 403.
    """
    sandbox = sandbox_of(request)
    token = sandbox.tokens.find(bearer(request))
    if token is None:
        raise AccountAnswerError(401, "Unauthorized: the token is missing, wrong or expired.")
    path_account = request.path_params.get("account_uuid")
    if token.account_uuid is None:
        raise AccountAnswerError(403, "Forbidden: the token was issued without a resource.")
    if path_account is not None and path_account != token.account_uuid:
        raise AccountAnswerError(401, "Unauthorized: the token belongs to another account.")
    if scope not in token.scopes:
        raise AccountAnswerError(403, f"Forbidden: the token lacks the scope {scope}.")
    account = sandbox.customer.account(token.account_uuid)
    if account is None:
        raise AccountAnswerError(404, "Cannot get requested resource.")
    return account


def subscription_of_path(request: Request, account: Account) -> Subscription:
    """Find the subscription that the path names.

    Args:
        request: The request.
        account: Who asks.

    Returns:
        The subscription.

    Raises:
        AccountAnswerError: 404.
    """
    found = sandbox_of(request).customer.visible(account, request.path_params["subscription_uuid"])
    if found is None:
        raise AccountAnswerError(404, "Cannot get requested resource.")
    return found


@dataclass(frozen=True)
class Filters:
    """Which environments and capabilities a request is about.

    Attributes:
        environments: Chosen environments; in an unfiltered v2 request also the unattributed rest.
        capabilities: Chosen capabilities.
        everything: Whether nothing was left out.
    """

    environments: tuple[Environment, ...]
    capabilities: tuple[Capability, ...]
    everything: bool


def comma_list(request: Request, name: str) -> frozenset[str] | None:
    """Read a comma list.

    Args:
        request: The request.
        name: The query parameter.

    Returns:
        Its members, or None if the parameter is not there.
    """
    values = request.query_params.getlist(name)
    if not values:
        return None
    return frozenset(part for value in values for part in value.split(",") if part)


def filters_of(request: Request, account: Account, subscription: Subscription) -> Filters:
    """Read the three list filters.

    Args:
        request: The request.
        account: Whose environments.
        subscription: Whose capabilities.

    Returns:
        What they leave; unknown ids match nothing.
    """
    ids = comma_list(request, "environmentIds")
    clusters = comma_list(request, "clusterIds")
    keys = comma_list(request, "capabilityKeys")
    environments = account.metered
    if ids is not None or clusters is not None:
        environments = tuple(
            environment
            for environment in account.environments
            if (ids is None or environment.id in ids)
            and (clusters is None or environment.cluster_id in clusters)
        )
    capabilities = tuple(c for c in subscription.capabilities if keys is None or c.key in keys)
    return Filters(environments, capabilities, ids is None and clusters is None and keys is None)
