"""From an event table to a recording: columns in, columns out, nothing lost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .. import schema
from ..account import Account
from ..analysis.coding import distinct, text_of, whole
from ..analysis.times import FAR_TIME, NO_TIME, times, weights
from ..errors import SchemaError, TooManyEventsError
from ..store import BUDGET, Cube
from . import categories as legend
from .recording import NO_SEVERITY, PARTS, VERSION, Recording
from .sample import sample_part
from .span import default_window, tick_for, unit_for

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ..filters import Filters
    from ..window import Window

__all__ = ["BUDGET", "build"]

OTHER_TARGETS = "Other targets"

_NEEDED = (
    "time",
    "src_ip",
    "dst_ip",
    "dst_host",
    "dst_port",
    "category",
    "rule",
    "rule_id",
    "verdict",
    "severity",
    "count",
    "sensor",
    "src_country",
    "src_region",
    "src_city",
    "src_asn",
    "src_org",
    "src_lat",
    "src_lon",
    "dst_country",
    "dst_lat",
    "dst_lon",
    "dst_name",
)
_NAMES = pa.dictionary(pa.int32(), pa.string())
_TARGETS = 2**16
_CATEGORIES = 2**8


def build(
    events: pd.DataFrame | pa.Table | Cube,
    title: str = "Replay",
    *,
    source: str = "",
    formats: Sequence[str] = (),
    window: Window | None = None,
    account: Account | Mapping[str, Any] | None = None,
    attribution: Iterable[Mapping[str, str]] = (),
    notice: str | None = None,
    color_by: str = "category",
    category_title: str | None = None,
    budget: int = BUDGET,
    filters: Filters | None = None,
    lists: Mapping[str, Any] | None = None,
    sample: pa.Table | None = None,
) -> Recording:
    """Make a recording of an event table, or of a cube where there are too many events.

    Every event is in the recording or counted in its ``totals``: ``events``
    is the sum of ``in_recording``, ``untimed``, with a `window` ``outside``, and
    of a filtered cube ``filtered``. ``excluded`` is beside them: events that
    were left out for their address when they were read. All are sums of the
    column ``count``.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Cube
        An event table; only ``time`` is needed. Rows may be in any order. Or
        what a store's `cube` gave; its window, totals and account are taken.
    title : str
        What it is called.
    source : str
        What was read, such as ``"tpot-2025"``.
    formats : sequence of str
        The formats it was read from.
    window : Window, optional
        Keep only its events, and cover it whole. By default all events are kept
        and the player opens on `default_window`.
    account : Account or mapping, optional
        What became of the input.
    attribution : iterable of mapping
        ``text`` and ``url`` of whom the locations are owed to.
    notice : str, optional
        A sentence to show beside it.
    color_by : str
        The column that colours and fills the legend.
    category_title : str, optional
        The legend's heading.
    budget : int
        How many rows a recording may hold. A cube has been asked for its own.
    filters : Filters, optional
        What a store applied already, to be told.
    lists : mapping, optional
        Beside a cube: `attackviz.store.as_lists` of the window it opens on.
    sample : pyarrow.Table, optional
        Beside a cube: some single events for the feed, as a store's `sample`
        gives them.

    Returns
    -------
    Recording

    Raises
    ------
    SchemaError
        If `events` is no event table or has no column `color_by`.
    TooManyEventsError
        If there are more rows than `budget`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z", None]), "category": ["ssh", "vnc"]})
    >>> build(frame, title="morning").header["totals"]["untimed_by_reason"]
    {'no usable time': 1}
    """
    cube = events if isinstance(events, Cube) else None
    if cube is not None:
        events, window, account = cube.table, window or cube.window, account or cube.account
    table = _table(events, color_by)
    weight = weights(table)
    time_us, known, far = times(table)
    if cube is not None:
        totals = dict(cube.totals)
    else:
        totals, keep = _totals(time_us, known, far, weight, window)
        if not keep.all():
            table, weight, time_us = table.filter(pa.array(keep)), weight[keep], time_us[keep]
        if len(weight) > budget:
            raise TooManyEventsError(
                f"{len(weight):,} events are more than a recording holds ({budget:,})",
                hint="narrow the window, such as '2025-02-18..2025-02-21'",
            )
    order = np.argsort(time_us, kind="stable")
    bin_us = cube.grain.seconds * 1_000_000 if cube is not None else 1
    start, tick, end, opening = _clock(time_us[order], weight[order], window, bin_us)

    places, place, located = _places(table)
    sources, source_of = _sources(table, place)
    targets, target = _targets(table, weight)
    rules, rule = _rules(table)
    names, category = _categories(table, color_by, weight)
    columns: dict[str, NDArray[Any]] = {
        "t": (time_us - start) // tick,
        "source": source_of,
        "target": target,
        "category": category,
        "verdict": _ranks(table, "verdict", schema.VERDICTS, schema.VERDICTS.index("unknown")),
        "rule": rule,
        "severity": _ranks(table, "severity", schema.SEVERITIES, NO_SEVERITY),
        "dst_port": whole(table, "dst_port", pa.uint16()).fill_null(0).to_numpy(zero_copy_only=False),
    }
    part = PARTS["events"]
    if np.any(weight != 1):
        columns["weight"] = weight
        part = part.append(pa.field("weight", pa.uint32()))
    arrays = [pa.array(columns[f.name][order].astype(f.type.to_pandas_dtype())) for f in part]
    if cube is None:
        totals["in_recording"] = int(weight.sum())
        totals["unlocated"] = int(weight[~located].sum())
    told = account.to_dict() if isinstance(account, Account) else account and dict(account)
    if told and told.get("excluded"):
        totals["excluded"] = told["excluded"]
    header = {
        "version": VERSION,
        "title": _whole(title),
        "source": _whole(source),
        "formats": list(formats),
        "start_us": start,
        "tick_us": tick,
        "end": end,
        "window": list(opening),
        "totals": totals,
        "account": told,
        "categories": names,
        "category_title": category_title or legend.legend_title([n["name"] for n in names], color_by),
        "verdicts": list(schema.VERDICTS),
        "severities": list(schema.SEVERITIES),
        "budget": budget,
        "grain": cube.header() if cube is not None else None,
        "filters": filters.to_dict() if filters else {},
        "attribution": [{"text": str(a["text"]), "url": str(a.get("url", ""))} for a in attribution],
        "notice": notice,
    }
    tables = {
        "places": places,
        "sources": sources,
        "targets": targets,
        "rules": rules,
        "events": pa.table(arrays, schema=part),
    }
    if lists is not None:
        header["lists"] = dict(lists)
    if sample is not None:
        tables["sample"] = sample_part(sample, header, color_by)
    return Recording(header, tables)


def _totals(
    time_us: NDArray[np.int64],
    known: NDArray[np.bool_],
    far: NDArray[np.bool_],
    weight: NDArray[np.int64],
    window: Window | None,
) -> tuple[dict[str, Any], NDArray[np.bool_]]:
    """Return the totals of an event table, and which rows go into its recording."""
    reasons = {reason: int(weight[rows].sum()) for reason, rows in ((NO_TIME, ~known), (FAR_TIME, far)) if rows.any()}
    totals = {"events": int(weight.sum()), "untimed": sum(reasons.values()), "untimed_by_reason": reasons}
    keep = known & ~far
    if window is not None:
        inside = keep & (time_us >= window.start_us) & (time_us < window.end_us)
        totals["outside"] = int(weight[keep & ~inside].sum())
        keep = inside
    return totals, keep


def _whole(text: str) -> str:
    # Names of files may hold bytes that are no text; a page could not be written with them.
    return text.encode("utf-8", "replace").decode("utf-8")


def _table(events: pd.DataFrame | pa.Table, color_by: str) -> pa.Table:
    columns = getattr(events, "column_names", None) or getattr(events, "columns", None)
    if columns is None:
        raise SchemaError(
            f"a recording is made of a DataFrame or an Arrow table, not of {type(events).__name__}",
            hint="read one with attackviz.read(address)",
        )
    have = [str(name) for name in columns]
    if color_by not in have and color_by != "category":
        raise SchemaError(f"there is no column {color_by!r} to colour by", hint=f"columns are {', '.join(have)}")
    wanted = [name for name in have if name in _NEEDED or name == color_by]
    if isinstance(events, pa.Table):
        return schema.conform(events.select(wanted))
    return schema.from_pandas(events[wanted])


def _clock(
    time_us: NDArray[np.int64], weight: NDArray[np.int64], window: Window | None, bin_us: int
) -> tuple[int, int, int, tuple[int, int]]:
    """Return start (us), tick (us), end (ticks) and the window to open on (ticks); all bins are covered whole."""
    if window is not None:
        start, stop = window.start_us, window.end_us
        opening = start, stop
    elif len(time_us):
        first, last = int(time_us[0]), int(time_us[-1]) + bin_us - 1
        opening = default_window(time_us, weight)
        opening = opening[0] // bin_us * bin_us, -(-opening[1] // bin_us) * bin_us
        unit = unit_for(last - first)
        start = min(first // unit * unit, opening[0])
        stop = max((last // unit + 1) * unit, opening[1])
    else:
        start, stop = 0, unit_for(0)
        opening = start, stop
    tick = tick_for(stop - start)
    return start, tick, -((start - stop) // tick), ((opening[0] - start) // tick, -((start - opening[1]) // tick))


def _places(table: pa.Table) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.bool_]]:
    """Return a row a place, the place of every event (-1: nothing known), and which can be drawn.

    A database without coordinates still knows countries: they are counted, not drawn.
    """
    lat, lon = (whole(table, name, pa.float32()).fill_null(np.nan) for name in ("src_lat", "src_lon"))
    y, x = (column.to_numpy(zero_copy_only=False) for column in (lat, lon))
    located = (np.abs(y) <= 90) & (np.abs(x) <= 180)
    names = [whole(table, f"src_{level}", _NAMES) for level in ("country", "region", "city")]
    known = located | names[0].is_valid().to_numpy(zero_copy_only=False)
    rows = pa.array(np.flatnonzero(known))
    names = [column.take(rows) for column in names]
    y, x = (pa.array(v[known], mask=~located[known]) for v in (y, x))
    codes, first = distinct([*names, y, x])
    place = np.full(table.num_rows, -1, np.int64)
    place[known] = codes
    one_each = pa.array(first)
    columns = [text_of(column, first) for column in names] + [v.take(one_each) for v in (y, x)]
    return pa.table(columns, schema=PARTS["places"]), place, located


def _sources(table: pa.Table, place: NDArray[np.int64]) -> tuple[pa.Table, NDArray[np.int64]]:
    ip, org = whole(table, "src_ip", pa.string()), whole(table, "src_org", _NAMES)
    asn = whole(table, "src_asn", pa.uint32()).fill_null(0)
    codes, first = distinct([ip, pa.array(place), asn, org])
    columns = [
        text_of(ip, first, absent=None),
        pa.array(place[first].astype(np.int32)),
        asn.take(pa.array(first)),
        text_of(org, first),
    ]
    return pa.table(columns, schema=PARTS["sources"]), codes


def _targets(table: pa.Table, weight: NDArray[np.int64]) -> tuple[pa.Table, NDArray[np.int64]]:
    """Return a row a target: its given name, else host, sensor or address."""
    name = pc.coalesce(
        *(whole(table, c, pa.string()).cast(pa.string()) for c in ("dst_name", "dst_host", "sensor", "dst_ip")), ""
    )
    country = whole(table, "dst_country", _NAMES)
    lat, lon = (whole(table, column, pa.float32()) for column in ("dst_lat", "dst_lon"))
    codes, first = distinct([name, country, lat, lon])
    absent = len(first) > _TARGETS
    if absent:
        # The least seen share one row; they are still counted, and none is drawn.
        rank = np.argsort(-np.bincount(codes, weight, len(first)), kind="stable")[: _TARGETS - 1]
        renumbered = np.full(len(first), _TARGETS - 1, np.int64)
        renumbered[rank] = np.arange(len(rank))
        codes, first = renumbered[codes], first[rank]
    y, x = (_finite(column.take(pa.array(first))) for column in (lat, lon))
    targets = pa.table([text_of(name, first), text_of(country, first), y, x], schema=PARTS["targets"])
    if absent:
        rest = {"name": OTHER_TARGETS, "country": "", "lat": None, "lon": None}
        targets = pa.concat_tables([targets, pa.Table.from_pylist([rest], schema=PARTS["targets"])])
    return targets, codes


def _finite(column: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))


def _rules(table: pa.Table) -> tuple[pa.Table, NDArray[np.int64]]:
    columns = [whole(table, name, _NAMES) for name in ("rule", "rule_id")]
    codes, first = distinct(columns)
    return pa.table([text_of(column, first) for column in columns], schema=PARTS["rules"]), codes


def _categories(
    table: pa.Table, color_by: str, weight: NDArray[np.int64]
) -> tuple[list[dict[str, Any]], NDArray[np.int64]]:
    if color_by not in table.column_names:
        found = pa.array([legend.EVENTS] * table.num_rows, pa.string())
    else:
        found = whole(table, color_by, _NAMES).cast(pa.string()).fill_null(legend.UNKNOWN)
    codes, first = distinct([found])
    names = text_of(found, first).to_pylist()
    seen = np.bincount(codes, weight, len(names))
    ranked = sorted(
        dict.fromkeys(names), key=lambda name: (-sum(seen[i] for i, n in enumerate(names) if n == name), name)
    )
    if len(ranked) > _CATEGORIES:
        ranked = [*[n for n in ranked if n != legend.OTHER][: _CATEGORIES - 1], legend.OTHER]
    slots = legend.assign_slots(ranked)
    listed = sorted(ranked, key=lambda name: slots[name])
    index = {name: i for i, name in enumerate(listed)}
    mapped = np.array([index.get(name, index.get(legend.OTHER, 0)) for name in names], np.int64)
    rows = [{"name": name, "label": legend.label_of(name), "slot": slots[name]} for name in listed]
    return rows, mapped[codes] if len(names) else codes


def _ranks(table: pa.Table, column: str, values: tuple[str, ...], absent: int) -> NDArray[np.int64]:
    found = whole(table, column, _NAMES)
    if not pa.types.is_dictionary(found.type):
        return np.full(table.num_rows, absent, np.int64)
    ranks = [values.index(name) if name in values else absent for name in found.dictionary.to_pylist()]
    codes = found.indices.cast(pa.int64()).fill_null(len(ranks)).to_numpy(zero_copy_only=False)
    return np.asarray(np.array([*ranks, absent], np.int64)[codes])
