"""Decoded databases reopen as they were; a damaged copy is made anew, never used."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attackviz.geo import database as module
from attackviz.geo import open_database
from attackviz.geo.cache import load_arrays, store_arrays

from .conftest import DATA

CITY = DATA / "maxmind" / "GeoLite2-City-Test.mmdb"
ADDRESSES = ["81.2.69.142", "2001:218::1", "89.160.20.112", "10.0.0.1", "x"]
ARRAYS = {"a": np.arange(1000, dtype=np.uint32).reshape(10, 100), "none": np.empty(0, np.int64), "b": np.array([1.5])}


def answers() -> dict[str, list[object]]:
    database = open_database(CITY)
    return {name: column.to_pylist() for name, column in database.columns(database.locate(ADDRESSES)).items()}


def forget() -> None:
    """Forget what this process holds open, as another process would."""
    module._open.cache_clear()


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ATTACKVIZ_CACHE", str(tmp_path))
    forget()
    return tmp_path / "geo"


def test_a_kept_database_answers_the_same(kept: Path):
    first = answers()
    (copy,) = kept.iterdir()
    written = copy.stat().st_mtime_ns
    forget()
    assert answers() == first
    assert copy.stat().st_mtime_ns == written


@pytest.mark.parametrize("place", [0, 3, 12, 18, 40, 200, 0.3, 0.6, -1])
def test_a_damaged_copy_is_made_anew(kept: Path, place: float):
    first = answers()
    (copy,) = kept.iterdir()
    whole = copy.read_bytes()
    at = int(place * len(whole)) if isinstance(place, float) else place
    damaged = bytearray(whole)
    damaged[at] ^= 0x10
    copy.write_bytes(damaged)
    forget()
    assert answers() == first
    assert copy.read_bytes() == whole


def test_a_cut_copy_is_made_anew(kept: Path):
    first = answers()
    (copy,) = kept.iterdir()
    whole = copy.read_bytes()
    for size in (0, 5, 30, 500, len(whole) // 2, len(whole) - 1):
        copy.write_bytes(whole[:size])
        forget()
        assert answers() == first
        assert copy.read_bytes() == whole


def test_without_a_place_to_keep_it_all_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ATTACKVIZ_CACHE", str(tmp_path / "file"))
    forget()
    assert answers()["country"][0] == "GB"


def test_arrays_come_back_read_only(tmp_path: Path):
    assert store_arrays(tmp_path / "d" / "x", "key", {"n": 1}, ARRAYS)
    loaded = load_arrays(tmp_path / "d" / "x", "key")
    assert loaded is not None
    meta, arrays = loaded
    assert meta == {"n": 1}
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype and np.array_equal(arrays[name], array)
        assert not arrays[name].flags.writeable or not array.size
    assert load_arrays(tmp_path / "d" / "x", "other") is None
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["x"]


def test_any_damage_is_seen(tmp_path: Path):
    path = tmp_path / "x"
    store_arrays(path, "key", {}, ARRAYS)
    whole = path.read_bytes()
    rng = random.Random(3)
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        assert load_arrays(path, "key") is None
    path.write_bytes(whole + b"more")
    assert load_arrays(path, "key") is None


def test_two_processes_at_once_leave_one_whole_copy(tmp_path: Path):
    script = f"from attackviz.geo import open_database as o; print(o({str(CITY)!r}).lookup('81.2.69.142').city)"
    environment = os.environ | {"ATTACKVIZ_CACHE": str(tmp_path)}
    command = [sys.executable, "-c", script]
    both = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate(timeout=120)[0].strip() for process in both] == ["London", "London"]
    assert [path.suffix for path in (tmp_path / "geo").iterdir()] == [".arrays"]


def test_describing_loads_no_compiler():
    script = (
        "import sys, attackviz.geo as g; assert 'pyarrow' not in sys.modules; "
        f"g.open_database({str(CITY)!r}).describe(); print('numba' in sys.modules, 'pandas' in sys.modules)"
    )
    open_database(CITY)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["False", "False"]
