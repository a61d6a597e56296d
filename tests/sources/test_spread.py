"""Many files: other processes change nothing but the time it takes; progress is true."""

import gzip
import json
import os

import pyarrow as pa
import pytest

from attackviz.account import Account
from attackviz.errors import AttackvizError
from attackviz.formats import Options
from attackviz.sources import find, spread


@pytest.fixture
def archive(tmp_path):
    for number in range(5):
        rows = [
            {"timestamp": f"2025-02-{1 + number:02}T00:00:{n % 60:02}", "src_ip": f"10.0.{number}.{n % 250}"}
            for n in range(300)
        ]
        lines = [json.dumps(r | {"payload_printable": f'"GET /{number}"'}) for r in rows] + ['{"cut'] * number
        (tmp_path / f"{number}.json.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    (tmp_path / "README").write_text("not a log")
    return tmp_path


def run(path, processes, tell=None, options=None):
    account = Account()
    files, _ = find([path])
    table = pa.concat_tables(spread(files, None, options or Options(), account, tell, processes))
    return table, account


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_give_the_same_tables_and_account(archive, processes):
    table, account = run(archive, 1)
    other, same = run(archive, processes)
    assert other.unify_dictionaries().to_pylist() == table.unify_dictionaries().to_pylist()
    assert same.to_dict() == account.to_dict()
    assert (account.events, dict(account.bad), set(account.skipped)) == (1500, {"broken JSON": 10}, {"README"})


@pytest.mark.parametrize("processes", [1, 2])
def test_progress_is_true(archive, processes):
    seen = []
    run(archive, processes, lambda p: seen.append(json.loads(json.dumps(p.to_dict()))))
    size = sum(f.stat().st_size for f in archive.iterdir())
    first, last = seen[0], seen[-1]
    assert (first["bytes"], first["bytes_done"], first["files"], first["files_done"]) == (size, 0, 6, 0)
    assert (last["bytes_done"], last["files_done"], last["events"], last["bad"]) == (size, 6, 1500, 10)
    assert [i["name"] for i in last["items"]] == [f"{n}.json.gz" for n in range(5)] + ["README"]
    assert all(i["done"] and i["bytes_done"] == i["bytes"] for i in last["items"])
    for key in ("bytes_done", "events", "files_done"):
        assert [s[key] for s in seen] == sorted(s[key] for s in seen)


def test_error_in_a_process_is_the_users_error(archive):
    with pytest.raises(AttackvizError, match="no known format"):
        files, _ = find([archive / "0.json.gz", archive / "README"])
        list(spread(files, None, Options(), Account(), None, 2))


@pytest.mark.parametrize("processes", [1, 2])
def test_stopping_early_leaves_nothing_behind(archive, processes, tmp_path_factory, monkeypatch):
    spool = tmp_path_factory.mktemp("spool")
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    files, _ = find([archive])
    tables = spread(files, None, Options(), Account(), None, processes)
    next(tables)
    tables.close()
    assert os.listdir(spool) == []
