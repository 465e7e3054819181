"""The route of the page, and the page as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from dynatrace_sandbox.access import sandbox_of
from dynatrace_sandbox.page.readings import read
from dynatrace_sandbox.page.render import Origin, page

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response

    from dynatrace_sandbox.sandbox import Sandbox


def page_of(sandbox: Sandbox, account: str = "") -> str:
    """Write the page of what a sandbox holds.

    Args:
        sandbox: The sandbox.
        account: UUID or name of the account to show first, "" for all.

    Returns:
        HTML.
    """
    stored, newest = sandbox.store.event_counts()
    origin = Origin(today=str(sandbox.today), stored=stored, newest=newest)
    return page(read(sandbox.store.newest_events), origin, account)


async def get_page(request: Request) -> Response:
    """Answer with the page; ``?account=`` chooses what it shows first."""
    account = request.query_params.get("account", "")
    return HTMLResponse(await run_in_threadpool(page_of, sandbox_of(request), account))


def write_page(sandbox: Sandbox, path: Path) -> None:
    """Write the page to a file.

    Args:
        sandbox: The sandbox.
        path: The file; its folder is made if missing.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page_of(sandbox), "utf-8")
