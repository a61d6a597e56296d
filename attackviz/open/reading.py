"""The front door: `scan` gives batches, `read` a data frame."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from ..account import ATTRS, SOURCE_ATTRS, TARGETS_ATTRS, Account, source_name
from ..elastic.address import named
from ..errors import AttackvizWarning, DataLossWarning, UsageError
from ..formats import FormatLike, Options, choose, own_formats
from ..formats.near import near
from ..schema import COLUMNS, to_pandas
from ..settings import load_settings
from ..sources import InputFile, Progress
from ..window import Window, as_window, zone
from .addresses import Address, listed, open_address, parted
from .batches import Scan, together
from .indices import opened
from .tapes import found

if TYPE_CHECKING:
    import pandas as pd

    from ..analysis import Exclusion

__all__ = ["read", "scan"]

TARGETS = "targets.csv"
"""Name of the table of where attacks arrive that may lie with logs."""


def scan(
    address: Address | Sequence[Address],
    format: FormatLike | None = None,  # noqa: A002 - the word users know
    window: Window | str | None = None,
    columns: Sequence[str] | None = None,
    tz: str = "UTC",
    progress: Callable[[Progress], None] | None = None,
    processes: int | None = None,
    year: int | None = None,
    bad: Address | None = None,
    exclude: Address | Sequence[Address] | None = None,
) -> Scan:
    """Read events batch by batch, with an account of every piece.

    Parameters
    ----------
    address : path or sequence of paths
        Files (plain, compressed, archives), directories, globs; ``-`` is
        standard input; ``s3://bucket/prefix``, also as a pattern; an index as
        ``es+https://host:9200/index?q=QUERY`` (`attackviz.elastic.Address`); a
        tape as ``tape:DIR``.
    format : str, Mapping or path, optional
        Name of the format, or a mapping of one's own, or the path of a
        ``.toml`` file that holds one; told by content by default.
    window : Window or str, optional
        Only events within; as text, see `Window.parse`.
    columns : sequence of str, optional
        Columns wanted: of the event table (``event_id`` only if named here),
        or fields of the log by their own names (as strings). ``time`` always.
    tz : str
        Zone of times that carry none, and of ``yesterday``.
    progress : callable, optional
        Called with a `Progress`, at most 20 times a second.
    processes : int, optional
        How many processes to read with; by default what pays.
    year : int, optional
        Year of times that carry none (syslog, Snort); by default the latest
        that does not lie after the file's last change.
    bad : path, optional
        Where to write all pieces that become no event, as they are: a line
        each, with file and line number, the reason, and the piece. Not of an index.
    exclude : path or sequence of paths, optional
        Lists of networks, one a line, whose events are left out, and counted;
        by default what the settings name.

    Returns
    -------
    Scan

    Raises
    ------
    AddressError
        If nothing is found at an address.
    ElasticError
        If a cluster cannot be asked (when it is read).
    FormatError
        If a named file, or an index, is of no known format (when it is read).
    UsageError
        If the format is not known, or the window not understood.

    Examples
    --------
    >>> with scan("data/samples/tpot-2025/*.csv", window="2025-02-18", columns=["src_ip"]) as batches:
    ...     sum(table.num_rows for table in batches)
    1064
    """
    zone(tz)
    span = as_window(window, tz)
    if year is not None and not (isinstance(year, int) and 1995 <= year <= 2099):
        raise UsageError(f"{year!r} is no year of a log", hint="give one from 1995 to 2099")
    if isinstance(columns, str):
        raise UsageError("columns is a text, not a list of names", hint=f"write columns=[{columns!r}]")
    own = own_formats()
    form = None if format is None else choose(format, own)
    if form is not None and form.mapping is not None:
        own = (*(mapping for mapping in own if mapping.name != form.name), form.mapping)
    addresses, named_indices, named_tapes = parted(listed(address))
    indices = opened(named_indices, format, bad)
    tapes = found(named_tapes, format)
    files, skipped = open_address(addresses, span) if addresses else ([], {})
    beside = (file.path.with_name(TARGETS) for file in files if isinstance(file, InputFile))
    targets = next((path for path in beside if path.is_file()), None)
    files = [file for file in files if not (isinstance(file, InputFile) and file.path == targets)]
    options = Options(span, tuple(columns) if columns is not None else None, tz, year=year, own=own)
    return Scan(
        files,
        Account(skipped=skipped),
        format=form,
        options=options,
        progress=progress,
        processes=processes,
        targets=targets,
        bad=bad,
        exclude=_exclusion(exclude),
        indices=indices,
        tapes=tapes,
    )


def _exclusion(paths: Address | Sequence[Address] | None) -> Exclusion | None:
    listed = load_settings().exclude if paths is None else [paths] if isinstance(paths, str | os.PathLike) else paths
    if not listed:
        return None
    from ..analysis import read_exclusion

    return read_exclusion(listed)


def read(
    address: Address | Sequence[Address],
    format: FormatLike | None = None,  # noqa: A002 - the word users know
    window: Window | str | None = None,
    columns: Sequence[str] | None = None,
    tz: str = "UTC",
    progress: Callable[[Progress], None] | None = None,
    processes: int | None = None,
    year: int | None = None,
    bad: Address | None = None,
    exclude: Address | Sequence[Address] | None = None,
    engine: str = "pandas",
) -> pd.DataFrame:
    """Read events into a data frame.

    It carries the account of every piece (`attackviz.account_of`; as
    plain data in its ``attrs``, so that Parquet files keep it), and remembers
    a ``targets.csv`` that lies with the logs for `attackviz.enrich`. Events whose
    time is impossible or missing are in it, with a null time, unless a window
    is asked for.

    Parameters
    ----------
    address, format, window, columns, tz, progress, processes, year, bad, exclude
        As for `scan`.
    engine : str
        ``pandas``; or ``dask``, for archives that are larger than memory or one
        machine: the same events as a Dask DataFrame, read when it is computed
        (`progress`, `processes` and `bad` are of no use there). It has all
        columns of the event table but ``event_id`` unless `columns` are named,
        and `account_of` it adds up the accounts of its parts.

    Returns
    -------
    pandas.DataFrame or dask.dataframe.DataFrame
        The event table, in the order of the files.

    Warns
    -----
    DataLossWarning
        If some input did not become events; with the counts.
    AttackvizWarning
        If a field that was asked for by name is in none of them.

    Raises
    ------
    AddressError, FormatError, UsageError
        As for `scan`.

    Examples
    --------
    >>> events = read("data/samples/tpot-2025/cowrie_sessions_20k.csv")
    >>> len(events), events["severity"].eq("high").sum().item()
    (20000, 1219)
    >>> from attackviz.account import account_of
    >>> print(account_of(events).summary())
    20,001 pieces: 20,000 events, 0 bad, 0 blank, 1 structure; 3 no start, end time taken; 3 no source address
    """
    if engine not in ("pandas", "dask"):
        raise UsageError(f"there is no engine {engine!r}", hint="known are pandas and dask")
    if engine == "dask" and (progress or processes or bad):
        raise UsageError("progress, processes and bad are not for engine='dask'", hint="leave them out")
    with scan(address, format, window, columns, tz, progress, processes, year, bad, exclude) as batches:
        if engine == "dask":
            if batches.indices or batches.tapes:
                hint = "read a window at a time, or scan it"
                raise UsageError("engine='dask' reads files, not an index or a tape", hint=hint)
            from ..sources.dask import as_dask, parts

            todo = parts(batches.files, batches.account.skipped)
            return cast("pd.DataFrame", as_dask(batches.read_part, todo, batches.columns))  # it has the same methods
        table = together(list(batches), columns)
    frame = to_pandas(table)
    frame.attrs[ATTRS] = batches.account.to_dict()
    frame.attrs[SOURCE_ATTRS] = source_name([named(os.fspath(each)) for each in listed(address)])
    if batches.targets:
        frame.attrs[TARGETS_ATTRS] = str(batches.targets)
    if batches.account.lost():
        warnings.warn(batches.account.summary(), DataLossWarning, stacklevel=2)
    unmet = [
        name for name in columns or () if name not in COLUMNS and len(table) and table[name].null_count == len(table)
    ]
    if unmet:
        close = dict.fromkeys(word for name in unmet for word in near(name, COLUMNS))
        hint = f"is {' or '.join(map(repr, close))} meant?" if close else "check the name"
        warnings.warn(f"no event has a field {', '.join(map(repr, unmet))}: {hint}", AttackvizWarning, stacklevel=2)
    return frame
