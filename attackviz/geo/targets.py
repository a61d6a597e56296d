"""Where attacks arrive: a small table of networks, hosts, sensors and colos."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from ..errors import SettingsError
from ..settings import load_settings
from .columns import to_arrow
from .networks import compile_networks
from .table import Table

__all__ = ["Arrivals", "Target", "Targets", "arrivals", "colos", "default_targets", "home", "read_targets"]

_FIELDS = ("cidr", "host", "sensor", "colo", "name", "lat", "lon", "country")
_HINT = f"columns are {', '.join(_FIELDS)}; a row without cidr, host, sensor and colo is home"


@dataclass(frozen=True, slots=True)
class Target:
    """Describe one place attacks arrive at.

    Attributes
    ----------
    name : str
        What to call it.
    lat, lon : float or None
        Degrees; None where it has no place on the map.
    country : str or None
        ISO 3166-1 code.
    cidr, host, sensor, colo : str or None
        How its events are known: by address, by host name, by the ``sensor``
        column, or by a Cloudflare colo code in it. None of them: it is home.
    """

    name: str
    lat: float | None = None
    lon: float | None = None
    country: str | None = None
    cidr: str | None = None
    host: str | None = None
    sensor: str | None = None
    colo: str | None = None

    @property
    def is_home(self) -> bool:
        """Whether it stands for all that no other target is known for."""
        return not (self.cidr or self.host or self.sensor or self.colo)


@dataclass(frozen=True)
class Targets:
    """Hold what is ours.

    Attributes
    ----------
    rows : tuple of Target
    """

    rows: tuple[Target, ...]

    @cached_property
    def networks(self) -> Table | None:
        """Networks compiled for the kernel, identifiers being places in `rows`; None without any."""
        nets = [(ip_network(row.cidr, strict=False), i) for i, row in enumerate(self.rows) if row.cidr]
        if not nets:
            return None
        return compile_networks(nets)

    @cached_property
    def hosts(self) -> dict[str, int]:
        """Rows by host name, casefolded."""
        return {row.host.casefold(): i for i, row in enumerate(self.rows) if row.host}

    @cached_property
    def sensors(self) -> dict[str, int]:
        """Rows by sensor, casefolded, or colo code."""
        named = {row.colo.upper(): i for i, row in enumerate(self.rows) if row.colo}
        return named | {row.sensor.casefold(): i for i, row in enumerate(self.rows) if row.sensor}

    @cached_property
    def home(self) -> int:
        """Row of the home point, or -1."""
        return next((i for i, row in enumerate(self.rows) if row.is_home), -1)


def home(lat: float, lon: float, name: str = "home", country: str | None = None) -> Targets:
    """Return targets of one point, where everything arrives.

    Parameters
    ----------
    lat, lon : float
        Degrees.
    name : str
    country : str, optional
        ISO 3166-1 code.

    Examples
    --------
    >>> home(50.09, 14.42, "Prague").rows[0].is_home
    True
    """
    return Targets((_target({"name": name, "lat": lat, "lon": lon, "country": country}, "home"),))


def read_targets(path: str | os.PathLike[str]) -> Targets:
    """Read a table of targets.

    Parameters
    ----------
    path : path
        CSV with a header line, JSON (a list of objects, or ``{"targets": [...]}``)
        or TOML (``[[targets]]``). Fields: ``cidr``, ``host``, ``sensor``,
        ``colo`` (any, or none for home), ``name``, ``lat``, ``lon``,
        ``country``. A colo code brings its own position.

    Returns
    -------
    Targets

    Raises
    ------
    SettingsError
        If it cannot be read, or a row is wrong.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
        kind = path.suffix.casefold()
        if kind == ".json":
            rows = json.loads(text)
        elif kind == ".toml":
            rows = tomllib.loads(text)
        else:
            rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except OSError as error:
        raise SettingsError(f"the targets cannot be read: {error.strerror}", where=str(path)) from None
    except (ValueError, RecursionError, csv.Error) as error:
        raise SettingsError(f"the targets cannot be read: {error}", where=str(path), hint=_HINT) from None
    if isinstance(rows, Mapping):
        rows = rows.get("targets")
    if not isinstance(rows, list) or not rows:
        raise SettingsError("there are no targets in it", where=str(path), hint=_HINT)
    return Targets(tuple(_target(row, f"{path}, target {i}") for i, row in enumerate(rows, 1)))


def _target(row: Any, where: str) -> Target:
    if not isinstance(row, Mapping):
        raise SettingsError("a target is no set of fields", where=where, hint=_HINT)
    fields = {name: value for name, value in row.items() if value not in (None, "")}
    unknown = [str(name) for name in fields if name not in _FIELDS]
    if unknown:
        raise SettingsError(f"unknown field {unknown[0]!r}", where=where, hint=_HINT)
    texts: dict[str, str] = {}
    for name in ("cidr", "host", "sensor", "colo", "name", "country"):
        if name in fields:
            if not isinstance(fields[name], str):
                raise SettingsError(f"{name} {fields[name]!r} is not text", where=where)
            texts[name] = fields[name].strip()
    if "cidr" in texts:
        try:
            ip_network(texts["cidr"], strict=False)
        except ValueError as error:
            raise SettingsError(f"cidr: {error}", where=where, hint="write it like 10.0.0.0/8") from None
    lat, lon = (_degrees(fields.get(name), name, most, where) for name, most in (("lat", 90), ("lon", 180)))
    if (lat is None) != (lon is None):
        raise SettingsError("it has only one of lat and lon", where=where)
    if "colo" in texts:
        known = colos().get(texts["colo"].upper())
        if known is None and lat is None:
            raise SettingsError(f"colo {texts['colo']!r} is not known", where=where, hint="give its lat and lon")
        if known is not None:
            texts = {"name": known.name, "country": known.country or ""} | texts
            lat, lon = (known.lat, known.lon) if lat is None else (lat, lon)
    name = texts.pop("name", None) or next(iter(texts.values()), "home")
    return Target(name=name, lat=lat, lon=lon, **{k: v for k, v in texts.items() if v})


def _degrees(value: Any, name: str, most: int, where: str) -> float | None:
    if value is None:
        return None
    try:
        degrees = float(value)
    except (TypeError, ValueError):
        degrees = math.nan
    if not -most <= degrees <= most:
        raise SettingsError(f"{name} {value!r} is not in degrees", where=where, hint=f"between -{most} and {most}")
    return degrees


@lru_cache(maxsize=1)
def colos() -> dict[str, Target]:
    """Return Cloudflare's colos: targets by code, at the airport each is named after.

    Examples
    --------
    >>> colos()["PRG"].name
    'Prague'
    """
    text = (Path(__file__).parent / "data" / "colos.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Target(row["city"], float(row["lat"]), float(row["lon"]), row["country"], colo=row["code"])
        for row in csv.DictReader(io.StringIO(text))
    }


def default_targets() -> Targets:
    """Return the targets the settings name: the table, and the home point; maybe none.

    Raises
    ------
    SettingsError
        If the table is wrong.
    """
    settings = load_settings()
    try:
        stamp = settings.targets.stat().st_mtime_ns if settings.targets else 0
    except OSError:
        stamp = 0
    return _settled(settings.targets, stamp, settings.home)


@lru_cache(maxsize=4)
def _settled(table: Path | None, stamp: int, point: tuple[float, float] | None) -> Targets:
    """Read the table again only when its time stamp is another: events come in many batches."""
    rows: tuple[Target, ...] = read_targets(table).rows if table else ()
    if point and not any(row.is_home for row in rows):
        rows += home(*point).rows
    return Targets(rows)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Say where each event arrived.

    Attributes
    ----------
    matched : ndarray of bool, shape (n,)
        Whether a target is known for the event.
    columns : dict of str to pyarrow.Array
        ``country``, ``name`` (dictionary), ``lat``, ``lon`` (float32), shape (n,).
    direction : pyarrow.DictionaryArray, shape (n,)
        inbound, outbound, internal or external.
    known_sources : dict or None
        ``country``, ``lat``, ``lon`` of sources that are themselves ours; None
        where no source is.
    """

    matched: npt.NDArray[np.bool_]
    columns: dict[str, pa.Array]
    direction: pa.DictionaryArray
    known_sources: dict[str, pa.Array] | None


def arrivals(
    targets: Targets,
    source: pa.ChunkedArray,
    address: pa.ChunkedArray | None,
    host: pa.ChunkedArray | None,
    sensor: pa.ChunkedArray | None,
    always: bool = True,
) -> Arrivals | None:
    """Match events with targets.

    A network counts before a host, that before a sensor, that before a colo
    code, and home last: only for events that do not come from one of our networks.

    Parameters
    ----------
    targets : Targets
    source, address, host, sensor : pyarrow.ChunkedArray or None
        ``src_ip``, ``dst_ip``, ``dst_host`` and ``sensor``, shape (n,).
    always : bool
        Whether to answer, too, when the targets say nothing about these events.

    Returns
    -------
    Arrivals or None
    """
    if not (always or targets.rows or sensor is not None):
        return None
    rows = list(targets.rows)
    ours = _by_network(targets, source)
    found = _by_network(targets, address) if address is not None else np.full(len(source), -1, np.int32)
    sensors = dict(targets.sensors)
    for code, colo in colos().items():
        sensors.setdefault(code, len(rows))
        rows.append(colo)
    for column, names in ((host, targets.hosts), (sensor, sensors)):
        if column is not None and names:
            found = np.where(found >= 0, found, _by_name(names, column))
    if targets.home >= 0:
        found = np.where((found < 0) & (ours < 0), np.int32(targets.home), found)
    from_us, to_us = ours >= 0, found >= 0
    if not (always or from_us.any() or to_us.any()):
        return None
    direction = pa.DictionaryArray.from_arrays(
        # In the order of schema.DIRECTIONS: inbound, outbound, internal, external.
        pa.array(np.where(from_us, np.where(to_us, 2, 1), np.where(to_us, 0, 3)).astype(np.int32)),
        pa.array(["inbound", "outbound", "internal", "external"]),
    )
    return Arrivals(
        matched=to_us,
        columns=_take(rows, found),
        direction=direction,
        known_sources=_take(rows, ours) if from_us.any() else None,
    )


def _by_network(targets: Targets, column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    table = targets.networks
    if table is None:
        return np.full(len(column), -1, np.int32)
    from .database import locate_strings

    return np.maximum(locate_strings(table, column), np.int32(-1))


def _by_name(names: Mapping[str, int], column: pa.ChunkedArray) -> npt.NDArray[np.int32]:
    encoded = column if pa.types.is_dictionary(column.type) else to_arrow(column).dictionary_encode()
    parts = [np.empty(0, np.int32)]
    for chunk in encoded.chunks:
        # Codes of colos are in capitals, and only so: a honeypot may well be called "ham".
        texts = [str(value) for value in chunk.dictionary.to_pylist()]
        values = [names.get(text.casefold(), names.get(text, -1)) for text in texts]
        codes = chunk.indices.cast(pa.int32()).fill_null(-1).to_numpy(zero_copy_only=False)
        parts.append(np.array([*values, -1], np.int32)[codes])
    return np.concatenate(parts)


def _take(rows: list[Target], found: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
    used, codes = np.unique(found[found >= 0], return_inverse=True)
    chosen = [rows[i] for i in used]
    place = np.full(len(found), -1, np.int32)
    place[found >= 0] = codes
    indices = pa.array(place, mask=place < 0)
    columns: dict[str, pa.Array] = {
        name: pa.array([getattr(row, name) for row in chosen], pa.float32()).take(indices) for name in ("lat", "lon")
    }
    for name in ("country", "name"):
        values = pa.array([getattr(row, name) for row in chosen], pa.string()).dictionary_encode()
        columns[name] = pa.DictionaryArray.from_arrays(values.indices.take(indices), values.dictionary)
    return columns
