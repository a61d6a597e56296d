"""Tables for spreadsheets and terminals: text stays text."""

from __future__ import annotations

import csv
import io
import unicodedata

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv as arrow_csv

from attackviz.analysis.words import harmless
from attackviz.tables import formula_safe

cells = st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n@x", "＝1+1", "=cmd|'/c calc'!A1", '"=1', "'=1"]
)


@given(st.lists(cells, min_size=1, max_size=8))
def test_no_cell_begins_a_formula(texts):
    for column in (pa.array(texts), pa.array(texts).dictionary_encode(), pa.array(texts, pa.large_string())):
        out = io.BytesIO()
        arrow_csv.write_csv(formula_safe(pa.table({"rule": column})), out)
        # newline="" and one reader for all: quotes and line ends inside cells must survive.
        rows = list(csv.reader(io.StringIO(out.getvalue().decode(), newline="")))
        assert rows[0] == ["rule"]
        read = [row[0] if row else "" for row in rows[1:]]
        assert len(read) == len(texts)
        for cell, text in zip(read, texts, strict=True):
            assert cell in (text, f"'{text}")
            assert not cell.lstrip().startswith(tuple("=+-@＝＋－＠"))
            assert not cell.startswith(("\t", "\r", "\n"))


def test_ordinary_cells_and_numbers_are_left_alone():
    table = pa.table({"ip": ["1.2.3.4", None], "lat": [-33.5, None], "=bad": ["x", "y"]})
    safe = formula_safe(table)
    assert safe["ip"].to_pylist() == ["1.2.3.4", None]
    assert safe["lat"].to_pylist() == [-33.5, None]
    assert safe.column_names == ["ip", "lat", "'=bad"]


@given(st.text())
def test_harmless_leaves_nothing_that_commands(text):
    shown = harmless(text)
    shown.encode("utf-8")
    assert not [c for c in shown if unicodedata.category(c) == "Cc" or unicodedata.bidirectional(c) in _TURNS]


_TURNS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(st.text(alphabet=st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_harmless_leaves_plain_text_as_it_is(text):
    assert harmless(text) == text
