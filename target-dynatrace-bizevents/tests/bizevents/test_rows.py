"""The short way of a record: the same event and verdict as the careful way, or none."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.sinks import Sink
from target_dynatrace_bizevents.codec import decode, encode
from target_dynatrace_bizevents.events import EventEncoder
from target_dynatrace_bizevents.mapping import shape_of
from target_dynatrace_bizevents.reader import SingerLines
from target_dynatrace_bizevents.rows import DROPPED_COLUMNS, Rows, row_type
from target_dynatrace_bizevents.sink import MOST_COLUMNS_LEARNT
from target_dynatrace_bizevents.typecheck import type_check
from target_dynatrace_bizevents.validator import RecordValidator
from typing_extensions import override

from .runner import orders, record_line, schema_line, state_line, stored_orders
from .test_validator import accepts, schemas, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import msgspec
    from dynatrace_sandbox.testing import SandboxServer

    from .conftest import RunTarget

SCALAR_COLUMNS = {
    "id": {"type": "integer"},
    "text": {"type": ["string", "null"]},
    "value": {"type": ["null", "number"]},
    "done": {"type": ["boolean", "null"]},
}


class ShortWay:
    """The short way alone, for one stream; what it does not take is not seen again."""

    def __init__(
        self, schema: dict[str, Any], keys: Sequence[str] = ("id",), learnt: Iterable[str] = ()
    ) -> None:
        check = type_check(schema)
        self.events: list[Any] = []
        self.row_type = row_type("orders", check, keys=keys, learnt=learnt) if check else None
        self.careful = EventEncoder(
            event_type="t",
            provider="p",
            keys=keys,
            shape=shape_of("orders", schema["properties"], "__"),
        )
        takers = {}
        if self.row_type is not None:
            self._encode = self.careful.of_row(self.row_type)
            takers[self.row_type.message] = self._take
        self.rows = Rows(takers)

    def _take(self, row: msgspec.Struct, line: bytes) -> bool:
        assert self.row_type is not None
        if not self.row_type.accepts(row):
            return False
        self.events.append(decode(self._encode(row)))
        assert line
        return True

    def take(self, record: str) -> bool:
        line = '{"type":"RECORD","stream":"orders","record":%s,"time_extracted":"x"}'
        return self.rows.take((line % record).encode())


@given(
    schemas,
    st.dictionaries(st.sampled_from("abcde"), values, max_size=5),
    st.sets(st.sampled_from("abcde"), min_size=1),
)
def test_what_is_taken_is_valid_and_the_same_event(
    schema: dict[str, Any], record: dict[str, Any], keys: set[str]
) -> None:
    text = encode(record)
    way = ShortWay(schema, sorted(keys))
    if way.take(text.decode()):
        read = decode(text)
        assert accepts(RecordValidator(schema, "s").validate, read)
        assert way.events == [decode(way.careful(read))]


@given(
    st.fixed_dictionaries(
        {"id": st.integers(-(10**30), 10**30)},
        optional={
            "text": st.none() | st.text(st.characters(codec="utf-8")),
            "value": st.none()
            | st.integers(-(10**30), 10**30)
            | st.decimals(allow_nan=False, allow_infinity=False),
            "done": st.none() | st.booleans(),
        },
    )
)
def test_a_record_as_its_schema_describes_it_is_taken(record: dict[str, Any]) -> None:
    way = ShortWay({"properties": SCALAR_COLUMNS})
    text = encode(record)
    assert way.take(text.decode())
    assert way.events == [decode(way.careful(decode(text)))]


@pytest.mark.parametrize(
    "record",
    [
        '{"id":1.0}',
        '{"id":1e2}',
        '{"id":true}',
        '{"id":"1"}',
        '{"id":null}',
        "{}",
        '{"text":"no key"}',
        '{"id":1,"text":5}',
        '{"id":1,"value":"5"}',
        '{"id":1,"value":true}',
        '{"id":1,"value":[]}',
        '{"id":1,"value":NaN}',
        '{"id":1,"value":01}',
        '{"id":1,"done":0}',
        '{"id":1,"more":0}',
        '{"id":1,"text":"\\ud800"}',
        "[]",
        "null",
    ],
)
def test_what_does_not_fit_is_left_to_the_careful_way(record: str) -> None:
    way = ShortWay({"properties": SCALAR_COLUMNS})
    assert not way.take(record)
    assert way.events == []


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"STATE","value":{"stream":"orders"}}',
        b'{"type":"ACTIVATE_VERSION","stream":"orders","version":1}',
        b'{"type":"RECORD","stream":"others","record":{"id":1}}',
        b'{"type":"RECORD","stream":"","record":{"id":1}}',
        b'{"type":"RECORD","record":{"id":1}}',
        b'{"type":"RECORD","stream":5,"record":{"id":1}}',
        b'{"type":"RECORD","stream":"orders"}',
        b'{"type":"RECORD","stream":"orders","record":{"id":1}} {}',
        b'{"type":"RECORD","stream":"orders","record":{"id":1}',
        b"[" * 100_000,
        b"",
        b"\xff",
    ],
    ids=lambda line: line[:60].decode(errors="replace"),
)
@pytest.mark.parametrize("schema", [SCALAR_COLUMNS, {"id": {"enum": [1]}}])
def test_other_messages_are_left_to_the_careful_way(schema: dict[str, Any], line: bytes) -> None:
    way = ShortWay({"properties": schema})
    assert not way.rows.take(line)
    assert way.events == []


@pytest.mark.parametrize("spelling", ["1.50", "1E400", "-0.0", "0.1000000000000000055511151231257"])
def test_numbers_are_sent_as_they_were_spelled(spelling: str) -> None:
    way = ShortWay({"properties": {**SCALAR_COLUMNS, "deep": {"type": "object"}}})
    assert way.take(f'{{"id":1,"value":{spelling},"deep":{{"x":[{spelling}]}}}}')
    careful = way.careful(decode(f'{{"id":1,"value":{spelling},"deep":{{}}}}'.encode()))
    assert way.events[0]["value"] == decode(careful)["value"]
    assert way.events[0]["deep.x"] == f"[{spelling}]"


def test_the_last_of_two_columns_of_one_name_counts_as_in_any_json() -> None:
    way = ShortWay({"properties": SCALAR_COLUMNS})
    assert way.take('{"id":1,"text":"a","text":"b"}')
    assert way.events == [decode(way.careful({"id": 1, "text": "b"}))]


def test_columns_that_the_sdk_takes_out_are_no_attributes() -> None:
    way = ShortWay({"properties": {**SCALAR_COLUMNS, "_sdc_sequence": {"type": "integer"}}})
    assert way.take('{"id":1,"_sdc_sequence":"5","text":"a"}')
    assert way.events == [decode(way.careful({"id": 1, "text": "a"}))]


def test_the_columns_that_are_no_attributes_are_those_of_the_sdk() -> None:
    taken_out = set[str]()

    class Record(dict[str, Any]):
        @override
        def pop(self, key: str, default: Any = None) -> Any:
            taken_out.add(key)

    Sink._remove_sdc_metadata_from_record(cast("Any", None), Record())  # noqa: SLF001  (as our sink does)
    assert taken_out == DROPPED_COLUMNS


def test_a_column_that_was_learnt_is_taken_unless_it_is_nested() -> None:
    way = ShortWay({"properties": SCALAR_COLUMNS}, learnt=["more"])
    assert way.take('{"id":1,"more":2.50}')
    assert not way.take('{"id":1,"more":{}}')
    assert way.events == [decode(way.careful(decode(b'{"id":1,"more":2.50}')))]


@pytest.mark.parametrize("keys", [[], ["text", "unknown"], ["deep"]])
def test_without_a_plain_key_all_take_the_careful_way(keys: list[str]) -> None:
    way = ShortWay({"properties": {**SCALAR_COLUMNS, "deep": {"type": "object"}}}, keys)
    assert way.row_type is None
    assert not way.take('{"id":1,"text":"a","unknown":1,"deep":{}}')


def test_both_ways_meet_in_the_same_batches(run_target: RunTarget, sandbox: SandboxServer) -> None:
    lines = [schema_line(), schema_line("more", {"properties": {"id": {"enum": list(range(9))}}})]
    for number in range(90):
        odd = {"unheard_of": number} if number % 7 == 0 else {}
        lines.append(record_line({"id": number, "value": 1, **odd}))
        lines.append(record_line({"id": number % 9}, "more"))
    run = run_target([*lines, state_line({"n": 1})], max_batch_events=20)
    assert run.code == 0, run.log
    assert run.log.count("Not in the schema") == 1
    assert sorted(event["id"] for event in sandbox.events("singer.orders")) == list(range(90))
    unheard_of = {event.get("unheard_of") for event in sandbox.events()}
    assert unheard_of == {None, *range(0, 90, 7)}
    assert Counter(event["id"] for event in sandbox.events("singer.more")) == dict.fromkeys(
        range(9), 10
    )
    assert run.states == [{"n": 1}]


@given(
    st.lists(st.binary().map(lambda text: text.replace(b"\n", b"")), max_size=5),
    st.booleans(),
    st.data(),
)
def test_lines_come_whole_however_the_input_is_cut(
    lines: list[bytes],
    ends: bool,  # noqa: FBT001  (drawn)
    data: st.DataObject,
) -> None:
    text = b"\n".join(lines) + (b"\n" if ends else b"")

    class Cut(io.BytesIO):
        """Gives as much as it likes, as a pipe does."""

        @override
        def read1(self, size: int | None = -1, /) -> bytes:
            assert size
            return super().read1(data.draw(st.integers(1, min(size, 9))))

    reader, seen = SingerLines(), list[tuple[int, bytes]]()

    def take(line: bytes) -> bool:
        seen.append((reader.number, line))
        return True

    reader.take_row = take
    reader.process_lines(Cut(text), {})
    expected = list(enumerate(text.split(b"\n"), 1))
    assert seen == expected


def test_a_line_of_many_blocks_is_read_in_linear_time(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    long = record_line({"id": 1, "text": "x" * 4_000_000})
    run = run_target([schema_line(), long, record_line({"id": 2})], max_batch_bytes=5_000_000)
    assert run.code == 0, run.log
    assert stored_orders(sandbox) == {1, 2}


def test_records_arrive_while_the_tap_is_silent_in_the_middle_of_a_line() -> None:
    """A tap whose output is buffered may pause anywhere."""
    first, second = orders(1)[1], b'{"type":"STATE","value":1}'

    class Pausing(io.BytesIO):
        parts = [first + b"\n" + second[:9], second[9:] + b"\n", b""]  # noqa: RUF012

        @override
        def read1(self, size: int | None = -1, /) -> bytes:
            del size
            if len(self.parts) == 2:
                assert seen == [first], "the whole line was handed on before waiting again"
            return self.parts.pop(0)

    reader, seen = SingerLines(), list[bytes]()

    def take(line: bytes) -> bool:
        seen.append(line)
        return True

    reader.take_row = take
    reader.process_lines(Pausing(), {})
    assert seen == [first, second, b""]


def test_columns_without_end_are_sent_though_they_are_learnt_no_more(
    run_target: RunTarget, sandbox: SandboxServer
) -> None:
    count = MOST_COLUMNS_LEARNT + 50
    lines = [record_line({"id": number, f"id_{number}": number}) for number in range(count)]
    run = run_target([schema_line(), *lines, *lines[-3:]])
    assert run.code == 0, run.log
    assert run.log.count("Not in the schema") == count
    events = {event["id"]: event for event in sandbox.events()}
    assert all(events[number][f"id_{number}"] == number for number in range(count))
