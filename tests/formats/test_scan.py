"""The field scanner, the exact reader and the standard decoder read the same, value by value."""

import os

import pytest

from attackviz.account import Account
from attackviz.formats import FORMATS
from attackviz.formats.jsonreader import read_json
from attackviz.formats.plan import Plan
from attackviz.formats.scan import usable
from attackviz.formats.written import Digits

from .jsonlines import Lines

if not usable():
    pytest.skip("the scanner cannot run here", allow_module_level=True)

from attackviz.formats.scanreader import scan_json

COUNT = 1_000_000 if os.environ.get("ATTACKVIZ_SOAK") else 20_000
JSON_FORMATS = [form for form in FORMATS.values() if form.kind == "json"]
MIXED = ["t", "ip", "n", "a", "a.b.c", "alert.signature", "alert.severity", "http.url", "é", "long" * 14]


def same(one, other):
    """Compare two values; numbers by their text where they have one, what is no number, too."""
    if isinstance(one, Digits) and isinstance(other, Digits):
        return one.text == other.text or one == other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, str) and isinstance(other, str):
        return one.encode("utf-8", "backslashreplace") == other.encode("utf-8", "backslashreplace")
    return type(one) is type(other) and one == other


def read_both(data, paths, dotted=False, step=1 << 16):
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    scanned, exact, ids = Account(), Account(), [[], []]
    got = {path: [] for path in paths}
    want = {path: [] for path in paths}
    for batch in scan_json(chunks, paths, scanned, "x", dotted=dotted, ids=True):
        ids[0] += batch.ids.made(range(batch.length))
        for path, column in batch.columns.items():
            column.text.validate(full=True)
            assert len(column) == batch.length
            got[path] += column.values()
    for batch in read_json(chunks, Plan(paths, dotted), exact, "x", ids=True):
        ids[1] += batch.ids
        for path, values in batch.columns.items():
            want[path] += values
    return got, want, scanned, exact, ids


def differences(data, paths, dotted=False, step=1 << 16):
    got, want, scanned, exact, ids = read_both(data, paths, dotted, step)
    if scanned.to_dict() != exact.to_dict():
        return f"accounts differ: {scanned.summary()} / {exact.summary()}"
    for path in paths:
        if len(got[path]) != len(want[path]):
            return f"{path}: {len(got[path])} rows / {len(want[path])}"
        for one, other in zip(got[path], want[path], strict=True):
            if not same(one, other):
                return f"{path}: {one!r} / {other!r}"
    return "ids differ" if ids[0] != ids[1] else None


@pytest.mark.parametrize("form", JSON_FORMATS, ids=lambda form: form.name)
def test_scanner_and_exact_reader_agree(form):
    for number, data in enumerate(Lines(7, form.fields, form.dotted).files(COUNT // len(JSON_FORMATS))):
        assert differences(data, form.fields, form.dotted, step=[4096, 1 << 16][number % 2]) is None


def test_scanner_agrees_on_all_kinds_of_paths():
    for data in Lines(8, MIXED).files(COUNT // 4):
        assert differences(data, MIXED) is None
