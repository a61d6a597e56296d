"""What a live server is told: from the settings, the environment, and the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from ..settings import Settings, load_settings
from .limits import Limits
from .tokens import Tokens, read_tokens

if TYPE_CHECKING:
    from ..formats import FormatLike

__all__ = ["LiveSettings", "live_settings"]

_KEYS = ("tape", "keep_days", "max_gigabytes", "push_token_file", "view_token_file", "open", "public", "from", "limits")


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """Hold what a live server is told.

    Attributes
    ----------
    tape : Path
        Directory of the tape; made when it is first used.
    keep : timedelta or None
        How long events are kept; for ever if None.
    max_bytes : int or None
        How large the tape may become.
    tokens : Tokens
        Who may push and look.
    open : bool
        Whether to answer other machines though no token is asked for.
    public : bool
        Whether viewers get only what is left of events that are redacted.
    sources : tuple of str
        Addresses to take events from.
    limits : Limits
    geoip : tuple of str
        Location databases instead of the settings' or the embedded one.
    targets : str or None
        Table of where attacks arrive, instead of the settings'.
    tz : str or None
        Zone of times that name none.
    form : str, Mapping, path or None
        Format of sources that have none named behind their address; told by content if None.
    year : int or None
        Year of times of sources that name none.
    title : str
        What it is called.
    """

    tape: Path
    keep: timedelta | None = None
    max_bytes: int | None = None
    tokens: Tokens = field(default_factory=Tokens)
    open: bool = False
    public: bool = False
    sources: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    geoip: tuple[str, ...] = ()
    targets: str | None = None
    tz: str | None = None
    form: FormatLike | None = None
    year: int | None = None
    title: str = "live"


def live_settings(environ: Mapping[str, str] | None = None, settings: Settings | None = None) -> LiveSettings:
    """Read what the settings and the environment say of a live server.

    Parameters
    ----------
    environ : mapping of str to str, optional
        Instead of the process environment: ``ATTACKVIZ_TAPE`` and the tokens.
    settings : Settings, optional
        Instead of those in force.

    Returns
    -------
    LiveSettings

    Raises
    ------
    SettingsError
        If a name is unknown or a value has the wrong type.

    Examples
    --------
    >>> live_settings({"ATTACKVIZ_TAPE": "events.tape"}).tape.name
    'events.tape'
    """
    env = os.environ if environ is None else environ
    settings = settings or load_settings()
    values = dict(settings.live)
    for name in values:
        if name not in _KEYS:
            raise SettingsError(f"unknown setting {name!r}", where="[live]", hint=f"known are {', '.join(_KEYS)}")
    base = Path(settings.file).parent if settings.file else Path()
    files = {
        role: base / _text(values, f"{role}_token_file") for role in ("push", "view") if f"{role}_token_file" in values
    }
    tape = env.get("ATTACKVIZ_TAPE") or (base / _text(values, "tape") if "tape" in values else _default_tape(env))
    days, gigabytes = _number(values, "keep_days"), _number(values, "max_gigabytes")
    sources, limits = values.get("from", []), values.get("limits", {})
    if not isinstance(sources, list) or not all(isinstance(each, str) for each in sources):
        raise SettingsError("'from' is no list of addresses", where="[live]")
    if not isinstance(limits, dict):
        raise SettingsError("limits is no table", where="[live]")
    return LiveSettings(
        tape=Path(tape).expanduser(),
        keep=None if days is None else timedelta(days=days),
        max_bytes=None if gigabytes is None else int(gigabytes * 1e9),
        tokens=read_tokens(env, files),
        open=_yes(values, "open"),
        public=_yes(values, "public"),
        sources=tuple(sources),
        limits=Limits.parse(limits),
        tz=settings.tz,
    )


def _default_tape(env: Mapping[str, str]) -> Path:
    data = env.get("XDG_DATA_HOME") or (Path(env["HOME"]) / ".local/share" if env.get("HOME") else Path.home())
    return Path(data) / "attackviz" / "tape"


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values[name]
    if not isinstance(value, str):
        raise SettingsError(f"{value!r} is no path", where=f"[live] {name}")
    return value


def _yes(values: Mapping[str, Any], name: str) -> bool:
    value = values.get(name, False)
    if not isinstance(value, bool):
        raise SettingsError(f"{value!r} is neither true nor false", where=f"[live] {name}")
    return value


def _number(values: Mapping[str, Any], name: str) -> float | None:
    value = values.get(name)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or not value > 0):
        raise SettingsError(f"{value!r} is no number above 0", where=f"[live] {name}")
    return value
