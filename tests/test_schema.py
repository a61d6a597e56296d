"""The event table keeps its types both ways and explains what is wrong with one."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from attackviz import schema
from attackviz.errors import SchemaError


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "time": pd.to_datetime(["2025-02-18T00:00:00.0", None, "2025-02-18T00:00:01.5"]),
            "src_ip": ["1.2.3.4", None, "::1"],
            "src_port": pd.array([1, None, 65535], dtype="Int64"),
            "verdict": ["detected", "mitigated", None],
            "severity": ["low", "critical", None],
            "src_lat": [50.0, np.nan, -33.25],
            "src_lon": [14.0, np.nan, 151.0],
            "mine": [1, 2, 3],
        }
    )


def test_round_trip_keeps_values_types_and_extra_columns() -> None:
    table = schema.from_pandas(frame())
    assert [str(f.type) for f in table.schema][:3] == ["timestamp[us, tz=UTC]", "string", "uint16"]
    back = schema.to_pandas(table)
    assert back["time"].dt.tz is not None
    assert back["time"].isna().tolist() == [False, True, False]
    assert back["src_port"].tolist()[0::2] == [1, 65535]
    assert back["src_port"].isna()[1]
    assert back["severity"].cat.ordered
    assert back["severity"].max() == "critical"
    assert back["mine"].tolist() == [1, 2, 3]
    assert schema.from_pandas(back).equals(table)


def test_every_column_has_a_type_and_a_name_in_ecs_but_count() -> None:
    for name, column in schema.COLUMNS.items():
        assert isinstance(schema.arrow_type(name), pa.DataType)
        assert (column.ecs is None) == (name == "count")


def test_no_time_no_table() -> None:
    with pytest.raises(SchemaError, match="no column 'time'"):
        schema.from_pandas(pd.DataFrame({"src_ip": ["1.2.3.4"]}))


def test_a_port_beyond_its_type_is_an_error_not_a_wrap() -> None:
    with pytest.raises(SchemaError, match="dst_port"):
        schema.from_pandas(frame().assign(dst_port=[1, 2, 70000]))


def test_mixed_types_are_said() -> None:
    with pytest.raises(SchemaError, match="mixed types"):
        schema.from_pandas(frame().assign(mine=["a", 1, {}]))


def test_validate_names_every_problem_and_its_rows() -> None:
    bad = frame().assign(verdict=["blocked", "detected", "odd"], src_lat=[91.0, 0, 0], direction=["up", None, None])
    with pytest.raises(SchemaError) as caught:
        schema.validate(bad)
    rows = {p["column"]: p["rows"] for p in caught.value.problems}
    assert rows == {"verdict": [0, 2], "direction": [0], "src_lat": [0]}
    schema.validate(frame())


def test_half_a_coordinate_is_a_problem() -> None:
    with pytest.raises(SchemaError, match="go together"):
        schema.validate(frame().drop(columns="src_lon"))
