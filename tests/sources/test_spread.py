"""Many files: other processes change nothing but the time it takes; progress is true."""

import gzip
import io
import json
import os
import threading
import zipfile

import pyarrow as pa
import pytest

from attackviz.account import Account
from attackviz.errors import AttackvizError, ReadError
from attackviz.formats import Options, by_name
from attackviz.sources import InputFile, find, spread
from attackviz.window import Window


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
    tables = spread(files, None, options or Options(), account, tell, processes)
    table = pa.concat_tables(tables, promote_options="default")
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


SENT = threading.Event()


class Waiting(InputFile):
    """A file that this process reads only when another was given one."""

    def pieces(self, account, size):
        assert SENT.wait(120)
        yield from super().pieces(account, size)


class Sent(Waiting):
    """A file that is plain elsewhere."""

    def __reduce__(self):
        SENT.set()
        return InputFile, (self.path, self.name, self.size, self.explicit, self.modified)


class Unsent(Waiting):
    """A file that cannot go to another process."""

    def __reduce__(self):
        SENT.set()
        raise TypeError("it stays here")


class Deadly(Waiting):
    """A file that ends whoever receives it."""

    def __reduce__(self):
        SENT.set()
        return os._exit, (9,)


def all_of(archive, kind):
    SENT.clear()
    return [kind(f.path, f.name, f.size, False, f.modified) for f in find([archive])[0]]


@pytest.mark.parametrize(("kind", "error"), [(Deadly, ReadError), (Unsent, TypeError)])
def test_a_process_that_fails_is_an_error_and_no_silent_loss(archive, kind, error):
    with pytest.raises(error, match=r"\d\.json\.gz: the process that read it died|stays here"):
        list(spread(all_of(archive, kind), None, Options(), Account(), None, 2))


def test_what_this_process_and_others_read_is_the_same(archive):
    one, account = run(archive, 1)
    other = Account()
    tables = list(spread(all_of(archive, Sent), None, Options(), other, None, 2))
    assert pa.concat_tables(tables, promote_options="default").to_pylist() == one.to_pylist()
    assert other == account


@pytest.mark.parametrize("processes", [1, 2])
def test_stopping_early_leaves_nothing_behind(archive, processes, tmp_path_factory, monkeypatch):
    spool = tmp_path_factory.mktemp("spool")
    monkeypatch.setattr("tempfile.tempdir", str(spool))
    files, _ = find([archive])
    tables = spread(files, None, Options(), Account(), None, processes)
    next(tables)
    tables.close()
    assert os.listdir(spool) == []


def event(n, kind):
    moment = f"2025-02-01T00:{n // 60 % 60:02}:{n % 60:02}"
    if kind == "ciscoasa":
        return json.dumps({"timestamp": moment, "src_ip": f"10.0.0.{n % 250}", "payload_printable": f"GET /{n}"})
    fields = {"EdgeStartTimestamp": f"{moment}Z", "ClientIP": f"10.1.0.{n % 250}", "SecurityAction": "block"}
    return json.dumps(fields | {"ClientRequestURI": f"/{n}", "RayID": str(n)})


@pytest.fixture
def small(tmp_path):
    """Make many files of few events, of two formats, one large and one empty between."""
    count = 0
    for number in range(80):
        kind = "ciscoasa" if number % 9 < 4 else "cloudflare"
        length = 9000 if number == 40 else number % 5
        lines = [event(count + n, kind) for n in range(length)] + ["broken"] * (number % 3 == 0)
        (tmp_path / f"{number:02}.json").write_text("\n".join(lines))
        count += length
    return tmp_path


@pytest.mark.parametrize("columns", [None, ("src_ip", "detail"), ("event_id", "src_ip"), ("ClientRequestURI",)])
@pytest.mark.parametrize("window", [None, "2025-02-01T00:01:00..2025-02-01T00:20:00"])
def test_many_small_files_give_what_each_gives_by_itself(small, columns, window):
    options = Options(Window.parse(window) if window else None, columns)
    table, account = run(small, 1, options=options)
    files, _ = find([small])
    alone = Account()
    tables = [each for file in files for each in spread([file], None, options, alone)]
    whole = pa.concat_tables(tables, promote_options="default")
    assert table.unify_dictionaries().to_pylist() == whole.select(table.column_names).unify_dictionaries().to_pylist()
    assert account == alone
    assert account.closes()
    assert account.events == 9000 + sum(n % 5 for n in range(80) if n != 40)


def test_small_files_come_in_few_tables(small):
    files, _ = find([small])
    tables = list(spread(files, by_name("cloudflare.http_requests"), Options(), Account()))
    assert len(tables) == 3  # before the large one, the large one, after it


@pytest.mark.parametrize("processes", [1, 2])
def test_members_of_an_archive_may_be_of_several_formats(tmp_path, processes):
    for name in ("a.zip", "b.zip"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for number, kind in enumerate(("ciscoasa", "cloudflare", "ciscoasa")):
                archive.writestr(f"{number}.json", "\n".join(event(n, kind) for n in range(5)))
    table, account = run(tmp_path, processes)
    assert table["src_ip"].to_pylist() == [f"10.{kind}.0.{n}" for kind in (0, 1, 0) for n in range(5)] * 2
    assert list(account.files) == [f"{name}.zip/{n}.json" for name in "ab" for n in range(3)]


def test_standard_input_is_never_given_to_another_process(tmp_path, monkeypatch):
    log = tmp_path / "log.json"
    log.write_text(event(1, "cloudflare"))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(event(2, "cloudflare").encode())))
    account = Account()
    files, _ = find([log, "-"])
    tables = list(spread(files, None, Options(), account, None, 2))
    assert sum(table.num_rows for table in tables) == 2
    assert list(account.files) == ["log.json", "-"]
