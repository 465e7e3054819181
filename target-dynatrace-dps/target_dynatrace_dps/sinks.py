"""Sinks: they only note what the records say; the lists are written after the last record."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink
from typing_extensions import override

from .change import RefusedInputError
from .fields import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk.sinks.core import BaseJSONSchemaValidator

    from .target import TargetDynatraceDPS

MELTANO_TEST_STREAM = "meltano_test_stream"
"""What `meltano config target-dynatrace-dps test` sends."""


_UNUSABLE = frozenset({"Cc", "Cs"})
"""Unicode categories that a key may not have: control characters and halves of surrogate pairs."""


class AllowListSink(BatchSink):
    """Notes the keys of one stream, account by account."""

    def __init__(
        self,
        target: TargetDynatraceDPS,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Announce the stream to the target's input."""
        super().__init__(target, stream_name, schema, key_properties)
        # Two properties matter here and are checked below. An empty schema of our own keeps the
        # SDK from parsing dates and from warning of columns that nobody uses.
        self.schema = {"properties": {}, "additionalProperties": True}
        self._field = FIELDS[stream_name]
        self._input = target.input
        self._accounts = target.account_uuids
        self._hard_delete = bool(target.config.get("hard_delete"))
        self._records = 0
        self._input.announce(self._field)

    @property
    @override
    def include_sdc_metadata_properties(self) -> bool:
        """Keep `_sdc_deleted_at` and the stream's version in the record."""
        return True

    @property
    @override
    def is_full(self) -> bool:
        """Never drain before the end: a part of the input says nothing about the whole list."""
        return False

    @override
    def get_validator(self) -> BaseJSONSchemaValidator | None:
        """Leave the checks to `process_record`, whose messages name the record."""
        return None

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Note one record.

        Raises:
            RefusedInputError: the record has no usable key, or names an unknown account.
        """
        self._records += 1
        wishes = self._input.about(self._field, self._account(record))
        key = self._key(record)
        if record.get("_sdc_deleted_at"):
            wishes.delete(key)
        else:
            wishes.want(key, record.get("_sdc_table_version"))

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        """Note the records of a BATCH message's file; others are noted already."""
        for record in context.get("records", ()):
            self.process_record(record, context)

    @override
    def activate_version(self, new_version: int) -> None:
        """Note that the stream is complete, where `hard_delete` asks for it."""
        if self._hard_delete:
            self._input.activate(self._field, new_version)
        else:
            self.logger.info(
                "The stream is complete in version %s; 'hard_delete' is off, so no %s is removed.",
                new_version,
                self._field.one,
            )

    def _account(self, record: dict[str, Any]) -> str:
        uuid = record.get("accountUuid")
        if uuid is None or uuid == "":
            return next(iter(self._accounts.values()))
        account = self._accounts.get(uuid.casefold()) if isinstance(uuid, str) else None
        if account is None:
            message = (
                f"{self._here()} names the account '{uuid}', which is not among the accounts of "
                "the settings. Add it to 'accounts', or correct 'accountUuid'."
            )
            raise RefusedInputError(message)
        return account

    def _key(self, record: dict[str, Any]) -> str:
        key = record.get("key")
        if key is None:
            message = (
                f"{self._here()} has no 'key'. If another column holds it, name that column in "
                f'\'stream_maps\': {{"{self.stream_name}": {{"key": "COLUMN"}}}}.'
            )
        elif not isinstance(key, str):
            message = (
                f"{self._here()} has the key {key!r}, which is not a text. Make it one in "
                f'\'stream_maps\': {{"{self.stream_name}": {{"key": "str(key)"}}}}.'
            )
        elif not key.strip():
            message = (
                f"{self._here()} has an empty 'key'. Leave such records out, for example in "
                f'\'stream_maps\': {{"{self.stream_name}": {{"__filter__": "bool(key)"}}}}.'
            )
        elif any(unicodedata.category(character) in _UNUSABLE for character in key):
            message = (
                f"{self._here()} has the key {key!r}, which has characters that no URL or message "
                "can carry well, such as line breaks. Correct it at the source."
            )
        else:
            return key
        raise RefusedInputError(message)

    def _here(self) -> str:
        return f"Record {self._records} of the stream '{self.stream_name}'"


class ConnectionTestSink(BatchSink):
    """Takes Meltano's test stream: its record is dropped, the accounts are tried instead."""

    def __init__(
        self,
        target: TargetDynatraceDPS,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        """Tell the target that its connections are to be tried."""
        super().__init__(target, stream_name, schema, key_properties)
        target.connection_test = True

    @override
    def process_batch(self, context: dict[str, Any]) -> None:
        """Write nothing."""
