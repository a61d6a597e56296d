"""S3 against a real server on loopback: listing, fetching, and all that goes wrong between."""

from __future__ import annotations

import gzip
import http.client
import json
import pickle
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

import attackviz as av
from attackviz.account import Account
from attackviz.cli.app import app
from attackviz.errors import AddressError, DataLossWarning, ReadError
from attackviz.open import open_address, scan
from attackviz.sources import aws, find_s3, s3
from attackviz.window import Window

from .amazon import SECRET
from .faultyproxy import FaultyProxy

OBJECTS = 1000
LINES = 5


def lines(number, count=LINES):
    start = datetime(2025, 2, 1, tzinfo=UTC) + timedelta(hours=number)
    rows = [
        {"timestamp": (start + timedelta(seconds=n)).isoformat(), "src_ip": f"10.0.{number % 250}.{n}"}
        for n in range(count)
    ]
    return b"".join(json.dumps(row | {"payload_printable": ""}).encode() + b"\n" for row in rows)


@pytest.fixture(scope="module")
def proxy(moto):
    proxy = FaultyProxy(moto)
    yield proxy
    proxy.close()


@pytest.fixture
def bucket(moto, amazon, proxy, monkeypatch):
    """Return a function that puts objects; what reads them goes through the proxy."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
    monkeypatch.setattr(s3, "_FIRST_WAIT", 0.01)
    aws.client.cache_clear()
    proxy.fault = lambda path, before: None
    proxy.seen.clear()
    proxy.requests.clear()
    client, name = amazon.client("s3"), amazon.bucket()

    # Without boto3, which would take longer to sign than the server to store.
    connection = http.client.HTTPConnection(moto.removeprefix("http://"))

    def put(key, body):
        connection.request("PUT", f"/{name}/{quote(key)}", body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        return f"s3://{name}/{key}"

    put.client, put.name = client, name
    yield put
    connection.close()
    aws.client.cache_clear()


def command(*words):
    return CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)


def test_a_thousand_objects_through_throttling_and_cuts(bucket, proxy):
    for number in range(OBJECTS):
        bucket(f"day/{number:04}.json.gz", gzip.compress(lines(number), 1))
    slow = {"0250.json.gz", "0650.json.gz", "0651.json.gz"}

    def fault(path, before):
        if path[-12:] in slow:
            return "slow" if before == 0 else None
        return "cut" if path.endswith("33.json.gz") and before % 3 < 2 else None

    proxy.fault = fault
    with scan(f"s3://{bucket.name}/day/") as batches:
        addresses = [ip for table in batches for ip in table["src_ip"].to_pylist()]
    assert addresses == [f"10.0.{number % 250}.{n}" for number in range(OBJECTS) for n in range(LINES)]
    account = batches.account
    assert (account.events, account.bad_total, account.truncated, account.skipped) == (OBJECTS * LINES, 0, [], {})
    assert sum("list-type" in path for path, _ in proxy.requests) == 1


def test_a_cut_transfer_goes_on_where_it_stopped(bucket, proxy):
    text = lines(1, 3000)
    address = bucket("a.json", text)
    proxy.fault = lambda path, before: "cut" if path.endswith("a.json") and before < 3 else None
    (item,), _ = find_s3(address)
    account = Account()
    assert b"".join(item.pieces(account, 1000)) == text
    assert not account.lost()
    ranges = [wanted for path, wanted in proxy.requests if "a.json" in path and "list-type" not in path]
    assert ranges[0] is None
    starts = [int(wanted.removeprefix("bytes=").rstrip("-")) for wanted in ranges[1:]]
    assert starts == sorted(starts)
    assert starts[0] > 0


def test_a_transfer_that_never_ends_keeps_what_came(bucket, proxy):
    address = bucket("a.json", lines(1, 3000))
    proxy.fault = lambda path, before: ("cut" if before == 0 else "gone") if path.endswith("a.json") else None
    with pytest.warns(DataLossWarning, match="1 cut short"):
        events = av.read(address)
    assert 1000 < len(events) < 3000
    assert av.account.account_of(events).truncated == [address]


def test_large_objects_are_streamed_by_other_processes(bucket):
    for number in range(3):
        bucket(f"{number}.json", lines(number, 2000))
    one = av.read(f"s3://{bucket.name}", processes=1)
    two = av.read(f"s3://{bucket.name}/", processes=2)
    assert len(one) == 6000
    assert one.equals(two)


def test_an_object_is_plain_data(bucket):
    address = bucket("a.json", lines(1))
    (item,), _ = find_s3(address)
    again = pickle.loads(pickle.dumps(item))
    assert again == item
    assert b"".join(again.pieces(Account(), 1 << 20)) == lines(1)
    assert (again.name, again.size, again.explicit) == (address, len(lines(1)), True)
    assert abs(datetime.now(UTC) - again.modified) < timedelta(hours=1)


def test_names_prefixes_and_patterns(bucket):
    for key in ("a/1.json", "a/1.json.old", "a/b/2.json", "a/b/", "a/.hidden", "a/ownership-challenge-1.txt", "c.json"):
        bucket(key, b"" if key.endswith("/") else lines(1))
    root = f"s3://{bucket.name}"

    def found(address):
        files, skipped = open_address(address)
        return [f.name.removeprefix(f"{root}/") for f in files], {k.rpartition("/")[2] for k in skipped}

    challenges = {".hidden", "ownership-challenge-1.txt"}
    assert found(f"{root}/a/1.json") == (["a/1.json"], set())
    assert found(f"{root}/a/1") == (["a/1.json", "a/1.json.old"], set())
    assert found(f"{root}/a/") == (["a/1.json", "a/1.json.old", "a/b/2.json"], challenges)
    assert found(root)[0] == ["a/1.json", "a/1.json.old", "a/b/2.json", "c.json"]
    assert found(f"{root}/a/*.json") == (["a/1.json"], set())
    assert found(f"{root}/**/?.json") == (["a/1.json", "a/b/2.json", "c.json"], set())
    assert found([f"{root}/a/b", f"{root}/a/b/2.json", f"{root}/c.json"])[0] == ["a/b/2.json", "c.json"]


def test_days_outside_a_window_are_not_listed(bucket, proxy, monkeypatch):
    monkeypatch.setattr(s3, "_PAGE", 50)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    for zone in ("a", "b"):
        for day in range(60):
            for hour in range(4):
                moment = start + timedelta(days=day, hours=hour)
                end = moment + timedelta(hours=1)
                name = f"{moment:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_1b2c3d4e.log.gz"
                bucket(f"{zone}/{moment:%Y%m%d}/{name}", b"")
    bucket("z.json", lines(0))
    window = Window.parse("2025-02-10T02:00..2025-02-10T04:00")
    files, skipped = open_address(f"s3://{bucket.name}/", window)
    names = [f"{file.key.split('/')[0]} {file.key.split('/')[-1][:11]}" for file in files]
    hours = ["20250210T01", "20250210T02", "20250210T03"]
    assert names == [f"{zone} {hour}" for zone in "ab" for hour in hours] + ["z.json z.json"]
    listed = [path for path, _ in proxy.requests if "list-type" in path]
    assert len(listed) <= 7  # of the ten pages there are
    assert len(skipped) < 100
    assert f"s3://{bucket.name}/a/: days before the window" in skipped
    assert any("start-after=a%2F20250209" in path for path, _ in proxy.requests)


def test_an_object_that_vanished_is_an_error_that_says_so(bucket):
    for number in range(4):
        bucket(f"{number}.json", lines(number))
    files, _ = open_address(f"s3://{bucket.name}/")
    bucket.client.delete_object(Bucket=bucket.name, Key="2.json")
    for address in (f"s3://{bucket.name}/2.json", f"s3://{bucket.name}/4"):
        with pytest.raises(AddressError, match="no logs in it"):
            open_address(address)
    with pytest.raises(ReadError, match=r"2\.json: it vanished after it was listed"):
        list(files[2].pieces(Account(), 100))


def test_half_the_objects_unreadable(bucket, proxy, tmp_path):
    for number in range(20):
        bucket(f"{number:02}.json", lines(number))
    proxy.fault = lambda path, before: "deny" if path.endswith(".json") and path[-6] in "02468" else None
    output = tmp_path / "events.csv"
    stats = tmp_path / "stats.json"
    result = command("read", f"s3://{bucket.name}/", "-o", output, "--stats", stats)
    assert result.exit_code == 1
    assert f"warning: s3://{bucket.name}/08.json could not be read: access is denied" in result.output
    assert len(output.read_text().splitlines()) == 10 * LINES + 1
    account = json.loads(stats.read_text())
    assert account["skipped"] == {f"s3://{bucket.name}/{n:02}.json": "access is denied" for n in range(0, 20, 2)}
    assert sorted(account["truncated"]) == sorted(account["skipped"])
    assert account["closes"]
    assert "secret" not in result.output + stats.read_text()
    page = command("export", f"s3://{bucket.name}/", "-o", tmp_path / "page.html")
    assert (page.exit_code, (tmp_path / "page.html").is_file()) == (1, True)
    with pytest.warns(DataLossWarning, match="10 cut short"):
        events = av.read(f"s3://{bucket.name}/")
    (said,) = av.account.account_of(events).notes  # the dashboard and the page show it
    assert said.startswith(f"10 of 20 files could not be read (s3://{bucket.name}/00.json: access is denied; ")


def test_nothing_readable_is_an_error(bucket, proxy):
    for number in range(3):
        bucket(f"{number}.json", lines(number))
    proxy.fault = lambda path, before: "deny" if path.endswith(".json") else None
    with pytest.raises(ReadError, match=r"no file could be read .*access is denied"):
        av.read(f"s3://{bucket.name}/")
    proxy.fault = lambda path, before: "deny"
    with pytest.raises(ReadError, match="access is denied; ask for s3:ListBucket"):
        av.read(f"s3://{bucket.name}/")


def test_a_replaced_object_is_not_mixed(bucket, proxy):
    address = bucket("a.json", lines(1, 3000))
    (item,), _ = find_s3(address)
    pieces = item.fetch(1000)
    proxy.fault = lambda path, before: None
    bucket.client.put_object(Bucket=bucket.name, Key="a.json", Body=lines(2, 3000))
    with pytest.raises(ReadError, match="replaced while it was read"):
        list(pieces)


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("s3://no-such-bucket-here/x", 1, "there is no such bucket"),
        ("s3://", 2, "no address of a bucket"),
        ("s3://B", 2, "no address of a bucket"),
        (f"s3://AKIA:{SECRET}@bucket/x", 2, "no address of a bucket"),
    ],
)
def test_wrong_addresses(bucket, address, code, said):
    result = command("read", address)
    assert result.exit_code == code
    assert said in result.output
    assert SECRET not in result.output
    assert "Traceback" not in result.output


def test_what_vanishes_after_the_listing_is_named_and_the_rest_is_kept(bucket, proxy, tmp_path):
    for number in range(4):
        bucket(f"{number}.json", lines(number))

    def fault(path, before):
        if path.endswith(".json"):  # the listing is over
            bucket.client.delete_object(Bucket=bucket.name, Key="2.json")

    proxy.fault = fault
    result = command("read", f"s3://{bucket.name}/", "-o", tmp_path / "events.ndjson")
    assert result.exit_code == 1
    assert f"warning: s3://{bucket.name}/2.json could not be read: it vanished after it was listed" in result.output
    days = [json.loads(row)["time"][:13] for row in (tmp_path / "events.ndjson").read_text().splitlines()]
    assert days == [f"2025-02-01T{number:02}" for number in (0, 1, 3) for _ in range(LINES)]


def test_no_credentials(bucket, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    aws.client.cache_clear()
    result = command("read", f"s3://{bucket.name}/")
    assert result.exit_code == 1
    assert "no credentials for S3 were found; set AWS_ACCESS_KEY_ID" in result.output


def test_a_profile_that_is_not_there(bucket, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    aws.client.cache_clear()
    result = command("read", f"s3://{bucket.name}/")
    assert result.exit_code == 1
    assert "there is no such profile of AWS; set AWS_PROFILE" in result.output


def test_a_server_that_is_not_there(bucket, monkeypatch, proxy):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://user:hush@127.0.0.1:9")
    monkeypatch.setattr(aws, "TRIES", 1)
    aws.client.cache_clear()
    result = command("read", f"s3://{bucket.name}/")
    assert result.exit_code == 1
    assert "127.0.0.1:9 does not answer" in result.output
    assert "hush" not in result.output


def test_the_endpoint_of_the_settings(bucket, monkeypatch, tmp_path, moto):
    address = bucket("a.json", lines(1))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    (tmp_path / "attackviz.toml").write_text(f's3_endpoint = "{moto}"\n')
    aws.client.cache_clear()
    assert len(av.read(address)) == LINES
    (tmp_path / "attackviz.toml").write_text('s3_endpoint = "nonsense"\n')
    aws.client.cache_clear()
    with pytest.raises(ReadError, match="endpoint of S3 is no URL"):
        av.read(address)
