"""Ways of reading that save work give what reading everything gives."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from attackviz.account import Account
from attackviz.formats import FORMATS, Options, decode
from attackviz.formats.scan import usable
from attackviz.formats.scan.columns import (
    Growing,
)  # the compiler is loaded from here on, so small logs are scanned, too
from attackviz.schema import COLUMNS
from attackviz.window import Window

from .jsonlines import Lines

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.iterdir() if "__" in path.name)
JSON = [path for path in FILES if FORMATS[path.name.partition("__")[0]].kind == "json"]
CLOCKED = [form for form in FORMATS.values() if form.clock and form.kind == "json"]


def read(data, form, **options):
    account = Account()
    tables = list(decode([data], form, account, "x", Options(**{"year": 2024} | options)))
    return pa.concat_tables(tables, promote_options="default") if tables else None, account


def plain(table, name):
    column = table[name].combine_chunks()
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def assert_equal(one, other):
    assert one.column_names == other.column_names
    for name in one.column_names:
        assert plain(one, name).equals(plain(other, name)), name


def form_of(path):
    return FORMATS[path.name.partition("__")[0]]


@pytest.fixture
def uncompiled(monkeypatch):
    def switch():
        monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
        assert not usable()

    return switch


@pytest.mark.parametrize("path", JSON, ids=lambda path: path.name)
def test_a_sample_is_the_same_by_scanner_and_by_exact_reader(path, uncompiled):
    assert Growing
    columns = ("event_id", *COLUMNS)
    scanned, account = read(path.read_bytes(), form_of(path), columns=columns)
    uncompiled()
    exact, other = read(path.read_bytes(), form_of(path), columns=columns)
    assert account.to_dict() == other.to_dict()
    assert_equal(scanned, exact)


@pytest.mark.parametrize("form", [f for f in FORMATS.values() if f.kind == "json"], ids=lambda form: form.name)
def test_odd_lines_are_the_same_by_scanner_and_by_exact_reader(form, uncompiled):
    files = list(Lines(11, form.fields, form.dotted).files(600))
    scanned = [read(data, form, tz="Europe/Prague") for data in files]
    uncompiled()
    for data, (table, account) in zip(files, scanned, strict=True):
        exact, other = read(data, form, tz="Europe/Prague")
        assert account.to_dict() == other.to_dict()
        assert (table is None) == (exact is None)
        if table is not None:
            assert_equal(table, exact)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_window_gives_the_rows_within(path):
    everything, account = read(path.read_bytes(), form_of(path))
    times = everything["time"].drop_null()
    middle = pc.min(times).as_py() + (pc.max(times).as_py() - pc.min(times).as_py()) / 2
    for window in (Window(middle, middle + timedelta(days=400)), Window(middle - timedelta(days=400), middle)):
        start, end = (pa.scalar(moment, times.type) for moment in (window.start, window.end))
        inside = pc.and_(pc.greater_equal(everything["time"], start), pc.less(everything["time"], end))
        some, other = read(path.read_bytes(), form_of(path), window=window)
        expected = everything.filter(pc.fill_null(inside, False))
        if expected.num_rows:
            assert_equal(some.select(everything.column_names), expected)
        assert expected.num_rows == (0 if some is None else some.num_rows)
        assert other.outside == account.events - pc.sum(inside).as_py()
        assert (other.pieces, other.events, other.bad, other.left_out) == (
            account.pieces,
            account.events,
            account.bad,
            account.left_out,
        )


@pytest.mark.parametrize("form", CLOCKED, ids=lambda form: form.name)
def test_ids_are_the_same_within_a_window(form):
    lines = Lines(12, form.fields, form.dotted)
    data = b"\n".join(lines.line() for _ in range(400))
    everything, _ = read(data, form, columns=("event_id",))
    window = Window.parse("2025-02-22")
    some, account = read(data, form, columns=("event_id",), window=window)
    inside = pc.and_(
        pc.greater_equal(everything["time"], pa.scalar(window.start, everything["time"].type)),
        pc.less(everything["time"], pa.scalar(window.end, everything["time"].type)),
    )
    wanted = everything.filter(pc.fill_null(inside, False))
    assert account.outside == everything.num_rows - wanted.num_rows
    assert some is not None
    assert plain(some, "event_id").equals(plain(wanted, "event_id"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_column_is_the_same_alone(path):
    everything, account = read(path.read_bytes(), form_of(path))
    for name in everything.column_names:
        some, other = read(path.read_bytes(), form_of(path), columns=(name,))
        assert some.column_names == list(dict.fromkeys(["time", name]))
        assert plain(some, name).equals(plain(everything, name)), name
        assert other.to_dict() == account.to_dict()
