"""The event table: its columns, their types and units, and their ECS names.

At the public edge it is a ``pandas.DataFrame``, inside a ``pyarrow.Table``.
Every column may be missing but ``time``; extra columns pass through untouched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import SchemaError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = [
    "COLUMNS",
    "DIRECTIONS",
    "SEVERITIES",
    "VERDICTS",
    "Column",
    "arrow_type",
    "conform",
    "from_pandas",
    "to_pandas",
    "validate",
]

VERDICTS = ("mitigated", "detected", "suspicious", "benign", "unknown")
SEVERITIES = ("info", "low", "medium", "high", "critical")
DIRECTIONS = ("inbound", "outbound", "internal", "external")


@dataclass(frozen=True, slots=True)
class Column:
    """Describe one column of the event table.

    Attributes
    ----------
    name : str
        Its name.
    kind : str
        ``time`` (timestamp[us, UTC]), ``string``, ``category`` (dictionary of
        int32 to string), ``uint16``, ``uint32``, ``int64`` or ``float32``.
    ecs : str or None
        The Elastic Common Schema field it maps to.
    meaning : str
        What it says, with its unit.
    values : tuple of str or None
        The only values allowed, in order; any if None.
    """

    name: str
    kind: str
    ecs: str | None
    meaning: str
    values: tuple[str, ...] | None = None


_C = Column
COLUMNS: dict[str, Column] = {
    column.name: column
    for column in (
        _C("time", "time", "@timestamp", "when it happened, UTC; null where impossible"),
        _C("event_id", "string", "event.id", "the product's own id, else a hash of where the event stood"),
        _C("src_ip", "string", "source.ip", "source address"),
        _C("src_port", "uint16", "source.port", "source port"),
        _C("dst_ip", "string", "destination.ip", "target address"),
        _C("dst_port", "uint16", "destination.port", "target port"),
        _C("dst_host", "category", "destination.domain", "target host"),
        _C("protocol", "category", "network.protocol", "service where known, else transport"),
        _C("category", "category", "rule.category", "what the legend shows"),
        _C("rule", "category", "rule.name", "what was done or which rule saw it"),
        _C("rule_id", "category", "rule.id", "the rule's id"),
        _C("action", "category", "event.action", "what the product did, casefolded"),
        _C("verdict", "category", "event.outcome", "what became of it", VERDICTS),
        _C("severity", "category", "event.severity", "how bad it is", SEVERITIES),
        _C("bytes", "int64", "network.bytes", "bytes"),
        _C("count", "uint32", None, "how many events a row stands for; 1 where null or missing"),
        _C("sensor", "category", "observer.name", "honeypot, zone or colo"),
        _C("detail", "string", "event.original", "short human text"),
        _C("src_country", "category", "source.geo.country_iso_code", "ISO 3166-1 code"),
        _C("src_region", "category", "source.geo.region_name", "first subdivision"),
        _C("src_city", "category", "source.geo.city_name", "city"),
        _C("src_asn", "uint32", "source.as.number", "autonomous system"),
        _C("src_org", "category", "source.as.organization.name", "its organisation"),
        _C("src_lat", "float32", "source.geo.location.lat", "degrees north; null where unknown"),
        _C("src_lon", "float32", "source.geo.location.lon", "degrees east; null where unknown"),
        _C("dst_country", "category", "destination.geo.country_iso_code", "ISO 3166-1 code"),
        _C("dst_lat", "float32", "destination.geo.location.lat", "degrees north; null where unknown"),
        _C("dst_lon", "float32", "destination.geo.location.lon", "degrees east; null where unknown"),
        _C("dst_name", "category", "destination.geo.name", "the target's name"),
        _C("direction", "category", "network.direction", "seen from what is ours", DIRECTIONS),
    )
}


def arrow_type(column: str) -> pa.DataType:
    """Return the Arrow type of a column of the event table.

    Parameters
    ----------
    column : str
        A name in `COLUMNS`.

    Examples
    --------
    >>> str(arrow_type("time"))
    'timestamp[us, tz=UTC]'
    """
    import pyarrow as pa

    return {
        "time": pa.timestamp("us", tz="UTC"),
        "string": pa.string(),
        "category": pa.dictionary(pa.int32(), pa.string()),
        "uint16": pa.uint16(),
        "uint32": pa.uint32(),
        "int64": pa.int64(),
        "float32": pa.float32(),
    }[COLUMNS[column].kind]


def conform(table: pa.Table) -> pa.Table:
    """Cast the known columns of a table to the event table's types.

    Parameters
    ----------
    table : pyarrow.Table
        Any subset of the columns, and extra ones, which pass through.

    Returns
    -------
    pyarrow.Table
        Known columns first, in the order of `COLUMNS`; dictionaries unified.

    Raises
    ------
    SchemaError
        If there is no ``time``, or a column holds values its type cannot.

    Examples
    --------
    >>> import pyarrow as pa
    >>> t = conform(pa.table({"time": pa.array([0], pa.timestamp("s", tz="UTC")), "dst_port": [22]}))
    >>> t.schema.field("dst_port").type
    DataType(uint16)
    """
    import pyarrow as pa

    if "time" not in table.column_names:
        raise SchemaError("the table has no column 'time'", hint=f"columns are {', '.join(table.column_names)}")
    names = [n for n in COLUMNS if n in table.column_names]
    columns, problems = [], []
    for name in names:
        wanted, column = arrow_type(name), table[name]
        if not column.type.equals(wanted):
            try:
                column = _cast(column, wanted)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
                problems.append({"column": name, "problem": f"{column.type} is not {wanted}: {error}", "rows": []})
        columns.append(column)
    if problems:
        raise SchemaError(
            f"column {problems[0]['column']!r} has the wrong type: {problems[0]['problem']}",
            hint="cast it before, or see attackviz.schema.COLUMNS",
            problems=problems,
        )
    extra = [n for n in table.column_names if n not in COLUMNS]
    return pa.table(columns + [table[n] for n in extra], names=names + extra).unify_dictionaries()


def _cast(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_timestamp(wanted):
        if pa.types.is_timestamp(column.type) and column.type.tz is None:
            column = pc.assume_timezone(column, "UTC")
        # Nanoseconds are more than a clock needs; the rest is dropped, not an error.
        return column.cast(wanted, safe=not pa.types.is_timestamp(column.type))
    if pa.types.is_dictionary(wanted):
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        return column.cast(pa.string()).dictionary_encode()
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_float32(wanted):
        return column.cast(wanted, safe=False)
    return column.cast(wanted)


def from_pandas(frame: pd.DataFrame) -> pa.Table:
    """Turn a data frame of events into an Arrow event table.

    Parameters
    ----------
    frame : pandas.DataFrame
        At least a column ``time``; the index is dropped.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    SchemaError
        If a column cannot hold what the event table asks of it.

    Examples
    --------
    >>> import pandas as pd
    >>> from_pandas(pd.DataFrame({"time": pd.to_datetime(["2025-02-18"]), "src_ip": ["1.2.3.4"]})).num_rows
    1
    """
    import pandas as pd
    import pyarrow as pa

    if not isinstance(frame, pd.DataFrame):
        raise SchemaError(
            f"an event table is a DataFrame or an Arrow table, not {type(frame).__name__}",
            hint="read one with attackviz.read(address)",
        )
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SchemaError(
            f"the frame holds a column of mixed types: {error}", hint="give each column one type"
        ) from None
    return conform(table.replace_schema_metadata(None))


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow event table into a data frame.

    Dictionaries become categoricals, strings Arrow-backed ``str``, and integer
    columns with nulls the nullable integers, so that a missing port stays
    missing and a present one stays an integer.

    Parameters
    ----------
    table : pyarrow.Table

    Returns
    -------
    pandas.DataFrame

    Examples
    --------
    >>> import pyarrow as pa
    >>> to_pandas(pa.table({"dst_port": pa.array([22, None], pa.uint16())})).dtypes["dst_port"]
    UInt16Dtype()
    """
    import pandas as pd
    import pyarrow as pa

    nullable = {pa.uint16(): pd.UInt16Dtype(), pa.uint32(): pd.UInt32Dtype(), pa.int64(): pd.Int64Dtype()}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get)
    for name in ("verdict", "severity", "direction"):
        if name in frame.columns and isinstance(frame[name].dtype, pd.CategoricalDtype):
            values = COLUMNS[name].values
            assert values is not None
            frame[name] = frame[name].cat.set_categories(list(values), ordered=name == "severity")
    return frame


def validate(events: pd.DataFrame | pa.Table) -> None:
    """Check an event table and explain all that is wrong with it.

    Parameters
    ----------
    events : pandas.DataFrame or pyarrow.Table

    Raises
    ------
    SchemaError
        With every problem found, and the first offending rows of each.

    Examples
    --------
    >>> import pandas as pd
    >>> try:
    ...     validate(pd.DataFrame({"time": pd.to_datetime(["2025-02-18"], utc=True), "verdict": ["odd"]}))
    ... except SchemaError as error:
    ...     error.problems[0]["column"], error.problems[0]["rows"]
    ('verdict', [0])
    """
    import pyarrow as pa

    table = events if isinstance(events, pa.Table) else from_pandas(events)
    table = conform(table)
    problems = [problem for check in (_wrong_values, _wrong_places) for problem in check(table)]
    if problems:
        first = "; ".join(_sentence(p) for p in problems[:3])
        many = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
        raise SchemaError(f"{many}: {first}", hint="see .problems for all", problems=problems)


def _wrong_values(table: pa.Table) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    found = []
    for name, column in COLUMNS.items():
        if column.values is None or name not in table.column_names:
            continue
        values = table[name].cast(pa.string())
        wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, pa.array(column.values))))
        found += _problem(name, f"not one of {', '.join(column.values)}", wrong)
    return found


def _wrong_places(table: pa.Table) -> list[dict[str, Any]]:
    import pyarrow.compute as pc

    found = []
    for end in ("src", "dst"):
        lat, lon = f"{end}_lat", f"{end}_lon"
        for name, limit in ((lat, 90), (lon, 180)):
            if name in table.column_names:
                wrong = pc.invert(pc.less_equal(pc.abs(table[name]), limit))
                found += _problem(name, f"beyond {limit} degrees", pc.fill_null(wrong, False))
        if (lat in table.column_names) != (lon in table.column_names):
            found.append({"column": lat, "problem": f"{lat} and {lon} go together", "rows": [], "count": 0})
    return found


def _problem(column: str, problem: str, wrong: pa.ChunkedArray) -> list[dict[str, Any]]:
    import pyarrow.compute as pc

    rows = pc.indices_nonzero(wrong)
    if not len(rows):
        return []
    return [{"column": column, "problem": problem, "rows": rows[:10].to_pylist(), "count": len(rows)}]


def _sentence(problem: dict[str, Any]) -> str:
    text = f"{problem['column']}: {problem['problem']}"
    if not problem["rows"]:
        return text
    rows = ", ".join(str(row) for row in problem["rows"][:3])
    more = ", …" if problem["count"] > 3 else ""
    return f"{text} ({problem['count']} row{'s' * (problem['count'] > 1)}: {rows}{more})"
