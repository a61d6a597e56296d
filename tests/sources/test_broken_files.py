"""Broken files: what is whole becomes events, the rest is counted, named, and kept on request."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import warnings
import zipfile
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attackviz
from attackviz.account import account_of
from attackviz.errors import DataLossWarning, FormatError
from attackviz.open import scan

URI = '/a?x={"k":"}{"}&y={{7*7}}&z=${jndi:ldap://e'


def row(n, **fields):
    event = {"EdgeStartTimestamp": 1_700_000_000_000_000_000 + n, "ClientIP": f"10.0.0.{n}"}
    event |= {"ClientSrcPort": 1000 + n, "ClientRequestURI": URI, "RayID": "x"} | fields
    return json.dumps({key: value for key, value in event.items() if value is not ...}, separators=(",", ":"))


ROWS = [row(n) for n in range(10)]
TEXT = "\n".join(ROWS) + "\n"
IP = "ClientIP"
PORT = "ClientSrcPort"
TIME = "EdgeStartTimestamp"


def later(**fields):
    """Return ten rows, the last five with other fields."""
    return "\n".join(ROWS[:5] + [row(n, **fields) for n in range(5, 10)]) + "\n"


def middle(line):
    """Return ten rows with a line between."""
    return "\n".join([*ROWS[:5], line, *ROWS[5:]]) + "\n"


def squeezed(*parts):
    return b"".join(gzip.compress(part.encode() if isinstance(part, str) else part) for part in parts)


def zipped(text):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/log.json", text)
    return buffer.getvalue()


def tarred(text, mode):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        info = tarfile.TarInfo("log.json")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return buffer.getvalue()


MANY = "\n".join(row(n % 250, RayID=format(n * 7919**9 % (1 << 160), "x")) for n in range(2000)) + "\n"
DEEP = '{"ClientIP":"10.0.0.99","x":' + "[" * 10_000 + "]" * 10_000 + "}"
HALF = len(TEXT) // 2 + 7

# name: content, events, bad pieces by reason, and what else the account says.
CASES = {
    "whole": (TEXT, 10, {}, {}),
    "no newline at the end": (TEXT[:-1], 10, {}, {}),
    "CRLF": (TEXT.replace("\n", "\r\n"), 10, {}, {}),
    "blank lines": (TEXT.replace("\n", "\n\n") + "\n", 10, {}, {"blank": 11}),
    "objects glued": ("".join(ROWS) + "\n", 10, {}, {"salvaged": 9}),
    "bad line": (middle('{"EdgeStartTimestamp":1,"ClientIP":"10.0.0.99","n":}'), 10, {"broken JSON": 1}, {}),
    "line of another program": (middle("ERROR upstream timed out"), 10, {"not JSON": 1}, {}),
    "last line cut": (TEXT[:-20], 9, {"broken JSON": 1}, {}),
    "newline within a string": (TEXT.replace("x={", "x=\n{", 1), 9, {"broken JSON": 2}, {}),
    "bytes that are no UTF-8": (TEXT.encode().replace(b'"x"', b'"\xff\xfe"', 1), 10, {}, {"salvaged": 1}),
    "gzip of two members": (squeezed("\n".join(ROWS[:5]) + "\n", "\n".join(ROWS[5:])), 10, {}, {}),
    "gzip member ends within a line": (squeezed(TEXT[:HALF], TEXT[HALF:]), 10, {}, {}),
    "zeros after gzip": (squeezed(TEXT) + bytes(64), 10, {}, {}),
    "junk after gzip": (squeezed(TEXT) + b"garbage!", 10, {}, {"truncated": ["log.json"]}),
    "number as text": (later(**{PORT: "1005"}), 10, {}, {}),
    "number as a word": (later(**{PORT: "abc"}), 10, {}, {}),
    "number with a fraction": (later(**{PORT: 5.5}), 10, {}, {}),
    "nulls": (later(**{PORT: None, IP: None}), 10, {}, {"flags": {"no source address": 5}}),
    "missing keys": (
        later(**{PORT: ..., IP: ..., TIME: ...}),
        10,
        {},
        {"flags": {"no source address": 5, "no time": 5}},
    ),
    "more keys": (later(zz={"a": [1, {"b": 2}]}), 10, {}, {}),
    "object for a text": (later(**{IP: {"v": "10.0.0.1"}}), 10, {}, {"flags": {"source address not understood": 5}}),
    "other notation of time": (later(**{TIME: "2026-08-01T00:00:00Z"}), 10, {}, {}),
    "repeated keys": (middle('{"ClientIP":"a","ClientIP":"10.0.0.9","EdgeStartTimestamp":1700000000}'), 11, {}, {}),
    "number too large": (later(**{PORT: 18446744073709551617}), 10, {}, {}),
    "array on one line": ("[" + ",".join(ROWS) + "]", 10, {}, {"structure": 2}),
    "wrapper": ('{"events":[\n' + ",\n".join(f'{{"info":{r}}}' for r in ROWS) + "\n]}\n", 10, {}, {"structure": 2}),
    "byte-order mark": ("\ufeff" + TEXT, 10, {}, {}),
    "nothing but NUL in a line": (middle("\0" * 700), 10, {"NUL bytes": 1}, {}),
    "NUL before a line": (TEXT.replace("\n{", "\n\0\0{", 1), 10, {"not JSON": 1}, {"salvaged": 1}),
    "UTF-16": (TEXT.encode("utf-16"), 10, {}, {}),
    "UTF-16, other order, no mark": (TEXT.encode("utf-16-be"), 10, {}, {}),
    "half a surrogate pair": (later(RayID="\ud83d"), 10, {}, {}),
    "NaN and a number beyond all": (middle('{"ClientIP":"10.0.0.9","a":NaN,"b":1e400,"c":-Infinity}'), 11, {}, {}),
    "nested 10,000 deep": (middle(DEEP), 10, {"nested too deeply": 1}, {}),
    "line of 50 MB": (middle('{"ClientIP":"' + "9" * (50 << 20) + '"}'), 10, {"line too long": 1}, {}),
    "bzip2": (bz2.compress(TEXT.encode()), 10, {}, {}),
    "xz": (lzma.compress(TEXT.encode()), 10, {}, {}),
    "zstd": (pa.compress(TEXT.encode(), codec="zstd", asbytes=True), 10, {}, {}),
    "zip": (zipped(TEXT), 10, {}, {}),
    "tar": (tarred(TEXT.encode(), "w"), 10, {}, {}),
    "tar in xz, of a gzip": (tarred(squeezed(TEXT), "w:xz"), 10, {}, {}),
}


def read(path, **options):
    """Return events and their account, whether or not some input was lost."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataLossWarning)
        events = attackviz.read(path, **options)
    return events, account_of(events)


@pytest.mark.parametrize(
    ("name", "squeeze"),
    [(name, squeeze) for name in CASES for squeeze in (False, True) if len(CASES[name][0]) < 1 << 20]
    + [("line of 50 MB", False)],
)
def test_whole_objects_become_events_and_the_rest_is_counted(tmp_path, name, squeeze):
    content, events, bad, more = CASES[name]
    data = content.encode("utf-8") if isinstance(content, str) else content
    path = tmp_path / "log.json"
    path.write_bytes(gzip.compress(data) if squeeze else data)
    found, account = read(path, columns=["src_ip", "src_port", "detail"])
    assert (len(found), account.events, dict(account.bad)) == (events, events, bad)
    assert account.closes()
    for key, value in more.items():
        if not (squeeze and key == "truncated"):
            assert getattr(account, key) == value, key
    assert set(found["detail"].dropna()) <= {URI, URI.replace("x={", "x=\n{")}


def test_values_beside_broken_ones_are_right(tmp_path):
    path = tmp_path / "log.json"
    for name in ("objects glued", "bad line", "zstd", "UTF-16", "wrapper", "nested 10,000 deep"):
        content = CASES[name][0]
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        found, _ = read(path, columns=["src_ip", "src_port", "detail", "RayID"])
        assert found["src_ip"].tolist() == [f"10.0.0.{n}" for n in range(10)]
        assert found["src_port"].tolist() == list(range(1000, 1010))
        assert set(found["detail"]) == {URI}
        assert set(found["RayID"]) == {"x"}


def test_empty_file_is_an_error_by_name_and_skipped_in_a_directory(tmp_path):
    (tmp_path / "empty.json.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "none.json").write_bytes(b"")
    (tmp_path / "log.json").write_text(TEXT)
    for name in ("empty.json.gz", "none.json"):
        with pytest.raises(FormatError, match="it is empty"):
            attackviz.read(tmp_path / name)
    events, account = read(tmp_path)
    assert len(events) == 10
    assert account.skipped == {"empty.json.gz": "it is empty", "none.json": "it is empty"}


def test_gzip_cut_at_any_byte_loses_one_line_at_most(tmp_path):
    lines = MANY.splitlines(keepends=True)[:40]
    data = gzip.compress("".join(lines).encode())
    path = tmp_path / "log.json.gz"
    seen = 0
    for cut in range(len(data) // 3, len(data), max(1, len(data) // 60)):
        path.write_bytes(data[:cut])
        events, account = read(path, columns=["RayID"])
        assert (account.truncated, account.closes()) == (["log.json.gz"], True)
        assert account.bad_total <= 1
        assert events["RayID"].tolist() == [json.loads(line)["RayID"] for line in lines[: len(events)]]
        assert len(events) >= seen
        seen = len(events)
    assert seen >= 38


def test_object_cut_across_two_files_is_bad_in_both(tmp_path):
    cut = len("\n".join(ROWS[:6])) - 12
    (tmp_path / "1.json").write_text(TEXT[:cut])
    (tmp_path / "2.json").write_text(TEXT[cut:])
    events, account = read(tmp_path)
    assert len(events) == 9
    assert (account.bad_total, account.pieces, account.closes()) == (2, 11, True)


def test_half_a_surrogate_pair_in_utf16_is_mended_and_counted(tmp_path):
    path = tmp_path / "log.json"
    path.write_bytes(("\ufeff" + TEXT.replace('"x"', '"\ud83d"', 1)).encode("utf-16-le", "surrogatepass"))
    events, account = read(path, columns=["RayID"])
    assert (len(events), account.bad_total, account.salvaged) == (10, 0, 1)


# The file of bad pieces


def kept(path):
    """Return what a file of bad pieces holds: (file, line, reason, piece)."""
    found = []
    for line in path.read_bytes().split(b"\n")[:-1]:
        where, reason, piece = line.split(b"\t", 2)
        name, _, number = where.decode().rpartition(":")
        found.append((name, int(number), reason.decode(), piece))
    return found


BAD = [b'{"ClientIP":"10.0.0.9', b"\xff\xfe not JSON \x1b[31m\t\x00", b"\0\0\0", b'{"other":1}', b'{"ClientIP":"\xe9']


@pytest.mark.parametrize("processes", [1, 2])
def test_bad_pieces_are_kept_as_they_are(tmp_path, processes):
    logs = tmp_path / "logs"
    logs.mkdir()
    for name in ("a.json", "b.json.gz", "c.json"):
        lines = [row(n).encode() for n in range(20)]
        lines[3:3], lines[9:9] = BAD[:2], BAD[2:]
        data = b"\n".join(lines)
        (logs / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    _, account = read(logs, bad=tmp_path / "bad.txt", processes=processes)
    found = kept(tmp_path / "bad.txt")
    assert Counter(reason for _, _, reason, _ in found) == account.bad
    for name in ("a.json", "b.json.gz", "c.json"):
        assert [(number, piece) for file, number, _, piece in found if file == name] == list(
            zip([4, 5, 10, 11, 12], BAD, strict=True)
        )
    assert [name for name, *_ in found] == sorted(name for name, *_ in found)
    assert all(len(piece.text) <= 400 for pieces in account.samples.values() for piece in pieces)


def test_bad_line_too_long_to_be_held_is_kept_whole(tmp_path):
    line = '{"ClientIP":"' + "".join(str(n) for n in range(2_000_000)) + '"}'
    path = tmp_path / "log.json"
    path.write_text(middle(line))
    read(path, bad=tmp_path / "bad.txt")
    assert kept(tmp_path / "bad.txt") == [("log.json", 6, "line too long", line.encode())]


def test_bad_pieces_of_csv_are_kept(tmp_path, samples):
    text = (samples / "tpot-2025" / "cowrie_sessions_20k.csv").read_text().splitlines()[:50]
    text[10:10] = ["one,two", '"open']
    (tmp_path / "log.csv").write_text("\n".join(text))
    read(tmp_path / "log.csv", bad=tmp_path / "bad.txt")
    assert kept(tmp_path / "bad.txt") == [
        ("log.csv", 11, "wrong number of fields", b"one,two"),
        ("log.csv", 12, "quote not closed", b'"open'),
    ]


def test_no_bad_piece_makes_an_empty_file_and_no_reading_none(tmp_path):
    (tmp_path / "log.json").write_text(TEXT)
    read(tmp_path / "log.json", bad=tmp_path / "bad.txt")
    assert (tmp_path / "bad.txt").read_bytes() == b""
    with scan(tmp_path / "log.json", bad=tmp_path / "not.txt") as batches:
        next(iter(batches))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.txt", "log.json"]


@given(
    st.lists(
        st.one_of(
            st.integers(0, 9).map(lambda n: ROWS[n].encode()),
            st.binary(max_size=30),
            st.tuples(st.integers(0, 9), st.integers(0, 120), st.binary(max_size=3)).map(
                lambda c: ROWS[c[0]].encode()[: c[1]] + c[2] + ROWS[c[0]].encode()[c[1] :]
            ),
        ),
        max_size=12,
    )
)
def test_every_bad_piece_is_part_of_its_line(tmp_path_factory, lines):
    directory = tmp_path_factory.mktemp("x")
    lines = [ROWS[0].encode(), *(part for line in lines for part in line.split(b"\n"))]
    (directory / "log.json").write_bytes(b"\n".join(lines))
    _, account = read(directory / "log.json", bad=directory / "bad.txt", format="cloudflare.http_requests")
    found = kept(directory / "bad.txt")
    assert account.closes()
    assert Counter(reason for _, _, reason, _ in found) == account.bad
    for _, number, _, piece in found:
        assert piece in lines[number - 1]


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"),
        (b"Rar!\x1a\x07\x01\x00", "a rar archive"),
        (b"\x04\x22\x4d\x18\x60\x40", "lz4 compressed"),
        (b"\x1f\x9d\x90\x7b", "packed by compress"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    ],
)
def test_what_is_no_log_is_said(tmp_path, data, what):
    (tmp_path / "log").write_bytes(data + bytes(100))
    with pytest.raises(FormatError, match=f"it is {what}, not a log; give logs as text, or packed as gzip"):
        attackviz.read(tmp_path / "log")
