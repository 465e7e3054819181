"""All routes of the sandbox in one application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from dynatrace_sandbox import (
    admin_api,
    allocation_api,
    directory,
    environment_api,
    forecast,
    ingest_api,
    notifications,
    old_environment_api,
    rate_cards,
    settings_api,
    sso_api,
    subscription_api,
)
from dynatrace_sandbox.answers import AccountAnswerError, account_error
from dynatrace_sandbox.gate import Gate, default_error
from dynatrace_sandbox.page.route import get_page
from dynatrace_sandbox.sandbox import SandboxUsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp

    from dynatrace_sandbox.sandbox import Sandbox

    Endpoint = Callable[[Request], Awaitable[Response]]

SUB_V2 = "/sub/v2/accounts/{account_uuid}/subscriptions"
SUB_V3 = "/sub/v3/accounts/{account_uuid}/subscriptions"
ONE = "/{subscription_uuid}"
SETTINGS = "/v1/accounts/{account_uuid}/settings"
INGEST = "/api/v2/bizevents/ingest"

READS: dict[str, Endpoint] = {
    SUB_V2: subscription_api.list_subscriptions,
    f"{SUB_V2}/forecast": forecast.get_forecast,
    f"{SUB_V2}{ONE}": subscription_api.get_subscription,
    f"{SUB_V2}{ONE}/usage": subscription_api.get_usage,
    f"{SUB_V2}{ONE}/cost": subscription_api.get_cost,
    f"{SUB_V2}{ONE}/environments/usage": old_environment_api.get_old_environment_usage,
    f"{SUB_V2}{ONE}/environments/cost": old_environment_api.get_old_environment_cost,
    f"{SUB_V3}{ONE}/environments/usage": environment_api.get_environment_usage,
    f"{SUB_V3}{ONE}/environments/cost": environment_api.get_environment_cost,
    "/sub/v1/accounts/{account_uuid}/rate-cards": rate_cards.list_rate_cards,
    "/v1/subscriptions/{subscription_uuid}/cost-allocation": allocation_api.get_cost_allocation,
    "/env/v2/accounts/{account_uuid}/environments": directory.list_environments,
    "/env/v2/accounts/{account_uuid}/clusters": directory.list_clusters,
    "/v2/accounts/{account_uuid}/notifications": notifications.list_notifications,
}


async def _account_answer(_: Request, error: Exception) -> Response:
    if not isinstance(error, AccountAnswerError):
        raise error
    return account_error(error.status, str(error))


async def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return default_error(request.url.path, error.status_code, error.detail)


def _settings_routes() -> list[Route]:
    return [
        route
        for field in ("costcenters", "products")
        for route in (
            _fixed(f"{SETTINGS}/{field}", settings_api.list_values, "GET", field),
            _fixed(f"{SETTINGS}/{field}", settings_api.add_values, "POST", field),
            _fixed(f"{SETTINGS}/{field}", settings_api.replace_values, "PUT", field),
            _fixed(f"{SETTINGS}/{field}/{{key:path}}", settings_api.delete_value, "DELETE", field),
        )
    ]


def _fixed(path: str, endpoint: Endpoint, method: str, field: str) -> Route:
    """Make a route whose endpoint learns the field as if it were in the path."""

    async def with_field(request: Request) -> Response:
        request.path_params["field"] = field
        return await endpoint(request)

    return Route(path, with_field, methods=[method])


def build_app(sandbox: Sandbox) -> ASGIApp:
    """Put the application together.

    Args:
        sandbox: What it serves.

    Returns:
        An ASGI application.
    """
    routes = [Route(path, endpoint, methods=["GET"]) for path, endpoint in READS.items()]
    routes += _settings_routes()
    routes += [
        Route("/sso/oauth2/token", sso_api.request_token, methods=["POST"]),
        Route(INGEST, ingest_api.ingest, methods=["POST"]),
        Route(f"/e/{{environment}}{INGEST}", ingest_api.ingest, methods=["POST"]),
        Route(
            "/platform/classic/environment-api/v2/bizevents/ingest",
            ingest_api.ingest,
            methods=["POST"],
        ),
        Route("/", get_page, methods=["GET"]),
        *admin_api.ROUTES,
    ]
    app = Starlette(
        routes=routes,
        exception_handlers={
            AccountAnswerError: _account_answer,
            SandboxUsageError: admin_api.refuse,
            HTTPException: _http_error,
        },
    )
    app.router.redirect_slashes = False
    app.state.sandbox = sandbox
    return Gate(app, sandbox)
