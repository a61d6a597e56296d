"""Our own documents are read back as the event table they were made of."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.elastic.bulk import documents
from attackviz.formats import Options, by_name, decode
from attackviz.schema import COLUMNS, SEVERITIES, VERDICTS, arrow_type, conform

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
VALUES = {
    "time": st.datetimes(datetime(1996, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),
    "string": TEXT,
    "category": TEXT,
    "uint16": st.integers(0, 65535),
    "uint32": st.integers(1, 2**32 - 1),
    "int64": st.integers(0, 2**63 - 1),
    "float32": st.floats(-90, 90, width=32),
}
ROW = st.fixed_dictionaries(
    {"time": VALUES["time"]},
    optional={
        name: st.sampled_from(column.values) if column.values else VALUES[column.kind]
        for name, column in COLUMNS.items()
        if name not in ("time", "src_ip", "dst_ip", "src_lat", "src_lon", "dst_lat", "dst_lon")
    }
    | {"src_ip": st.ip_addresses(v=4, network="198.51.100.0/24").map(str), "dst_ip": st.just("2001:db8::1")}
    | {"src": st.tuples(VALUES["float32"], VALUES["float32"]), "dst": st.tuples(VALUES["float32"], VALUES["float32"])},
)


def table_of(rows):
    rows = [
        row
        | {
            f"{end}_{axis}": row[end][n]
            for end in ("src", "dst")
            if end in row
            for n, axis in enumerate(["lat", "lon"])
        }
        for row in rows
    ]
    return conform(pa.table({name: pa.array([row.get(name) for row in rows]) for name in COLUMNS}))


def read_back(table):
    lines = "\n".join(documents(table).to_pylist()).encode()
    account = Account()
    options = Options(columns=tuple(COLUMNS))
    found = list(decode([lines], by_name("attackviz"), account, "x", options))
    assert (account.events, account.bad_total) == (table.num_rows, 0)
    return pa.concat_tables(found)


@given(st.lists(ROW, min_size=1, max_size=6))
def test_what_is_written_is_read_back(rows):
    table = table_of([row | {"event_id": f"e{n}"} for n, row in enumerate(rows)])
    assert read_back(table).to_pylist() == table.to_pylist()


def test_words_that_the_event_table_does_not_know_are_no_events_lost():
    line = b'{"attackviz":{"schema":1,"verdict":"odd","severity":"odd"},"@timestamp":"2025-02-18T00:00:00Z"}'
    (table,) = decode([line], by_name("attackviz"), Account(), "x")
    assert table.select(["verdict", "severity"]).to_pylist() == [{"verdict": "unknown", "severity": None}]


@pytest.mark.parametrize("name", ["verdict", "severity"])
def test_every_word_has_its_place(name):
    words = VERDICTS if name == "verdict" else SEVERITIES
    table = conform(pa.table({"time": pa.nulls(len(words), arrow_type("time")), name: list(words)}))
    assert read_back(table)[name].to_pylist() == list(words)
