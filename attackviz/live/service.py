"""One process's live server: tape, hub, intake and sources, started once and shared by all who ask."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..analysis import redact
from ..analysis.redaction import middle
from ..errors import AddressError, TapeError
from .beat import Beat
from .config import LiveSettings, live_settings
from .hub import CAPACITY, Hub
from .limits import Budget, Rate
from .totals import Totals

if TYPE_CHECKING:
    import pyarrow as pa

    from ..store import Store
    from ..tape import Tape
    from .inputs import Inputs
    from .intake import Intake

__all__ = ["Live", "current", "use"]

_POLL = 0.1  # seconds between looks at a tape that another process writes
_REFILL = 100_000  # rows
_WORKERS = 4  # pushes that are decoded at once
_REDACTED = {"text": "redacted: networks for addresses, regions for places", "url": ""}


class Live:
    """Run the live server of a process.

    The first process to come writes the tape and takes events in; others follow
    it, and only show.

    Parameters
    ----------
    settings : LiveSettings

    Attributes
    ----------
    hub : Hub
    totals : Totals
    tape : Tape
    intake : Intake or None
        None in a process that only shows.
    counts : Counter
        Figures for `/metrics`.
    """

    def __init__(self, settings: LiveSettings) -> None:
        self.settings = settings
        self.hub = Hub(CAPACITY)
        self.beat = Beat(self.hub)
        self.attribution: list[dict[str, str]] = []
        self.totals = Totals()
        self.counts: Counter[str] = Counter()
        self.clients = Budget(settings.limits.clients)
        self.waiting = Budget(settings.limits.waiting)
        self.rate = Rate(settings.limits.requests)
        self.logins = Rate(0.2, burst=10)
        self.pool = ThreadPoolExecutor(_WORKERS, "attackviz-intake")
        self.intake: Intake | None = None
        self.inputs: Inputs | None = None
        self.started = time.time()
        self.tape: Tape
        self._stopping = threading.Event()
        self._unread: str | None = None  # why the tape of another process cannot be read at present
        self._threads: list[threading.Thread] = []

    def start(self) -> Live:
        """Open the tape, fill the ring from it, and begin to take events.

        Raises
        ------
        AttackvizError
            If the tape, the databases or an address are wrong.
        """
        from ..formats import own_formats
        from ..geo import open_database, read_targets
        from .intake import Intake

        settings = self.settings
        self._open()
        try:
            database = open_database(*settings.geoip) if settings.geoip else open_database()
            self.attribution = [{"text": each["text"] or "", "url": each["url"] or ""} for each in database.attribution]
            if settings.public:
                self.attribution.append(_REDACTED)
            self._refill()
            if self.tape.readonly:
                self._run(self._follow, "attackviz-follow")
                return self
            self.intake = Intake(
                self.tape,
                database,
                read_targets(settings.targets) if settings.targets else None,
                tz=settings.tz or "UTC",
                own=own_formats(),
                line_limit=settings.limits.line,
            )
            self._run(self._warm, "attackviz-warm")
            self.tape.subscribe(self._arrived)
            if settings.sources:
                from .inputs import Inputs

                state = self.tape.path / "inputs"
                self.inputs = Inputs(
                    settings.sources,
                    self.intake.take,
                    state,
                    format=settings.form,
                    tz=settings.tz or "UTC",
                    year=settings.year,
                )
                self.inputs.start()
        except BaseException:
            self.tape.close()
            raise
        return self

    def stop(self) -> None:
        """End the sources, then let go of the tape."""
        self._stopping.set()
        if self.inputs is not None:
            self.inputs.stop()
        for thread in self._threads:
            thread.join()
        self.pool.shutdown()
        self.tape.close()

    @property
    def writer(self) -> str:
        """Who writes the tape, where it is another process; else empty."""
        from ..tape.lock import holder

        return holder(self.tape.path) if self.tape.readonly else ""

    @cached_property
    def history(self) -> Store:
        """What answers viewers about events that are no longer in the ring."""
        store: Store = redact(self.tape) if self.settings.public else self.tape
        return store

    def since(self, sequence: int, limit: int) -> pa.Table:
        """Return rows of the tape as viewers may have them.

        Parameters
        ----------
        sequence : int
            Behind which they lie.
        limit : int
            How many at most.

        Raises
        ------
        TapeError
            If the tape cannot be read.
        """
        return self._shown(self.tape.since(sequence, limit))

    def sources(self, *, whole: bool = False) -> list[dict[str, Any]]:
        """Return the state of every source.

        Parameters
        ----------
        whole : bool
            Also to name them, and what is wrong with them, where that is not for everyone.
        """
        found = self.inputs.status() if self.inputs is not None else []
        if whole or not self.settings.public:
            return found
        # An address names hosts and paths, and so does what went wrong there.
        return [
            {**each, "name": f"source {k}", "error": _trouble(each["error"], "it cannot be read at present")}
            for k, each in enumerate(found, 1)
        ]

    def status(self, *, whole: bool = False) -> dict[str, Any]:
        """Return what there is to say of it: for ``/health``.

        Parameters
        ----------
        whole : bool
            As for `sources`.
        """
        writer, trouble = self.writer, self._unread or self.tape.trouble
        hidden = self.settings.public and not whole
        intake = self.intake
        return {
            "live": True,
            "ready": True,
            "role": "viewer" if writer else "writer",
            "writer": None if hidden else writer or None,
            "uptime_s": round(time.time() - self.started, 1),
            "last": self.hub.last,
            "clients": self.clients.used,
            "events": {
                name: getattr(intake, name) for name in ("accepted", "duplicates", "rejected", "ahead", "untimed")
            }
            if intake
            else None,
            "trouble": _trouble(trouble, "the tape needs a look") if hidden else trouble,
            "sources": self.sources(whole=whole),
        }

    def _run(self, work: Callable[[], None], name: str) -> None:
        self._threads.append(threading.Thread(target=work, name=name, daemon=True))
        self._threads[-1].start()

    def _warm(self) -> None:
        """Load what the first events would wait for."""
        if self.intake is not None:
            self.intake.warm()
        if self.settings.public:
            middle("US")

    def _open(self) -> None:
        from ..tape import Tape

        settings = self.settings
        try:
            self.tape = Tape(settings.tape, keep=settings.keep, max_bytes=settings.max_bytes)
        except TapeError:
            try:
                self.tape = Tape(settings.tape, readonly=True)
            except AddressError:
                pass
            else:
                return
            raise

    def _refill(self) -> None:
        last = self.tape.last
        self.hub.begin(max(0, last - _REFILL))
        table = self.tape.since(max(0, last - _REFILL), _REFILL)
        self.hub.publish(self._shown(table))
        self.totals.fill(self.tape)

    def _arrived(self, table: pa.Table) -> None:
        table = self._shown(table)
        self.hub.publish(table)
        self.totals.add(table)

    def _shown(self, table: pa.Table) -> pa.Table:
        """Return rows of the tape as viewers may have them: their sequence tells them apart, whatever else goes."""
        if not self.settings.public:
            return table
        left: pa.Table = redact(table)
        return left.append_column("sequence", table["sequence"])

    def _follow(self) -> None:
        """Follow a tape that another process writes."""
        while not self._stopping.wait(_POLL):
            try:
                while (table := self.tape.since(self.hub.last, _REFILL)).num_rows:
                    self._arrived(table)
                self._unread = None
            except TapeError as error:
                self.counts["tape_errors"] += 1
                self._unread = str(error)
                self._stopping.wait(1.0)


def _trouble(told: str | None, public: str) -> str | None:
    return public if told else None


_lock = threading.Lock()
_current: Live | None = None


def use(live: Live | None) -> None:
    """Make a live server the one of this process, or forget it."""
    global _current
    with _lock:
        _current = live


def current() -> Live:
    """Return the live server of this process; one as the settings say, started by the first to ask.

    Raises
    ------
    AttackvizError
        If it cannot be started; the next to ask tries again.
    """
    global _current
    with _lock:
        if _current is None:
            _current = Live(live_settings()).start()
        return _current


Source = Callable[[], Live]
"""Gives the live server that a route belongs to."""
