r"""Lines of ``name=value``, as Go programs and Heroku write them: logfmt.

Source: the notation is by use, not by standard; this is what
github.com/kr/logfmt and github.com/go-logfmt/logfmt read. A value stands bare
up to the next space, or in quotes with ``\"`` and the escapes of JSON; a name
without a value is a flag and reads as ``true``; of a name that comes twice, the
last counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence

from ..account import Account
from .jsonreader import BATCH_ROWS, Batch
from .lines import LINE_LIMIT, blocks, line_text, sample
from .places import IdMaker

__all__ = ["pairs", "read_logfmt"]

# Possessive, so that a hostile line takes no longer than a good one; what is no pair takes the rest of the line.
_PAIR = re.compile(r'([^\s="]++)(?:(=)(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"|([^\s"]*+)))?(?=\s|$)|(\S.*)')


def pairs(line: str) -> dict[str, str] | None:
    r"""Return the names and values of a line, None if it is no logfmt.

    Parameters
    ----------
    line : str
        Without its end.

    Examples
    --------
    >>> pairs('at=info path="/a b" client=1.2.3.4 cached')
    {'at': 'info', 'path': '/a b', 'client': '1.2.3.4', 'cached': 'true'}
    >>> pairs("GET / HTTP/1.1") is None, pairs('a="b') is None
    (True, True)
    """
    found: dict[str, str] = {}
    valued = False
    for name, equals, quoted, bare, stray in _PAIR.findall(line):
        if stray:
            return None
        if equals:
            valued = True
            found[name] = (_unescaped(quoted) if "\\" in quoted else quoted) or bare
        else:
            found[name] = "true"
    return found if valued else None


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:  # an escape that JSON does not know stands for its character
        return re.sub(r"\\(.)", r"\1", quoted)


def read_logfmt(
    chunks: Iterable[bytes],
    paths: Sequence[str],
    account: Account,
    file: str,
    ids: bool = False,
    limit: int = LINE_LIMIT,
) -> Iterator[Batch]:
    r"""Read the records of a stream of logfmt lines.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    paths : sequence of str
        Names of the wanted fields.
    account : Account
        Told what became of every line.
    file : str
        Name for samples.
    ids : bool
        Whether to make an id for every record from its place in the file.
    limit : int
        Longest line in bytes; a longer one is bad.

    Yields
    ------
    Batch
        With strings; None where a line lacks a field.

    Examples
    --------
    >>> account = Account()
    >>> [b.columns for b in read_logfmt([b"ip=1.2.3.4 ok=yes\noops\n\n"], ["ip", "port"], account, "x")]
    [{'ip': ['1.2.3.4'], 'port': [None]}]
    >>> account.events, account.blank, dict(account.bad), account.closes()
    (1, 1, {'line not understood': 1}, True)
    """
    records: list[dict[str, str]] = []
    made: list[str] = []
    maker = IdMaker()
    for block in blocks(chunks, account, file, limit):
        for number, offset, line in block.numbered():
            account.pieces += 1
            found = _record(line, number, account, file)
            if found is not None:
                records.append(found)
                if ids:
                    made += maker.of(line, offset)
        if len(records) >= BATCH_ROWS:
            yield _batch(records, made, paths)
            records, made = [], []
    if records:
        yield _batch(records, made, paths)


def _batch(records: list[dict[str, str]], ids: list[str], paths: Sequence[str]) -> Batch:
    return Batch(len(records), {path: [record.get(path) for record in records] for path in paths}, ids)


def _record(line: bytes, number: int, account: Account, file: str) -> dict[str, str] | None:
    body = line.strip(b"\0 \t\r")
    if not body:
        if b"\0" in line:
            account.spoil("NUL bytes", sample(file, number, line))
        else:
            account.blank += 1
        return None
    found = pairs(line_text(body, account))
    if found is None:
        account.spoil("line not understood", sample(file, number, line))
        return None
    account.events += 1
    return found
