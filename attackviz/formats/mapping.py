"""One's own format without code: which field of a log becomes which column of an event.

A mapping is a table of TOML, ``[formats.NAME]``, in ``attackviz.toml`` or in a
file of its own; `docs/your-own-format.md` tells of every key. Here it is read
and checked; `attackviz.formats.mapping_build` makes a format of it.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import MappingError, WindowError
from ..schema import COLUMNS
from ..settings import Settings, load_settings
from ..window import zone
from .near import likely, meant

__all__ = ["KINDS", "Condition", "Mapping", "Origin", "own_formats"]

KINDS = ("json", "csv", "logfmt", "regex")
"""How the lines of a format of one's own may be written."""

ADDRESSES = ("text", "integer", "integer-little", "packed")
TYPES = ("text", "number")
_TESTS = ("in", "not", "range", "null", "contains", "matches")
_KEYS = ("title", "kind", "pattern", "delimiter", "header", "tz", "detect", "columns", "extra", "only")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


@dataclass(frozen=True, slots=True)
class Origin:
    """Say where the values of one column come from.

    Attributes
    ----------
    fields : tuple of str
        Fields of the log; the first that is not empty counts.
    constant : str or None
        What stands where all fields are empty, or there are none.
    values : tuple of pair of str
        What is written, casefolded, and what it becomes.
    otherwise : str or None
        What any other value becomes; if None it stays as it is.
    time : str
        How times are written: ``auto``, a unit, or as for ``strptime``.
    tz : str or None
        Zone of times that name none.
    address : str
        How addresses are written: one of `ADDRESSES`.
    type : str
        Of an extra column: one of `TYPES`.
    """

    fields: tuple[str, ...] = ()
    constant: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    otherwise: str | None = None
    time: str = "auto"
    tz: str | None = None
    address: str = "text"
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Condition:
    """Hold what a field must be for a row to be an event.

    Attributes
    ----------
    field : str
    test : str
        ``in``, ``not``, ``range``, ``null``, ``contains`` (as in `attackviz.filters`) or ``matches``.
    values : tuple of str
        What it is tested against.
    """

    field: str
    test: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Mapping:
    """Describe a format of one's own; made by `from_dict` and `from_file`.

    Attributes
    ----------
    name, title : str
        As given to ``read(..., format=...)``, and what people call it.
    kind : str
        One of `KINDS`.
    columns : tuple of (str, Origin)
        Columns of the event table and where they come from.
    extra : tuple of (str, Origin)
        Columns beside those of the event table.
    only : tuple of Condition
        What a row must fulfil to be an event.
    detect : tuple of str
        Fields that tell the format.
    pattern : str
        Of kind ``regex``: the expression with a named group for each field.
    delimiter : str
        Of kind ``csv``; the first line tells if empty.
    header : tuple of str
        Of kind ``csv``: the names of the fields, where the file does not begin with them.

    Examples
    --------
    >>> shop = Mapping.from_dict("shop", {"kind": "logfmt", "columns": {"time": "ts", "src_ip": "client"}})
    >>> shop.fields
    ('ts', 'client')
    """

    name: str
    title: str
    kind: str
    columns: tuple[tuple[str, Origin], ...]
    extra: tuple[tuple[str, Origin], ...] = ()
    only: tuple[Condition, ...] = ()
    detect: tuple[str, ...] = ()
    pattern: str = ""
    delimiter: str = ""
    header: tuple[str, ...] = ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Every field of the log that is read."""
        named = [field for _, origin in (*self.columns, *self.extra) for field in origin.fields]
        return tuple(dict.fromkeys([*named, *(condition.field for condition in self.only)]))

    @classmethod
    def from_dict(cls, name: str, table: Table[str, Any], where: str | None = None) -> Mapping:
        """Return the mapping that a table of TOML describes.

        Parameters
        ----------
        name : str
            Of the format.
        table : mapping
            As TOML gives it.
        where : str, optional
            The file it is from, for errors.

        Raises
        ------
        MappingError
            If anything in it is wrong; it says what, and what may have been meant.

        Examples
        --------
        >>> Mapping.from_dict("shop", {"kind": "json", "columns": {"time": "ts", "sorce_ip": "ip"}})
        Traceback (most recent call last):
        attackviz.errors.MappingError: [formats.shop.columns]: there is no column 'sorce_ip'; is 'src_ip' meant?
        """
        return _Parser(name, f"{where} [formats.{name}]" if where else f"[formats.{name}]").mapping(table)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], name: str | None = None) -> Mapping:
        """Read a mapping from a file.

        Parameters
        ----------
        path : path
            TOML with one table ``[formats.NAME]``, or several.
        name : str, optional
            Which of several.

        Raises
        ------
        MappingError
            If the file cannot be read, or the mapping is not in it or is wrong.
        """
        where = os.fspath(path)
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else f"not readable as TOML: {error}"
            raise MappingError(str(why), where=where, hint="a mapping is a TOML file with [formats.NAME]") from None
        formats = values.get("formats")
        if not isinstance(formats, dict) or not formats:
            raise MappingError("it describes no format", where=where, hint="begin it with [formats.NAME]")
        if name is None and len(formats) > 1:
            raise MappingError(
                f"it describes {len(formats)} formats: {', '.join(formats)}", where=where, hint="name one by format="
            )
        name = next(iter(formats)) if name is None else name
        if name not in formats:
            raise MappingError(f"it describes no format {name!r}", where=where, hint=meant(name, formats))
        return cls.from_dict(name, formats[name], where)


def own_formats(settings: Settings | None = None) -> tuple[Mapping, ...]:
    """Return the formats that the settings describe.

    Parameters
    ----------
    settings : Settings, optional
        Those in force by default.

    Raises
    ------
    MappingError, SettingsError
        If one of them is wrong, or the settings cannot be read.

    Examples
    --------
    >>> own_formats(Settings(formats={"shop": {"kind": "json", "columns": {"time": "ts"}}}))[0].name
    'shop'
    """
    settings = load_settings() if settings is None else settings
    return tuple(Mapping.from_dict(name, table, settings.file) for name, table in settings.formats.items())


class _Parser:
    """Read one table, and say where in it something is wrong."""

    def __init__(self, name: str, where: str) -> None:
        self.name, self.where = name, where

    def wrong(self, what: str, hint: str | None = None, part: str = "") -> MappingError:
        return MappingError(what, where=f"{self.where[:-1]}.{part}]" if part else self.where, hint=hint)

    def mapping(self, table: object) -> Mapping:
        if not _NAME.fullmatch(self.name):
            raise self.wrong(f"{self.name!r} is no name", "use letters, digits, dots, dashes and underscores")
        given = self.table(table, "", _KEYS)
        pattern = self.text(given.get("pattern", ""), "pattern")
        kind = self.choice(given.get("kind", "regex" if pattern else None), KINDS, "kind")
        for key, wanted in (("pattern", "regex"), ("delimiter", "csv"), ("header", "csv")):
            if key in given and kind != wanted:
                raise self.wrong(f"{key!r} is for kind {wanted!r}, and the kind is {kind!r}", "leave it out")
        if kind == "regex" and not pattern:
            raise self.wrong("kind 'regex' needs a pattern", "write pattern = '(?P<time>...) ...' with named groups")
        columns = self.origins(given.get("columns", {}), "columns", str(given["tz"]) if "tz" in given else None)
        if "time" not in columns:
            raise self.wrong("no column 'time'", 'say where the time is: time = "FIELD"', "columns")
        for end in ("src", "dst"):
            if (f"{end}_lat" in columns) != (f"{end}_lon" in columns):
                raise self.wrong(f"{end}_lat and {end}_lon go together", "give both", "columns")
        # Where the file begins with the names of its fields, these tell what parts them.
        delimiter = self.text(given["delimiter"], "delimiter") if "delimiter" in given else ""
        if set(delimiter) & set('"\r\n'):
            raise self.wrong(f"delimiter {delimiter!r} cannot part fields", 'write ";", "\\t" or the like')
        made = Mapping(
            name=self.name,
            title=self.text(given.get("title", self.name), "title"),
            kind=kind,
            columns=tuple(columns.items()),
            extra=tuple(self.origins(given.get("extra", {}), "extra", None).items()),
            only=tuple(self.conditions(given.get("only", {}))),
            detect=self.texts(given.get("detect", []), "detect"),
            pattern=pattern,
            delimiter=delimiter or ("," if "header" in given else ""),
            header=self.texts(given.get("header", []), "header"),
        )
        known = _groups(pattern, self.where) if kind == "regex" else made.header
        for field in (*made.fields, *made.detect):
            if known and field not in known:
                what = "the pattern has no group" if kind == "regex" else "the header has no field"
                raise self.wrong(f"{what} {field!r}", meant(field, known))
        return made

    def origins(self, given: object, part: str, tz: str | None) -> dict[str, Origin]:
        table = self.table(given, part)
        for name in table:
            if part == "columns" and name not in COLUMNS:
                hint = likely(name, COLUMNS) or f"put columns of your own into [formats.{self.name}.extra]"
                raise self.wrong(f"there is no column {name!r}", hint, part)
            if part == "extra" and name in COLUMNS:
                raise self.wrong(f"{name!r} is a column of the event table", "put it into columns", part)
        return {name: self.origin(name, value, part, tz) for name, value in table.items()}

    def origin(self, column: str, given: object, part: str, tz: str | None) -> Origin:
        where = f"{part}.{column}"
        kind = COLUMNS[column].kind if column in COLUMNS else "extra"
        if isinstance(given, str | list):
            given = {"field": given}
        special = {"time": ("format", "tz"), "extra": ("type",)}.get(kind, ())
        if column in ("src_ip", "dst_ip"):
            special = ("address",)
        table = self.table(given, where, ("field", "constant", "values", "otherwise", *special))
        fields = self.texts(table.get("field", []), "field", where)
        constant = self.word(table["constant"], "constant", where) if "constant" in table else None
        if not fields and constant is None:
            raise self.wrong("neither a field nor a constant", 'write field = "NAME" or constant = "VALUE"', where)
        values = {
            key.casefold(): self.word(value, key, where)
            for key, value in self.table(table.get("values", {}), f"{where}.values").items()
        }
        otherwise = self.word(table["otherwise"], "otherwise", where) if "otherwise" in table else None
        allowed = COLUMNS[column].values if column in COLUMNS else None
        for word in (constant, otherwise, *values.values()):
            if allowed and word is not None and word not in allowed:
                raise self.wrong(f"{word!r} is no {column}", f"it is one of {', '.join(allowed)}", where)
        tz = self.text(table["tz"], "tz", where) if "tz" in table else tz if kind == "time" else None
        if tz is not None:
            try:
                zone(tz)
            except WindowError as error:
                raise self.wrong(error.what, error.hint, where) from None
        return Origin(
            fields=fields,
            constant=constant,
            values=tuple(values.items()),
            otherwise=otherwise,
            time=self.time(table.get("format", "auto"), where),
            tz=tz,
            address=self.choice(table.get("address", "text"), ADDRESSES, "address", where),
            type=self.choice(table.get("type", "text"), TYPES, "type", where),
        )

    def time(self, given: object, where: str) -> str:
        form = self.text(given, "format", where)
        if form in ("auto", "s", "ms", "us", "ns"):
            return form
        if "%" not in form:
            raise self.wrong(
                f"{form!r} is no time format",
                'write "auto", "s", "ms", "us", "ns" or as for strptime: "%Y-%m-%d"',
                where,
            )
        from .timeformat import check

        try:
            check(form)
        except MappingError as error:
            raise self.wrong(error.what, error.hint, where) from None
        return form

    def conditions(self, given: object) -> Iterator[Condition]:
        for field, wanted in self.table(given, "only").items():
            where = f"only.{field}"
            tests = wanted if isinstance(wanted, dict) else {"in": wanted}
            for test, value in self.table(tests, where, _TESTS).items():
                many = value if isinstance(value, list) else [value]
                words = tuple(self.word(each, test, where) for each in many)
                if len(words) != 1 and test in ("null", "contains", "matches"):
                    raise self.wrong(f"{test!r} takes one value, not {len(words)}", None, where)
                if test == "range" and (len(many) != 2 or not all(isinstance(v, int | float) for v in many)):
                    raise self.wrong(f"{value!r} is no range", "write range = [200, 299], or inf for no limit", where)
                if test == "null" and words[0] not in ("true", "false"):
                    raise self.wrong("'null' is true or false", None, where)
                if test == "matches":
                    _groups(words[0], f"{self.where[:-1]}.{where}]")
                yield Condition(field, test, words)

    def table(self, value: object, part: str, keys: tuple[str, ...] | None = None) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self.wrong(f"{value!r} is no table", "write [formats.NAME] and names below it", part)
        for key in value:
            if keys is not None and key not in keys:
                raise self.wrong(f"there is no key {key!r}", meant(key, keys), part)
        return value

    def text(self, value: object, key: str, part: str = "") -> str:
        if not isinstance(value, str) or (not value and key not in ("pattern", "title")):
            raise self.wrong(f"{key} is {value!r}, not text", None, part)
        return value

    def texts(self, value: object, key: str, part: str = "") -> tuple[str, ...]:
        many = value if isinstance(value, list) else [value]
        return tuple(self.text(each, key, part) for each in many)

    def word(self, value: object, key: str, part: str) -> str:
        """Return a value as the text it is compared by."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float):
            return str(value)
        raise self.wrong(f"{key} is {value!r}, not a text or a number", None, part)

    def choice(self, value: object, known: tuple[str, ...], key: str, part: str = "") -> str:
        if value not in known:
            what = f"no {key}" if value is None else f"{value!r} is no {key}"
            raise self.wrong(what, f"it is one of {', '.join(known)}", part)
        return str(value)


def _groups(pattern: str, where: str) -> tuple[str, ...]:
    """Return the named groups of an expression that can be used.

    Lines are read by RE2, whose time grows with the line alone: a hostile line
    cannot make it slow. It knows neither lookaround nor references back.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    why = ""
    try:
        groups = tuple(re.compile(pattern, re.ASCII).groupindex)
        pc.match_substring_regex(pa.array([""]), pattern)
    except re.error as error:
        why = str(error)
    except pa.ArrowInvalid as error:
        why = str(error).rpartition(": ")[2]
    if why:
        hint = "RE2 syntax: named groups as (?P<name>...), no lookaround, no references back"
        raise MappingError(f"the expression {pattern!r} cannot be used: {why}", where=where, hint=hint)
    return groups
