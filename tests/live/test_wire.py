"""What travels to players and listeners."""

from __future__ import annotations

import json
import math

import pyarrow as pa
import pytest

from attackviz.analysis.conditions import where
from attackviz.filters import Filters
from attackviz.live.wire import TEXTS, packed, server_sent
from attackviz.schema import SEVERITIES, VERDICTS, arrow_type, to_pandas


def table() -> pa.Table:
    def text(*values: str | None) -> pa.Array:
        return pa.array(values, pa.string()).dictionary_encode().cast(arrow_type("category"))

    return pa.table(
        {
            "sequence": pa.array([4, 5, 6], pa.int64()),
            "time": pa.array([1_760_000_000_123_456, None, 3], pa.timestamp("us", "UTC")),
            "event_id": ["a", "b", "c"],
            "src_ip": ["192.0.2.1", None, "2001:db8::1"],
            "category": text("ssh", None, "<script>\n\ndata: x\nid: 9"),
            "verdict": text("mitigated", None, "benign"),
            "severity": text(None, "high", "critical"),
            "src_lat": pa.array([1.5, None, -33.25], pa.float32()),
            "src_lon": pa.array([2.5, None, 18.5], pa.float32()),
            "dst_port": pa.array([22, None, 65535], pa.uint16()),
            "count": pa.array([None, 7, 2**32 - 1], pa.uint32()),
            "src_asn": pa.array([4_200_000_000, None, 1], pa.uint32()),
            "detail": ["x" * 500, None, "short"],
        }
    )


def read(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()


def test_packed_rows_have_no_nulls_and_say_what_the_table_says() -> None:
    found = read(packed(table()))
    assert all(column.null_count == 0 for column in found.columns)
    one, two, three = found.to_pylist()
    assert one["sequence"] == 4.0
    assert one["time"] == 1_760_000_000_123_456.0
    assert math.isnan(two["time"])
    assert math.isnan(two["src_lat"])
    assert (one["src_ip"], two["src_ip"], three["src_ip"]) == ("192.0.2.1", "", "2001:db8::1")
    assert three["category"] == "<script>\n\ndata: x\nid: 9"
    assert [VERDICTS[row["verdict"]] for row in (one, two, three)] == ["mitigated", "unknown", "benign"]
    assert one["severity"] == 255
    assert [SEVERITIES[row["severity"]] for row in (two, three)] == ["high", "critical"]
    assert [row["count"] for row in (one, two, three)] == [1, 7, 2**32 - 1]
    assert [row["dst_port"] for row in (one, two, three)] == [22, 0, 65535]
    assert one["src_asn"] == 4_200_000_000
    assert len(one["detail"]) == 200


def test_columns_are_the_same_whatever_the_table_lacks() -> None:
    bare = pa.table({"sequence": [1], "time": pa.array([1], pa.timestamp("us", "UTC")), "event_id": ["a"]})
    whole = read(packed(table()))
    assert read(packed(bare)).schema.equals(whole.schema)
    assert set(TEXTS) < set(whole.column_names)


@pytest.mark.parametrize(
    "filters",
    [{"category": {"in": ["ssh"]}}, {"port": {"range": [1, 1023]}}, {"cidr": ["192.0.2.0/24"]}, {"text": "SCRIPT"}],
)
def test_filters_mean_what_they_mean_of_a_frame(filters: dict[str, object]) -> None:
    kept = where(to_pandas(table()), filters)
    found = read(packed(table(), Filters.parse(filters)))
    assert found["sequence"].to_pylist() == kept["sequence"].tolist()


def test_nothing_is_sent_where_no_row_is_meant() -> None:
    assert packed(table(), Filters.parse({"category": {"in": ["dns"]}})) == b""
    assert server_sent(table(), Filters.parse({"category": {"in": ["dns"]}})) == b""


def test_no_text_forges_a_server_sent_event() -> None:
    messages = server_sent(table()).decode().split("\n\n")
    assert messages.pop() == ""
    parsed = [dict(line.split(": ", 1) for line in message.split("\n")) for message in messages]
    assert [each["id"] for each in parsed] == ["4", "5", "6"]
    assert json.loads(parsed[2]["data"])["category"] == "<script>\n\ndata: x\nid: 9"
    assert json.loads(parsed[0]["data"])["time"] == "2025-10-09T08:53:20.123456Z"
    assert "time" not in json.loads(parsed[1]["data"])
