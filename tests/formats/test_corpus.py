"""Every sample is known for what it is, is read whole, and none of its lines is taken for anything else."""

import re
import warnings
from pathlib import Path

import pytest

from attackviz.errors import DataLossWarning, FormatError
from attackviz.formats import FORMATS, detect
from attackviz.open import scan
from attackviz.schema import validate

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(path for path in CORPUS.iterdir() if "__" in path.name)
LINES = [path for path in FILES if FORMATS[path.name.partition("__")[0]].kind != "table"]


def named(path):
    return path.name.partition("__")[0]


def read(path, **options):
    with warnings.catch_warnings(), scan(path, **options) as batches:
        warnings.simplefilter("ignore", DataLossWarning)
        tables = list(batches)
    return tables, batches.account


def test_every_format_has_a_sample():
    asked_for = {name for name, form in FORMATS.items() if not form.detected}
    assert set(map(named, FILES)) >= set(FORMATS) - asked_for
    assert set(map(named, FILES)) <= set(FORMATS)


def test_every_sample_says_where_it_is_from():
    origins = (CORPUS / "ORIGINS.md").read_text()
    patterns = [p.replace(".", r"\.").replace("*", ".*") for p in re.findall(r"`([^`]*__[^`]*)`", origins)]
    missing = [p.name for p in FILES if not any(re.fullmatch(pattern, p.name) for pattern in patterns)]
    assert not missing


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_is_known_and_read_whole(path):
    tables, account = read(path)
    assert list(account.files.values()) == [named(path)]
    assert account.closes()
    bad = re.search(r"__bad(\d+)-", path.name)
    assert account.bad_total == (int(bad[1]) if bad else 0), account.samples
    assert account.events == sum(table.num_rows for table in tables) > 0
    assert not account.truncated
    for table in tables:
        validate(table)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_ids_are_there_and_the_same_again(path):
    first, second = ([t["event_id"].to_pylist() for t in read(path, columns=["event_id"])[0]] for _ in range(2))
    flat = [each for batch in first for each in batch]
    assert first == second
    assert all(flat) and len(set(flat)) == len(flat)


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.name)
def test_no_line_is_taken_for_another_format(path):
    for line in path.read_bytes().splitlines()[:60]:
        try:
            found = detect(line + b"\n", "x").name
        except FormatError:
            continue
        assert found == named(path), line


@pytest.mark.parametrize("path", LINES, ids=lambda path: path.name)
@pytest.mark.parametrize("change", ["crlf", "mark", "blank lines", "no last newline"])
def test_how_lines_end_changes_no_event(path, change, tmp_path):
    data = path.read_bytes()
    changed = {
        "crlf": data.replace(b"\n", b"\r\n"),
        "mark": b"\xef\xbb\xbf" + data,
        "blank lines": data.replace(b"\n", b"\n\n"),
        "no last newline": data.rstrip(b"\n"),
    }[change]
    other = tmp_path / "log"
    other.write_bytes(changed)
    tables, again = read(other, year=2024)
    plain, account = read(path, year=2024)
    assert [t.to_pylist() for t in tables] == [t.to_pylist() for t in plain]
    assert (again.events, again.bad, again.flags) == (account.events, account.bad, account.flags)
    assert again.closes()
