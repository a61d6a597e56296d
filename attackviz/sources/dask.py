"""Archives larger than one machine: the same events as a Dask DataFrame, read part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ..errors import MissingDependencyError
from ..schema import COLUMNS, arrow_type, to_pandas
from .files import Stored

if TYPE_CHECKING:
    import dask.dataframe as dd
    import pandas as pd
    import pyarrow as pa

__all__ = ["Part", "as_dask", "filled", "parts"]

_PART = 64 << 20  # stored bytes of the small files of a part

Part = tuple[list[Stored], dict[str, str]]
"""Files that one task reads, and those that are skipped, with why."""


def parts(files: Iterable[Stored], skipped: dict[str, str]) -> list[Part]:
    """Put files that follow one another together, until they are worth a task.

    Parameters
    ----------
    files : iterable of Stored
    skipped : dict of str to str
        Files that are not read; told of with the first part.

    Returns
    -------
    list of Part
        At least one.

    Examples
    --------
    >>> from .files import find
    >>> files, _ = find(["data/samples/tpot-2025"])
    >>> [len(together) for together, _ in parts(files, {})] == [len(files)]
    True
    """
    found: list[Part] = [([], skipped)]
    size = 0
    for file in files:
        if found[-1][0] and size + file.size > _PART:
            found.append(([], {}))
            size = 0
        found[-1][0].append(file)
        size += file.size
    return found


def filled(table: pa.Table, columns: tuple[str, ...] | None) -> pd.DataFrame:
    """Return a part as a frame that has every column there may be.

    Parts must be alike, whatever formats they hold.

    Parameters
    ----------
    table : pyarrow.Table
        An event table.
    columns : tuple of str or None
        Those that were asked for; all of the event table but ``event_id`` if None.

    Returns
    -------
    pandas.DataFrame
        Columns that the table lacks hold nulls.

    Examples
    --------
    >>> import pyarrow as pa
    >>> frame = filled(pa.table({"time": pa.array([0], pa.timestamp("us", "UTC"))}), ("src_port", "path"))
    >>> frame.columns.tolist(), frame["src_port"].isna().tolist()
    (['time', 'src_port', 'path'], [True])
    """
    import pyarrow as pa

    wanted = ["time", *(columns if columns is not None else (name for name in COLUMNS if name != "event_id"))]
    known = [name for name in COLUMNS if name in wanted]
    made = {}
    for name in dict.fromkeys([*known, *wanted]):
        if name in table.column_names:
            made[name] = table[name]
        else:
            made[name] = pa.nulls(table.num_rows, arrow_type(name) if name in COLUMNS else pa.string())
    return to_pandas(pa.table(made))


def as_dask(read: Callable[[Part], pd.DataFrame], todo: list[Part], columns: tuple[str, ...] | None) -> dd.DataFrame:
    """Return a Dask DataFrame whose partitions are what a function reads.

    Parameters
    ----------
    read : callable
        Gives a frame as `filled` does; it goes to other processes.
    todo : list of Part
        A partition each.
    columns : tuple of str or None
        As for `filled`.

    Returns
    -------
    dask.dataframe.DataFrame

    Raises
    ------
    MissingDependencyError
        If Dask is not installed.
    """
    try:
        import dask
        import dask.dataframe as dd
        from dask.dataframe.utils import clear_known_categories
    except ImportError:
        raise MissingDependencyError("engine='dask' needs Dask", hint="pip install 'attackviz[dask]'") from None
    import pyarrow as pa

    empty = filled(pa.schema({"time": arrow_type("time")}).empty_table(), columns)
    # Which words a log uses is known when it has been read; verdicts and the like are given.
    open_ended = [
        name for name in empty.select_dtypes("category") if not (name in COLUMNS and COLUMNS[name].values is not None)
    ]
    meta: Any = clear_known_categories(empty, cols=open_ended)
    # Text is text already; Dask's own kind would not compare as that of `read` does.
    with dask.config.set({"dataframe.convert-string": False}):
        return dd.from_map(read, todo, meta=meta, label="attackviz", enforce_metadata=False)
