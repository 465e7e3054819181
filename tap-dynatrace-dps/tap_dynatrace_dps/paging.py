"""Following pages: by page key and by page number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .dynatrace_api.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Page = Mapping[str, Any]
    Fetch = Callable[[Mapping[str, Any]], Any]

_BAD_REQUEST = 400


class KeyStyle:
    """How the next page is asked for: the whole query with the key, or the key alone.

    The documentation of the v3 endpoints says that the key may stand alone; on a live account the
    key alone was answered with 400 `'endTime' must be provided`. So the whole query goes along,
    and where that is refused the key alone is used for the rest of the run.
    """

    def __init__(self, *, alone: bool) -> None:
        """Choose the first try; `alone` never changes where the documentation is unequivocal."""
        self.alone = alone


def rows_of(body: Any, *names: str) -> list[Any]:  # noqa: ANN401  (any JSON value)
    """Return the list in an answer: under one of the names, or the answer itself.

    The wrapper is `data` in the OpenAPI file and `subscriptions`, `environments` or `items` in
    older texts. A null or missing list is an empty one.
    """
    if isinstance(body, list):
        return body
    if isinstance(body, dict):
        for name in names:
            if isinstance(body.get(name), list):
                rows: list[Any] = body[name]
                return rows
    return []


def pages_by_key(fetch: Fetch, query: Mapping[str, Any], style: KeyStyle) -> Iterator[Page]:
    """Yield the pages of a chain until the key is null, empty or missing.

    Args:
        fetch: sends one request with the given query, returns the decoded answer.
        query: of the first page.
        style: how further pages are asked for; changed here when the service insists.

    Raises:
        ApiError: a key comes a second time, which would never end.
    """
    seen: set[str] = set()
    page = fetch(query)
    while True:
        if not isinstance(page, dict):
            return
        yield page
        key = page.get("nextPageKey")
        if not key:
            return
        if key in seen:
            message = (
                f"The page key '{str(key)[:40]}' was given twice; following it again would never "
                "end. Run again; if it comes back, tell Dynatrace support."
            )
            raise ApiError(message)
        seen.add(key)
        page = _next_page(fetch, query, key, style)


def _next_page(fetch: Fetch, query: Mapping[str, Any], key: str, style: KeyStyle) -> Any:  # noqa: ANN401
    alone = {"page-key": key}
    if style.alone:
        return fetch(alone)
    try:
        return fetch({**query, **alone})
    except ApiError as refusal:
        if refusal.status != _BAD_REQUEST:
            raise
        try:
            page = fetch(alone)
        except ApiError:
            # Both readings are refused, so the first refusal is about something else.
            raise refusal from None
        style.alone = True
        return page


def pages_by_number(fetch: Fetch, query: Mapping[str, Any]) -> Iterator[Page]:
    """Yield pages while `hasNextPage` is true.

    The number of the first page is not documented. The first request leaves it out; page 1 is
    either that same page again (numbers start at 1) or the second one (they start at 0).

    Raises:
        ApiError: a page repeats, so the numbers do not move on.
    """
    page = fetch(query)
    number = 0
    previous: Any = None
    while isinstance(page, dict):
        if number == 0 or page.get("records") != previous:
            yield page
        elif number > 1:
            message = "The same page was given twice, so its pages cannot be followed to the end."
            raise ApiError(message)
        previous = page.get("records")
        if not page.get("hasNextPage"):
            return
        number += 1
        page = fetch({**query, "page": number})
