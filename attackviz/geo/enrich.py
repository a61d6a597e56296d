"""Add places to an event table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import pyarrow as pa
import pyarrow.compute as pc

from .. import schema
from ..account import TARGETS_ATTRS
from ..errors import SchemaError, UsageError
from ..settings import load_settings
from .columns import to_arrow
from .database import Database, open_database
from .places import FIELDS
from .targets import Targets, arrivals, default_targets, read_targets

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["enrich"]

Column = Callable[[str], "pa.ChunkedArray | None"]

_WITHIN = ("_region", "_city", "_lat", "_lon")  # what a country holds


@overload
def enrich(events: pd.DataFrame, database: Database | None = None, targets: Targets | None = None) -> pd.DataFrame: ...


@overload
def enrich(events: pa.Table, database: Database | None = None, targets: Targets | None = None) -> pa.Table: ...


def enrich(events: Any, database: Database | None = None, targets: Targets | None = None) -> Any:
    """Add where the events came from and where they went.

    Parameters
    ----------
    events : pandas.DataFrame or pyarrow.Table
        With ``src_ip``; ``dst_ip``, ``dst_host`` and ``sensor`` say where they
        arrived. It is not changed.
    database : Database, optional
        Default: as `open_database` finds it.
    targets : Targets, optional
        Where attacks arrive. Default: what the settings say, else the
        ``targets.csv`` that lay with the logs a frame was read from, else the
        shipped table of Cloudflare's colos, should ``sensor`` hold any.

    Returns
    -------
    pandas.DataFrame or pyarrow.Table
        What was given, with ``src_country``, ``src_region``, ``src_city``,
        ``src_org`` (dictionary or categorical), ``src_asn`` (uint32),
        ``src_lat`` and ``src_lon`` (float32, degrees); with targets also
        ``dst_country``, ``dst_lat``, ``dst_lon``, ``dst_name`` and
        ``direction``. What is not known is null; what a row had before stays
        where nothing better is known, but for a place in another country.

    Raises
    ------
    SchemaError
        If there is no ``src_ip``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> enrich(pa.table({"src_ip": ["8.8.8.8", "x"]}), open_database("embedded"))["src_country"].to_pylist()
    ['US', None]
    """
    if database is not None and not isinstance(database, Database):
        raise UsageError(f"{database!r} is no database", hint="open it with attackviz.open_database(path)")
    if targets is not None and not isinstance(targets, Targets):
        raise UsageError(f"{targets!r} is no table of targets", hint="read it with attackviz.read_targets(path)")
    if isinstance(events, pa.Table):
        return _enrich_table(events, database, targets)
    if not hasattr(events, "columns"):
        raise SchemaError(
            f"places are added to a DataFrame or an Arrow table, not to {type(events).__name__}",
            hint="read one with attackviz.read(address)",
        )
    if "src_ip" not in events.columns:
        raise _no_source(list(events.columns))
    beside = events.attrs.get(TARGETS_ATTRS)
    if targets is None and beside and load_settings().targets is None:
        targets = read_targets(beside)
    new = _columns(lambda name: to_arrow(events[name]) if name in events.columns else None, database, targets)
    added = schema.to_pandas(pa.table(new)).set_index(events.index)
    return events.assign(**{name: added[name] for name in added.columns})


def _enrich_table(table: pa.Table, database: Database | None, targets: Targets | None) -> Any:
    if "src_ip" not in table.column_names:
        raise _no_source(table.column_names)
    new = _columns(lambda name: table[name] if name in table.column_names else None, database, targets)
    for name, column in new.items():
        at = table.schema.get_field_index(name)
        table = table.append_column(name, column) if at < 0 else table.set_column(at, name, column)
    return table


def _no_source(names: list[str]) -> SchemaError:
    return SchemaError("the table has no column 'src_ip'", hint=f"columns are {', '.join(map(str, names))}")


def _columns(get: Column, database: Database | None, targets: Targets | None) -> dict[str, pa.Array]:
    database = database or open_database()
    source = get("src_ip")
    assert source is not None
    found = database.columns(database.locate(source))
    arrived = arrivals(
        default_targets() if targets is None else targets,
        *(source, get("dst_ip"), get("dst_host"), get("sensor")),
        always=targets is not None,
    )
    if arrived is not None and arrived.known_sources is not None:
        # A private network has its place from the targets table alone.
        for name in ("country", "lat", "lon"):
            found[name] = _pick(found[name].is_valid(), found[name], arrived.known_sources[name])
    new = {f"src_{name}": found[name] for name in FIELDS}
    if arrived is not None:
        address = get("dst_ip")
        there = arrived.columns
        if address is not None and not arrived.matched.all():
            located = database.columns(database.locate(address))
            mask = pa.array(arrived.matched)
            there |= {name: _pick(mask, there[name], located[name]) for name in ("country", "lat", "lon")}
        new |= {f"dst_{name}": there[name] for name in ("country", "lat", "lon", "name")}
        new["direction"] = arrived.direction
    # A row's own city is not put into another country.
    moved = {side: _differ(new.get(f"{side}_country"), get(f"{side}_country")) for side in ("src", "dst")}
    return {
        name: _keep(column, get(name), moved[name[:3]] if name.endswith(_WITHIN) else None)
        for name, column in new.items()
    }


def _differ(now: pa.Array | None, before: pa.ChunkedArray | None) -> pa.Array | None:
    """Return where two columns of words are both known, and differ; None if nowhere."""
    if now is None or before is None or before.null_count == len(before):
        return None
    old = pa.concat_arrays(before.cast(pa.string()).chunks)
    return pc.fill_null(pc.not_equal(now.cast(pa.string()), old), False)


def _keep(column: pa.Array, before: pa.ChunkedArray | None, moved: pa.Array | None) -> pa.Array:
    """Return the new column, with what a row had before where the new is null and the row was not moved."""
    if before is None or before.null_count == len(before):
        return column
    if pa.types.is_dictionary(column.type):
        if pa.types.is_dictionary(before.type):
            before = before.unify_dictionaries()
        else:
            before = before.cast(pa.string()).dictionary_encode()
    old = before.combine_chunks()
    if isinstance(old, pa.ChunkedArray):
        old = pa.concat_arrays(old.chunks)
    if not pa.types.is_dictionary(column.type):
        old = old.cast(column.type, safe=False)
    new = column.is_valid()
    return _pick(new if moved is None else pc.or_(new, moved), column, old)


def _pick(mask: pa.Array, first: pa.Array, second: pa.Array) -> pa.Array:
    """Return `first` where the mask is true, else `second`."""
    if not pa.types.is_dictionary(first.type):
        return pc.if_else(mask, first, second)
    values = pa.concat_arrays([first.dictionary.cast(pa.string()), second.dictionary.cast(pa.string())])
    joined = values.dictionary_encode()
    split = len(first.dictionary)
    codes = [
        joined.indices.slice(begin, size).take(column.indices)
        for begin, size, column in ((0, split, first), (split, len(second.dictionary), second))
    ]
    return pa.DictionaryArray.from_arrays(pc.if_else(mask, *codes), joined.dictionary)
