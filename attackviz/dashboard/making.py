"""The process that makes a file for a viewer: ``python -m attackviz.dashboard.making``.

It takes what is asked as one line of JSON on stdin, and a recording (gzipped)
after it, and answers with lines of JSON on stdout: ``progress``, and at the end
``error``, or ``name`` and ``length`` and then the file.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from ..errors import AttackvizError, UsageError

if TYPE_CHECKING:
    from ..export import Asked
    from ..replay import Recording

__all__ = ["KINDS", "REPORTS", "main", "make", "named", "report_options", "title_of"]

REPORTS = ("report.html", "report.pdf")
KINDS = (".html", ".mp4", ".webm", ".gif", ".png", ".svg", ".parquet", ".csv", *REPORTS)
"""What may be asked for."""

Progress = Callable[[int, int], None]

LONGEST_S = 300  # of a film; a viewer may not keep the server at it for hours
EVERY_S = 0.5  # between two words of progress
MOST_CAPTIONS = 50
LONGEST_TITLE = 200
CUT = "Addresses were cut to networks before anything was counted: what is called an address here is a network."
_FILMS = {".mp4": "60 seconds", ".webm": "60 seconds", ".gif": "10 seconds"}
_OPTIONS = ("start", "end", "at", "speed", "length", "size", "scale", "captions", "loop", "lists")


def make(recording: Recording, asked: Mapping[str, Any], directory: Path, show: Progress | None = None) -> Path:
    """Make a file of a recording.

    Parameters
    ----------
    recording : Recording
    asked : mapping
        ``kind``, one of `KINDS`; ``theme``; ``redact``, a profile or None;
        ``redacted``, whether the recording is so already; ``filters`` in the form of
        the player; ``title``; ``geoip``, the databases that located the events; and
        the options of `attackviz.export.Asked`.
    directory : Path
        Where it is made.
    show : callable, optional
        Of a film, told how many frames there are, and of how many.

    Raises
    ------
    AttackvizError
        If it is not possible, in words for the viewer.
    """
    from ..export.part import filtered
    from ..export.saved import save
    from ..replay import redacted

    kind = _kind(asked)
    title = title_of(asked)
    if kind in REPORTS:
        return _report(recording, asked, directory)
    recording.header["title"] = title or recording.header["title"]
    options = _asked(asked, kind)
    options.check(kind)
    filters = asked.get("filters") or {}
    whole = filtered(recording, filters) if recording.header["grain"] is None else recording
    if asked.get("redact"):
        whole = redacted(whole, str(asked["redact"]))
    _check_any(whole, options)
    if kind in _FILMS:
        _check_length(whole, options)
    path = directory / named(str(whole.header["title"]), kind)
    save(whole, path, options, theme=str(asked.get("theme", "dark")), show=show)
    return path


def _report(recording: Recording, asked: Mapping[str, Any], directory: Path) -> Path:
    from ..export import Report
    from ..export.part import events_of, span_of
    from ..geo import open_database

    header = recording.header
    told = report_options(asked, header["categories"])
    told["window"] = told["window"] or span_of(recording, opening=True)
    made = Report(
        events_of(recording),
        title=title_of(asked),
        source=header["source"],
        database=open_database(list(asked.get("geoip") or ()) or None),
        **told,
    )
    return made.save(directory / named(made.title, str(asked["kind"])))


def report_options(asked: Mapping[str, Any], categories: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what a report is told of what a viewer asks: window, filters, redaction, notes.

    Parameters
    ----------
    asked : mapping
        As `make` takes it.
    categories : list of dict
        Of the recording's header, whose slots the filters may name.

    Raises
    ------
    UsageError
        If it is of another form.
    """
    from ..export.asked import moment_of
    from ..export.part import between
    from ..filters import Filters

    edges = [None if asked.get(name) is None else moment_of(asked[name]) for name in ("start", "end")]
    start, end = edges
    return {
        "window": None if start is None or end is None else between(start, end),
        "filters": Filters.parse(asked.get("filters")).named(categories),
        "redact": "public" if asked.get("redacted") else str(asked["redact"]) if asked.get("redact") else None,
        "notes": CUT if asked.get("redacted") else None,
    }


def named(title: str, kind: str) -> str:
    """Return what a file is called.

    Examples
    --------
    >>> named("A <b>quiet</b> hour", ".csv"), named("Attack report: pot", "report.pdf")
    ('a-b-quiet-b-hour.csv', 'attack-report-pot.pdf')
    """
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")
    return f"{words or 'replay'}{kind.removeprefix('report')}"


def _kind(asked: Mapping[str, Any]) -> str:
    kind = asked.get("kind")
    if kind not in KINDS:
        raise UsageError(f"there is no file {kind!r}", hint=f"choose {', '.join(KINDS)}")
    return str(kind)


def title_of(asked: Mapping[str, Any]) -> str | None:
    """Return the title that a viewer asks for, if any."""
    title = asked.get("title")
    if title is not None and (not isinstance(title, str) or len(title) > LONGEST_TITLE):
        raise UsageError(f"a title is a text of at most {LONGEST_TITLE} characters", hint="make it shorter")
    return title.strip() if title and title.strip() else None


def _asked(asked: Mapping[str, Any], kind: str) -> Asked:
    from ..export import Asked
    from ..export.asked import SIZES

    options = {name: asked[name] for name in _OPTIONS if asked.get(name) is not None}
    if options.get("size") is not None and options["size"] not in SIZES:
        raise UsageError(f"{options['size']!r} is no size", hint=f"choose {', '.join(SIZES)}")
    captions = options.get("captions", ())
    texts = isinstance(captions, list | tuple) and all(isinstance(each, str) for each in captions)
    if not texts or len(captions) > MOST_CAPTIONS:
        raise UsageError(f"captions are at most {MOST_CAPTIONS} lines of text", hint="write fewer")
    for name in ("speed", "scale"):
        if not isinstance(options.get(name, 1), int | float):
            raise UsageError(f"{options[name]!r} is no {name}", hint="give a number")
    if kind in _FILMS and "speed" not in options:
        options.setdefault("length", _FILMS[kind])
    return Asked(**options)


def _check_any(recording: Recording, asked: Asked) -> None:
    """Refuse a part without events, also as a table."""
    from ..export.scene import Scene

    Scene.of(recording, start=asked.start, end=asked.end)


def _check_length(recording: Recording, asked: Asked) -> None:
    """Refuse a film that would keep the server for hours."""
    from ..export.asked import length_of, moment_of
    from ..export.part import span_of

    if asked.length is not None:
        seconds = length_of(asked.length)
    else:
        opens = span_of(recording, opening=True)
        start = opens.start_us if asked.start is None else moment_of(asked.start)
        end = opens.end_us if asked.end is None else moment_of(asked.end)
        seconds = (end - start) / 1e6 / (asked.speed or 1)
    if seconds > LONGEST_S:
        raise UsageError(
            f"a film of {seconds / 60:,.0f} minutes is too long to make here",
            hint=f"at most {LONGEST_S // 60} minutes; attackviz export makes longer ones",
        )


class _Teller:
    """Tell how far a film is, now and then, with how long it will take."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._said = out, 0.0
        self._first: tuple[float, int] | None = None

    def __call__(self, done: int, of: int) -> None:
        now = time.monotonic()
        self._first = self._first or (now, done)
        if now - self._said < EVERY_S and done < of:
            return
        self._said = now
        since, before = self._first
        left = (now - since) / (done - before) * (of - done) if done > before else None
        _line(self._out, {"progress": {"done": done, "of": of, "left": left}})


def _line(out: IO[bytes], said: Mapping[str, Any]) -> None:
    out.write(json.dumps(said).encode() + b"\n")
    out.flush()


def main() -> int:
    """Read what is asked and a recording from standard input, and write the file to standard output."""
    from ..replay import load

    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever prints in here must not end up between the lines.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "nice"):
        os.nice(10)  # the pages come first, also on two cores
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # browsers and encoders end with it
    asked = json.loads(sys.stdin.buffer.readline())
    packed = sys.stdin.buffer.read()
    try:
        with TemporaryDirectory(prefix="attackviz-") as directory:
            path = make(load(gzip.decompress(packed)), asked, Path(directory), _Teller(out))
            data = path.read_bytes()
            _line(out, {"name": path.name, "length": len(data)})
            out.write(data)
            out.flush()
    except AttackvizError as error:
        # Without where: what lies where on the server is not for viewers.
        _line(out, {"error": f"{error.what}; {error.hint}" if error.hint else error.what})
    except OSError as error:
        _line(out, {"error": f"the file cannot be made: {error.strerror or error}"})
    except MemoryError:
        _line(out, {"error": "the memory of this machine is not enough; choose a shorter window"})
    return 0


if __name__ == "__main__":
    sys.exit(main())
