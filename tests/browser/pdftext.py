"""The text of a PDF as Chromium prints it: what its glyphs stand for, and the strings beside them."""

from __future__ import annotations

import re
import unicodedata
import zlib

_OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_FONT = re.compile(rb"/(F\d+) (\d+) 0 R")
_UNICODE = re.compile(rb"/ToUnicode (\d+) 0 R")
_CODE = re.compile(rb"<([0-9A-Fa-f]+)>")
_STRING = rb"\((?:[^\\()]|\\.)*\)|<[0-9A-Fa-f\s]*>"
_SHOWN = re.compile(
    rb"/(F\d+) [-\d.]+ Tf|(\[(?:" + _STRING + rb"|[-\d.\s])*\]\s*TJ)|(" + _STRING + rb")\s*Tj", re.DOTALL
)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def streams_of(data: bytes) -> list[bytes]:
    """Return every stream, inflated where it is deflated."""
    return [_inflated(found) for _, body in _OBJECT.findall(data) for found in _STREAM.findall(body)]


def text_of(data: bytes) -> str:
    """Return what is written on the pages, without any space: lines may break within a word."""
    objects = {int(number): body for number, body in _OBJECT.findall(data)}
    fonts = {name: _glyphs(objects, int(number)) for name, number in _FONT.findall(data)}
    out: list[str] = []
    for body in objects.values():
        for stream in map(_inflated, _STREAM.findall(body)):
            if b"BT" in stream and b"Tf" in stream:
                out += _written(stream, fonts)
    return plain("".join(out))


def strings_of(data: bytes) -> str:
    """Return the strings beside the pages (title, outline, words for those who do not see), without any space."""
    outside = _STREAM.sub(b"", data)
    return plain("".join(_decoded(_bytes(found)) for found in re.findall(_STRING, outside, re.DOTALL)))


def plain(text: str) -> str:
    """Return a text as the others give theirs: ligatures apart, no spaces."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return stream


def _glyphs(objects: dict[int, bytes], number: int) -> dict[int, str]:
    found = _UNICODE.search(objects.get(number, b""))
    if not found:
        return {}
    glyphs: dict[int, str] = {}
    words = _inflated(_STREAM.findall(objects[int(found[1])])[0])
    for kind, part in re.findall(rb"begin(bfchar|bfrange)(.*?)endbf", words, re.DOTALL):
        codes = [code.decode() for code in _CODE.findall(part)]
        if kind == b"bfchar":
            for glyph, text in zip(codes[::2], codes[1::2], strict=True):
                glyphs[int(glyph, 16)] = bytes.fromhex(text).decode("utf-16-be")
            continue
        for first, last, text in zip(codes[::3], codes[1::3], codes[2::3], strict=True):
            for k in range(int(last, 16) - int(first, 16) + 1):
                glyphs[int(first, 16) + k] = chr(int(text, 16) + k)
    return glyphs


def _written(stream: bytes, fonts: dict[bytes, dict[int, str]]) -> list[str]:
    glyphs: dict[int, str] = {}
    out = []
    for font, several, one in _SHOWN.findall(stream):
        if font:
            glyphs = fonts[font]
            continue
        for part in re.findall(_STRING, several or one, re.DOTALL):
            codes = _bytes(part)
            out += [glyphs.get(int.from_bytes(codes[k : k + 2]), "\ufffd") for k in range(0, len(codes), 2)]
    return out


def _bytes(string: bytes) -> bytes:
    if string.startswith(b"<"):
        digits = re.sub(rb"\s", b"", string[1:-1]).decode()
        return bytes.fromhex(digits + "0" * (len(digits) % 2))
    return re.sub(
        rb"\\([0-7]{1,3}|\r?\n|.)",
        lambda m: bytes([int(m[1], 8) & 255]) if m[1].isdigit() else _ESCAPES.get(m[1], m[1].strip(b"\r\n") or b""),
        string[1:-1],
        flags=re.DOTALL,
    )


def _decoded(found: bytes) -> str:
    return found[2:].decode("utf-16-be", "replace") if found.startswith(b"\xfe\xff") else found.decode("latin-1")
