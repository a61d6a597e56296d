"""`Report`: what happened in a window, as a page or a PDF, for a reader who was not there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...account import SOURCE_ATTRS, Account, account_of
from ...analysis import EventTable, keep
from ...analysis.filtered import Filtered
from ...analysis.redacted import Redacted
from ...analysis.redaction import Redactor
from ...elastic import Elastic
from ...errors import ExportError, UsageError
from ...filters import Filters
from ...replay import Recording
from ...saving import replacing
from ...store import Store
from ...window import Window, as_window
from ..page import script_digest
from ..replay import Replay, located
from .facts import Facts, facts_of, window_of
from .logo import picture
from .notes import to_html
from .quality import for_others, lines
from .render import check_template, render
from .words import moment, short

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ...geo import Database, Targets

__all__ = ["Report"]


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
    key : str, optional
        Of such an edition, a secret that names are made of in place of networks.
    filters : Filters, mapping or str, optional
        Tell only of events that meet these conditions; the report says so.
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
        key: str | None = None,
        filters: Filters | Mapping[str, Any] | str | None = None,
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
        if key is not None and redact is None:
            raise UsageError("a key is of a redacted edition", hint="say which one: redact='public'")
        conditions = Filters.parse(filters)
        redactor = None if redact is None else Redactor(redact, key)
        if template is not None:
            check_template(template)
        self.notes, self.template, self.edition = notes, template, redact
        self.by = short(by, 200) if by else ""
        self.made = (made or datetime.now(UTC)).astimezone(UTC)
        self._logo = None if logo is None else picture(logo)
        if source is None:
            source = (
                events.index if isinstance(events, Elastic) else str(getattr(events, "attrs", {}).get(SOURCE_ATTRS, ""))
            )
        account = account_of(events) if account is None else account
        events, self.credit, self.database = located(events, database, targets)
        whole = events if isinstance(events, Store) else EventTable(events, account)
        self._remarks = _told_of(conditions, redacted=redact is not None)
        whole = _meeting(whole, conditions)
        asked = as_window(window)
        found = asked or window_of(whole)
        counts = whole.count(found)
        if found is None or not counts.events:
            raise _nothing(max(counts.all, counts.account.events), counts.untimed, asked)
        self.store: Store = whole
        self.account, sources = counts.account, None
        if redactor is not None:
            self.account, source = for_others(counts.account), ""
            sources = None if redactor.keyed else counts.sources
            self.store = _redacted(whole, redactor, self.account)
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
                "remarks": [
                    short(each, 400)
                    for each in (*self._remarks, *self.account.notes, self.credit.get("notice"))
                    if each
                ],
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


def _redacted(store: Store, redactor: Redactor, account: Account) -> Store:
    if isinstance(store, EventTable):  # redacted once, it answers as fast as before
        return EventTable(redactor.table(store.table), account)
    return Redacted(store, redactor)


def _meeting(store: Store, filters: Filters) -> Store:
    """Return those events of a store that meet conditions."""
    if not filters:
        return store
    if not isinstance(store, EventTable):
        return Filtered(store, filters)
    account = Account.from_dict(store.account.to_dict())
    return EventTable(keep(store.table, filters, account), account)


def _told_of(filters: Filters, *, redacted: bool) -> list[str]:
    """Return what a reader should know of conditions; of a redacted edition not which, as they may name addresses."""
    if not filters:
        return []
    which = "" if redacted else f": {json.dumps(filters.to_dict(), ensure_ascii=False)}"
    return [f"Only events that meet a filter are told of{which}"]


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
