"""Answers to what players ask of a reading whose events are more than a recording holds."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ..analysis.redacted import Redacted
from ..errors import AttackvizError, UsageError

if TYPE_CHECKING:
    from ..geo import Database
    from ..replay import Recording
    from ..store import Store

__all__ = ["DETAIL", "Answers"]

DETAIL = 500_000
"""How many rows a window of a recording may have: fewer than a whole one, since somebody waits for it.

The player (zoom.js) asks for finer cells where it has half as many in view.
"""


_SAME = ("source", "formats", "attribution", "notice")
"""What a recording of a part says as the whole does."""


class Answers:
    """Answer questions about the events behind a recording of cells.

    A question is what the player asks: ``{"what": "recording" | "lists",
    "window": [start, end], "filters": {...}}``, with times as ISO 8601.

    Parameters
    ----------
    store : Store
        What answers for them. Of one that is redacted, what is wrong with the
        events behind it is not told.
    recording : Recording
        The whole, in cells.
    database : Database, optional
        What located the events, for reports.
    source : str, optional
        What was read, for reports.
    """

    def __init__(
        self, store: Store, recording: Recording, database: Database | None = None, source: str | None = None
    ) -> None:
        header = recording.header
        self._known: dict[str, Any] = {"database": database, "source": source}
        self._title, self._words = header["title"], {name: header[name] for name in _SAME}
        self._store = store
        self._categories = header["categories"]

    def __call__(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return the answer: what can be said of it in JSON, and a recording, gzipped.

        Parameters
        ----------
        question : mapping

        Returns
        -------
        dict
            With ``lists``, or ``error`` where there is no answer, or empty.
        bytes
            The recording that was asked for; else empty.
        """
        return self._said(self._answer, question)

    def export(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Return what a file is made of, or the file: reports are made here, where all events are.

        Parameters
        ----------
        question : mapping
            With ``export``: what is asked, as `attackviz.dashboard.making.make` takes it.

        Returns
        -------
        dict
            With ``name`` of a file; or empty, or with ``error``.
        bytes
            The file; or the recording to make it of, gzipped.
        """
        return self._said(self._export, question["export"])

    def _said(
        self, answer: Callable[[Mapping[str, Any]], tuple[dict[str, Any], bytes]], question: Mapping[str, Any]
    ) -> tuple[dict[str, Any], bytes]:
        try:
            return answer(question)
        except AttackvizError as error:
            if isinstance(self._store, Redacted) and not isinstance(error, UsageError):
                return {"error": "The events cannot be asked at present."}, b""
            return {"error": str(error)}, b""
        except MemoryError:
            return {"error": "The memory of this machine is not enough; choose a shorter window."}, b""

    def _answer(self, question: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        from ..replay import detail, lists
        from ..window import Window

        what, filters = question.get("what"), question.get("filters") or {}
        ends = question.get("window")
        if not isinstance(ends, list) or len(ends) != 2 or not isinstance(filters, dict):
            raise UsageError("a question needs a window and filters")
        window = Window.parse("..".join(map(str, ends)))
        if what == "lists":
            return {"lists": lists(self._store, window, filters, self._categories)}, b""
        if what != "recording":
            raise UsageError(f"nothing is known of {what!r}", hint="ask for recording or lists")
        told = {**self._words, "budget": DETAIL}
        recording = detail(self._store, self._title, window, filters, self._categories, **told)
        # Somebody waits: the way to the browser is short, so that speed counts more than size.
        return {}, gzip.compress(recording.to_bytes(), compresslevel=1, mtime=0)

    def _export(self, asked: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        from ..export import Report
        from ..replay import detail, redacted
        from .making import REPORTS, named, report_options, title_of

        told = report_options(asked, self._categories)
        title = title_of(asked)
        if asked.get("kind") in REPORTS:
            made = Report(self._store, title=title, **self._known, **told)
            with TemporaryDirectory(prefix="attackviz-") as directory:
                path = made.save(Path(directory) / named(made.title, str(asked["kind"])))
                return {"name": path.name}, path.read_bytes()
        if told["window"] is None:
            raise UsageError("there is no window", hint="say start and end")
        filters = asked.get("filters") or {}
        recording = detail(self._store, title or self._title, told["window"], filters, self._categories, **self._words)
        if told["redact"]:
            recording = redacted(recording, told["redact"])
        return {}, gzip.compress(recording.to_bytes(), compresslevel=1, mtime=0)
