"""The one place that understands addresses, and what is read from them.

An address is a path, a glob, a directory, ``-`` for standard input, or
``s3://bucket/prefix``; several may be given at once.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

from .account import ATTRS, SOURCE_ATTRS, TARGETS_ATTRS, Account, source_name
from .errors import AddressError, AttackvizWarning, DataLossWarning, ReadError, UsageError
from .formats import Format, FormatLike, Options, choose, own_formats
from .schema import COLUMNS, arrow_type, to_pandas
from .settings import load_settings
from .sources import InputFile, Progress, Stored, find, find_s3, outside, spread
from .window import Window, as_window, zone

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from .analysis import Exclusion

__all__ = ["Address", "Scan", "open_address", "read", "scan"]

Address = str | os.PathLike[str]

TARGETS = "targets.csv"
"""Name of the table of where attacks arrive that may lie with logs."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(//)?")


class Scan:
    """Read events batch by batch; memory stays bounded.

    Iterate it once; `account` is complete when that ends. Closing it early, or
    leaving its ``with`` block, stops all that reads for it.

    Parameters
    ----------
    files : list of Stored
        What to read.
    account : Account
        What is known before reading: files that are skipped.
    format : Format, optional
        The format of all files; told by content by default.
    options : Options
        What is wanted of them.
    progress : callable, optional
        Called with a `Progress`, at most 20 times a second.
    processes : int, optional
        How many processes to read with; by default what pays.
    targets : Path, optional
        The table of where attacks arrive that lies with the logs.
    bad : path, optional
        Where to write all bad pieces.
    exclude : Exclusion, optional
        What is left out.

    Attributes
    ----------
    account : Account
        What became of every piece read so far.
    targets : Path or None
        The table of where attacks arrive that lies with the logs.
    columns : tuple of str or None
        Those that were asked for.
    read_part : callable
        Reads some of the files, in any process, into a frame that carries its account.

    Examples
    --------
    >>> with scan("data/samples/tpot-2025/cowrie_sessions_20k.csv") as batches:
    ...     rows = sum(table.num_rows for table in batches)
    >>> rows, batches.account.events, batches.formats
    (20000, 20000, ['cowrie.sessions'])
    """

    def __init__(
        self,
        files: list[Stored],
        account: Account,
        *,
        format: Format | None,  # noqa: A002 - the word users know
        options: Options,
        progress: Callable[[Progress], None] | None = None,
        processes: int | None = None,
        targets: Path | None = None,
        bad: Address | None = None,
        exclude: Exclusion | None = None,
    ) -> None:
        self.files = files
        self.account = account
        self.targets = targets
        self.read_part = partial(_read_part, form=format, options=options, exclude=exclude)
        self.columns = options.columns
        beside: list[str] = []
        if exclude is not None and options.columns is not None:
            # Who is left out is told by address, and stands for so many events, whatever columns are wanted.
            beside = [name for name in ("src_ip", "count") if name not in options.columns]
            options = replace(options, columns=(*options.columns, *beside))
        tables = self._read(format, options, progress, processes, bad)
        self._tables = tables if exclude is None else self._leaving(exclude, beside, tables)

    @property
    def formats(self) -> list[str]:
        """Names of the formats met so far, in order of first meeting."""
        return list(dict.fromkeys(self.account.files.values()))

    def _read(
        self,
        form: Format | None,
        options: Options,
        progress: Callable[[Progress], None] | None,
        processes: int | None,
        bad: Address | None,
    ) -> Generator[pa.Table, None, None]:
        yield from spread(self.files, form, options, self.account, progress, processes, bad)
        if self.files and not self.account.files:
            shown = "; ".join(f"{name}: {why}" for name, why in list(self.account.skipped.items())[:3])
            if self.account.unread():
                raise ReadError(f"no file could be read ({shown})", hint="see what each of them says")
            raise AddressError(f"no logs were found ({shown})", hint="give files of a known format")
        if unread := self.account.unread():
            shown = "; ".join(f"{name}: {self.account.skipped[name]}" for name in unread[:3])
            self.account.note(f"{len(unread):,} of {len(self.files):,} files could not be read ({shown})")

    def _leaving(
        self, exclude: Exclusion, beside: list[str], tables: Generator[pa.Table, None, None]
    ) -> Generator[pa.Table, None, None]:
        with closing(tables):
            for table in tables:
                kept = exclude.apply(table, self.account)
                yield kept.drop_columns([name for name in beside if name in kept.column_names])

    def __iter__(self) -> Iterator[pa.Table]:
        return self._tables

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading."""
        self._tables.close()


def open_address(
    address: Address | Sequence[Address], window: Window | None = None
) -> tuple[list[Stored], dict[str, str]]:
    """Return what is behind addresses.

    Parameters
    ----------
    address : path or sequence of paths
        Files, directories, globs; ``-`` is standard input; ``s3://bucket/prefix``.
    window : Window, optional
        Files whose names say that they hold nothing of it are skipped.

    Returns
    -------
    files : list of Stored
    skipped : dict of str to str
        Files that are not read, and why.

    Raises
    ------
    AddressError
        If nothing is there, or the address is of a kind that is not known.

    Examples
    --------
    >>> files, skipped = open_address("data/samples/tpot-2025/*.csv")
    >>> "cowrie_sessions_20k.csv" in [f.name for f in files]
    True
    """
    addresses = list(address) if isinstance(address, Iterable) and not isinstance(address, str | bytes) else [address]
    if not addresses:
        raise AddressError("no address was given", hint="give a file, a directory or a glob")
    for each in addresses:
        if not isinstance(each, str | os.PathLike) or not os.fspath(each):
            raise AddressError(f"{each!r} is no address", hint="give a file, a directory or a glob, as text or a path")
        match = _SCHEME.match(os.fspath(each))
        if match and not _is_s3(each) and not Path(each).exists() and (match[2] or match[1] == "tape"):
            raise AddressError(
                f"addresses that begin with {match[0]} are not understood",
                where=os.fspath(each),
                hint="give a file, a directory, a glob or s3://bucket/prefix",
            )
    local, skipped = find(each for each in addresses if not _is_s3(each))
    for file in local:
        if outside(file.name, window):
            skipped[file.name] = "outside the window, by its name"
    wanted: list[Stored] = [file for file in local if file.name not in skipped]
    remote: dict[str, Stored] = {}
    for each in filter(_is_s3, addresses):
        objects, passed = find_s3(os.fspath(each), window)
        remote |= {item.name: item for item in objects}
        skipped |= passed
    wanted += remote.values()
    if not local and not any(map(_is_s3, addresses)):
        where = ", ".join(os.fspath(each) for each in addresses)
        raise AddressError("it holds no logs", where=where, hint="check the path")
    return wanted, skipped


def _is_s3(address: Address) -> bool:
    return os.fspath(address).startswith("s3://")


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
        standard input; ``s3://bucket/prefix``, also as a pattern.
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
        each, with file and line number, the reason, and the piece.
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
    FormatError
        If a named file is of no known format (when it is read).
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
    if year is not None and not 1995 <= year <= 2099:
        raise UsageError(f"{year} is no year of a log", hint="give one from 1995 to 2099")
    if isinstance(columns, str):
        raise UsageError("columns is a text, not a list of names", hint=f"write columns=[{columns!r}]")
    own = own_formats()
    form = None if format is None else choose(format, own)
    if form is not None and form.mapping is not None:
        own = (*(mapping for mapping in own if mapping.name != form.name), form.mapping)
    files, skipped = open_address(address, span)
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
    )


def _exclusion(paths: Address | Sequence[Address] | None) -> Exclusion | None:
    listed = load_settings().exclude if paths is None else [paths] if isinstance(paths, str | os.PathLike) else paths
    if not listed:
        return None
    from .analysis import read_exclusion

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

    It carries the account of every piece (`attackviz.account.account_of`; as
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
            from .sources.dask import as_dask, parts

            todo = parts(batches.files, batches.account.skipped)
            return cast("pd.DataFrame", as_dask(batches.read_part, todo, batches.columns))  # it has the same methods
        table = _together(list(batches), columns)
    frame = to_pandas(table)
    frame.attrs[ATTRS] = batches.account.to_dict()
    frame.attrs[SOURCE_ATTRS] = source_name([address] if isinstance(address, str | os.PathLike) else list(address))
    if batches.targets:
        frame.attrs[TARGETS_ATTRS] = str(batches.targets)
    if batches.account.lost():
        warnings.warn(batches.account.summary(), DataLossWarning, stacklevel=2)
    unmet = [
        name for name in columns or () if name not in COLUMNS and len(table) and table[name].null_count == len(table)
    ]
    if unmet:
        warnings.warn(
            f"no event has a field {', '.join(map(repr, unmet))}: check the name", AttackvizWarning, stacklevel=2
        )
    return frame


def _read_part(
    part: tuple[list[Stored], dict[str, str]], *, form: Format | None, options: Options, exclude: Exclusion | None
) -> pd.DataFrame:
    """Read some files into a frame, as `read` does; a part may hold no log at all."""
    from .sources.dask import filled

    files, skipped = part
    account = Account(skipped=dict(skipped))
    tables: list[pa.Table] = []
    try:
        with Scan(files, account, format=form, options=options, processes=1, exclude=exclude) as batches:
            tables += batches
    except (AddressError, ReadError):
        if account.files or any(file.explicit for file in files):
            raise
    frame = filled(_together(tables, options.columns), options.columns)
    frame.attrs[ATTRS] = account.to_dict()
    if account.lost():
        warnings.warn(account.summary(), DataLossWarning, stacklevel=2)
    return frame


def _together(tables: list[pa.Table], columns: Sequence[str] | None) -> pa.Table:
    import pyarrow as pa

    if not tables:
        names = ["time", *(columns if columns is not None else ["src_ip"])]
        types = {name: arrow_type(name) if name in COLUMNS else pa.string() for name in names}
        return pa.schema(types).empty_table()
    table = pa.concat_tables(tables, promote_options="default")
    order = [name for name in COLUMNS if name in table.column_names]
    extra = [name for name in table.column_names if name not in COLUMNS]
    return table.select(order + extra).unify_dictionaries()
