"""What is no argument at all gets the project's own error, not Python's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

import attackviz as av
from attackviz.errors import AttackvizError, ExportError, GeoDatabaseError, SchemaError, UsageError, WindowError
from attackviz.schema import validate
from attackviz.window import Window

EVENTS = pd.DataFrame({"time": pd.to_datetime(["2025-02-18T10:00Z"])})


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda: Window.parse(None), WindowError),  # type: ignore[arg-type]
        (lambda: validate(None), SchemaError),  # type: ignore[arg-type]
        (lambda: validate("events"), SchemaError),  # type: ignore[arg-type]
        (lambda: av.open_database(3), GeoDatabaseError),  # type: ignore[arg-type]
        (lambda: av.open_database([3]), GeoDatabaseError),  # type: ignore[list-item]
        (lambda: av.Replay(EVENTS).save(None), ExportError),  # type: ignore[arg-type]
        (lambda: av.Replay(EVENTS, speed="fast").to_html(), UsageError),  # type: ignore[arg-type]
        (lambda: av.Replay(None), SchemaError),  # type: ignore[arg-type]
        (lambda: av.Report(None), SchemaError),  # type: ignore[arg-type]
        (lambda: av.Report(EVENTS, 3), WindowError),  # type: ignore[arg-type]
        (lambda: av.Report(EVENTS, "0001-02-01..2026-01-01"), WindowError),
        (lambda: av.Report(EVENTS, notes=3), UsageError),  # type: ignore[arg-type]
        (lambda: av.Report(EVENTS, logo=3), UsageError),  # type: ignore[arg-type]
        (lambda: av.Report(EVENTS, redact="some"), UsageError),
        (lambda: av.enrich(3), SchemaError),  # type: ignore[call-overload]
        (lambda: av.read(None), UsageError),  # type: ignore[arg-type]
        (lambda: av.read([]), UsageError),
        (lambda: av.read("x", year="2022"), UsageError),  # type: ignore[call-overload]
        (lambda: av.follow("s3://logs/eve.json"), UsageError),
        (lambda: av.follow("logs/*.json"), UsageError),
        (lambda: av.follow("-"), UsageError),
    ],
)
def test_silly_arguments_get_an_error_of_ours(call: Callable[[], Any], kind: type[AttackvizError]) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.hint
