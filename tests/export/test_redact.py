"""Redacted files of every kind that needs no browser, searched whole: compressed parts and columns, too."""

from __future__ import annotations

import base64
import gzip
import re
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz.cli.app import app
from attackviz.errors import UsageError

LINE = (
    '198.51.{a}.{b} - canary{k} [18/Feb/2025:10:{m:02d}:00 +0000] "GET /canary{k}/admin HTTP/1.1" 404 12 '
    '"https://canary{k}.example/" "canary{k}"'
)
ADDRESS = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}(?!0/24)\d{1,3}(?![\d.])")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("logs") / "canary99.example.log"
    path.write_text("\n".join(LINE.format(a=k % 9, b=k + 1, k=k, m=k % 60) for k in range(80)) + "\n")
    return path


@pytest.fixture(scope="module")
def events(log: Path) -> pd.DataFrame:
    return av.enrich(av.read(log))


def searched(path: Path) -> str:
    """Return all text of a file, with what is packed in it unpacked."""
    data = path.read_bytes()
    if path.suffix == ".html":
        packed = re.search(rb'id="recording">([^<]+)<', data)
        assert packed is not None
        data = data.replace(packed[1], b"") + gzip.decompress(base64.b64decode(packed[1]))
        data = data.split(b'id="options"')[0] + data.split(b"AVREC")[1]  # neither the player nor the map are of the log
    if path.suffix == ".parquet":
        return pd.read_parquet(path).to_csv() + data.decode("latin-1")
    return data.decode("latin-1")


def assert_clean(text: str) -> None:
    assert not re.search("canary", text, re.IGNORECASE)
    assert ADDRESS.findall(text) == []


@pytest.mark.parametrize("suffix", [".html", ".avrec", ".csv", ".ndjson", ".parquet", ".svg"])
def test_no_canary_and_no_address_is_left(events: pd.DataFrame, tmp_path: Path, suffix: str) -> None:
    if suffix != ".svg":  # whose letters are shapes
        assert re.search("canary|198", searched(av.Replay(events).save(tmp_path / f"whole{suffix}")))
    assert_clean(searched(av.Replay(events, redact="public").save(tmp_path / f"public{suffix}")))


def test_the_same_from_the_command_line(log: Path, events: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "public.csv"
    done = CliRunner().invoke(app, ["export", str(log), "-o", str(path), "--redact", "public"])
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == av.Replay(events, redact="public").save(tmp_path / "python.csv").read_bytes()


def test_a_recording_can_be_redacted_later(events: pd.DataFrame) -> None:
    once = av.Replay(events, redact="public").recording
    assert once == av.Replay(av.Replay(events).recording, redact="public").recording
    assert once.header["title"] == "Replay"
    assert av.Replay(events, title="Ours", redact="public").recording.header["title"] == "Ours"
    with pytest.raises(UsageError, match="no profile 'secret'"):
        av.Replay(events, redact="secret")


def test_an_unknown_profile_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", "nowhere.log", "-o", str(tmp_path / "x.html"), "--redact", "secret"])
    assert done.exit_code == 2
    assert "no profile 'secret'" in done.output
