"""Reading a job: addresses in, an event table with places or a recording out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..account import Account
from ..elastic.address import is_address
from ..filters import Filters
from ..settings import Settings, load_settings
from ..store import BUDGET, Store
from ..tape.address import is_tape, path_of
from ..window import Window
from .job import Job

if TYPE_CHECKING:
    import pyarrow as pa

    from ..elastic.located import Located
    from ..geo import Database, Targets
    from ..replay import Recording
    from ..tape.tape import Narrowed

__all__ = ["Loaded", "load", "load_events", "record", "words"]

Progress = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Hold events that were read and located, and what is known of them.

    Attributes
    ----------
    events : pyarrow.Table or Store
        The event table with the columns of places; or a store, where they are
        more than a recording holds and stay where they are.
    many : int
        How many events there are.
    account : Account
        What became of every piece of input.
    formats : list of str
        Formats that were met.
    database : Database
        What located them.
    window : Window or None
        What was asked for.
    """

    events: pa.Table | Store
    many: int
    account: Account
    formats: list[str]
    database: Database
    window: Window | None

    def store(self) -> Store:
        """Return what answers for the events."""
        from ..analysis import EventTable

        return self.events if isinstance(self.events, Store) else EventTable(self.events, self.account)


def load_events(job: Job, progress: Progress | None = None) -> Loaded:
    """Read a job's addresses and locate what is in them.

    An index or a tape of more events than a recording holds is not read: they
    are counted where they are.

    Parameters
    ----------
    job : Job
    progress : callable, optional
        Given a loading status (a dict) at most 20 times a second.

    Returns
    -------
    Loaded

    Raises
    ------
    AttackvizError
        If nothing can be read, or the database, the targets, the zone or the
        window is wrong.
    """
    from ..analysis import keep
    from ..geo import enrich, open_database
    from ..open import scan
    from ..open.batches import together
    from ..schema import COLUMNS

    settings = load_settings()
    tz = job.tz or settings.tz
    window = Window.parse(job.window, tz=tz) if job.window else None
    tell = (lambda p: progress({"kind": "loading", **p.to_dict()})) if progress else None
    own, filters = list(job.exclude) or None, Filters.parse(job.filters)
    database = open_database(list(job.geoip) or None)
    if (taped := as_tape(job, settings)) is not None:
        many = taped.tape.info(window).rows
        if many > BUDGET:
            return Loaded(taped, many, Account(), ["tape"], database, window)
    if (index := as_store(job, settings, database)) is not None:
        many = index.size(window)
        if many > BUDGET:
            return Loaded(index, many, Account(), [index.index.documents.form.name], database, window)
    with scan(
        list(job.addresses), job.form(), window=window, tz=tz, year=job.year, progress=tell, exclude=own
    ) as batches:
        targets = find_targets(job, settings, batches.targets)
        located = (enrich(table, database, targets) for table in batches)
        tables = [keep(table, filters, batches.account) if filters else table for table in located]
    events = together(tables, list(COLUMNS))
    return Loaded(events, events.num_rows, batches.account, batches.formats, database, window)


def as_store(job: Job, settings: Settings, database: Database) -> Located | None:
    """Return the index of a job as a store, located like files.

    None if it is no single index, or its cluster cannot tell what is to be left out.

    Parameters
    ----------
    job : Job
    settings : Settings
    database : Database
        What locates addresses.
    """
    if len(job.addresses) > 1 or not is_address(job.addresses[0]):
        return None
    from ..analysis import read_exclusion
    from ..elastic import Elastic
    from ..elastic.located import Located, excludes

    networks = job.exclude or settings.exclude
    index = Elastic(job.addresses[0], format=job.form())
    own = read_exclusion(networks) if networks else None
    if own is not None and not excludes(index):
        return None
    return Located(index, database, find_targets(job, settings, None), Filters.parse(job.filters), own)


def as_tape(job: Job, settings: Settings) -> Narrowed | None:
    """Return the tape of a job as a store; None if it is no single one, or networks are to be left out of it.

    Parameters
    ----------
    job : Job
    settings : Settings
    """
    if len(job.addresses) > 1 or not is_tape(job.addresses[0]) or job.exclude or settings.exclude:
        return None
    from ..tape import Tape

    return Tape(path_of(job.addresses[0]), readonly=True).where(job.filters)


def load(job: Job, progress: Progress | None = None) -> Recording:
    """Read a job and make its recording.

    Parameters
    ----------
    job : Job
    progress : callable, optional
        As for :func:`load_events`.

    Returns
    -------
    Recording

    Raises
    ------
    AttackvizError
        As for :func:`load_events`.
    """
    return record(job, load_events(job, progress))


def record(job: Job, loaded: Loaded, store: Store | None = None) -> Recording:
    """Make the recording of what a job read: of cells where there are too many events, redacted if it is public.

    Parameters
    ----------
    job : Job
    loaded : Loaded
    store : Store, optional
        What answers for them, where it is there already.

    Returns
    -------
    Recording
    """
    from .. import replay

    told = words(job, loaded)
    if isinstance(loaded.events, Store):
        made = replay.record(loaded.events, job.name, window=loaded.window, budget=BUDGET, **told)
    else:
        known: dict[str, Any] = {"store": store, "window": loaded.window, "account": loaded.account}
        made = replay.record(loaded.events, job.name, **known, **told)
    return replay.redacted(made) if job.public else made


def words(job: Job, loaded: Loaded) -> dict[str, Any]:
    """Return what recordings of a job say of it, whichever part of it they hold."""
    counted = None
    if isinstance(loaded.events, Store):
        taped = is_tape(job.addresses[0])
        place = "on the tape, where they are counted" if taped else "in the cluster, which counts them"
        counted = f"The events stay {place}."
    return {
        "source": job.source,
        "formats": loaded.formats,
        "attribution": credits_of(loaded.database),
        "notice": " ".join(filter(None, [loaded.database.notice, counted])) or None,
    }


def credits_of(database: Database) -> list[dict[str, str]]:
    """Return whom the locations are owed to, as recordings carry it: text and url."""
    return [{"text": credit["text"] or "", "url": credit["url"] or ""} for credit in database.attribution]


def find_targets(job: Job, settings: Settings, beside: Path | None) -> Targets | None:
    """Return the table of where attacks arrive.

    It is the one the job names, else the settings', else the one that lies
    beside the logs; None where there is none of these.
    """
    from ..geo import read_targets

    if job.targets:
        return read_targets(job.targets)
    if settings.targets or beside is None:
        return None  # `enrich` finds the settings' by itself
    return read_targets(beside)
