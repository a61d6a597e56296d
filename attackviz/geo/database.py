"""Find, open and describe location databases; locate addresses in bulk."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from isal import isal_zlib

from ..errors import GeoDatabaseError, StaleDatabaseWarning
from ..settings import load_settings
from .cache import load_arrays, store_arrays
from .columns import gather_columns, string_buffers
from .embedded import EMBEDDED, read_embedded
from .places import TEXTS, Places, merge_places, read_records
from .ranges import Ranges, overlay
from .table import Table, compile_table

if TYPE_CHECKING:
    import pandas as pd

    from .lookup import Place

__all__ = ["Database", "locate_strings", "open_database"]

log = logging.getLogger(__name__)

PathLike = str | os.PathLike[str]

# Part of what a cached file was made from: raise it when the arrays change their meaning.
_LAYOUT = 1
_YEAR = dt.timedelta(days=366)
_TABLE = ("top", "pages", "fine", "index", "hi", "lo", "ids")
_CREDITS = (
    ("dbip", "IP Geolocation by DB-IP", "https://db-ip.com"),
    ("db-ip", "IP Geolocation by DB-IP", "https://db-ip.com"),
    ("city ipv", "IP Geolocation by DB-IP", "https://db-ip.com"),
    ("geolite2", "GeoLite2 data created by MaxMind", "https://www.maxmind.com"),
    ("geoip2", "GeoIP2 data created by MaxMind", "https://www.maxmind.com"),
    ("ipinfo", "IP address data powered by IPinfo", "https://ipinfo.io"),
)


class Database:
    """Answer where addresses are; made by `open_database`.

    Attributes
    ----------
    paths : tuple of Path
        The files it was made from.
    name : str
        What its makers call them.
    built : datetime.date
        Date of the oldest of them.
    networks : int
        Address ranges that differ, both families.
    size : int
        Bytes of the files.
    attribution : list of dict
        ``text`` and ``url`` (or None) to be shown wherever a location is.
    notice : str or None
        What a user should know, such as that it is older than a year.
    """

    def __init__(self, paths: tuple[Path, ...], table: Table, places: Places, about: Mapping[str, Any]) -> None:
        self.paths = paths
        self.name: str = about["name"]
        self.built = dt.date.fromisoformat(about["built"])
        self.networks: int = about["networks"]
        self.size: int = about["size"]
        self.kinds: tuple[str, ...] = tuple(about["kinds"])
        self.attribution: list[dict[str, str | None]] = [dict(credit) for credit in about["attribution"]]
        self.notice = _notice(self.name, self.built, dt.datetime.now(dt.UTC).date())
        self._table, self._places = table, places

    def __repr__(self) -> str:
        return f"<Database {self.name}, {self.built}, {self.networks:,} networks>"

    def describe(self) -> dict[str, Any]:
        """Say what the database is.

        Returns
        -------
        dict
            ``name``, ``built`` (ISO date), ``files`` (paths), ``embedded``,
            ``size`` (bytes), ``networks``, ``places`` (records), ``countries``,
            ``cities``, ``systems`` (organisations), ``attribution`` and ``notice``.

        Examples
        --------
        >>> open_database("embedded").describe()["embedded"]
        True
        """
        country, _, city, org = (len(text) for text in self._places.texts)
        return {
            "name": self.name,
            "built": self.built.isoformat(),
            "files": [str(path) for path in self.paths],
            "embedded": EMBEDDED in self.paths,
            "size": self.size,
            "networks": self.networks,
            "places": len(self._places.rows),
            "countries": country,
            "cities": city,
            "systems": org,
            "attribution": self.attribution,
            "notice": self.notice,
        }

    def locate(self, addresses: pa.Array | pa.ChunkedArray | pd.Series | Sequence[str | None]) -> npt.NDArray[np.int32]:
        """Find the record of every address.

        Parameters
        ----------
        addresses : pyarrow.Array, pyarrow.ChunkedArray, pandas.Series or sequence of str
            Text, or dictionary-encoded (categorical) text, shape (n,). What is
            an address is what Python's `ipaddress` accepts; a zone is dropped.

        Returns
        -------
        ndarray of int32, shape (n,)
            A record; -1 where nothing is known of the address, -2 where it is
            no address, -3 where it is null.

        Examples
        --------
        >>> open_database("embedded").locate(["8.8.8.8", "10.0.0.1", "1.2.3", None])[1:].tolist()
        [-1, -2, -3]
        """
        return locate_strings(self._table, addresses)

    def columns(self, ids: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
        """Return what is known of located rows.

        Parameters
        ----------
        ids : ndarray of int32, shape (n,)
            As `locate` gave them.

        Returns
        -------
        dict of str to pyarrow.Array
            ``country`` (ISO 3166-1), ``region``, ``city``, ``org``
            (dictionary<int32, string> of the values that occur), ``asn``
            (uint32), ``lat`` and ``lon`` (float32, degrees), shape (n,); null
            where unknown.

        Examples
        --------
        >>> db = open_database("embedded")
        >>> db.columns(db.locate(["8.8.8.8"]))["country"].to_pylist()
        ['US']
        """
        return gather_columns(self._places, np.ascontiguousarray(ids, np.int32))

    def lookup(self, address: str) -> Place:
        """Look one address up; see `attackviz.geo.lookup`.

        Parameters
        ----------
        address : str

        Returns
        -------
        Place

        Raises
        ------
        UsageError
            If it is no address.
        """
        from .lookup import lookup

        return lookup(address, self)


def locate_strings(
    table: Table, addresses: pa.Array | pa.ChunkedArray | pd.Series | Sequence[str | None]
) -> npt.NDArray[np.int32]:
    """Look addresses up in a compiled table; see `Database.locate`.

    Parameters
    ----------
    table : Table
    addresses : pyarrow.Array, pyarrow.ChunkedArray, pandas.Series or sequence of str
    """
    from .kernel import locate

    results = [np.empty(0, np.int32)]
    for strings, codes in string_buffers(addresses):
        found = np.empty(strings.size, np.int32)
        locate(
            *(strings.offsets, strings.data, strings.bitmap, strings.bit_offset),
            *(table.top, table.pages, table.fine, table.index, table.hi, table.lo, table.ids, table.flags),
            found,
        )
        results.append(found if codes is None else np.append(found, np.int32(-3))[codes])
    return results[1] if len(results) == 2 else np.concatenate(results)


def open_database(path: PathLike | Sequence[PathLike] | None = None) -> Database:
    """Open a location database.

    Parameters
    ----------
    path : path or sequence of paths, optional
        MMDB files (GeoLite2 or GeoIP2 City, Country, ASN, Enterprise; DB-IP;
        IPinfo), found out by their content; with several, such as City and ASN,
        each fills in what those before it do not know. The word ``embedded``
        stands for the database that comes with the package. Default: what
        ``ATTACKVIZ_GEOIP`` or ``attackviz.toml`` says, else the embedded one.

    Returns
    -------
    Database
        Decoded arrays are kept in the user's cache directory, so that it opens
        at once the next time.

    Raises
    ------
    GeoDatabaseError
        If a file is missing, corrupt, or holds no location.

    Warns
    -----
    StaleDatabaseWarning
        Once, if it is older than a year.

    Examples
    --------
    >>> open_database("embedded").attribution[0]["text"]
    'IP Geolocation by DB-IP'
    """
    settings = load_settings()
    if path is None:
        names: Sequence[PathLike] = settings.geoip or ("embedded",)
    else:
        names = (path,) if isinstance(path, (str, os.PathLike)) else path
    if not isinstance(names, Sequence) or not all(isinstance(name, str | os.PathLike) for name in names):
        raise GeoDatabaseError(f"{path!r} is no path of a location database", hint="give the path of an MMDB file")
    if not names:
        raise GeoDatabaseError("no location database is given", hint="leave --geoip out for the embedded one")
    paths = tuple(EMBEDDED if str(name) == "embedded" else Path(name).absolute() for name in names)
    database = _open(paths, tuple(_identity(path) for path in paths), settings.cache)
    if database.notice:
        _say_once(database.notice)
    return database


@lru_cache(maxsize=256)
def _say_once(notice: str) -> None:
    warnings.warn(notice, StaleDatabaseWarning, stacklevel=3)


def _notice(name: str, built: dt.date, today: dt.date) -> str | None:
    if today - built <= _YEAR:
        return None
    return f"the location database {name} is of {built.isoformat()}, older than a year: places may have changed"


def _identity(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError as error:
        raise GeoDatabaseError(
            f"the database cannot be read: {error.strerror}", where=str(path), hint="check --geoip and ATTACKVIZ_GEOIP"
        ) from None
    if path == EMBEDDED:  # by content, so that all copies of one release share what is decoded
        return about.st_size, isal_zlib.crc32(path.read_bytes())
    return about.st_size, about.st_mtime_ns


@lru_cache(maxsize=4)
def _open(paths: tuple[Path, ...], identity: tuple[tuple[int, int], ...], cache: Path) -> Database:
    names = ["embedded" if path == EMBEDDED else str(path) for path in paths]
    where = (
        f"embedded-{identity[0][1]:08x}"
        if names == ["embedded"]
        else hashlib.sha256("\0".join(names).encode()).hexdigest()[:16]
    )
    kept = cache / "geo" / f"{where}.arrays"
    key = repr((_LAYOUT, names, identity))
    loaded = load_arrays(kept, key)
    if loaded is not None:
        about, arrays = loaded
        table = Table(**{name: arrays[name] for name in _TABLE}, flags=about["flags"])
        texts = tuple(_text(arrays[f"{name}_offsets"], arrays[f"{name}_data"]) for name in TEXTS)
        return Database(paths, table, Places(arrays["rows"], texts), about)
    log.info("decoding %s", ", ".join(path.name for path in paths))
    ranges, places, about = _decode(paths)
    table = compile_table(ranges)
    about["size"] = sum(size for size, _ in identity)
    about["flags"] = table.flags
    arrays = {name: getattr(table, name) for name in _TABLE} | {"rows": places.rows}
    for name, text in zip(TEXTS, places.texts, strict=True):
        _, offsets, data = text.buffers()
        arrays[f"{name}_offsets"] = np.frombuffer(offsets, np.int32, len(text) + 1, 4 * text.offset)
        arrays[f"{name}_data"] = np.frombuffer(data or b"", np.uint8)
    store_arrays(kept, key, about, arrays)
    return Database(paths, table, places, about)


def _text(offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> pa.StringArray:
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(data))


def _decode(paths: tuple[Path, ...]) -> tuple[Ranges, Places, dict[str, Any]]:
    from .mmdb import read_mmdb

    ranges: Ranges | None = None
    places: Places | None = None
    names, kinds, built = [], [], []
    for path in paths:
        if path == EMBEDDED:
            header, found, records = read_embedded(path)
            names.append(header["name"])
            kinds.append("embedded")
            built.append(header["built"])
        else:
            mmdb = read_mmdb(path)
            decoded = read_records(mmdb.records)
            if decoded is None:
                raise GeoDatabaseError(
                    f"the database ({mmdb.metadata.database_type}) holds neither a place nor a network operator",
                    where=str(path),
                    hint="give a City, Country, ASN or Enterprise database",
                )
            found, records = mmdb.ranges, decoded
            names.append(mmdb.metadata.database_type)
            kinds.append(mmdb.metadata.database_type)
            built.append(mmdb.metadata.built.date().isoformat())
        if ranges is None or places is None:
            ranges, places = found, records
        else:
            ranges, pairs = overlay(ranges, found)
            places = merge_places(places, records, pairs)
    if ranges is None or places is None:
        raise GeoDatabaseError("no location database is given")
    about = {
        "name": " + ".join(names),
        "kinds": kinds,
        "built": min(built),
        "networks": int((ranges.v4.ids >= 0).sum() + (ranges.v6.ids >= 0).sum()),
        "attribution": _attribution(names),
    }
    return ranges, places, about


def _attribution(names: Sequence[str]) -> list[dict[str, str | None]]:
    shown: list[dict[str, str | None]] = []
    for name in names:
        for word, text, url in _CREDITS:
            if name.casefold().startswith(word):
                credit: dict[str, str | None] = {"text": text, "url": url}
                break
        else:
            credit = {"text": f"Locations by {name}", "url": None}
        if credit not in shown:
            shown.append(credit)
    return shown
