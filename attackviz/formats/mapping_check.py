"""Whether a mapping fits a file: which of its fields are not there, and what may have been meant."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..errors import FormatError
from .columns import Columns
from .detection import header_of
from .format import Format
from .mapping import Mapping
from .mapping_build import make_format
from .near import meant
from .seen import records, text_of

__all__ = ["Watch", "unmatched"]

_SHOWN = 60


class Watch:
    """Follow the reading of one file by a mapping.

    Parameters
    ----------
    form : Format
        Made of a mapping.
    head : bytes
        The beginning of the file, decompressed.
    where : str
        Name of the file.

    Attributes
    ----------
    form : Format
        The same format; it remembers which fields have had a value.

    Raises
    ------
    FormatError
        If nothing in the beginning can be an event: no line is of the pattern,
        or none has a field that the time is read from.

    Examples
    --------
    >>> shop = Mapping.from_dict("shop", {"kind": "json", "columns": {"time": "ts", "src_ip": "client"}})
    >>> Watch(make_format(shop), b'{"ts_utc": 1740000000, "client": "192.0.2.1"}', "x.json")
    Traceback (most recent call last):
    attackviz.errors.FormatError: x.json: no line has the field 'ts' that shop takes time from; is 'ts_utc' meant?
    """

    def __init__(self, form: Format, head: bytes, where: str) -> None:
        self._mapping: Mapping = form.mapping
        self._where = where
        self._build, self._leave_out = form.build, form.leave_out
        self._unmet = set(self._mapping.fields)
        self._rows = 0
        self._seen = _fields_in(head, form)
        self.form = replace(form, build=self._built)
        if form.leave_out is not None:
            self.form = replace(form, leave_out=self._filtered)
        self._refuse(head)

    def _refuse(self, head: bytes) -> None:
        mapping = self._mapping
        if mapping.kind == "regex":
            why = unmatched(make_format(mapping).pattern, head)
            if why:
                raise FormatError(why, where=self._where, hint=f"mend the pattern of {mapping.name}")
            return
        time = dict(mapping.columns)["time"]
        if self._seen and time.fields and time.constant is None and not self._seen & set(time.fields):
            raise FormatError(
                f"no line has the field {' or '.join(map(repr, time.fields))} that {mapping.name} takes time from",
                where=self._where,
                hint=meant(time.fields[0], self._seen),
            )

    def _built(self, c: Columns) -> dict[str, Any]:
        self._look(c)
        return self._build(c)

    def _filtered(self, c: Columns) -> None:
        self._look(c)  # before the filter: a wrong one may leave nothing
        if self._leave_out is not None:
            self._leave_out(c)

    def _look(self, c: Columns) -> None:
        self._rows += c.length
        for field in tuple(self._unmet):
            if pc.any(pc.is_valid(c.text(field))).as_py():
                self._unmet.discard(field)

    def finish(self, account: Account) -> None:
        """Note the fields that no row had; to be called when the file has been read.

        Parameters
        ----------
        account : Account
        """
        name, file = self._mapping.name, self._where
        for field in self._mapping.fields if self._rows else ():
            if field not in self._unmet:
                continue
            if field in self._seen:
                account.note(f"{name}: the field {field!r} is empty in every row read of {file}")
            else:
                account.note(f"{name}: no row read of {file} has a field {field!r}; {meant(field, self._seen)}")


def _fields_in(head: bytes, form: Format) -> frozenset[str]:
    if form.kind == "csv":
        return frozenset(form.names or header_of(text_of(head), form.delimiter))
    return frozenset().union(*records(head, form))


def unmatched(pattern: str, head: bytes) -> str | None:
    r"""Say why no line is of a pattern; None if one is.

    Parameters
    ----------
    pattern : str
        Of whole lines.
    head : bytes
        The beginning of a file.

    Examples
    --------
    >>> unmatched(r"(?P<ip>\S+) \[(?P<time>[^]]+)\]", b"192.0.2.1 - [22/Feb/2025]\n")
    "no line is of its pattern; the first fits up to '192.0.2.1 ' and then reads '- [22/Feb/2025]'"
    """
    lines = [line for line in text_of(head).splitlines() if line.strip()][:200]
    if not lines:
        return None
    shape = pa.array(lines, pa.string())
    if pc.any(pc.match_substring_regex(shape, f"^(?:{pattern})$")).as_py():
        return None
    first, rest = lines[0], lines[0]
    for end in range(len(pattern), 0, -1):
        try:
            # RE2 again: a hostile line must not make this slow.
            found = pc.replace_substring_regex(shape[:1], f"^(?:{pattern[:end]})", "", max_replacements=1)
        except pa.ArrowInvalid:  # cut within a group or a class
            continue
        rest = found[0].as_py()
        if rest != first:
            break
    best = len(first) - len(rest)
    if best and not rest:
        return f"no line is of its pattern; the first, {first[:_SHOWN]!r}, ends before the pattern does"
    fits = f"the first fits up to {first[:best][-_SHOWN:]!r} and then reads" if best else "the first reads"
    return f"no line is of its pattern; {fits} {rest[:_SHOWN]!r}"
