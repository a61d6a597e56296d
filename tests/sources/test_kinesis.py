"""Records of a stream on a real server on loopback: every shard, through a split, from where each was left."""

from __future__ import annotations

import base64
import bz2
import gzip
import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.errors import AddressError, ReadError
from attackviz.sources import Kinesis, kinesis
from attackviz.sources.aggregated import MAGIC, within

from .live import line, rows, take


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(kinesis, "_EVERY", 0.02)


@pytest.fixture
def stream(amazon):
    """Return a function that puts records into a stream of two shards."""
    client = amazon.client("kinesis")
    client.create_stream(StreamName=amazon.name, ShardCount=2)

    def put(*records):
        for number, data in enumerate(records):
            # Half of the keys' hashes lie in either shard.
            hash_key = str((number % 2) << 127)
            client.put_record(StreamName=amazon.name, Data=data, PartitionKey="x", ExplicitHashKey=hash_key)

    put.client, put.name, put.address = client, amazon.name, f"kinesis://{amazon.name}"
    return put


def varint(number):
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def together(*records, hash_key=None):
    """Return records as Amazon's producer library puts them together."""

    def said(field, data):
        return varint(field << 3 | 2) + varint(len(data)) + data

    body = said(1, b"x") + (b"" if hash_key is None else said(2, str(hash_key).encode()))
    for data in records:
        # Numbers of its keys, its data, and a tag, which nobody writes yet.
        body += said(
            3, b"\x08\x00" + (b"" if hash_key is None else b"\x10\x00") + said(3, data) + said(4, said(1, b"t"))
        )
    return b"\xf3\x89\x9a\xc2" + body + hashlib.md5(body).digest()


def many(count):
    return lambda taken: len(rows(taken)) >= count


def test_all_shards_and_on_from_where_each_was_left(stream):
    stream(
        line("one"), line("two"), line("three") + line("four"), gzip.compress(line("five")), bz2.compress(line("six"))
    )
    taken = take(Kinesis(stream.address), many(6))
    assert sorted(rows(taken)) == ["five", "four", "one", "six", "three", "two"]
    assert taken[0].table is None
    position = json.loads(json.dumps(taken[-1].position))
    assert len(position["shards"]) == 2
    stream(line("seven"), line("one"))
    more = take(Kinesis(stream.address, position=position), many(2))
    assert sorted(rows(more)) == ["one", "seven"]
    ids = [each for one in (*taken, *more) if one.table for each in one.table["event_id"].to_pylist()]
    assert len(set(ids)) == 8  # two lines that are equal are two events
    again = take(Kinesis(stream.address, position=taken[0].position), many(8))
    assert {each for one in again if one.table for each in one.table["event_id"].to_pylist()} == set(ids)


def test_a_position_in_the_midst_gives_the_rest_with_the_same_ids(stream):
    for number in range(20):
        stream(line(f"a{number}"), line(f"b{number}"))
    taken = take(Kinesis(stream.address), many(40))
    table = next(each.table for each in taken if each.table)
    numbers = stream.client.get_records(
        ShardIterator=stream.client.get_shard_iterator(
            StreamName=stream.name, ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
    )["Records"]
    position = taken[0].position | {"shards": {"shardId-000000000000": numbers[7]["SequenceNumber"]}}
    rest = take(Kinesis(stream.address, position=position), many(32))
    assert sorted(rows(rest)) == sorted([*(f"a{n}" for n in range(8, 20)), *(f"b{n}" for n in range(20))])
    whole = {each for one in taken if one.table for each in one.table["event_id"].to_pylist()}
    assert {each for one in rest if one.table for each in one.table["event_id"].to_pylist()} <= whole
    assert table.num_rows == 20


def test_what_is_split_is_read_to_its_end_before_what_took_its_place(stream):
    from moto.kinesis.models import kinesis_backends

    stream(line("one"), line("two"))
    source = Kinesis(stream.address)
    coming = iter(source)
    taken = []
    while len(rows(taken)) < 2:
        taken += filter(None, [next(coming)])
    stream(line("three"))
    old = "shardId-000000000000"
    stream.client.split_shard(StreamName=stream.name, ShardToSplit=old, NewStartingHashKey=str(1 << 126))
    # Asked to, the server goes on to fill the shard that is closed: so this is put where Amazon's puts it.
    shards = kinesis_backends["123456789012"]["us-east-1"].streams[stream.name].shards
    for number, name in enumerate(("four", "five"), 2):
        shards[f"shardId-00000000000{number}"].put_record("x", base64.b64encode(line(name)).decode(), "")
    source._looked = float("-inf")  # half a minute has passed
    while len(rows(taken)) < 5:
        taken += filter(None, [next(coming)])
    coming.close()
    assert rows(taken)[2] == "three"
    assert set(rows(taken)[3:]) == {"four", "five"}
    assert taken[-1].position["shards"][old] == ""
    again = Kinesis(stream.address, position=taken[-1].position)
    again._look()
    assert old not in again._shards


def test_rubbish_is_counted(stream):
    bomb = gzip.compress(b"\0" * (40 << 20))
    spoiled = bytearray(together(line("never")))
    spoiled[20] ^= 1
    stream(b"rubbish\n\xff\xfe\n", bomb, bytes(spoiled), gzip.compress(line("half"))[:-12], line("one"))
    source = Kinesis(stream.address)
    taken = take(source, lambda taken: "one" in rows(taken) and source.account.bad.total() >= 4)
    bad = source.account.bad
    assert bad["records that unpack to more than 16 MB"] == 1
    assert bad["records of the producer library that are damaged"] == 1
    assert source.account.closes()
    assert set(rows(taken)) <= {"one", "half"}


def test_records_that_a_producer_put_together(stream):
    low, high = 1, (1 << 128) - 2
    stream(
        together(line("one"), gzip.compress(line("two")), line("one"), hash_key=low),
        together(line("three"), hash_key=high),
        together(line("of the other shard"), hash_key=high),
        together(line("four")),  # x hashes into the second
    )
    source = Kinesis(stream.address)
    taken = take(source, lambda taken: len(rows(taken)) == 5 and source.account.left_out.total() == 1)
    assert sorted(rows(taken)) == ["four", "one", "one", "three", "two"]
    ids = {each for one in taken if one.table for each in one.table["event_id"].to_pylist()}
    assert len(ids) == 5  # each record is one of its own
    assert source.account.closes()


@given(st.binary(max_size=60))
def test_whatever_says_to_be_put_together_is_taken_or_refused(body):
    with suppress(ValueError):
        records, again = within(MAGIC + body + hashlib.md5(body).digest(), 0, 1 << 128)
        assert again == 0
        assert all(isinstance(each, bytes) for each in records)


def test_lines_of_an_event_table(stream):
    stream(b'{"time": "2025-02-24T08:04:37Z", "src_ip": "192.0.2.7", "detail": "mine"}\n')
    assert rows(take(Kinesis(stream.address), many(1))) == ["mine"]


def test_when_it_begins(stream):
    stream(line("old"))
    source = Kinesis(stream.address, since=datetime.now(UTC) + timedelta(hours=1))
    assert [each.table for each in take(source, lambda taken: len(taken) == 1)] == [None]
    assert rows(take(Kinesis(stream.address, since=datetime.now(UTC) - timedelta(hours=1)), many(1))) == ["old"]


def test_wrong_streams(amazon):
    for address in ("kinesis://", "kinesis://a/b", "kinesis://a b"):
        with pytest.raises(AddressError, match="no address of a stream"):
            Kinesis(address)
    with pytest.raises(ReadError, match="there is no such stream"):
        list(Kinesis("kinesis://nobody-made-this"))
    with pytest.raises(ReadError, match="no position of a stream"):
        Kinesis("kinesis://x", position={"shards": {}})
