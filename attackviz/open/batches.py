"""Events batch by batch, from files and indices that were found, and put together again."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ..account import ATTRS, Account
from ..errors import AddressError, DataLossWarning, ReadError
from ..formats import Format, Options
from ..schema import COLUMNS, arrow_type
from ..sources import Progress, Stored, spread
from .addresses import Address
from .indices import pulled
from .tapes import played

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ..analysis import Exclusion
    from ..elastic import Elastic
    from ..tape import Tape

__all__ = ["Scan", "together"]


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
    indices : sequence of Elastic
        What to read after the files.
    tapes : sequence of Tape
        What to read after these.

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
    >>> from attackviz import scan
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
        indices: Sequence[Elastic] = (),
        tapes: Sequence[Tape] = (),
    ) -> None:
        self.files, self.indices, self.tapes = files, indices, tapes
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
        if self.files or not (self.indices or self.tapes):
            yield from spread(self.files, form, options, self.account, progress, processes, bad)
        if self.files and not self.account.files:
            shown = "; ".join(f"{name}: {why}" for name, why in list(self.account.skipped.items())[:3])
            if self.account.unread():
                raise ReadError(f"no file could be read ({shown})", hint="see what each of them says")
            raise AddressError(f"no logs were found ({shown})", hint="give files of a known format")
        if unread := self.account.unread():
            shown = "; ".join(f"{name}: {self.account.skipped[name]}" for name in unread[:3])
            self.account.note(f"{len(unread):,} of {len(self.files):,} files could not be read ({shown})")
        yield from pulled(self.indices, options, self.account, progress, self.files)
        yield from played(self.tapes, options, self.account, progress, self.files)

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


def _read_part(
    part: tuple[list[Stored], dict[str, str]], *, form: Format | None, options: Options, exclude: Exclusion | None
) -> pd.DataFrame:
    """Read some files into a frame, as `read` does; a part may hold no log at all."""
    from ..sources.dask import filled

    files, skipped = part
    account = Account(skipped=dict(skipped))
    tables: list[pa.Table] = []
    try:
        with Scan(files, account, format=form, options=options, processes=1, exclude=exclude) as batches:
            tables += batches
    except (AddressError, ReadError):
        if account.files or any(file.explicit for file in files):
            raise
    frame = filled(together(tables, options.columns), options.columns)
    frame.attrs[ATTRS] = account.to_dict()
    if account.lost():
        warnings.warn(account.summary(), DataLossWarning, stacklevel=2)
    return frame


def together(tables: list[pa.Table], columns: Sequence[str] | None) -> pa.Table:
    """Return batches as one event table: its columns in their order, then those of the log.

    Parameters
    ----------
    tables : list of pyarrow.Table
        Columns that only some have are null in the others.
    columns : sequence of str or None
        Those that were asked for; a table without rows has them, too.

    Examples
    --------
    >>> together([], ["src_ip", "path"]).column_names
    ['time', 'src_ip', 'path']
    """
    import pyarrow as pa

    if not tables:
        names = ["time", *(columns if columns is not None else ["src_ip"])]
        types = {name: arrow_type(name) if name in COLUMNS else pa.string() for name in names}
        return pa.schema(types).empty_table()
    table = pa.concat_tables(tables, promote_options="default")
    order = [name for name in COLUMNS if name in table.column_names]
    extra = [name for name in table.column_names if name not in COLUMNS]
    return table.select(order + extra).unify_dictionaries()
