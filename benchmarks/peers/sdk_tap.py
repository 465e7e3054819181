"""The same rows with the Singer SDK as its template has it: a RESTStream and a paginator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import RESTStream, Tap
from singer_sdk import typing as th
from singer_sdk.authenticators import BearerTokenAuthenticator
from singer_sdk.pagination import JSONPathPaginator
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterable

    import requests
    from singer_sdk.helpers.types import Context, Record


class EnvironmentCost(RESTStream[str]):
    """Cost by environment, capability and day."""

    name = "environment_cost"
    path = "/sub/v3/accounts/{account_uuid}/subscriptions/{subscription_uuid}/environments/cost"
    primary_keys = ("subscriptionUuid", "environmentId", "capabilityKey", "startTime")
    records_jsonpath = "$.data[*]"
    schema = th.PropertiesList(
        th.Property("accountUuid", th.StringType),
        th.Property("subscriptionUuid", th.StringType),
        th.Property("clusterId", th.StringType),
        th.Property("environmentId", th.StringType),
        th.Property("capabilityKey", th.StringType),
        th.Property("capabilityName", th.StringType),
        th.Property("startTime", th.DateTimeType),
        th.Property("endTime", th.DateTimeType),
        th.Property("value", th.NumberType),
        th.Property("currencyCode", th.StringType),
        th.Property("bookingDate", th.DateTimeType),
    ).to_dict()

    @property
    @override
    def url_base(self) -> str:
        return str(self.config["api_url"])

    @property
    @override
    def authenticator(self) -> BearerTokenAuthenticator:
        return BearerTokenAuthenticator(token="benchmark")  # noqa: S106  (any will do)

    @override
    def get_new_paginator(self) -> JSONPathPaginator:
        return JSONPathPaginator("$.nextPageKey")

    @override
    def get_url_params(
        self, context: Context | None, next_page_token: str | None
    ) -> dict[str, Any]:
        query = {
            "startTime": self.config["start_date"],
            "endTime": self.config["end_date"],
            "page-size": 50,
        }
        return {**query, "page-key": next_page_token} if next_page_token else query

    @override
    def parse_response(self, response: requests.Response) -> Iterable[Record]:
        for entry in super().parse_response(response):
            for row in entry["cost"]:
                yield {
                    "accountUuid": self.config["account_uuid"],
                    "subscriptionUuid": self.config["subscription_uuid"],
                    "clusterId": entry["clusterId"],
                    "environmentId": entry["environmentId"],
                    **row,
                }


class SdkTap(Tap):
    """A tap with one stream."""

    name = "tap-sdk"
    config_jsonschema: ClassVar[dict[str, Any]] = th.PropertiesList(
        th.Property("api_url", th.StringType, required=True),
        th.Property("account_uuid", th.StringType, required=True),
        th.Property("subscription_uuid", th.StringType, required=True),
        th.Property("start_date", th.StringType, required=True),
        th.Property("end_date", th.StringType, required=True),
    ).to_dict()

    @override
    def discover_streams(self) -> list[EnvironmentCost]:
        return [EnvironmentCost(self)]


if __name__ == "__main__":
    SdkTap.cli()
