"""Streams: compression, archives and encodings by content; what is cut keeps what came before."""

import bz2
import gzip
import io
import lzma
import os
import random
import tarfile
import zipfile
import zlib
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.errors import ReadError
from attackviz.sources import find, streams

TEXT = b"".join(b'{"n":%d,"x":"%d"}\n' % (n, random.Random(n).getrandbits(60)) for n in range(20_000))
SHORT = TEXT[: TEXT.index(b'{"n":120,')]


def zstd(data):
    return pa.compress(data, codec="zstd", asbytes=True)


SQUEEZE = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "zstd": zstd}
PLAIN = {"gzip": lambda: zlib.decompressobj(wbits=31), "bzip2": bz2.BZ2Decompressor, "xz": lzma.LZMADecompressor}


def ignore(size):
    """Take no notice of progress."""


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
            info.mtime = 1_700_000_000
            archive.addfile(info, io.BytesIO(data))
        archive.addfile(_directory())
    return buffer.getvalue()


def _directory():
    info = tarfile.TarInfo("folder")
    info.type = tarfile.DIRTYPE
    return info


class Outlet(io.RawIOBase):
    """Take bytes without a way back, as a pipe does."""

    def __init__(self):
        self.data = bytearray()

    def writable(self):
        return True

    def write(self, data):
        self.data += data
        return len(data)


def packed(*pairs):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in zip(pairs[::2], pairs[1::2], strict=True):
            archive.writestr(name, data)
    return buffer.getvalue()


@pytest.mark.parametrize("name", SQUEEZE)
def test_content_is_given_whole(tmp_path, name):
    squeeze = SQUEEZE[name]
    several = squeeze(TEXT[:7777]) + squeeze(b"") + squeeze(TEXT[7777:])
    for data in (squeeze(TEXT), several, squeeze(squeeze(TEXT))):
        found, account, read = run(tmp_path / "a", data)
        assert found == [("a", TEXT)]
        assert (account.truncated, read) == ([], len(data))


@pytest.mark.parametrize("name", ["gzip", "bzip2", "xz"])
def test_padding_is_no_loss(tmp_path, name):
    squeeze = SQUEEZE[name]
    for data in (squeeze(TEXT) + b"\0" * 3000, squeeze(TEXT[:9]) + b"\0" * 512 + squeeze(TEXT[9:])):
        found, account, _ = run(tmp_path / "a", data)
        assert (found, account.truncated) == ([("a", TEXT)], [])


def test_plain_content_is_given_as_it_is(tmp_path):
    for data in (TEXT, b"", b"P", b"PK", b"\x1f", b"BZ", b"\xfd7z"):
        found, account, read = run(tmp_path / "a", data)
        assert (found, account, read) == ([("a", data)], Account(), len(data))


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_members_of_tar_archives_are_streams(tmp_path, mode):
    members = {"x/one.json": TEXT, ".two": b"", "3.gz": gzip.compress(b"3\n")}
    found, account, _ = run(tmp_path / "a", tar(members, mode))
    assert found == [("a/x/one.json", TEXT), ("a/3.gz", b"3\n")]
    assert not account.truncated


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
def test_members_of_zip_archives_are_streams(tmp_path, method):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in {"x/one.json": TEXT, "x/": b"", ".two": b"2", "3.gz": gzip.compress(b"3\n")}.items():
            archive.writestr(name, data)
    found, account, _ = run(tmp_path / "a", buffer.getvalue())
    assert found == [("a/x/one.json", TEXT), ("a/3.gz", b"3\n")]
    assert (account.truncated, account.notes, account.skipped) == ([], [], {})


@pytest.mark.parametrize("force_zip64", [False, True])
def test_zip_written_to_a_pipe_is_read(tmp_path, force_zip64):
    buffer = Outlet()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("one", "two"):
            with archive.open(name, "w", force_zip64=force_zip64) as file:
                file.write(TEXT)
    found, account, _ = run(tmp_path / "a", bytes(buffer.data))
    assert (found, account.truncated) == ([("a/one", TEXT), ("a/two", TEXT)], [])


def test_zip_members_that_cannot_be_unpacked_are_named(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("one", TEXT, zipfile.ZIP_LZMA)
        archive.writestr("secret", SHORT)
        archive.writestr("two", SHORT)
    data = bytearray(buffer.getvalue())
    data[data.index(b"secret") - 24] |= 1  # flags: encrypted
    found, account, _ = run(tmp_path / "a", bytes(data))
    assert (found, account.truncated) == ([("a/two", SHORT)], [])
    assert account.skipped == {
        "a/one": "it is packed by method 14, which is not understood",
        "a/secret": "it is encrypted",
    }


def test_changed_zip_member_is_said(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("one", SHORT)
    found, account, _ = run(tmp_path / "a", buffer.getvalue().replace(b'"n":7,', b'"n":8,'))
    assert found[0][1] == SHORT.replace(b'"n":7,', b'"n":8,')
    assert account.notes == ["a/one: its checksum is wrong; some of it may have changed on its way"]


def test_archives_in_archives_are_opened(tmp_path):
    inner = tar({"deep.json.zst": zstd(TEXT)}, "w:xz")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("inner.tar.xz", inner)
        archive.writestr("more.zip", packed("one", SHORT))
    found, account, _ = run(tmp_path / "a", gzip.compress(buffer.getvalue()))
    assert found == [("a/inner.tar.xz/deep.json.zst", TEXT), ("a/more.zip/one", SHORT)]
    assert not account.truncated


def test_archive_nested_without_end_ends(tmp_path):
    data = TEXT
    for _ in range(50):
        data = gzip.compress(data)
    ((name, content),), _, _ = run(tmp_path / "a", data)
    assert name == "a"
    assert content.startswith(b"\x1f\x8b")


def test_age_of_a_log_is_its_own(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(tar({"one": b"1\n"}))
    os.utime(path, (1_600_000_000, 1_600_000_000))
    (file,), _ = find([path])
    assert [s.modified for s in streams(file, Account(), ignore)] == [datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)]
    path.write_bytes(b"1\n")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    (file,), _ = find([path])
    assert [s.modified for s in streams(file, Account(), ignore)] == [datetime(2020, 9, 13, 12, 26, 40, tzinfo=UTC)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("one", (2025, 2, 11, 10, 30, 0)), b"1\n")
    (file,), _ = find([path])
    assert [s.modified for s in streams(file, Account(), ignore)] == [datetime(2025, 2, 11, 10, 30, tzinfo=UTC)]


@pytest.mark.parametrize("name", PLAIN)
def test_cut_at_any_byte_keeps_all_that_came_before(tmp_path, name):
    data = SQUEEZE[name](SHORT)
    plain = PLAIN[name]()
    known = b""
    for cut in range(1, len(data)):
        known += plain.decompress(data[cut - 1 : cut])
        if cut < 6:
            continue
        ((_, text),), account, _ = run(tmp_path / "a", data[:cut])
        assert text == known
        assert account.truncated == ["a"]


def test_cut_zstd_keeps_its_whole_blocks(tmp_path):
    data = zstd(TEXT)
    for part in (0.4, 0.9, 0.999):
        ((_, text),), account, _ = run(tmp_path / "a", data[: int(len(data) * part)])
        assert account.truncated == ["a"]
        assert TEXT.startswith(text)
        assert len(text) > len(TEXT) * part - (128 << 10)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.999])
@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_cut_stream_keeps_what_came_before(tmp_path, name, part):
    data = SQUEEZE[name](TEXT)
    ((_, text),), account, _ = run(tmp_path / "a", data[: int(len(data) * part)])
    assert account.truncated == ["a"]
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) * part * 0.8


@pytest.mark.parametrize("name", ["gzip", "xz"])
def test_corrupt_stream_keeps_what_came_before(tmp_path, name):
    data = bytearray(SQUEEZE[name](TEXT))
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    ((_, text),), account, _ = run(tmp_path / "a", bytes(data))
    assert account.truncated == ["a"]
    assert len(text) > len(TEXT) * 0.45
    same = sum(a == b for a, b in zip(text, TEXT, strict=False))
    assert same > len(TEXT) * 0.45


def test_corrupt_bzip2_keeps_the_blocks_before(tmp_path):
    data = bytearray(bz2.compress(TEXT, 1))
    data[len(data) // 2 : len(data) // 2 + 64] = b"\xff" * 64
    ((_, text),), account, _ = run(tmp_path / "a", bytes(data))
    assert account.truncated == ["a"]
    assert TEXT.startswith(text)
    assert len(text) > len(TEXT) * 0.5 - 200_000


def test_wrong_checksum_loses_no_content(tmp_path):
    data = bytearray(gzip.compress(TEXT))
    data[-6] ^= 0xFF
    assert run(tmp_path / "a", bytes(data))[0] == [("a", TEXT)]


@pytest.mark.parametrize("name", PLAIN)
def test_junk_after_the_end_is_said(tmp_path, name):
    found, account, _ = run(tmp_path / "a", SQUEEZE[name](TEXT) + b"garbage")
    assert found == [("a", TEXT)]
    assert (account.truncated, account.notes) == (["a"], [f"a: bytes after the end of the {name} data were left out"])


@pytest.mark.parametrize("part", [0.3, 0.9])
def test_cut_tar_keeps_what_came_before(tmp_path, part):
    data = tar({"one.json": TEXT, "two.json": TEXT}, "w:gz")
    found, account, _ = run(tmp_path / "a", data[: int(len(data) * part)])
    assert account.truncated == ["a"]
    assert TEXT.startswith(found[-1][1])
    assert found[-1][1]


def test_zip_cut_at_any_byte_keeps_what_came_before(tmp_path):
    data = packed("one", SHORT, "two", SHORT)
    central = data.index(b"PK\x01\x02")
    second = data.index(b"PK\x03\x04", 4)
    for cut in range(40, central, 3):
        found, account, _ = run(tmp_path / "a", data[:cut])
        assert all(SHORT.startswith(text) for _, text in found)
        assert found[0][1] == SHORT or cut < second
        assert account.truncated in (["a"], ["a/one"], ["a/two"])
    assert run(tmp_path / "a", data[: central + 10])[0] == [("a/one", SHORT), ("a/two", SHORT)]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8"])
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_text_of_windows_becomes_utf8(tmp_path, encoding, size):
    text = '{"n":1,"x":"é€😀"}\r\n' * 3
    data = text.encode(encoding)
    account = Account()
    found = [b"".join(s.chunks) for s in streams(Kept(data, size), account, ignore)]
    assert (found, account.truncated) == ([text.encode()], [])


def test_half_a_character_of_utf16_is_a_cut(tmp_path):
    ((_, text),), account, _ = run(tmp_path / "a", "ab€\n".encode("utf-16")[:-1])
    assert (text, account.truncated) == ("ab€".encode(), ["a"])


def test_half_a_surrogate_pair_of_utf16_is_kept_for_the_reader(tmp_path):
    data = "\ufeffa\ud83db\n".encode("utf-16-le", "surrogatepass")
    ((_, text),), _, _ = run(tmp_path / "a", data)
    assert text == "a\ud83db\n".encode("utf-8", "surrogatepass")


class Kept:
    """Give bytes from memory in pieces of any size, once or as often as asked."""

    name, explicit, modified = "a", True, None

    def __init__(self, data, size, once=False):
        self.data, self.step, self.once = data, size, once
        self.size = len(data)

    def pieces(self, account, size):
        data, self.data = self.data, b"" if self.once else self.data
        for at in range(0, len(data), self.step):
            yield data[at : at + self.step]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_pieces_of_any_size_give_the_same(size):
    inputs = {name: squeeze(SHORT) for name, squeeze in SQUEEZE.items()}
    for data in (*inputs.values(), packed("one", SHORT), tar({"one": SHORT})):
        assert [b"".join(s.chunks) for s in streams(Kept(data, size), Account(), ignore)] == [SHORT]


@pytest.mark.parametrize("name", SQUEEZE)
def test_what_cannot_be_read_twice_loses_little_before_damage(name):
    data = bytearray(SQUEEZE[name](TEXT))
    del data[len(data) * 3 // 4 :]
    account = Account()
    (text,) = [b"".join(s.chunks) for s in streams(Kept(bytes(data), 1 << 18, once=True), account, ignore)]
    (more,) = [b"".join(s.chunks) for s in streams(Kept(bytes(data), 1 << 18), Account(), ignore)]
    assert account.truncated == ["a"]
    assert TEXT.startswith(text)
    assert len(text) >= len(more) - 64


def test_no_permission_is_said(tmp_path, monkeypatch):
    path = tmp_path / "a"

    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    path.write_bytes(TEXT)
    (file,), _ = find([path])
    monkeypatch.setattr(type(path), "open", refuse)  # the superuser may read anything
    with pytest.raises(ReadError, match="Permission denied"):
        next(streams(file, Account(), lambda n: None))


@pytest.mark.parametrize("kind", [*SQUEEZE, "tar", "zip"])
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), max_size=6))
def test_no_bytes_are_an_error(tmp_path_factory, kind, changes):
    if kind == "zip":
        data = bytearray(packed("one", TEXT[:3000], "two", TEXT[:3000]))
    else:
        data = bytearray(tar({"a": TEXT[:3000]}, "w:gz") if kind == "tar" else SQUEEZE[kind](TEXT[:3000]))
    for at, byte in changes:
        data[at % len(data)] = byte
    for stream in streams(Kept(bytes(data), 1 << 18), Account(), ignore):
        for _ in stream.chunks:
            pass
