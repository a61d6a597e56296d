"""A recording as it may be shown to others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..analysis.coding import distinct
from ..analysis.redaction import Redactor, middle
from ..analysis.words import UNKNOWN
from .recording import PARTS, Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["redacted"]

_KEPT_FILTERS = ("category", "verdict", "severity", "country", "network", "port", "slot")


def redacted(recording: Recording, profile: str = "public", key: str | None = None) -> Recording:
    """Take out of a recording what is not for everyone.

    What `attackviz.redact` does to events: addresses become networks or names,
    places the middle of their region or country, targets lose their names, rules
    their paths. The header loses what was read, names of files, and conditions
    on what is gone; captions, and a title that does not name what was read, are
    the user's own and stay. Its notice says that it is redacted.

    Parameters
    ----------
    recording : Recording
    profile : {"public"}
    key : str, optional
        As `attackviz.redact` takes it.

    Returns
    -------
    Recording

    Raises
    ------
    UsageError
        If there is no such profile, or the key is too short.

    Examples
    --------
    >>> import pandas as pd
    >>> from attackviz.replay import build
    >>> times = pd.to_datetime(["2025-02-18"], utc=True)
    >>> found = redacted(build(pd.DataFrame({"time": times, "src_ip": "192.0.2.7", "sensor": "pot"})))
    >>> found.tables["sources"]["ip"].to_pylist(), found.tables["targets"]["name"].to_pylist()
    (['192.0.2.0/24'], [''])
    """
    redactor = Redactor(profile, key)
    tables = dict(recording.tables)
    place_of, places = _merged("places", _placed(tables["places"]))
    sources = tables["sources"]
    place = sources["place"].to_numpy()
    place = np.where(place < 0, -1, place_of[place]) if len(place_of) else place
    sources = _put(sources, "ip", _each(sources["ip"], redactor.address, None))
    source_of, sources = _merged("sources", _put(sources, "place", pa.array(place.astype(np.int32))))
    targets = _put(tables["targets"], "name", pa.array([""] * tables["targets"].num_rows))
    target_of, targets = _merged("targets", _centred(targets, None))
    rules = tables["rules"]
    for name in ("rule", "rule_id"):
        rules = _put(rules, name, _each(rules[name], redactor.words, ""))
    rule_of, rules = _merged("rules", rules)
    events = tables["events"]
    for name, codes in (("source", source_of), ("target", target_of), ("rule", rule_of)):
        kind = events.schema.field(name).type
        events = _put(events, name, pa.array(codes[events[name].to_numpy()]).cast(kind))
    tables |= {"places": places, "sources": sources, "targets": targets, "rules": rules, "events": events}
    if "sample" in tables:
        tables["sample"] = _sample(tables["sample"], redactor)
    header = _header(recording.header, redactor)
    header["totals"] = {**header["totals"], "unlocated": _unlocated(tables)}
    return Recording(header, tables)


def _unlocated(tables: Mapping[str, pa.Table]) -> int:
    """Return how many events cannot be drawn."""
    drawn = np.append(np.asarray(tables["places"]["lat"].is_valid()), False)  # -1 is no place
    there = drawn[tables["sources"]["place"].to_numpy()][tables["events"]["source"].to_numpy()]
    events = tables["events"]
    weight = events["weight"].to_numpy() if "weight" in events.column_names else np.ones(len(events), np.int64)
    return int(weight[~there].sum(dtype=np.int64))


def _header(header: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    def said(text: str | None, change: Callable[[str], str | None]) -> str | None:
        return change(text) if text else None

    def category(name: str) -> str:
        return redactor.words(name) or UNKNOWN

    edition = f"redacted: {'names' if redactor.keyed else 'networks'} for addresses, regions for places"
    out = {**header, "source": "", "notice": " · ".join(filter(None, [header.get("notice"), edition]))}
    if header["source"] and header["source"] in header["title"]:
        out["title"] = "Replay"
    if header.get("account"):
        out["account"] = redactor.account(Account.from_dict(header["account"])).to_dict()
    out["categories"] = [
        {**one, "name": category(one["name"]), "label": category(one["label"])} for one in header["categories"]
    ]
    out["filters"] = {name: value for name, value in header.get("filters", {}).items() if name in _KEPT_FILTERS}
    if "bursts" in header:
        out["bursts"] = [
            {
                **burst,
                "source": said(burst["source"], redactor.address),
                "rule": said(burst["rule"], redactor.words),
                "category": said(burst["category"], category),
            }
            for burst in header["bursts"]
        ]
    if "lists" in header:
        out["lists"] = _lists(header["lists"], redactor)
    return out


def _lists(lists: Mapping[str, Any], redactor: Redactor) -> dict[str, Any]:
    """Return ranked lists whose keys are redacted, those that have become the same as one."""
    out = {**lists, "distinct": dict(lists["distinct"])}
    for name, change in (("addresses", redactor.address), ("rules", redactor.words)):
        found: dict[str | None, dict[str, Any]] = {}
        for row in lists[name]:
            key = change(row["key"]) if row["key"] else None
            one = found.setdefault(key, {**row, "key": key, "events": 0, "by": {}})
            one["events"] += row["events"]
            one["last"] = max(one["last"], row["last"])
            for kind, events in row["by"].items():
                one["by"][redactor.words(kind) or UNKNOWN] = one["by"].get(redactor.words(kind) or UNKNOWN, 0) + events
        for one in found.values():
            one.pop("city", None)
            one.pop("rule_id", None)
        out[name] = sorted(found.values(), key=lambda one: (-one["events"], str(one["key"])))
        # Of those that are not listed it is not known how many become the same.
        out["distinct"][name] = None if lists["rest"][name] else sum(one["key"] is not None for one in out[name])
    for name in ("networks", "ports"):
        out[name] = [
            {**row, "by": {redactor.words(kind) or UNKNOWN: n for kind, n in row["by"].items()}} for row in lists[name]
        ]
    return out


def _sample(table: pa.Table, redactor: Redactor) -> pa.Table:
    gone = pa.array([""] * table.num_rows)
    table = _put(_put(table, "city", gone), "target", gone)
    table = _put(table, "ip", _each(table["ip"], redactor.address, None))
    for name in ("rule", "rule_id"):
        table = _put(table, name, _each(table[name], redactor.words, ""))
    return table


def _placed(places: pa.Table) -> pa.Table:
    return _centred(_put(places, "city", pa.array([""] * places.num_rows)), "region")


def _centred(table: pa.Table, region: str | None) -> pa.Table:
    """Put every row that can be drawn at the middle of its region or country."""
    countries = table["country"].to_pylist()
    regions: Sequence[str | None] = table[region].to_pylist() if region else [None] * len(countries)
    there = table["lat"].is_valid().to_pylist()
    points = [middle(c, r) if t else None for c, r, t in zip(countries, regions, there, strict=True)]
    for k, name in enumerate(("lat", "lon")):
        table = _put(table, name, pa.array([None if p is None else p[k] for p in points], pa.float32()))
    return table


def _merged(part: str, table: pa.Table) -> tuple[NDArray[np.int64], pa.Table]:
    """Return which row each has become, and the rows, each once."""
    codes, first = distinct([table[name].combine_chunks() for name in table.column_names])
    return codes, table.take(pa.array(first)).cast(PARTS[part])


def _each(column: pa.ChunkedArray, change: Callable[[str], str | None], absent: str | None) -> pa.Array:
    values = [change(text) if text else text for text in column.to_pylist()]
    found = pa.array(values, pa.string())
    return found if absent is None else pc.fill_null(found, absent)


def _put(table: pa.Table, name: str, values: pa.Array) -> pa.Table:
    field = table.schema.field(name)
    return table.set_column(table.column_names.index(name), field, values.cast(field.type))
