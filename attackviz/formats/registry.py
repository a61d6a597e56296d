"""Every format by name, and which one some bytes are of."""

from __future__ import annotations

import csv
import json
from collections import Counter

from ..errors import FormatError, UsageError
from .ciscoasa import CISCOASA
from .cloudflare import FIREWALL_EVENTS, HTTP_REQUESTS
from .cloudflare_els import ELS
from .cowrie_sessions import COWRIE_SESSIONS
from .dionaea import DIONAEA
from .format import Format, keys_of
from .heralding import HERALDING
from .honeytrap import HONEYTRAP

__all__ = ["FORMATS", "by_name", "detect"]

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        HTTP_REQUESTS,
        FIREWALL_EVENTS,
        ELS,
        HERALDING,
        CISCOASA,
        DIONAEA,
        HONEYTRAP,
        COWRIE_SESSIONS,
    )
}

_OBJECTS = 64
_MINORITY = 0.1
_decoder = json.JSONDecoder()
_MAGIC = {
    b"\x89PNG": "a PNG image",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF document",
    b"\xfd7zXZ": "xz compressed",
    b"BZh": "bzip2 compressed",
    b"\x28\xb5\x2f\xfd": "zstd compressed",
    b"SQLite format 3": "an SQLite database",
    b"\xd4\xc3\xb2\xa1": "a packet capture",
    b"\xa1\xb2\xc3\xd4": "a packet capture",
    b"\x0a\x0d\x0d\x0a": "a packet capture",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"\x7fELF": "a program",
    b"GIF8": "a GIF image",
    b"\xff\xd8\xff": "a JPEG image",
}


def by_name(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    UsageError
        If there is none.

    Examples
    --------
    >>> by_name("heralding").title
    'Heralding honeypot'
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise UsageError(f"there is no format {name!r}", hint=f"known are {', '.join(FORMATS)}") from None


def detect(head: bytes, where: str) -> Format:
    """Tell the format of a file from its beginning.

    Parameters
    ----------
    head : bytes
        The first bytes, decompressed (some tens of kB, whole lines or not).
    where : str
        Name of the file, for the error.

    Returns
    -------
    Format

    Raises
    ------
    FormatError
        If it is of no known format or of more than one; it says what was seen.

    Examples
    --------
    >>> detect(b'{"timestamp":"x","src_ip":"1.2.3.4","payload_printable":""}', "x").name
    'ciscoasa'
    """
    known = f"known formats are {', '.join(FORMATS)}"
    if not head.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        what = "it holds only NUL bytes" if b"\x00" in head else "it is empty"
        raise FormatError(what, where=where, hint="check what was meant to write it")
    for magic, name in _MAGIC.items():
        if head.startswith(magic):
            raise FormatError(f"it is {name}, not a log", where=where, hint="give logs as text, gzip or tar.gz")
    text = head.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    objects = _objects(text)
    found: Counter[str] = Counter()
    for keys in objects:
        found.update(f.name for f in FORMATS.values() if f.kind == "json" and f.knows(keys))
    if not objects:
        header = _header(text)
        found.update(f.name for f in FORMATS.values() if f.kind == "csv" and f.knows(header))
    enough = [name for name, count in found.most_common() if count >= _MINORITY * found.total()]
    if len(enough) == 1:
        form = FORMATS[enough[0]]
        if form.kind == "json" and not any(form.knows(keys) for line in text.split("\n") for keys in _objects(line)):
            raise FormatError(
                f"it is {form.name} spread over lines", where=where, hint="put one object on a line, as jq -c does"
            )
        return form
    if enough:
        seen = ", ".join(f"{name} ({found[name]})" for name in enough)
        raise FormatError(
            f"its lines are of more than one format: {seen}", where=where, hint="split it, or name one by format="
        )
    raise FormatError(f"it is of no known format: {_seen(head, text, objects)}", where=where, hint=known)


def _objects(text: str) -> list[set[str]]:
    """Return the keys of the first whole objects, wrappers looked through."""
    found: list[set[str]] = []
    at = text.find("{")
    while at >= 0 and len(found) < _OBJECTS:
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            found += _keys(value)
        at = text.find("{", end)
    return found


def _keys(value: object, deep: int = 0) -> list[set[str]]:
    if not isinstance(value, dict) or deep > 3:
        return []
    if len(value) == 1:
        (inner,) = value.values()
        if isinstance(inner, dict) and "info" in value:
            return _keys(inner, deep + 1)
        if isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            return [keys for item in inner[:_OBJECTS] for keys in _keys(item, deep + 1)]
    return [keys_of(value)] if value else []


def _header(text: str) -> list[str]:
    line = text.lstrip("\r\n").partition("\n")[0]
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def _seen(head: bytes, text: str, objects: list[set[str]]) -> str:
    control = sum(byte < 32 and byte not in b"\t\r\n" for byte in head[:4096])
    if control + text[:4096].count("\ufffd") > 0.1 * len(head[:4096]):
        return "binary data"
    if objects:
        keys = sorted({key for key in objects[0] if "." not in key})
        return "JSON with " + ", ".join(repr(key[:40]) for key in keys[:6]) + (", …" if len(keys) > 6 else "")
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    if first[:1] in ("{", "["):
        return "broken JSON, or JSON spread over lines (jq -c puts one object on a line)"
    return f"text that begins {first[:60]!r}"
