"""Answers to what players ask of a reading whose events are more than a recording holds."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..analysis.redacted import Redacted
from ..errors import AttackvizError, UsageError

if TYPE_CHECKING:
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
    """

    def __init__(self, store: Store, recording: Recording) -> None:
        header = recording.header
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
        try:
            return self._answer(question)
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
