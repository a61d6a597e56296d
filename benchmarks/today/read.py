"""Read Cloudflare logs into a frame with today's readers: ``python -m benchmarks.today.read READER FILE...``.

They read regular lines only: a cut or glued line makes pandas, polars and the
orjson loop fail, and DuckDB turn it into nulls. Here all lines are regular.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

ONE_THREAD = os.environ.get("POLARS_MAX_THREADS") == "1"

WANTED = {
    "EdgeStartTimestamp": "VARCHAR",
    "ClientIP": "VARCHAR",
    "ClientSrcPort": "INTEGER",
    "ClientRequestHost": "VARCHAR",
    "ClientRequestMethod": "VARCHAR",
    "ClientRequestURI": "VARCHAR",
    "ClientRequestProtocol": "VARCHAR",
    "EdgeResponseBytes": "BIGINT",
    "EdgeResponseStatus": "INTEGER",
    "EdgeColoCode": "VARCHAR",
    "RayID": "VARCHAR",
    "SecurityAction": "VARCHAR",
    "SecurityRuleID": "VARCHAR",
    "SecurityRuleDescription": "VARCHAR",
    "WAFAttackScore": "INTEGER",
    "BotScore": "INTEGER",
}


def by_pandas() -> Callable[[list[str]], int]:
    """Return the reader everybody starts with."""
    import pandas as pd

    def read(files: list[str]) -> int:
        frame = pd.concat([pd.read_json(f, lines=True) for f in files], ignore_index=True)[list(WANTED)]
        frame["EdgeStartTimestamp"] = pd.to_datetime(frame["EdgeStartTimestamp"])
        return len(frame)

    return read


def by_orjson() -> Callable[[list[str]], int]:
    """Return a loop over lines."""
    import orjson
    import pandas as pd

    def read(files: list[str]) -> int:
        columns: dict[str, list[object]] = {name: [] for name in WANTED}
        for name in files:
            with gzip.open(name) as lines:
                for line in lines:
                    value = orjson.loads(line)
                    for key, column in columns.items():
                        column.append(value.get(key))
        frame = pd.DataFrame(columns)
        frame["EdgeStartTimestamp"] = pd.to_datetime(frame["EdgeStartTimestamp"])
        return len(frame)

    return read


def by_duckdb() -> Callable[[list[str]], int]:
    """Return DuckDB, told the columns and their types."""
    import duckdb
    import pyarrow  # noqa: F401 - what it hands over

    if ONE_THREAD:
        duckdb.execute("SET threads = 1")

    def read(files: list[str]) -> int:
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in WANTED.items())
        asked = (
            "SELECT * REPLACE (EdgeStartTimestamp::TIMESTAMPTZ AS EdgeStartTimestamp) "
            f"FROM read_json(?, format='newline_delimited', columns={{{columns}}})"
        )
        return duckdb.execute(asked, [files]).to_arrow_table().num_rows

    return read


def by_polars() -> Callable[[list[str]], int]:
    """Return polars, told the columns and their types."""
    import polars as pl

    kinds = {"VARCHAR": pl.String, "INTEGER": pl.Int32, "BIGINT": pl.Int64}

    def read(files: list[str]) -> int:
        schema = {name: kinds[kind] for name, kind in WANTED.items()}
        lazy = pl.scan_ndjson(files, schema=schema).with_columns(
            pl.col("EdgeStartTimestamp").str.to_datetime(time_zone="UTC")
        )
        return lazy.collect().height

    return read


def by_pyarrow() -> Callable[[list[str]], int]:
    """Return Arrow's own reader, told the columns and their types."""
    import pyarrow as pa
    import pyarrow.json

    kinds = {"VARCHAR": pa.string(), "INTEGER": pa.int64(), "BIGINT": pa.int64()}

    def read(files: list[str]) -> int:
        schema = {name: kinds[kind] for name, kind in WANTED.items()}
        schema["EdgeStartTimestamp"] = pa.timestamp("us", tz="UTC")
        parse = pyarrow.json.ParseOptions(explicit_schema=pa.schema(schema), unexpected_field_behavior="ignore")
        options = pyarrow.json.ReadOptions(block_size=8 << 20, use_threads=not ONE_THREAD)
        tables = [pyarrow.json.read_json(pa.input_stream(name), options, parse) for name in files]
        return pa.concat_tables(tables).num_rows

    return read


def by_eve() -> Callable[[list[str]], int]:
    """Return DuckDB for Suricata's log, told columns, objects and types."""
    import duckdb
    import pyarrow  # noqa: F401 - what it hands over

    from ..eve import WANTED as EVE

    if ONE_THREAD:
        duckdb.execute("SET threads = 1")

    def read(files: list[str]) -> int:
        outer: dict[str, str] = {}
        inner: dict[str, list[str]] = {}
        for path, kind in EVE.items():
            key, _, field = path.partition(".")
            if field:
                inner.setdefault(key, []).append(f"{field} {kind}")
            else:
                outer[key] = "VARCHAR" if kind == "TIME" else kind
        outer |= {key: f"STRUCT({', '.join(fields)})" for key, fields in inner.items()}
        columns = ", ".join(f"{name}: '{kind}'" for name, kind in outer.items())
        picked = ", ".join(path if kind != "TIME" else f"{path}::TIMESTAMPTZ" for path, kind in EVE.items())
        asked = f"SELECT {picked} FROM read_json(?, format='newline_delimited', columns={{{columns}}})"
        return duckdb.execute(asked, [files]).to_arrow_table().num_rows

    return read


def by_inflating() -> Callable[[list[str]], int]:
    """Return the least that any reader must do: inflate, and look at nothing."""
    from isal import isal_zlib

    def read(files: list[str]) -> int:
        for name in files:
            inflater = isal_zlib.decompressobj(wbits=31)
            with Path(name).open("rb") as file:
                while piece := file.read(16 << 10):
                    while piece:
                        inflater.decompress(piece)
                        piece, ended = inflater.unused_data, inflater.eof
                        if ended:
                            inflater = isal_zlib.decompressobj(wbits=31)
                        else:
                            break
        return 0

    return read


READERS = {
    "pandas": by_pandas,
    "orjson": by_orjson,
    "duckdb": by_duckdb,
    "polars": by_polars,
    "pyarrow": by_pyarrow,
    "eve": by_eve,
    "inflate": by_inflating,
}


def main() -> None:
    """Read, and print how many rows there were and what it took until reading began."""
    read = READERS[sys.argv[1]]()
    cpu, wall = time.process_time(), time.perf_counter()
    rows = read(sys.argv[2:])
    took = time.process_time() - cpu
    print(json.dumps({"rows": rows, "took": took, "before": cpu, "wall": time.perf_counter() - wall}))


if __name__ == "__main__":
    main()
