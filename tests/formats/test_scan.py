"""The field scanner, the exact reader and the standard decoder read the same, value by value."""

import json
import math
import os
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pyarrow as pa
import pytest

from attackviz.account import Account
from attackviz.formats import FORMATS
from attackviz.formats.jsonreader import read_json
from attackviz.formats.plan import Plan
from attackviz.formats.scan import usable
from attackviz.formats.written import Digits

from . import slowmemory
from .jsonlines import Lines

if not usable():
    pytest.skip("the scanner cannot run here", allow_module_level=True)

from attackviz.formats.scanreader import scan_json

ROOT = Path(__file__).resolve().parents[2]
SCAN = ROOT / "attackviz" / "formats" / "scan"
COUNT = 1_000_000 if os.environ.get("ATTACKVIZ_SOAK") else 20_000  # lines of each format
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


def all_same(some, others):
    """Compare two columns: at once where that is enough, and what is odd one by one."""
    kinds = list(map(type, some))
    alike = kinds == list(map(type, others)) and some == others
    return (alike and not {list, dict} & set(kinds)) or all(map(same, some, others))


def read_both(data, paths, dotted=False, step=1 << 16, scan=scan_json):
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    scanned, exact, ids = Account(), Account(), [[], []]
    got = {path: [] for path in paths}
    want = {path: [] for path in paths}
    for batch in scan(chunks, paths, scanned, "x", dotted=dotted, ids=True):
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


def differences(data, paths, dotted=False, step=1 << 16, scan=scan_json):
    got, want, scanned, exact, ids = read_both(data, paths, dotted, step, scan)
    if scanned.to_dict() != exact.to_dict():
        return f"accounts differ: {scanned.summary()} / {exact.summary()}"
    for path in paths:
        if len(got[path]) != len(want[path]):
            return f"{path}: {len(got[path])} rows / {len(want[path])}"
        if not all_same(got[path], want[path]):
            return f"{path}: {got[path]!r} / {want[path]!r}"
    return "ids differ" if ids[0] != ids[1] else None


@pytest.mark.parametrize("form", JSON_FORMATS, ids=lambda form: form.name)
def test_scanner_and_exact_reader_agree(form):
    for number, data in enumerate(Lines(7, form.fields, form.dotted).files(COUNT)):
        assert differences(data, form.fields, form.dotted, step=[4096, 1 << 16][number % 2]) is None


def test_scanner_agrees_on_all_kinds_of_paths():
    for data in Lines(8, MIXED).files(COUNT // 4):
        assert differences(data, MIXED) is None


def looked_up(value, path, dotted):
    """Return the field of an object that the standard decoder made."""
    if dotted and value.get(path) is not None:
        return value[path]
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def decoded(line):
    """Return the object that the standard decoder makes of a line, None if it makes none."""
    try:
        value = json.loads(line.decode())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def equals_standard(one, other):
    """Compare a value with the standard decoder's, which gives numbers that are not whole without their text."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equals_standard, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equals_standard(one[key], other[key]) for key in one)
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return same(one, other)


@pytest.mark.parametrize("form", JSON_FORMATS, ids=lambda form: form.name)
def test_scanner_reads_what_the_standard_decoder_does(form):
    paths, dotted = form.fields, form.dotted
    compared = 0
    for data in Lines(9, paths, dotted).files(COUNT):
        lines, rows = [], []
        for line in data.split(b"\n"):
            value = decoded(line)
            row = value and [looked_up(value, path, dotted) for path in paths]
            if row and any(each is not None for each in row):
                lines.append(line)
                rows.append(row)
        account = Account()
        batches = list(scan_json([b"\n".join(lines)], paths, account, "x", dotted=dotted))
        assert (account.pieces, account.events) == (len(lines), len(lines))
        for path, column in zip(paths, zip(*rows, strict=True), strict=bool(rows)):
            got = [value for batch in batches for value in batch.columns[path].values()]
            assert len(got) == len(column)
            assert all(map(equals_standard, got, column)), path
        compared += len(lines)
    assert compared > COUNT // 4


def test_nothing_is_read_beyond_the_padding():
    count = 60_000 if os.environ.get("ATTACKVIZ_SOAK") else 3000
    command = [sys.executable, "-m", "tests.formats.guardpage", str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"read {count}\n"), done.stderr[-2000:]


MISTAKES = {
    "bytes that are no UTF-8": ("grammar", "high != 0 and not utf8_holds(start, at)", "False"),
    "a surrogate in UTF-8": ("grammar", "top = 0x9F", "top = 0xBF"),
    "what is beyond a quote": ("grammar", "high |= highs(at) & ((1 << plain) - 1)", "high |= 0"),
    "a leading zero": ("grammar", " or (leading == 48 and end - at > 1)", ""),
    "a number without digits": ("grammar", "rest == 0 or rest & 1", "rest == 0"),
    "an escape that is none": ("grammar", "if hex4(at + 2) < 0:", "if False:"),
    "an object twice": ("kernel", "if get(keys.seen, child) == serial:", "if False:"),
    "a comma before a brace": ("kernel", "(key == _NONE and state == _KEY)", "False"),
    "an escaped key": ("kernel", "(escaped and parent >= 0)", "False"),
    "the wrong bracket": ("kernel", "if c != (125 if inside else 93):", "if c != 125 and c != 93:"),
    "false that is not": ("kernel", "(word == _FALS and byte(at + 4) == 101)", "word == _FALS"),
    "a refused line's values": ("kernel", "put(found.kind + column * found.rows + row, MISSING)", "pass"),
    "where an object began": ("kernel", "parent = get(found.stack, 4 * depth)\n", "parent = 0\n"),
    "a line without a wanted field": ("kernel", "if useful and at > 0", "if at > 0"),
    "junk after an object": ("kernel", "and byte(at) == 10:", "and byte(at) != 0:"),
    "surrogate pairs": ("gather", "(low - 0xDC00)", "(low - 0xDC01)"),
    "a tab": ("gather", "elif c == 116:", "elif c == 117:"),
    "one byte too few": ("gather", "to += size", "to += size - (size > 70)"),
}


def mutant(module=None, right="", wrong=""):
    """Return `scan_json` over the scanner's own source, with one mistake in it, run without a compiler."""
    package = types.ModuleType("attackviz.formats.mutant")
    package.__path__ = []
    made = {"attackviz.formats.mutant": package, "attackviz.formats.mutant.memory": slowmemory}
    sources = {name: SCAN / f"{name}.py" for name in ("grammar", "keys", "kernel", "gather", "columns")}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in made.items():
            patch.setitem(sys.modules, name, value)
        for name, path in [*sources.items(), ("reader", SCAN.parent / "scanreader.py")]:
            source = path.read_text()
            if name == module:
                assert source.count(right) >= 1, f"the mistake no longer fits: {right}"
                source = source.replace(right, wrong)
            loaded = types.ModuleType(f"attackviz.formats.mutant.{name}")
            loaded.__package__ = "attackviz.formats.mutant"
            if name == "reader":
                source = source.replace("from .scan.", "from .mutant.")
                loaded.__package__ = "attackviz.formats"
            patch.setitem(sys.modules, loaded.__name__, loaded)
            exec(compile(source, str(path), "exec"), loaded.__dict__)
    return loaded.scan_json


def first_difference(scan, count):
    for seed in (8, 9):
        for data in Lines(seed, MIXED).files(count, most=200):
            try:
                if found := differences(data, MIXED, scan=scan):
                    return found
            except (AssertionError, IndexError, ValueError, pa.ArrowInvalid) as error:
                return repr(error)
    return None


def test_the_source_itself_agrees_without_a_compiler():
    assert first_difference(mutant(), 400) is None


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_the_scanner_are_found(mistake):
    assert first_difference(mutant(*MISTAKES[mistake]), 1500) is not None


def test_compiled_code_is_made_again_where_only_a_helper_changed(tmp_path):
    for name in ("errors", "schema", "window", "settings", "account", "__init__"):
        shutil.copy(SCAN.parents[1] / f"{name}.py", tmp_path / f"{name}.py")
    # The package under another name, so that what this one has compiled stays out of it.
    package = tmp_path / "attackviz"
    package.mkdir()
    for path in tmp_path.glob("*.py"):
        path.rename(package / path.name)
    shutil.copytree(SCAN.parent, package / "formats", ignore=shutil.ignore_patterns("__pycache__"))
    code = "from attackviz.formats.scan.keys import Tables; t = Tables([['ip']]); print(t._arrays['length'][0])"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "NUMBA_CACHE_DIR": ""}

    def run():
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done.stdout.strip() or done.stderr

    assert run() == "5"
    helper = package / "formats" / "scan" / "memory.py"
    helper.write_text(
        helper.read_text().replace("_put64(table + 8 * number, value)", "_put64(table + 8 * number, value + 1)")
    )
    assert run() == "6"
