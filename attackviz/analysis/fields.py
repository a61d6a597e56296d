"""Fields of events as codes: what a column, or a field of the player, says of every row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import schema
from ..errors import UsageError
from ..filters import FIELDS
from ..formats.near import likely
from .coding import combine
from .words import EVENTS, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Coded", "Fields", "Places"]

_TEXT = pa.string()


@dataclass(frozen=True, slots=True)
class Coded:
    """Hold a field of every row.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Which of `values` each row has.
    values : pyarrow.Array
        What occurs, and maybe what does not; null is what is not known. Each
        once, but for rules.
    unknown : object
        The key of what is not known: null as the player writes it.
    also : pyarrow.Array or None
        A second name of each value: a rule's id.
    """

    codes: NDArray[np.int32]
    values: pa.Array
    unknown: Any = None
    also: pa.Array | None = None

    def merged(self) -> Coded:
        """Return it with each value once."""
        if self.also is None:
            return self
        return Coded(*_relabel(self.codes, self.values), self.unknown)

    def key(self, code: int) -> Any:
        """Return a value as a filter takes it."""
        value = self.values[code].as_py()
        return self.unknown if value is None else value


@dataclass(frozen=True, slots=True)
class Places:
    """Hold the place of every row's source.

    Attributes
    ----------
    codes : ndarray of int32, shape (n,)
        Which place each row has.
    country, region, city : pyarrow.Array
        Names of the places, null where unknown.
    lat, lon : ndarray of float32
        Degrees; NaN where it cannot be drawn.
    """

    codes: NDArray[np.int32]
    country: pa.Array
    region: pa.Array
    city: pa.Array
    lat: NDArray[np.float32]
    lon: NDArray[np.float32]

    @property
    def located(self) -> NDArray[np.bool_]:
        """Which places can be drawn."""
        return ~np.isnan(self.lat)


class Fields:
    """Code the fields of an event table when they are asked for, each once.

    Parameters
    ----------
    table : pyarrow.Table
        An event table in the types of `attackviz.schema`.

    Examples
    --------
    >>> fields = Fields(pa.table({"src_country": ["CN", None, "CN"]}))
    >>> fields["country"].codes.tolist(), fields["country"].values.to_pylist()
    ([0, 1, 0], ['CN', None])
    """

    def __init__(self, table: pa.Table) -> None:
        self.table = table
        self._coded: dict[str, Coded] = {}
        self._columns: dict[str, Coded] = {}
        self._places: Places | None = None
        self._made: dict[str, Callable[[], Coded]] = {
            "category": self._category,
            "verdict": self._verdict,
            "severity": self._severity,
            "place": self._place,
            "rule": self._rule,
            "target": self._target,
        }

    def __getitem__(self, name: str) -> Coded:
        if name not in self._coded:
            self._coded[name] = self._make(name)
        return self._coded[name]

    def __contains__(self, name: object) -> bool:
        return name in FIELDS or name in self.table.column_names

    def _make(self, name: str) -> Coded:
        if name in self._made:
            return self._made[name]()
        if name in FIELDS:
            codes, values = _codes(self.table, FIELDS[name][0])
            number = not pa.types.is_string(values.type)
            nothing = pc.equal(values, 0 if number else "")
            values = pc.if_else(nothing.fill_null(False), pa.scalar(None, values.type), values)
            return Coded(*_relabel(codes, values), 0 if number else "")
        if name not in self.table.column_names:
            raise self.unknown(name)
        return self.column(name)

    def column(self, name: str) -> Coded:
        """Return a column of the event table as it is; nulls where the table has none."""
        if name not in self._columns:
            self._columns[name] = Coded(*_codes(self.table, name))
        return self._columns[name]

    def unknown(self, name: str) -> UsageError:
        """Return the error for a name that is no field."""
        if name == "slot":
            hint = "slots belong to a recording: name the categories, or use Filters.named"
        else:
            hint = likely(name, {*FIELDS, *self.table.column_names}) or f"fields are {', '.join(FIELDS)}"
        return UsageError(f"the events have no field {name!r}", hint=hint)

    @property
    def places(self) -> Places:
        """The place of every row's source."""
        if self._places is None:
            self._places = self._find_places()
        return self._places

    def _find_places(self) -> Places:
        names = [_codes(self.table, f"src_{level}") for level in ("country", "region", "city")]
        degrees = [_codes(self.table, f"src_{end}") for end in ("lat", "lon")]
        parts = [(codes, len(values)) for codes, values in [*names, *degrees]]
        codes, first = combine(parts)
        country, region, city = (values.take(pa.array(part[first])) for part, values in names)
        y, x = (values.fill_null(np.nan).to_numpy(zero_copy_only=False)[part[first]] for part, values in degrees)
        drawn = (np.abs(y) <= 90) & (np.abs(x) <= 180)
        lat, lon = (np.where(drawn, v, np.float32(np.nan)).astype(np.float32) for v in (y, x))
        return Places(codes.astype(np.int32), country, region, city, lat, lon)

    def _category(self) -> Coded:
        if "category" not in self.table.column_names:
            return Coded(np.zeros(self.table.num_rows, np.int32), pa.array([EVENTS]), UNKNOWN)
        codes, values = _codes(self.table, "category")
        return Coded(*_relabel(codes, values.fill_null(UNKNOWN)), UNKNOWN)

    def _verdict(self) -> Coded:
        codes, values = _codes(self.table, "verdict")
        known = pc.is_in(values, pa.array(schema.VERDICTS))
        return Coded(*_relabel(codes, pc.if_else(known, values, UNKNOWN)), UNKNOWN)

    def _severity(self) -> Coded:
        codes, values = _codes(self.table, "severity")
        known = pc.is_in(values, pa.array(schema.SEVERITIES))
        return Coded(*_relabel(codes, pc.if_else(known, values, pa.scalar(None, _TEXT))))

    def _place(self) -> Coded:
        places = self.places
        names = pc.binary_join_element_wise(
            *(column.fill_null("") for column in (places.country, places.region, places.city)), "/"
        )
        known = pc.or_(pa.array(places.located), places.country.is_valid())
        return Coded(*_relabel(places.codes, pc.if_else(known, names, pa.scalar(None, _TEXT))), "")

    def _rule(self) -> Coded:
        (rule, names), (rule_id, ids) = (_codes(self.table, name) for name in ("rule", "rule_id"))
        codes, first = combine([(rule, len(names)), (rule_id, len(ids))])
        known, also = (_no_blank(v.take(pa.array(c[first]))) for c, v in ((rule, names), (rule_id, ids)))
        return Coded(codes.astype(np.int32), pc.coalesce(known, also), "", also)

    def _target(self) -> Coded:
        parts = []
        for name in FIELDS["target"]:
            parts.append(_codes(self.table, name))
            if not parts[-1][1].null_count:
                break  # what comes after names no row
        codes, first = combine([(part, len(values)) for part, values in parts])
        names = pc.coalesce(*(values.take(pa.array(part[first])) for part, values in parts))
        return Coded(*_relabel(codes.astype(np.int32), _no_blank(names)), "")


def _no_blank(names: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(names, ""), pa.scalar(None, _TEXT), names)


def _relabel(codes: NDArray[np.int32], labels: pa.Array) -> tuple[NDArray[np.int32], pa.Array]:
    """Give the values other names, some maybe the same."""
    encoded = labels.dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices, np.int32)[codes], encoded.dictionary


def _codes(table: pa.Table, name: str) -> tuple[NDArray[np.int32], pa.Array]:
    """Return a column as codes and its distinct values, null maybe one of them; nulls if it is missing."""
    if name not in table.column_names:
        kind = schema.arrow_type(name)
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        return np.zeros(table.num_rows, np.int32), pa.nulls(1, kind)
    column = table[name]
    if pa.types.is_dictionary(column.type) and any(chunk.dictionary.null_count for chunk in column.chunks):
        column = column.cast(column.type.value_type)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
        values = column.chunk(0).dictionary if column.num_chunks else pa.array([], column.type.value_type)
        codes = _joined([chunk.indices.cast(pa.int32()).fill_null(len(values)) for chunk in column.chunks])
        return _relabel(codes, pa.concat_arrays([values, pa.nulls(1, values.type)]))
    encoded = column.dictionary_encode(null_encoding="encode")
    values = encoded.chunk(0).dictionary if encoded.num_chunks else pa.array([], column.type)
    return _joined([chunk.indices for chunk in encoded.chunks]), values


def _joined(chunks: list[pa.Array]) -> NDArray[np.int32]:
    return np.concatenate([np.empty(0, np.int32), *(np.asarray(chunk, np.int32) for chunk in chunks)])
