"""Streams: compression and archives by content; what is cut keeps what came before."""

import gzip
import io
import random
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.errors import ReadError
from attackviz.sources import find, streams

TEXT = b"".join(b'{"n":%d,"x":"%d"}\n' % (n, random.Random(n).getrandbits(60)) for n in range(20_000))


def run(path, data):
    path.write_bytes(data)
    account, read = Account(), []
    (file,), _ = find([path])
    found = [(s.name, b"".join(s.chunks)) for s in streams(file, account, read.append)]
    return found, account, sum(read)


def tar(members, mode="w"):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        archive.addfile(_directory())
    return buffer.getvalue()


def _directory():
    info = tarfile.TarInfo("folder")
    info.type = tarfile.DIRTYPE
    return info


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(TEXT, id="plain"),
        pytest.param(gzip.compress(TEXT), id="gzip"),
        pytest.param(gzip.compress(TEXT[:7777]) + gzip.compress(b"") + gzip.compress(TEXT[7777:]), id="members"),
        pytest.param(gzip.compress(TEXT) + b"\0" * 3000, id="zero padding"),
        pytest.param(gzip.compress(TEXT[:9]) + b"\0" * 512 + gzip.compress(TEXT[9:]), id="zeros between members"),
    ],
)
def test_content_is_given_whole(tmp_path, data):
    found, account, read = run(tmp_path / "a", data)
    assert found == [("a", TEXT)]
    assert (account.truncated, read) == ([], len(data))


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_members_of_archives_are_streams(tmp_path, mode):
    found, account, _ = run(tmp_path / "a", tar({"x/one.json": TEXT, ".two": b"", "3.gz": gzip.compress(b"3\n")}, mode))
    assert found == [("a/x/one.json", TEXT), ("a/3.gz", b"3\n")]
    assert not account.truncated


@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
def test_cut_gzip_keeps_what_came_before(tmp_path, part):
    data = gzip.compress(TEXT)
    ((_, text),), account, _ = run(tmp_path / "a", data[: int(len(data) * part)])
    assert account.truncated == ["a"]
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) * part * 0.8


def test_corrupt_gzip_keeps_what_came_before(tmp_path):
    data = bytearray(gzip.compress(TEXT))
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    ((_, text),), account, _ = run(tmp_path / "a", bytes(data))
    assert account.truncated == ["a"]
    assert len(text) > len(TEXT) * 0.45
    same = sum(a == b for a, b in zip(text, TEXT, strict=False))
    assert same > len(TEXT) * 0.45


def test_wrong_checksum_loses_no_content(tmp_path):
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 0xFF
    assert run(tmp_path / "a", bytes(data))[0] == [("a", TEXT)]


def test_junk_after_the_end_is_said(tmp_path):
    found, account, _ = run(tmp_path / "a", gzip.compress(TEXT) + b"garbage")
    assert found == [("a", TEXT)]
    assert account.truncated == ["a"] and "after the end" in account.notes[0]


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_cut_archive_keeps_what_came_before(tmp_path, part):
    data = tar({"one.json": TEXT, "two.json": TEXT}, "w:gz")
    found, account, _ = run(tmp_path / "a", data[: int(len(data) * part)])
    assert account.truncated == ["a"]
    assert TEXT.startswith(found[-1][1]) and found[-1][1]


def test_no_permission_is_said(tmp_path, monkeypatch):
    path = tmp_path / "a"

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    path.write_bytes(TEXT)
    (file,), _ = find([path])
    monkeypatch.setattr(type(path), "open", refuse)  # the superuser may read anything
    with pytest.raises(ReadError, match="Permission denied"):
        next(streams(file, Account(), lambda n: None))


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6), st.booleans())
def test_no_bytes_are_an_error(tmp_path_factory, changes, archive):
    data = bytearray(tar({"a": TEXT[:5000]}, "w:gz") if archive else gzip.compress(TEXT[:5000]))
    for at, byte in changes:
        data[at % len(data)] = byte
    run(tmp_path_factory.mktemp("x") / "a", bytes(data))
