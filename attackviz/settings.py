"""The one reader of ``attackviz.toml`` and of the environment.

A setting is taken from the environment, else from the file named by
``ATTACKVIZ_SETTINGS``, else from ``attackviz.toml`` in the working directory.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from .errors import SettingsError

__all__ = ["Settings", "load_settings"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold what a user may set once for all commands.

    Attributes
    ----------
    geoip : tuple of Path
        Location databases to use instead of the embedded one.
    targets : Path or None
        The table that says where attacks arrive.
    home : tuple of float or None
        Latitude and longitude in degrees of the one place attacks arrive at,
        where there is no table.
    exclude : tuple of Path
        Lists of networks whose events are left out: own scanners, monitoring.
    tz : str
        Zone of naive times in logs.
    cache : Path
        Directory of decoded databases.
    s3_endpoint : str or None
        URL of a server that speaks S3 and is not Amazon's; ``AWS_ENDPOINT_URL`` serves, too.
    chromium : Path or None
        The browser that makes films and pictures; by default what is installed.
    formats : dict of str to Any
        Formats of one's own as they are described, by name; see `attackviz.formats.Mapping`.
    elastic : dict of str to Any
        How to reach a cluster; see `attackviz.elastic.Connection`. Never shown: it may hold secrets.
    live : dict of str to Any
        What a live server is told; see `attackviz.live.LiveSettings`.
    file : str or None
        What they were read from, None if there is no such file.

    Examples
    --------
    >>> load_settings(environ={}, directory="/nonexistent").tz
    'UTC'
    """

    geoip: tuple[Path, ...] = ()
    targets: Path | None = None
    home: tuple[float, float] | None = None
    exclude: tuple[Path, ...] = ()
    tz: str = "UTC"
    cache: Path = Path()
    s3_endpoint: str | None = None
    chromium: Path | None = None
    formats: Mapping[str, Any] = field(default_factory=dict, hash=False)
    elastic: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)
    live: Mapping[str, Any] = field(default_factory=dict, hash=False)
    file: str | None = None


def load_settings(
    environ: Mapping[str, str] | None = None, directory: str | os.PathLike[str] | None = None
) -> Settings:
    """Read the settings that are in force.

    Parameters
    ----------
    environ : mapping of str to str, optional
        Instead of the process environment. ``ATTACKVIZ_GEOIP`` (paths, parted
        as in ``PATH``), ``ATTACKVIZ_TARGETS``, ``ATTACKVIZ_HOME``
        (``LAT,LON``), ``ATTACKVIZ_EXCLUDE`` (paths), ``ATTACKVIZ_TZ``, ``ATTACKVIZ_CACHE``,
        ``ATTACKVIZ_S3_ENDPOINT``, ``ATTACKVIZ_CHROMIUM`` and ``ATTACKVIZ_SETTINGS``
        are looked at.
    directory : path, optional
        Where to look for ``attackviz.toml``; the working directory by default.
        Paths in the file are relative to it.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If the file is not TOML, a name is unknown, or a value has the wrong type.

    Examples
    --------
    >>> load_settings(environ={"ATTACKVIZ_HOME": "50.1,14.4"}, directory="/nonexistent").home
    (50.1, 14.4)
    """
    env = os.environ if environ is None else environ
    named = env.get("ATTACKVIZ_SETTINGS")
    path = Path(named) if named else Path(directory or ".") / "attackviz.toml"
    values = _read(path, required=bool(named))
    for name in ("geoip", "targets", "home", "exclude", "tz", "cache", "s3_endpoint", "chromium"):
        text = env.get(f"ATTACKVIZ_{name.upper()}")
        if text:
            values[name] = text.split(os.pathsep) if name in ("geoip", "exclude") else text
    base = path.parent
    return Settings(
        geoip=_paths(base, values, "geoip"),
        targets=_path(base, values["targets"], "targets") if "targets" in values else None,
        home=_home(values["home"]) if "home" in values else None,
        exclude=_paths(base, values, "exclude"),
        tz=_text(values.get("tz", "UTC"), "tz"),
        cache=_path(base, values["cache"], "cache") if "cache" in values else _cache(env),
        s3_endpoint=_text(values["s3_endpoint"], "s3_endpoint") if "s3_endpoint" in values else None,
        chromium=_path(base, values["chromium"], "chromium") if "chromium" in values else None,
        formats=_table(values.get("formats", {}), "formats", "formats.NAME"),
        elastic=_table(values.get("elastic", {}), "elastic", "elastic", secret=True),
        live=_table(values.get("live", {}), "live", "live"),
        file=str(path) if values else None,
    )


def _read(path: Path, required: bool) -> dict[str, object]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if required:
            raise SettingsError("there is no such file", where=str(path), hint="see ATTACKVIZ_SETTINGS") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"not readable as TOML: {error}", where=str(path)) from None
    known = {f.name for f in fields(Settings)} - {"file"}
    for name in values:
        if name not in known:
            raise SettingsError(
                f"unknown setting {name!r}", where=str(path), hint=f"known are {', '.join(sorted(known))}"
            )
    return values


def _cache(env: Mapping[str, str]) -> Path:
    root = env.get("XDG_CACHE_HOME") or (Path(env["HOME"]) / ".cache" if env.get("HOME") else Path.home() / ".cache")
    return Path(root) / "attackviz"


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{value!r} is not text", where=f"setting {name!r}")
    return value


def _paths(base: Path, values: Mapping[str, object], name: str) -> tuple[Path, ...]:
    value = values.get(name, [])
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list):
        raise SettingsError(f"{value!r} is neither a path nor a list of paths", where=f"setting {name!r}")
    return tuple(_path(base, each, name) for each in listed)


def _table(value: object, name: str, head: str, secret: bool = False) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(
            f"{'it' if secret else repr(value)} is no table", where=f"setting {name!r}", hint=f"write [{head}]"
        )
    return value


def _path(base: Path, value: object, name: str) -> Path:
    return base / Path(_text(value, name)).expanduser()


def _home(value: object) -> tuple[float, float]:
    parts = value.split(",") if isinstance(value, str) else value
    try:
        if not isinstance(parts, list):
            raise ValueError
        lat, lon = (float(part) for part in parts)
    except (TypeError, ValueError):
        raise SettingsError(f"{value!r} is not LAT,LON in degrees", where="setting 'home'") from None
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise SettingsError(
            f"{lat}, {lon} is not on the globe", where="setting 'home'", hint="write LAT,LON in degrees"
        )
    return lat, lon
