"""Which format some bytes are of, told by content alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..errors import FormatError
from .csvreader import fields_of, separator
from .format import Format, keys_of
from .logfmt import pairs
from .registry import FORMATS
from .unfold import indentation

__all__ = ["detect", "header_of", "objects_in"]

_HEADLESS = (
    "if it is csv without a header, say it behind the name: "
    "format='cloudflare.http_requests.csv:ClientIP,EdgeStartTimestamp,…', or describe it by a mapping"
)
_OWN = "a few lines of TOML describe a format of your own (--map FILE, format=FILE)"
_WRITTEN = (
    "it looks like an event table in csv or NDJSON, which is for other programs; "
    "write it as .parquet or .arrow to read it again"
)
_OBJECTS = 64
_FAILURES = 5000
_LINES = 200
_MINORITY = 0.1
_decoder = json.JSONDecoder()
_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"ARROW1": "an Arrow file",
    b"%PDF": "a PDF document",
    b"\xfd7zXZ": "xz compressed",
    b"BZh": "bzip2 compressed",
    b"\x28\xb5\x2f\xfd": "zstd compressed",
    b"SQLite format 3": "an SQLite database",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\xa1\xb2\xc3\xd4": "a packet capture",
    b"\x0a\x0d\x0d\x0a": "a packet capture",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a rar archive",
    b"\x04\x22\x4d\x18": "lz4 compressed",
    b"\x1f\x9d": "packed by compress",
    b"\x7fELF": "a program",
    b"GIF8": "a GIF image",
    b"\xff\xd8\xff": "a JPEG image",
}


def detect(head: bytes, where: str, formats: Mapping[str, Format] = FORMATS) -> Format:
    """Tell the format of a file from its beginning.

    Lines that a text format knows are its own, whatever they quote. In the
    rest JSON objects are looked for, and where there is none, a header of csv.
    Each line or object may be claimed by several formats: then nothing is
    guessed.

    Parameters
    ----------
    head : bytes
        The first bytes, decompressed (some tens of kB, whole lines or not).
    where : str
        Name of the file, for the error.
    formats : mapping of str to Format
        What it may be, by name; those not to be detected are passed over.

    Returns
    -------
    Format

    Raises
    ------
    FormatError
        If it is of no known format, of more than one, or may be of any of
        several; it says what was seen.

    Examples
    --------
    >>> detect(b'{"timestamp":"x","src_ip":"1.2.3.4","payload_printable":""}', "x").name
    'ciscoasa'
    """
    wanted = [form for form in formats.values() if form.detected]
    for form in wanted:
        if head.startswith(form.magic):
            return form
    _refuse_other_files(head, where)
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    claims, rest = _line_claims(text, wanted)
    objects = _objects(rest)
    kinds = {frozenset(keys) for keys in objects}  # one log has few, and there are many formats to ask
    known = {keys: {f.name for f in wanted if f.kind == "json" and f.knows(keys)} for keys in kinds}
    claims += [known[frozenset(keys)] for keys in objects]
    if not objects and not claims:
        claims.append({f.name for f in wanted if f.kind == "csv" and f.knows(header_of(text, f.delimiter))})
        claims += _logfmt_claims(rest, [f for f in wanted if f.kind == "logfmt"])
    name = _settled(claims, where)
    if name is None:
        raise FormatError(
            f"it is of no known format: {_seen(head, text, objects)}",
            where=where,
            hint=_hint(text, objects, wanted),
        )
    form = formats[name]
    if form.kind == "json" and indentation(head) is None and not _on_lines(form, text):
        raise FormatError(
            f"it is {form.name} spread over lines", where=where, hint="put one object on a line, as jq -c does"
        )
    return form


def _hint(text: str, objects: list[set[str]], wanted: list[Format]) -> str:
    names = objects[0] if objects else set(header_of(text, ""))
    if {"time", "src_ip", "verdict"} <= names:
        return _WRITTEN
    return _HEADLESS if _headless(text) else f"{_OWN}; known are {', '.join(form.name for form in wanted)}"


def _headless(text: str) -> bool:
    """Whether the first line looks like a record of csv that no header stands above: one field is an address."""
    line = text.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    fields = max(((fields_of(line, delimiter) or []) for delimiter in ",\t;|"), key=len)
    return len(fields) > 2 and any(map(_is_address, fields))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _on_lines(form: Format, text: str) -> bool:
    return any(form.knows(keys) for line in text.split("\n") for keys in _objects(line))


def _refuse_other_files(head: bytes, where: str) -> None:
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        what = "it holds only NUL bytes" if b"\x00" in head else "it is empty"
        raise FormatError(what, where=where, hint="check what was meant to write it")
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            raise FormatError(
                f"it is {name}, not a log",
                where=where,
                hint="give logs as text, or packed as gzip, bzip2, xz, zstd, zip or tar",
            )


def _settled(claims: Iterable[set[str]], where: str) -> str | None:
    """Return the name that the claims agree on; None if there is none."""
    claims = [names for names in claims if names]
    found = Counter(name for names in claims for name in sorted(names))
    enough = [name for name, count in found.most_common() if count >= _MINORITY * found.total()]
    if not enough:
        return None
    if len(enough) == 1:
        return enough[0]
    rivals = [name for name in enough if any({name, enough[0]} <= names for names in claims)]
    if len(rivals) > 1:
        raise FormatError(
            f"it is ambiguous: it may be {' or '.join(rivals)}", where=where, hint="name one of them by format="
        )
    seen = ", ".join(f"{name} ({found[name]})" for name in enough)
    raise FormatError(
        f"its lines are of more than one format: {seen}", where=where, hint="split it, or name one by format="
    )


def _line_claims(text: str, wanted: Iterable[Format]) -> tuple[list[set[str]], str]:
    """Return which text formats claim each line, and the lines that none claims.

    A format that knows less than half of the lines is no candidate: one line
    that looks like it is found in any long text.
    """
    lines = text.split("\n")
    whole = [line.rstrip("\r") for line in lines[: _LINES if len(lines) > 1 else 1]]
    if len(lines) == len(whole) > 1:
        whole.pop()  # empty, or cut
    written = [line for line in whole if line.strip()]
    # What begins like JSON is of none of our text formats; of the user's it may be.
    braced = all(line[:1] in "{[" for line in written)
    rows = pa.array(written, pa.string())
    claims: dict[int, set[str]] = {}
    for form in wanted:
        if not form.pattern or (braced and form.mapping is None):
            continue
        # By RE2, as the reader does it: its time grows with the length of a line, not with its square.
        like = pc.match_substring_regex(rows, rf"^(?:{form.pattern})$")
        count = like.true_count
        if not count or 2 * count < len(written):
            continue
        if form.sign and not pc.match_substring_regex(rows.filter(like), f"^(?:{form.sign})").true_count:
            continue
        for number in pc.indices_nonzero(like).to_pylist():
            claims.setdefault(number, set()).add(form.name)
    if not claims:
        return [], text
    rest = [line for number, line in enumerate(written) if number not in claims]
    return list(claims.values()), "\n".join(rest)


def objects_in(text: str) -> list[dict[str, Any]]:
    """Return the first whole objects of a text, wrappers looked through.

    Examples
    --------
    >>> objects_in('{"events": [{"a": 1}, {"a": 2}]} {"a"')
    [{'a': 1}, {'a': 2}]
    """
    found: list[dict[str, Any]] = []
    at = text.find("{")
    failed = 0
    while at >= 0 and len(found) < _OBJECTS and failed < _FAILURES:
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
            failed += 1
        else:
            found += _unwrapped(value)
        at = text.find("{", end)
    return found


def _objects(text: str) -> list[set[str]]:
    return [keys_of(value) for value in objects_in(text)]


def _unwrapped(value: object, deep: int = 0) -> list[dict[str, Any]]:
    if not isinstance(value, dict) or deep > 3:
        return []
    if len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, dict) and "info" in value:
            return _unwrapped(inner, deep + 1)
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            return [one for item in inner[:_OBJECTS] for one in _unwrapped(item, deep + 1)]
    return [value] if value else []


def _logfmt_claims(text: str, wanted: list[Format]) -> list[set[str]]:
    lines = text.split("\n")[:_LINES] if wanted else []
    return [{f.name for f in wanted if f.knows(found)} for line in lines if (found := pairs(line))]


def header_of(text: str, delimiter: str) -> list[str]:
    """Return the fields of the first line of csv, none if it is broken."""
    line = text.lstrip("\r\n").partition("\n")[0].rstrip("\r")
    return fields_of(line, delimiter or separator(line)) or []


def _seen(head: bytes, text: str, objects: list[set[str]]) -> str:
    control = sum(byte < 32 and byte not in b"\t\r\n" for byte in head[:4096])
    if control + text[:4096].count("\ufffd") > 0.1 * len(head[:4096]):
        return "binary data"
    if objects:
        keys = sorted({key for key in objects[0] if "." not in key})
        return "JSON with " + ", ".join(repr(key[:40]) for key in keys[:6]) + (", …" if len(keys) > 6 else "")
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if not text.strip("[]{}, \t\r\n"):
        return "JSON with nothing in it"
    if first[:1] in ("{", "["):
        return "broken JSON, or JSON spread over lines (jq -c puts one object on a line)"
    return f"text that begins {first[:60]!r}"
