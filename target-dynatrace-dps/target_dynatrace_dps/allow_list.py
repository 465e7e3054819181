"""The list of allowed values of one field in one account, over the Account Management API.

Source: "Manage cost allocation" of the Dynatrace documentation; paths
`/v1/accounts/{accountUuid}/settings/costcenters` and `.../products`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from requests import codes

from .change import named
from .dynatrace_api.errors import ApiError, RetryableError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from .change import Change
    from .dynatrace_api.client import AccountClient
    from .fields import Field

MAX_PAGES = 1000
"""More pages than any list can have; the guard against a list that never ends."""

_CHECKED = frozenset({codes.bad_request, codes.not_found, codes.conflict})
"""Refusals that may mean: this is already so."""

_DOT_SEGMENTS = frozenset({".", ".."})
"""Keys that no URL path can carry: HTTP clients and servers resolve them, encoded or not."""


class AllowList:
    """Reads and changes one list."""

    def __init__(self, client: AccountClient, account_uuid: str, field: Field) -> None:
        """Make the list's door.

        Args:
            client: of the account.
            account_uuid: the account.
            field: cost centers or products.
        """
        self._client = client
        self._field = field
        self._path = f"/v1/accounts/{account_uuid}/settings/{field.segment}"

    def read(self) -> list[str]:
        """Return all keys, in the order of the service.

        Raises:
            ApiError: the list cannot be read.
            CredentialsError: the SSO refuses the account's client.
        """
        return self._pages(self._client.get)

    def apply(self, change: Change) -> None:
        """Send the difference: one PUT, or a DELETE for each key that goes and one POST.

        Raises:
            ApiError: the service refuses it.
            CredentialsError: the SSO refuses the account's client.
        """
        if change.whole is not None:
            self._replace(change.whole)
            return
        # Deletions first: they make room below the limit.
        for key in change.removed:
            self._delete(key)
        if change.added:
            self._add(change.added)

    def _replace(self, keys: Sequence[str]) -> None:
        try:
            # A PUT may be repeated without harm, so a lost answer needs no look at the list.
            self._client.call("PUT", self._path, _values(keys))
        except ApiError as error:
            raise self._with_keys(error, keys) from error

    def _add(self, keys: Sequence[str]) -> None:
        self._settle(
            "POST", self._path, keys, lambda key, present: key not in present, body=_values
        )

    def _delete(self, key: str) -> None:
        if key in _DOT_SEGMENTS:
            message = (
                f"The {self._field.one} '{key}' of {self._client.owner} cannot be deleted by its "
                "URL. Remove it with load_method 'overwrite'."
            )
            raise ApiError(message)
        self._settle(
            "DELETE",
            f"{self._path}/{quote(key, safe='')}",
            [key],
            lambda key, present: key in present,
        )

    def _settle(
        self,
        method: str,
        path: str,
        keys: Sequence[str],
        open_for: Callable[[str, Collection[str]], bool],
        body: Callable[[Sequence[str]], object] | None = None,
    ) -> None:
        """Send a change that must not be repeated blindly.

        Where an answer was lost, or the service refuses what may already be so, the list is
        read again and only what is still open is sent.

        Args:
            method: POST or DELETE.
            path: of the request.
            keys: what it changes.
            open_for: tells from the keys present whether a key is still to be sent.
            body: makes the request's body from the keys that are open.
        """
        left = list(keys)
        doubtful = False

        def attempt() -> None:
            nonlocal left, doubtful
            if doubtful:
                present = set(self._pages(self._client.fetch))
                left = [key for key in left if open_for(key, present)]
                doubtful = False
            if not left:
                return
            try:
                self._client.attempt(method, path, body=body(left) if body else None)
            except RetryableError as error:
                # A 429 is the one such answer that is certain: nothing was done.
                doubtful = error.status != codes.too_many_requests
                raise

        while True:
            sent = len(left)
            try:
                self._client.retrying(method, path, attempt)
            except ApiError as error:
                if error.status not in _CHECKED:
                    raise
                present = set(self.read())
                left = [key for key in left if open_for(key, present)]
                if left and len(left) == sent:
                    raise self._with_keys(error, left) from error
            else:
                return

    def _with_keys(self, error: ApiError, keys: Sequence[str]) -> ApiError:
        return ApiError(
            f"{error} The {self._field.many} sent: {named(keys)}.",
            status=error.status,
            detail=error.detail,
        )

    def _pages(self, get: Callable[[str, dict[str, Any] | None], Any]) -> list[str]:
        """Read page by page, with `client.get` or, under own retries, `client.fetch`.

        The number of the first page is not documented. So the first request names none, the
        second asks for page 1, and a page that only repeats the first one is passed over.
        """
        first, more = self._page(get(self._path, None))
        keys = dict.fromkeys(first)
        number = 0
        while more:
            number += 1
            page, more = self._page(get(self._path, {"page": number}))
            known = len(keys)
            keys.update(dict.fromkeys(page))
            if number > MAX_PAGES or (len(keys) == known and more and number > 1):
                message = (
                    f"GET {self._path} for {self._client.owner} repeats page {number} without an "
                    "end, so the list cannot be read. Nothing was changed."
                )
                raise ApiError(message)
        return list(keys)

    def _page(self, answer: Any) -> tuple[list[str], bool]:  # noqa: ANN401  (any JSON value)
        try:
            return [record["key"] for record in answer["records"]], bool(answer.get("hasNextPage"))
        except (AttributeError, KeyError, TypeError) as error:
            message = (
                f"GET {self._path} for {self._client.owner} answers JSON without the documented "
                "'records' and 'key', so the list cannot be read. Check the setting 'api_url'."
            )
            raise ApiError(message) from error


def _values(keys: Sequence[str]) -> dict[str, list[dict[str, str]]]:
    return {"values": [{"key": key} for key in keys]}
