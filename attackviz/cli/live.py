"""``attackviz serve --live``: what it is told, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError
from .console import note

if TYPE_CHECKING:
    from ..formats import FormatLike
    from ..live import Live

__all__ = ["run_live"]


def run_live(
    tape: Path | None,
    sources: Sequence[str],
    keep: float | None,
    open_: bool,
    public: bool,
    tls: tuple[Path, Path] | None,
    tz: str | None,
    form: FormatLike | None,
    year: int | None,
    geoip: Sequence[Path],
    targets: Path | None,
    port: int,
    host: str,
    origins: Sequence[str],
    no_browser: bool,
) -> None:
    """Run a live server as the settings say, but for what the command line says."""
    from ..dashboard.server import serve_live
    from ..live import live_settings
    from ..window import zone

    settings = live_settings()
    zone(tz or settings.tz or "UTC")
    settings = replace(
        settings,
        form=form,
        year=year,
        tape=tape or settings.tape,
        sources=tuple(sources) or settings.sources,
        keep=timedelta(days=keep) if keep else settings.keep,
        open=open_ or settings.open,
        public=public or settings.public,
        tz=tz or settings.tz,
        geoip=tuple(map(str, geoip)),
        targets=str(targets) if targets else None,
    )
    if not settings.sources and (form is not None or year is not None):
        raise UsageError("--format, --map and --year say how sources are read, and none is named", hint="say --from")

    def ready(url: str) -> None:
        note(f"attackviz is live at {url}  (Ctrl-C stops)")
        if not no_browser:
            import webbrowser

            webbrowser.open(url)

    serve_live(
        settings,
        port=port,
        address=host,
        origins=origins,
        ready=ready,
        started=_tell,
        tls=(str(tls[0]), str(tls[1])) if tls else None,
    )


def _tell(live: Live) -> None:
    if live.writer:
        note(f"the tape {live.tape.path} is written to by {live.writer}; this server only shows it")
    else:
        note(f"events are kept in {live.tape.path}; push them to /api/events")
