"""Two windows beside each other: what is new, what is gone, and what has grown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..window import Window, as_window
from .asked import also, as_filters, as_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import pyarrow as pa

    from ..filters import Filters
    from ..store import Group, Store

__all__ = ["Compared", "compare"]

STANDS_OUT = 3.0
"""By how many standard deviations of a count something has grown."""

_FIRST_LOOK = 4  # times as many as asked for
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Compared:
    """Hold how the values of a field differ between two windows.

    Attributes
    ----------
    field : str
        The field.
    new, gone : pandas.DataFrame
        Values met only after, and only before: the field's, ``events``
        (int64), ``last`` (datetime, UTC) and what else is known of each. The most frequent first.
    grown : pandas.DataFrame
        Values met in both, and more often than the length of the windows
        explains: the field's, ``before``, ``after`` (int64), ``expected``
        (float64, before in a window as long as after) and ``factor``. What
        stands out most comes first.
    """

    field: str
    new: pd.DataFrame
    gone: pd.DataFrame
    grown: pd.DataFrame


def compare(
    events: pd.DataFrame | pa.Table | Store,
    a: Window | str,
    b: Window | str,
    field: str = "src_ip",
    n: int = 50,
    filters: Filters | Mapping[str, Any] | str | None = None,
) -> Compared:
    """Tell how the values of a field differ between two windows.

    Something has grown where twice the difference of the square roots of its
    counts (with 3/8 added: Anscombe, *Biometrika* 35, 1948), which has a
    standard deviation of about 1 whatever the counts are, is above three.

    Parameters
    ----------
    events : pandas.DataFrame, pyarrow.Table or Store
        An event table, or what answers for one.
    a, b : Window or str
        Before, and after.
    field : str
        A field of the player (``address``, ``country``, ``network``, ``rule``,
        ``port``, ``target``...) or a column.
    n : int
        At most how many rows each frame has.
    filters : Filters, mapping or str, optional
        Look only at events that meet them.

    Returns
    -------
    Compared

    Raises
    ------
    UsageError
        If a window or the filters are not of their form, or there is no such field.

    Examples
    --------
    >>> import pandas as pd
    >>> times = pd.to_datetime(["2025-02-18"] * 3 + ["2025-02-19"] * 30, utc=True)
    >>> events = pd.DataFrame({"time": times, "dst_port": [22, 22, 23] + [22] * 20 + [80] * 10})
    >>> found = compare(events, "2025-02-18", "2025-02-19", "port")
    >>> found.new["port"].tolist(), found.gone["port"].tolist(), found.grown[["port", "factor"]].values.tolist()
    ([80], [23], [[22.0, 10.0]])
    """
    store, conditions = as_store(events), as_filters(filters)
    before, after = as_window(a), as_window(b)
    if before is None or after is None:
        raise UsageError("two windows are compared", hint="give both, such as '2025-02-18' and '2025-02-19'")
    if n < 1:
        raise UsageError(f"a list has no {n} lines", hint="ask for 1 or more")
    longer = after.seconds / before.seconds
    asked = _Asked(store, field, conditions)
    new = _first(asked.beside(after, before, n), lambda pair: not pair[1], n)
    gone = _first(asked.beside(before, after, n), lambda pair: not pair[1], n)
    grown = asked.grown(after, before, longer, n)
    return Compared(
        field,
        _frame(field, [_line(field, row) for row, _ in new], ["events", "last"]),
        _frame(field, [_line(field, row) for row, _ in gone], ["events", "last"]),
        _frame(
            field,
            [
                {
                    field: row.key,
                    "before": other,
                    "after": row.events,
                    "expected": other * longer,
                    "factor": row.events / (other * longer),
                    **row.words,
                }
                for row, other in grown
            ],
            ["before", "after", "expected", "factor"],
        ),
    )


Pair = tuple["Group", int]


@dataclass(frozen=True, slots=True)
class _Asked:
    store: Store
    field: str
    filters: Filters

    def beside(self, here: Window, there: Window, n: int) -> Iterator[list[Pair]]:
        """Yield the known values of one window with their events in the other: ever more, until all are there."""
        look = _FIRST_LOOK * n
        while True:
            top = self.store.top(self.field, here, look, self.filters)
            known = [row for row in top.rows if row.key]
            others: dict[Any, int] = {}
            if known:
                narrowed = also(self.filters, self.field, [row.key for row in known])
                found = self.store.top(self.field, there, len(known), narrowed)
                others = {row.key: row.events for row in found.rows}
            yield [(row, others.get(row.key, 0)) for row in known]
            if len(top.rows) < look or look >= _MOST:
                return
            look *= _FIRST_LOOK

    def grown(self, after: Window, before: Window, longer: float, n: int) -> list[Pair]:
        ranked: list[Pair] = []
        for pairs in self.beside(after, before, n):
            scored = [(_growth(row.events, other * longer), row, other) for row, other in pairs if other]
            scored = [one for one in scored if one[0] > STANDS_OUT]
            scored.sort(key=lambda one: (-one[0], str(one[1].key)))
            ranked = [(row, other) for _, row, other in scored[:n]]
            # What is not listed has no more events than the last: it cannot have grown by more than that.
            least = min((row.events for row, _ in pairs), default=0)
            if _growth(least, 0) <= (scored[n - 1][0] if len(scored) >= n else STANDS_OUT):
                break
        return ranked


def _growth(events: float, expected: float) -> float:
    return 2 * (sqrt(events + 0.375) - sqrt(expected + 0.375))


def _first(looks: Iterator[list[Pair]], wanted: Callable[[Pair], bool], n: int) -> list[Pair]:
    found: list[Pair] = []
    for pairs in looks:
        found = [pair for pair in pairs if wanted(pair)][:n]
        if len(found) == n:
            break
    return found


def _line(field: str, row: Group) -> dict[str, Any]:
    import pandas as pd

    last = None if row.last_us is None else pd.Timestamp(row.last_us, unit="us", tz="UTC")
    return {field: row.key, "events": row.events, "last": last, **row.words}


def _frame(field: str, rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows) if rows else pd.DataFrame(columns=[field, *columns])
