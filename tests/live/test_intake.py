"""The way in: what was taken is on the tape, once; what was not is named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from attackviz import Tape
from attackviz.errors import FormatError, SchemaError, UsageError
from attackviz.formats import FORMATS
from attackviz.live import Intake

from .servers import event, lines

LINE = '{"timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4","payload_printable":"%s"}\n'


@pytest.fixture
def tape(tmp_path: Path) -> Iterator[Tape]:
    with Tape(tmp_path / "tape") as made:
        yield made


@pytest.fixture
def intake(tape: Tape) -> Intake:
    return Intake(tape, clock=lambda: 1_771_600_000.0)


def test_events_are_located_and_on_the_tape_when_it_returns(intake: Intake, tape: Tape) -> None:
    taken = intake.take(lines(event(n) for n in range(100)))
    assert (taken.accepted, taken.duplicates, taken.rejected, taken.sequence) == (100, 0, 0, 100)
    assert taken.format == "events.json"
    stored = tape.since(0, 1000)
    assert stored["event_id"].to_pylist() == [f"event-{n}" for n in range(100)]
    assert set(stored["src_country"].to_pylist()) == {"US"}


def test_a_push_that_is_repeated_with_its_key_doubles_nothing(intake: Intake, tape: Tape) -> None:
    data = (LINE % "a" * 3 + LINE % "b").encode()
    first, again, other = (intake.take(data, key=key) for key in ("one", "one", "two"))
    assert (first.accepted, first.duplicates) == (4, 0)
    assert (again.accepted, again.duplicates) == (0, 4)
    assert (other.accepted, other.duplicates) == (4, 0)
    assert intake.take(data).accepted == 4  # without a key, equal lines are other events
    assert tape.last == 12


def test_ids_do_not_depend_on_how_a_body_is_read(intake: Intake) -> None:
    # Small bodies are read by one reader, large ones or broken ones by another; a retry may meet the other.
    data = b"".join((LINE % f"payload {n}").encode() for n in range(50))
    assert intake.take(data, key="k").accepted == 50
    pieces = iter([data[at : at + 7] for at in range(0, len(data), 7)])
    assert intake.take(pieces, key="k").duplicates == 50
    broken = intake.take(data + b'{"cut', key="k")
    assert (broken.duplicates, broken.rejected) == (50, 1)


def test_bad_pieces_are_named_by_line_and_the_rest_is_taken(intake: Intake) -> None:
    taken = intake.take(lines([event(1)]) + b'{"half\n\nnot json\n' + lines([event(2)]))
    assert (taken.accepted, taken.rejected) == (2, 2)
    assert [(each.line, each.reason) for each in taken.bad] == [(2, "broken JSON"), (4, "not JSON")]
    many = intake.take(lines([event(3)]) + b"x\n" * 1000)
    assert many.rejected == 1000
    assert len(many.bad) == 100


def test_any_known_format_is_taken(intake: Intake, samples: Path, tape: Tape) -> None:
    from attackviz import scan

    for file in sorted((samples / "tpot-2025").glob("*.csv"))[:1]:
        data = file.read_bytes()
        taken = intake.take(data)
        with scan(file) as batches:
            rows = sum(table.num_rows for table in batches)
        assert taken.accepted + taken.duplicates == rows
        assert taken.format in batches.formats


def test_an_array_is_taken(intake: Intake) -> None:
    assert intake.take(json.dumps([event(1), event(2)]).encode()).accepted == 2


def test_what_is_no_log_is_refused(intake: Intake, tape: Tape) -> None:
    with pytest.raises(FormatError, match="no known format"):
        intake.take(b"hello there\n")
    with pytest.raises(UsageError, match="no format 'nonsense'"):
        intake.take(lines([event(1)]), format="nonsense")
    sink = pa.BufferOutputStream()
    table = pa.table({"time": pa.array([1], pa.timestamp("us", "UTC")), "src_ip": ["8.8.8.8"]})
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    with pytest.raises(FormatError, match=r"tables are not pushed|Arrow"):
        intake.take(bytes(sink.getvalue()))
    assert intake.take(b"").accepted == intake.take(b"\n\n").accepted == 0
    assert tape.last == 0


def test_tables_are_taken_and_get_ids(intake: Intake, tape: Tape) -> None:
    times = pa.array([1, 2], pa.timestamp("s", "UTC"))
    table = pa.table({"time": times, "src_ip": ["8.8.8.8", None], "event_id": ["own", None]})
    assert intake.take(table, key="t").accepted == 2
    assert intake.take(table, key="t").duplicates == 2
    ids = tape.since(0, 10)["event_id"].to_pylist()
    assert ids[0] == "own"
    assert len(ids[1]) == 32
    with pytest.raises(SchemaError):
        intake.take(pa.table({"time": times}))


def test_the_future_and_times_that_are_missing_are_counted(intake: Intake) -> None:
    later = event(1, time="2026-03-20T00:00:00Z")
    taken = intake.take(lines([later, event(2), {"time": None, "src_ip": "8.8.8.8", "event_id": "x"}]))
    assert (taken.accepted, taken.ahead) == (3, 1)
    assert (intake.ahead, intake.untimed) == (1, 1)


def test_lines_that_are_too_long_are_rejected(tape: Tape) -> None:
    intake = Intake(tape, line_limit=1000)
    taken = intake.take(iter([lines([event(1)]), b"x" * 5000 + b"\n", lines([event(3)])]))
    assert (taken.accepted, taken.rejected) == (2, 1)


def test_the_format_of_events_is_not_detected_in_files() -> None:
    assert not FORMATS["events.json"].detected
