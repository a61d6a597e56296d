"""The exact CSV reader: one line, one record, under a header.

A quoted field may hold commas and doubled quotes but no newline: a stray quote
must not swallow the lines that follow it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence

from ..account import Account
from .jsonreader import BATCH_ROWS, Batch
from .lines import LINE_LIMIT, blocks, line_text, sample
from .places import IdMaker

__all__ = ["fields_of", "read_csv", "separator"]

_HEADER = re.compile(r'(?:"[^"]*"|[\w.@-]*\w)([^\w".@-]+)(?=["\w.@-])')


def separator(header: str) -> str:
    r"""Return what parts the names of a header; a comma where it holds one name.

    Examples
    --------
    >>> separator("ClientIP|RayID"), separator('"ClientIP"\t"RayID"'), separator("ClientIP||RayID")
    ('|', '\t', '||')
    """
    found = _HEADER.match(header.strip("\r\n"))
    return found[1] if found else ","


def fields_of(line: str, delimiter: str = ",") -> list[str] | None:
    """Return the fields of one line of CSV, None if it is broken.

    Parameters
    ----------
    line : str
        Without its end.
    delimiter : str
        What parts the fields, one character or more.

    Examples
    --------
    >>> fields_of('a,"b,c",d'), fields_of('a||"b||""c"||', "||")
    (['a', 'b,c', 'd'], ['a', 'b||"c', ''])
    """
    if len(delimiter) > 1:
        return _long_fields(line, delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True), None)
    except csv.Error:
        return None


def _long_fields(line: str, delimiter: str) -> list[str] | None:
    field = re.compile(rf'(?:"((?:[^"]|"")*)"|(.*?))(?:({re.escape(delimiter)})|$)')
    found, at = [], 0
    while True:
        match = field.match(line, at)
        if match is None or (match[2] or "").startswith('"'):
            return None
        found.append(match[2] if match[1] is None else match[1].replace('""', '"'))
        if match[3] is None:
            return found
        at = match.end()


def read_csv(
    chunks: Iterable[bytes],
    paths: Sequence[str],
    account: Account,
    file: str,
    ids: bool = False,
    limit: int = LINE_LIMIT,
    delimiter: str = ",",
    names: Sequence[str] = (),
) -> Iterator[Batch]:
    r"""Read the records of a CSV file.

    Parameters
    ----------
    chunks : iterable of bytes
        The decompressed stream.
    paths : sequence of str
        Names of the wanted fields; a missing one gives empty values.
    account : Account
        Told what became of every line.
    file : str
        Name for samples.
    ids : bool
        Whether to make an id for every record from its place in the file.
    limit : int
        Longest line in bytes; a longer one is bad.
    delimiter : str
        What parts the fields; the first line tells if empty.
    names : sequence of str
        Names of the fields where the file does not begin with them.

    Yields
    ------
    Batch
        With values of type str.

    Examples
    --------
    >>> account = Account()
    >>> [b.columns for b in read_csv([b"ip,port\n1.2.3.4,22\n5\n"], ["port", "ip"], account, "x")]
    [{'port': ['22'], 'ip': ['1.2.3.4']}]
    >>> account.structure, account.events, dict(account.bad)
    (1, 1, {'wrong number of fields': 1})
    """
    header = list(names) or None
    order = _order(header or [], paths)
    maker = IdMaker()
    rows: list[list[str]] = []
    ids_made: list[str] = []
    for block in blocks(chunks, account, file, limit):
        for number, offset, line in block.numbered():
            account.pieces += 1
            body = line.rstrip(b"\r")
            if not body.strip():
                account.blank += 1
                continue
            if not body.strip(b"\0 \t"):
                account.spoil("NUL bytes", sample(file, number, line))
                continue
            text = line_text(body, account)
            delimiter = delimiter or separator(text)
            values = fields_of(text, delimiter) if '"' in text else text.split(delimiter)
            if values is None:
                account.spoil("quote not closed", sample(file, number, line))
            elif header is None:
                header = values
                order = _order(header, paths)
                account.structure += 1
            elif values == header:
                account.structure += 1
            elif len(values) != len(header):
                account.spoil("wrong number of fields", sample(file, number, line))
            else:
                account.events += 1
                values.append("")
                rows.append(values)
                if ids:
                    ids_made += maker.of(line, offset)
        if len(rows) >= BATCH_ROWS:
            yield _batch(rows, ids_made, paths, order)
            rows, ids_made = [], []
    if rows:
        yield _batch(rows, ids_made, paths, order)


def _order(header: Sequence[str], paths: Sequence[str]) -> list[int]:
    # An absent field is read from beyond the end, where '' is put.
    return [header.index(p) if p in header else len(header) for p in paths]


def _batch(rows: list[list[str]], ids: list[str], paths: Sequence[str], order: list[int]) -> Batch:
    columns = list(zip(*rows, strict=True))
    return Batch(len(rows), {path: list(columns[n]) for path, n in zip(paths, order, strict=True)}, ids)
