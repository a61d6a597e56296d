"""`Report`: what happened in a window, as a page or a PDF, for a reader who was not there."""

from __future__ import annotations

import base64
import os
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...account import SOURCE_ATTRS, Account, account_of
from ...analysis import EventTable
from ...analysis import redact as redacted
from ...elastic import Elastic
from ...errors import ExportError, UsageError
from ...replay import Recording
from ...saving import replacing
from ...store import Store
from ...window import Window, as_window
from ..page import script_digest
from ..replay import Replay, located
from .facts import Facts, facts_of, window_of
from .notes import to_html
from .quality import for_others, lines
from .render import render
from .words import moment, short

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ...geo import Database, Targets

__all__ = ["Report"]

LOGO_BYTES = 2_000_000
_PICTURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"RIFF": "webp"}


class Report:
    """Hold a report of a window: what happened, for a reader who was not there.

    Headline numbers beside the window before, the timeline with its bursts,
    maps, who and what, attackers over time, verdicts, the replay itself, and
    what the figures rest on.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
        An event table, located first where it is not; or a store, such as
        `attackviz.Elastic`. Events of the window before are compared with,
        so hand over both.
    window : Window or str, optional
        What it is about, such as ``"2025-02-20"`` or ``"yesterday"``; by
        default where nearly all events are.
    title : str, optional
    notes : str, optional
        Of your own, in Markdown; HTML in it is shown as text.
    logo : path, optional
        A PNG, JPEG, GIF, WebP or SVG file.
    by : str, optional
        Who made it: a line on the first page.
    template : path, optional
        A Jinja2 template of your own; it may extend ``attackviz/report.html``.
    redact : str, optional
        ``"public"`` for an edition that may be passed on; see `attackviz.redact`.
    source : str, optional
        What was read; by default as `attackviz.read` noted.
    account : Account, optional
        What became of the input; by default the one that came with the frame.
    database : Database, optional
        What locates, or located, the events.
    targets : Targets, optional
        Where attacks arrive.
    made : datetime, optional
        When it was made; now by default.

    Attributes
    ----------
    facts : Facts
        Every figure and sentence of it.
    title : str
    summary : str
        It in one line, such as for a mail.

    Raises
    ------
    ExportError
        If no event is in the window, or the logo cannot be read.
    UsageError
        If the window is not understood, or there is no such edition.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.to_datetime(["2025-02-18T10:00Z", "2025-02-18T11:00Z", "2025-02-17T01:00Z"])
    >>> events = pd.DataFrame({"time": times, "src_ip": ["192.0.2.1", "192.0.2.2", "192.0.2.1"]})
    >>> Report(events, "2025-02-18").facts.sentences[0]
    '2 events came from 2 addresses. That is 2.0 times as many as in the day before, which had 1.'
    """

    def __init__(
        self,
        events: pd.DataFrame | pa.Table | Store,
        window: Window | str | None = None,
        title: str | None = None,
        *,
        notes: str | None = None,
        logo: str | os.PathLike[str] | None = None,
        by: str | None = None,
        template: str | os.PathLike[str] | None = None,
        redact: str | None = None,
        source: str | None = None,
        account: Account | None = None,
        database: Database | None = None,
        targets: Targets | None = None,
        made: datetime | None = None,
    ) -> None:
        if isinstance(events, Recording):
            raise UsageError("a report is made of events, not of a recording", hint="hand over the events it is of")
        for name, value in (("title", title), ("notes", notes), ("by", by), ("redact", redact)):
            if value is not None and not isinstance(value, str):
                raise UsageError(f"{name}={value!r} is no text", hint=f"hand over {name} as str")
        for name, path in (("logo", logo), ("template", template)):
            if path is not None and not isinstance(path, str | os.PathLike):
                raise UsageError(f"{name}={path!r} is no path", hint="name a file")
        self.notes, self.template, self.edition = notes, template, redact
        self.by = short(by, 200) if by else ""
        self.made = (made or datetime.now(UTC)).astimezone(UTC)
        self._logo = None if logo is None else _picture(Path(logo))
        if source is None:
            source = (
                events.index if isinstance(events, Elastic) else str(getattr(events, "attrs", {}).get(SOURCE_ATTRS, ""))
            )
        account = account_of(events) if account is None else account
        events, self.credit, self.database = located(events, database, targets)
        whole = events if isinstance(events, Store) else EventTable(events, account)
        asked = as_window(window)
        found = asked or window_of(whole)
        counts = whole.count(found)
        if found is None or not counts.events:
            raise _nothing(max(counts.all, counts.account.events), counts.untimed, asked)
        self.store: Store = whole
        self.account, sources = counts.account, None
        if redact is not None:
            self.account, source, sources = for_others(counts.account), "", counts.sources
            self.store = _redacted(whole, redact, self.account)
        self.source = short(source, 60)
        self.facts: Facts = facts_of(self.store, found, sources)
        self.title = short(title or ("Attack report" if not self.source else f"Attack report: {self.source}"), 200)

    def __repr__(self) -> str:
        return f"<Report {self.title!r}: {self.facts.span}, {self.facts.counts.events:,} events>"

    @property
    def summary(self) -> str:
        """It in one line, such as for a mail."""
        return f"{self.title}, {self.facts.span}: {self.facts.headline}"

    @cached_property
    def replay(self) -> Replay:
        """The window, as the player plays it."""
        window = self.facts.window
        events: Any = self.store if not isinstance(self.store, EventTable) else self.store.table
        told: dict[str, Any] = {"source": self.source, "account": self.account, "database": self.database}
        return Replay(events, window, self.title, theme="light", **told)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the report to a file, whole or not at all.

        Parameters
        ----------
        path : path
            Its suffix says as what: ``.html`` is one page with the replay in
            it, ``.pdf`` is for print and made by a headless Chromium
            (``attackviz[film]``). Overwritten if it exists.

        Returns
        -------
        Path

        Raises
        ------
        ExportError
            If there is no way to write such a file, or it cannot be written.
        MissingDependencyError
            If a PDF is asked for and there is nothing to make it with.

        Examples
        --------
        >>> import pandas as pd, tempfile
        >>> report = Report(pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"])}))
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     report.save(f"{directory}/one.html").name
        'one.html'
        """
        if not isinstance(path, str | os.PathLike):
            raise ExportError(f"{path!r} is no path", hint="name a file that ends in .html or .pdf")
        target = Path(path)
        kinds = {".html": lambda: self.to_html().encode(), ".pdf": self.to_pdf}
        if target.suffix.lower() not in kinds:
            raise ExportError(
                f"a report cannot be saved as {target.suffix or 'a file without suffix'}",
                where=str(target),
                hint="name it .html for a page with the replay in it, or .pdf for print",
            )
        data = kinds[target.suffix.lower()]()
        with replacing(target) as file:
            file.write(data)
        return target

    def to_html(self) -> str:
        """Return the report as one HTML page that asks nothing of the network."""
        return self._render(self.replay.to_html())

    def to_pdf(self) -> bytes:
        """Return the report as a PDF of A4 pages; without the replay, which needs a screen."""
        from .pdf import to_pdf

        return to_pdf(self._render(""), self.title, self.facts.span)

    def _render(self, replay: str) -> str:
        return render(
            self.template,
            {
                "report": self,
                "facts": self.facts,
                "quality": lines(self.account, self.facts, self.database, self.edition is not None),
                "notes": to_html(self.notes) if self.notes else "",
                "logo": self._logo,
                "replay": replay,
                "digest": script_digest() if replay else "",
                "made": moment(self.made.replace(second=0, microsecond=0)),
                "remarks": [short(each, 400) for each in (*self.account.notes, self.credit.get("notice")) if each],
                "attribution": [
                    {"text": short(each["text"], 200), "url": each["url"]}
                    for each in self.credit.get("attribution", [])
                ],
                "version": __version__,
            },
        )

    def _repr_html_(self) -> str:
        import html

        return (
            f'<iframe title="{html.escape(self.title)}" sandbox="allow-scripts" '
            f'style="width:100%;height:{CELL_PX}px;border:0" srcdoc="{html.escape(self.to_html())}"></iframe>'
        )


CELL_PX = 900


def _redacted(store: Store, profile: str, account: Account) -> Store:
    if isinstance(store, EventTable):  # redacted once, it answers as fast as before
        return EventTable(redacted(store.table, profile), account)
    answer: Store = redacted(store, profile)
    return answer


def _nothing(every: int, untimed: int, window: Window | None) -> ExportError:
    if window is not None and every:
        return ExportError(
            f"none of {every:,} events is in the window {window}",
            hint="ask for another window, or see that logs of it were read",
        )
    words = f"{untimed:,} events have no usable time" if untimed else "there is no event"
    return ExportError(
        f"there is nothing to report: {words}", hint="attackviz read ADDRESS says what became of each line"
    )


def _picture(path: Path) -> str:
    """Return a picture as a data URL; what it is is told by its content."""
    hint = "name a PNG, JPEG, GIF, WebP or SVG file of at most 2 MB"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ExportError(f"the logo cannot be read: {error.strerror or error}", where=str(path), hint=hint) from None
    kind = next((kind for magic, kind in _PICTURES.items() if data.startswith(magic)), None)
    if kind is None and b"<svg" in data[:1000].lower():
        kind = "svg+xml"  # in an image it runs no script and asks for nothing
    if kind is None or len(data) > LOGO_BYTES:
        raise ExportError("the logo is no picture of a known kind, or too large", where=str(path), hint=hint)
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"
