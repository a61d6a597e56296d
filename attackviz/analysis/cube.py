"""The cube of an event table: the finest grain whose cells fit a budget, with exact sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ..errors import UsageError
from ..schema import arrow_type
from ..store import Grain
from .coding import combine, sums
from .fields import Coded, Fields
from .levels import Level, at_level, ladder
from .words import OTHER

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cells", "capped"]

CATEGORIES = 2**8
"""How many categories a recording tells apart."""

OTHER_TARGETS = "Other targets"
_CELL = 2**32 - 1
_TARGET = ("dst_name", "dst_country", "dst_lat", "dst_lon")


class Cells:
    """Cut an event table into cells.

    Parameters
    ----------
    fields : Fields
        Of the event table.
    weight : ndarray of int64, shape (n,), or None
        How many events each row stands for; None for 1 throughout.
    """

    def __init__(self, fields: Fields, weight: NDArray[np.int64] | None) -> None:
        self.places = fields.places
        self.at_place = sums(self.places.codes, weight, len(self.places.lat))
        self.targets, target, self.at_target = _targets(fields, weight)
        self.category = capped(fields["category"], weight)
        self.verdict = fields["verdict"]
        columns: list[NDArray[Any]] = [self.places.codes, target, self.category.codes, self.verdict.codes]
        sizes = [len(self.places.lat), self.targets.num_rows, len(self.category.values), len(self.verdict.values)]
        codes, first = combine(list(zip(columns, sizes, strict=True)))
        # Of every row, which of the distinct (place, target, category, verdict) it is; and what each of these is.
        self.codes = codes.astype(np.int32)
        self.kinds = [np.asarray(column[first], np.int64) for column in columns]
        self._grouped: dict[tuple[str, int | None], Groups] = {}

    def cut(
        self,
        time_us: NDArray[np.int64],
        rows: Any,
        weight: NDArray[np.int64] | None,
        span_us: int,
        budget: int,
        finest: tuple[int, str] | None = None,
    ) -> tuple[pa.Table, Grain]:
        """Add up some rows at the finest grain that fits.

        Parameters
        ----------
        time_us : ndarray of int64, shape (rows,)
            Times, ascending.
        rows : slice or ndarray of int
            The rows of the event table.
        weight : ndarray of int64, shape (rows,), or None
        span_us : int
            The time that is to be covered, which decides what is tried.
        budget : int
            How many cells there may be.
        finest : (int, str), optional
            The step of the ladder to begin at, where rows tell no more apart.

        Returns
        -------
        table : pyarrow.Table
            As `attackviz.store.Cube` tells of; the time is the start of the bin.
        grain : Grain

        Raises
        ------
        UsageError
            If not even the coarsest grain fits.
        """
        codes = self.codes[rows]
        listed = ladder(span_us)
        begin = listed.index(finest) if finest is not None else 0
        steps: list[tuple[int, str, int | None]] = [(seconds, place, None) for seconds, place in listed[begin:]]
        # Where even the last is too much it is for the number of targets: ever fewer keep their names.
        halves = [self.targets.num_rows >> k for k in range(1, self.targets.num_rows.bit_length() + 1)]
        steps += [(steps[-1][0], "none", named) for named in halves]

        from .kernel import add_up, count_cells

        def size(step: tuple[int, str, int | None]) -> int:
            groups = self._groups(*step[1:])
            bins = time_us // (step[0] * 1_000_000)
            return int(count_cells(bins, codes, groups.of_kind, groups.count, budget))

        low, high = 0, len(steps) - 1
        while low < high:
            middle = (low + high) // 2
            if size(steps[middle]) <= budget:
                high = middle
            else:
                low = middle + 1
        seconds, place, named = steps[low]
        cells = size(steps[low])
        if cells > budget:
            raise UsageError(f"no cube has as few as {budget:,} cells", hint=f"allow {CATEGORIES * 8:,} or more")
        groups = self._groups(place, named)
        bins = time_us // (seconds * 1_000_000)
        at, group, total = np.empty(cells, np.int64), np.empty(cells, np.int32), np.empty(cells, np.int64)
        add_up(bins, codes, groups.of_kind, groups.count, _every(weight), at, group, total)
        return self._table(at * (seconds * 1_000_000), groups, group, total), Grain(seconds, place, named)

    def _groups(self, place: str, targets: int | None) -> Groups:
        if (place, targets) not in self._grouped:
            self._grouped[place, targets] = self._group(place, targets)
        return self._grouped[place, targets]

    def _group(self, place: str, targets: int | None) -> Groups:
        level = at_level(self.places, place, self.at_place)
        at, target, category, verdict = self.kinds
        if targets is not None:
            rank = np.argsort(-self.at_target, kind="stable")
            place_of = np.empty(len(rank), np.int64)
            place_of[rank] = np.arange(len(rank))
            target = np.minimum(place_of[target], targets)  # the row after the last named stands for the rest
        parts = [level.group_of[at], target, category, verdict]
        codes, first = combine([(part, int(part.max(initial=0)) + 1) for part in parts])
        return Groups(codes.astype(np.int32), level, targets, [part[first] for part in parts])

    def _table(
        self, start_us: NDArray[np.int64], groups: Groups, group: NDArray[np.int32], total: NDArray[np.int64]
    ) -> pa.Table:
        # What 32 bits cannot count is said in several cells.
        copies = np.maximum(-(-total // _CELL), 1)
        if np.any(copies > 1):
            last = total - (copies - 1) * _CELL
            start_us, group, ends = np.repeat(start_us, copies), np.repeat(group, copies), np.cumsum(copies) - 1
            total = np.full(len(group), _CELL)
            total[ends] = last
        place, target, category, verdict = (part[group] for part in groups.parts)
        level = groups.level
        columns: dict[str, Any] = {"time": pa.array(start_us, pa.timestamp("us", tz="UTC"))}
        for name in ("country", "region", "city"):
            columns[f"src_{name}"] = _named(getattr(level, name), place)
        columns |= {f"src_{end}": _degrees(getattr(level, end)[place]) for end in ("lat", "lon")}
        targets = self._listed(groups.targets)
        for name in ("dst_name", "dst_country"):
            columns[name] = _named(targets[name].combine_chunks(), target)
        columns |= {name: targets[name].combine_chunks().take(pa.array(target)) for name in ("dst_lat", "dst_lon")}
        columns["category"] = _named(self.category.values, category)
        columns["verdict"] = _named(self.verdict.values, verdict)
        columns["count"] = pa.array(total.astype(np.uint32))
        return pa.table(columns)

    def _listed(self, named: int | None) -> pa.Table:
        if named is None:
            return self.targets
        rank = np.argsort(-self.at_target, kind="stable")[:named]
        rest = dict.fromkeys(_TARGET) | {"dst_name": OTHER_TARGETS}
        return pa.concat_tables(
            [self.targets.take(pa.array(rank)), pa.Table.from_pylist([rest], schema=self.targets.schema)]
        )


@dataclass(frozen=True, slots=True)
class Groups:
    """Hold what is told apart at a grain, but for time.

    Attributes
    ----------
    of_kind : ndarray of int32, shape (kinds,)
        The group of each of `Cells.kinds`.
    level : Level
    targets : int or None
        How many targets have names.
    parts : list of ndarray of int64, shape (groups,)
        Place of the level, target, category and verdict of each group.
    """

    of_kind: NDArray[np.int32]
    level: Level
    targets: int | None
    parts: list[NDArray[np.int64]]

    @property
    def count(self) -> int:
        """How many groups there are."""
        return len(self.parts[0])


def _every(weight: NDArray[np.int64] | None) -> NDArray[np.int64]:
    return np.empty(0, np.int64) if weight is None else weight


def _named(values: pa.Array, codes: NDArray[np.int64]) -> pa.Array:
    kind = arrow_type("category")
    encoded = values.dictionary_encode()
    indices = encoded.indices.take(pa.array(codes))
    return pa.DictionaryArray.from_arrays(indices.cast(kind.index_type), encoded.dictionary)


def _degrees(values: NDArray[np.float32]) -> pa.Array:
    return pa.array(values, pa.float32(), mask=np.isnan(values))


def _targets(fields: Fields, weight: NDArray[np.int64] | None) -> tuple[pa.Table, NDArray[np.int64], NDArray[np.int64]]:
    """Return a row a target, the target of every event, and the events at each."""
    columns = {"dst_name": fields["target"]} | {name: fields.column(name) for name in _TARGET[1:]}
    codes, first = combine([(column.codes, len(column.values)) for column in columns.values()])
    rows = {name: column.values.take(pa.array(column.codes[first])) for name, column in columns.items()}
    return pa.table(rows), codes, sums(codes, weight, len(first))


def capped(category: Coded, weight: NDArray[np.int64] | None) -> Coded:
    """Return categories of which all but the most frequent 255 are ``other``, if there are more.

    Parameters
    ----------
    category : Coded
    weight : ndarray of int64, shape (n,), or None

    Returns
    -------
    Coded
    """
    if len(category.values) <= CATEGORIES:
        return category
    total = sums(category.codes, weight, len(category.values))
    names = category.values.to_pylist()
    ranked = sorted(range(len(names)), key=lambda i: (-total[i], names[i]))
    kept = {i for i in ranked[: CATEGORIES - 1] if total[i]}
    labels = pa.array([name if i in kept else OTHER for i, name in enumerate(names)]).dictionary_encode()
    return Coded(np.asarray(labels.indices, np.int32)[category.codes], labels.dictionary, category.unknown)
