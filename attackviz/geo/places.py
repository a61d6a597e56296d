"""The records of a location database: what is known, one row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["ABSENT", "FIELDS", "TEXTS", "Places", "make_places", "merge_places", "read_records"]

TEXTS = ("country", "region", "city", "org")
FIELDS = (*TEXTS, "asn", "lat", "lon")

_NAN_BITS = int(np.array([np.nan], np.float32).view(np.int32)[0])
ABSENT = np.array([-1, -1, -1, -1, 0, _NAN_BITS, _NAN_BITS, 0], np.int32)
ABSENT.flags.writeable = False

# Where the fields stand in the records of the schemas known: geoip2 (MaxMind, DB-IP), flat DB-IP, IPinfo.
_PATHS: dict[str, tuple[tuple[str | int, ...], ...]] = {
    "country": (("country", "iso_code"), ("country_code",), ("country",)),
    "region": (("subdivisions", 0, "names", "en"), ("state1",), ("region",)),
    "city": (("city", "names", "en"), ("city",)),
    "lat": (("location", "latitude"), ("latitude",), ("lat",)),
    "lon": (("location", "longitude"), ("longitude",), ("lng",)),
    "asn": (("autonomous_system_number",), ("traits", "autonomous_system_number"), ("asn",)),
    "org": (
        ("autonomous_system_organization",),
        ("traits", "autonomous_system_organization"),
        ("as_name",),
        ("name",),
    ),
}


@dataclass(frozen=True, slots=True)
class Places:
    """Hold records.

    Attributes
    ----------
    rows : ndarray of int32, shape (n, 8)
        Codes into `texts` (country, region, city, org), autonomous system
        number, bits of latitude and longitude in degrees (float32), padding to
        half a cache line. `ABSENT` holds each column's null.
    texts : tuple of pyarrow.StringArray
        The values of the four text columns, each once.
    """

    rows: npt.NDArray[np.int32]
    texts: tuple[pa.StringArray, ...]

    def __post_init__(self) -> None:
        # Mapped rows are read-only; the same for fresh ones keeps the compiled code to one kind.
        self.rows.flags.writeable = False


def make_places(columns: Mapping[str, Any], size: int) -> Places:
    """Make records from columns.

    Parameters
    ----------
    columns : mapping of str to array-like
        Some of `FIELDS`: texts (null or empty for unknown), ``asn`` (0 or null
        for none), ``lat`` and ``lon`` in degrees. A position that is not on
        the globe, only half there, or exactly 0, 0, is none.
    size : int
        Number of records.

    Examples
    --------
    >>> p = make_places({"country": ["CZ", ""], "lat": [50.1, 0.0], "lon": [14.4, 0.0]}, 2)
    >>> p.texts[0].to_pylist(), p.rows[:, 0].tolist(), bool((p.rows[1] == ABSENT).all())
    (['CZ'], [0, -1], True)
    """
    rows = np.tile(ABSENT, (size, 1))
    texts = []
    for c, name in enumerate(TEXTS):
        values = pa.array(columns.get(name, pa.nulls(size)), pa.string())
        values = pc.if_else(pc.equal(values, ""), None, values).dictionary_encode()
        rows[:, c] = values.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        texts.append(values.dictionary)
    if "asn" in columns:
        numbers = pa.array(columns["asn"], pa.uint32()).fill_null(0)
        rows[:, 4] = numbers.to_numpy(zero_copy_only=False).view(np.int32)
    if "lat" in columns and "lon" in columns:
        lat, lon = (
            pa.array(columns[name], pa.float64(), from_pandas=True).to_numpy(zero_copy_only=False)
            for name in ("lat", "lon")
        )
        there = (np.abs(lat) <= 90) & (np.abs(lon) <= 180) & ((lat != 0) | (lon != 0))
        for c, degrees in ((5, lat), (6, lon)):
            rows[there, c] = degrees[there].astype(np.float32).view(np.int32)
    return Places(rows, tuple(texts))


def merge_places(first: Places, second: Places, pairs: npt.NDArray[np.int32]) -> Places:
    """Join the records of two databases.

    Parameters
    ----------
    first, second : Places
    pairs : ndarray of int32, shape (k, 2)
        A record of each, -1 for none.

    Returns
    -------
    Places
        Per pair: where (country, region, city, position) from `first` if it
        knows any of it, else from `second`; who (number, organisation) likewise.
    """
    sides = []
    texts = [pa.concat_arrays([a, b]).dictionary_encode() for a, b in zip(first.texts, second.texts, strict=True)]
    for places, chosen, is_second in ((first, pairs[:, 0], False), (second, pairs[:, 1], True)):
        rows = places.rows.copy()
        for c, text in enumerate(texts):
            begin = len(first.texts[c]) if is_second else 0
            moved = text.indices.slice(begin, len(places.texts[c])).to_numpy()
            known = rows[:, c] >= 0
            rows[known, c] = moved[rows[known, c]]
        sides.append(np.concatenate([rows, ABSENT[None]])[chosen])
    result = sides[0]
    for group in ([0, 1, 2, 5, 6], [3, 4]):
        missing = (result[:, group] == ABSENT[group]).all(axis=1)
        result[np.ix_(missing, group)] = sides[1][np.ix_(missing, group)]
    return Places(result, tuple(text.dictionary for text in texts))


def read_records(records: Sequence[Any]) -> Places | None:
    """Find the known fields in the records of an MMDB file.

    Parameters
    ----------
    records : sequence
        As decoded; anything that is no map of a known schema is passed over.

    Returns
    -------
    Places or None
        None where no record has any field that is known.

    Examples
    --------
    >>> read_records([{"country": "DE", "asn": "AS3320"}]).texts[0].to_pylist()
    ['DE']
    """
    columns: dict[str, list[Any]] = {name: [] for name in FIELDS}
    for record in records:
        fields = record if isinstance(record, dict) else {}
        for name, values in columns.items():
            values.append(_CLEAN[name](fields, _PATHS[name]))
    if not any(value is not None for values in columns.values() for value in values):
        return None
    return make_places(columns, len(records))


def _find(record: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(step, str) and isinstance(record, dict):
            record = record.get(step)
        elif isinstance(step, int) and isinstance(record, list) and len(record) > step:
            record = record[step]
        else:
            return None
    return record


def _text(record: dict[str, Any], paths: tuple[tuple[str | int, ...], ...]) -> str | None:
    for path in paths:
        value = _find(record, path)
        if isinstance(value, str) and value:
            return value
    return None


def _country(record: dict[str, Any], paths: tuple[tuple[str | int, ...], ...]) -> str | None:
    for path in paths:
        value = _find(record, path)
        # Some schemas have the name under the same key; ZZ stands for unknown.
        if isinstance(value, str) and len(value) == 2 and value.isascii() and value.isalpha() and value != "ZZ":
            return value.upper()
    return None


def _degrees(record: dict[str, Any], paths: tuple[tuple[str | int, ...], ...]) -> float | None:
    for path in paths:
        value = _find(record, path)
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            try:
                return float(value)
            except (ValueError, OverflowError):
                continue
    return None


def _number(record: dict[str, Any], paths: tuple[tuple[str | int, ...], ...]) -> int | None:
    for path in paths:
        value = _find(record, path)
        if isinstance(value, str):
            digits = value[2:] if value[:2].upper() == "AS" else value
            value = int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 32:
            return value
    return None


_CLEAN: dict[str, Any] = {
    "country": _country,
    "region": _text,
    "city": _text,
    "org": _text,
    "asn": _number,
    "lat": _degrees,
    "lon": _degrees,
}
