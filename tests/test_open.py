"""Reading through the front door: bad input is a sentence, what could be read is kept."""

import gzip
import json
import os
import subprocess
import sys
import warnings

import pandas as pd
import pytest

import attackviz as av
from attackviz.account import account_of
from attackviz.errors import AddressError, DataLossWarning, FormatError, UsageError, WindowError
from attackviz.open import open_address, read, scan
from attackviz.schema import validate


def event(n=0, **more):
    return {"timestamp": f"2025-02-24T08:04:{n % 60:02}Z", "src_ip": "1.2.3.4", "payload_printable": f"{n}"} | more


def write(path, count=3):
    path.write_text("".join(json.dumps(event(n)) + "\n" for n in range(count)))
    return path


def test_package_has_the_front_door():
    assert av.read is read and av.scan is scan and av.open_address is open_address


def test_read_gives_a_valid_event_table(samples):
    frame = read(samples / "tpot-2025" / "cowrie_sessions_20k.csv")
    validate(frame)
    assert account_of(frame).closes()


def test_scan_gives_batches_and_an_account(samples):
    with scan(samples / "tpot-2025" / "*.csv") as batches:
        rows = sum(table.num_rows for table in batches)
    assert rows == batches.account.events == 20_000
    assert batches.formats == ["cowrie.sessions"]


def test_columns_are_those_asked_for(tmp_path):
    file = write(tmp_path / "a.json")
    assert list(read(file, columns=["src_ip"]).columns) == ["time", "src_ip"]
    frame = read(file, columns=["payload_printable", "time"])
    assert list(frame.columns) == ["time", "payload_printable"]
    assert frame.payload_printable.tolist() == ["0", "1", "2"]
    with pytest.raises(UsageError, match="not a list"):
        read(file, columns="src_ip")


def test_event_ids_only_when_asked_and_the_same_each_time(tmp_path):
    file = tmp_path / "a.json"
    file.write_text((json.dumps(event()) + "\n") * 3)
    assert "event_id" not in read(file).columns
    ids = read(file, columns=["event_id"]).event_id
    assert ids.nunique() == 3
    copy = tmp_path / "copy.json.gz"
    copy.write_bytes(gzip.compress(file.read_bytes()))
    assert read(copy, columns=["event_id"]).event_id.tolist() == ids.tolist()


def test_own_ids_are_taken(samples):
    frame = read(samples / "tpot-2025" / "cowrie_sessions_20k.csv", columns=["event_id"])
    assert frame.event_id[0] == "8ec4f36c6df7"


def test_several_addresses_at_once(tmp_path):
    frame = read([write(tmp_path / "a.json"), write(tmp_path / "b.json", 2)])
    assert len(frame) == 5


def test_window_as_text_and_by_file_name(tmp_path):
    write(tmp_path / "20250224T080000Z_20250224T081000Z_00000000.log")
    write(tmp_path / "20250226T080000Z_20250226T081000Z_00000000.log")
    frame = read(tmp_path, window="2025-02-24T08:04:01Z/2025-02-24T08:04:02Z")
    account = account_of(frame)
    assert len(frame) == 1
    assert (account.events, account.outside) == (3, 2)
    assert list(account.skipped.values()) == ["outside the window, by its name"]


def test_window_without_events_gives_an_empty_table_of_the_same_shape(tmp_path):
    file = write(tmp_path / "a.json")
    empty = read(file, window="2020-01-01")
    assert len(empty) == 0
    assert empty.dtypes.to_dict().keys() == read(file).dtypes.to_dict().keys()
    nothing = read(write(tmp_path / "20250226T080000Z_20250226T081000Z_0.log"), window="2020-01-01")
    assert len(nothing) == 0 and "time" in nothing


def test_loss_is_a_warning_with_counts(tmp_path):
    file = write(tmp_path / "a.json")
    with file.open("a") as f:
        f.write('{"cut\n')
    with pytest.warns(DataLossWarning, match="3 events, 1 bad.*1 broken JSON") as caught:
        read(file)
    assert caught[0].filename == __file__


def test_no_loss_is_no_warning(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read(write(tmp_path / "a.json"))


def bad_binary(path):
    path.write_bytes(bytes(range(256)) * 50)


def bad_text(path):
    path.write_text("Dear diary,\n")


def bad_empty(path):
    path.write_text("")


def bad_json(path):
    path.write_text('{"level":"info"}\n')


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (bad_binary, "binary data"),
        (bad_text, "text that begins 'Dear diary,'"),
        (bad_empty, "it is empty"),
        (bad_json, "JSON with 'level'"),
    ],
)
def test_named_file_that_is_no_log_is_refused(tmp_path, make, message):
    make(tmp_path / "x")
    with pytest.raises(FormatError) as error:
        read(tmp_path / "x")
    assert message in str(error.value) and str(error.value).startswith("x: ")
    write(tmp_path / "a.json")
    account = account_of(read(tmp_path))  # in a directory it is skipped, and counted
    assert account.events == 3 and message in account.skipped["x"]


def test_what_only_begins_like_gzip_is_not_called_empty(tmp_path):
    (tmp_path / "x.gz").write_bytes(b"\x1f\x8b" + b"no gzip at all" * 50)
    with pytest.raises(FormatError, match=r"^x\.gz: nothing of it can be unpacked; "):
        read(tmp_path / "x.gz")


def test_nothing_there_is_refused(tmp_path):
    for address in (tmp_path / "no.json", tmp_path / "*.json", tmp_path):
        with pytest.raises(AddressError):
            read(address)
    with pytest.raises(AddressError, match="no address"):
        read([])


@pytest.mark.parametrize("address", [None, 3, "", b"a.json", [None], ["a.json", ""]])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(AddressError, match="is no address; give a file"):
        read(address)


def test_directory_without_logs_says_what_was_there(tmp_path):
    bad_text(tmp_path / "diary.txt")
    with pytest.raises(AddressError, match=r"no logs were found \(diary.txt: it is of no known format"):
        read(tmp_path)


@pytest.mark.parametrize("address", ["es+ftp://localhost/index", "http://x/y.json"])
def test_addresses_of_other_kinds_are_named(address):
    with pytest.raises(AddressError, match="not understood"):
        read(address)


def test_an_index_is_for_reading_and_never_shows_its_password(tmp_path):
    index = "es+http://me:secret@localhost/attacks"
    with pytest.raises(AddressError, match="an index, not files") as refused:
        open_address(index)
    assert "secret" not in str(refused.value)
    for wrong in ("http://me:secret@localhost/attacks", "es+htp://me:secret@localhost/attacks"):
        with pytest.raises(AddressError) as refused:
            read(wrong)
        assert "secret" not in str(refused.value)
    with pytest.raises(UsageError, match="no index is named"):
        read("es+http://localhost")
    with pytest.raises(UsageError, match="bad pieces"):
        read(index, bad=tmp_path / "bad.txt")
    with pytest.raises(UsageError, match="dask"):
        read(index, engine="dask")


def test_wrong_options_are_refused_before_reading(tmp_path):
    file = write(tmp_path / "a.json")
    with pytest.raises(UsageError, match="no format 'nonsense'"):
        scan(file, format="nonsense")
    with pytest.raises(WindowError):
        scan(file, window="some day")
    with pytest.raises(WindowError):
        scan(file, tz="Mars/Olympus")


def test_cut_gzip_keeps_what_could_be_read(tmp_path):
    data = gzip.compress("".join(json.dumps(event(n)) + "\n" for n in range(5000)).encode())
    (tmp_path / "a.gz").write_bytes(data[: len(data) // 2])
    with pytest.warns(DataLossWarning, match="1 cut short"):
        frame = read(tmp_path / "a.gz")
    assert 1000 < len(frame) < 5000
    assert account_of(frame).truncated == ["a.gz"]


@pytest.mark.parametrize("where", ["first", "middle", "last"])
def test_line_of_50_megabytes_costs_that_line(tmp_path, where):
    whole = [json.dumps(event(n)) + "\n" for n in range(10)]
    long = json.dumps(event(payload_printable="x" * (50 << 20))) + "\n"
    at = {"first": 0, "middle": 5, "last": 10}[where]
    (tmp_path / "a.json").write_text("".join([*whole[:at], long, *whole[at:]]))
    with pytest.warns(DataLossWarning, match="1 line too long"):
        frame = read(tmp_path / "a.json", format="ciscoasa")
    assert len(frame) == 10


def test_a_first_line_too_long_to_tell_a_format_by_says_what_helps(tmp_path):
    (tmp_path / "a.json").write_text("x" * (9 << 20) + "\n" + json.dumps(event()) + "\n")
    with pytest.raises(FormatError, match="its first line is longer than 8 MB; name its format"):
        read(tmp_path / "a.json")


def test_format_given_is_not_guessed(tmp_path):
    file = tmp_path / "a.json"
    file.write_text('{"src_ip":"1.2.3.4"}\n')
    with pytest.raises(FormatError):
        read(file)
    assert account_of(read(file, format="ciscoasa")).flags == {"no time": 1}


def test_hostile_text_stays_text(tmp_path):
    nasty = "<script>alert(1)</script>\u202e\x00\"'${jndi:ldap://x}" + "y" * 1_000_000
    file = tmp_path / "a.json"
    file.write_text(json.dumps(event(payload_printable=nasty)) + "\n")
    frame = read(file, columns=["payload_printable"])
    assert frame.payload_printable[0] == nasty


def test_reading_over_processes_needs_no_main_guard(tmp_path):
    for n in range(3):
        write(tmp_path / f"{n}.json", 100)
    script = tmp_path / "script.py"
    script.write_text(
        f"from attackviz.open import read\nprint(len(read({str(tmp_path)!r} + '/*.json', processes=2)))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, env=env, timeout=120, check=True)
    assert done.stdout.strip() == "300"


def test_account_stays_with_the_frame_and_with_its_parquet_file(tmp_path):
    frame = read(write(tmp_path / "a.json"))
    frame.to_parquet(tmp_path / "a.parquet")
    for same in (frame, frame.copy(), frame[frame.src_ip == "1.2.3.4"], pd.read_parquet(tmp_path / "a.parquet")):
        assert account_of(same).to_dict() == account_of(frame).to_dict()
    assert account_of(frame).events == 3
    assert len(pd.concat([frame, frame])) == 6


def test_a_targets_table_beside_the_logs_is_no_log_and_is_used(samples):
    with scan(samples / "tpot-2025" / "cowrie_sessions_20k.csv") as batches:
        assert sum(table.num_rows for table in batches) == 20_000
    assert batches.targets == samples / "tpot-2025" / "targets.csv"
    assert "targets.csv" not in batches.account.skipped
    events = read(samples / "tpot-2025" / "cowrie_sessions_20k.csv", columns=["src_ip", "sensor"])
    assert av.enrich(events)["dst_name"].unique().tolist() == ["Council Bluffs"]


def test_a_field_that_no_event_has_is_told(samples):
    with pytest.warns(av.AttackvizWarning, match="no event has a field 'nix'"):
        read(samples / "tpot-2025" / "cowrie_sessions_20k.csv", columns=["duration", "nix"])
    with pytest.warns(av.AttackvizWarning, match="no event has a field 'scr_ip': is 'src_ip' meant?"):
        read(samples / "tpot-2025" / "cowrie_sessions_20k.csv", columns=["scr_ip"])
