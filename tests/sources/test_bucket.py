"""New objects found by listing: each once, from where the last listing ended, and nothing of what was there before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from attackviz.errors import AddressError, ReadError
from attackviz.sources import Bucket, bucket

from .live import line, rows, take


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(bucket, "_EVERY", 0.05)


def many(count):
    return lambda taken: len(rows(taken)) >= count


def test_new_objects_are_handed_over_once_also_by_another_that_goes_on(amazon):
    name = amazon.bucket()
    amazon.put(name, "in/a.json", line("one"))
    first = Bucket(f"s3://{name}/in/")
    taken = take(first, many(1))
    amazon.put(name, "in/b.json", line("two") + line("two"))
    amazon.put(name, "elsewhere/c.json", line("no"))
    amazon.put(name, "in/empty.json", b"")
    amazon.put(name, "in/image.json", b"\x89PNG\r\n\x1a\n")
    again = json.loads(json.dumps(taken[-1].position))
    second = Bucket(f"s3://{name}/in/", position=again)
    more = take(second, many(2))
    assert (rows(taken), rows(more)) == (["one"], ["two", "two"])
    assert taken[0].table is None  # where it begins is kept before anything comes
    assert taken[0].position is not None
    assert second.account.left_out == {"objects: it is a PNG image, not a log": 1}
    amazon.put(name, "in/a.json", line("changed"))
    assert rows(take(Bucket(f"s3://{name}/in/", position=more[-1].position), many(1))) == ["changed"]


def test_what_is_older_than_asked_for_is_not_new(amazon):
    name = amazon.bucket()
    amazon.put(name, "old.json", line("old"))
    source = Bucket(f"s3://{name}", since=datetime.now(UTC) + timedelta(hours=1))
    assert source._fresh() == []
    assert [item.key for item in Bucket(f"s3://{name}")._fresh()] == ["old.json"]


def test_a_bucket_that_is_empty_yet_or_not_there(amazon):
    name = amazon.bucket()
    coming = iter(Bucket(f"s3://{name}/in/"))
    next(coming)
    assert next(coming) is None
    with pytest.raises(ReadError, match="there is no such bucket"):
        list(Bucket("s3://no-such-bucket-here/in/"))
    for address in ("s3://", "s3://B", "s3://a:b@c/d"):
        with pytest.raises(AddressError, match="no address of a bucket"):
            Bucket(address)


WRONG = [{}, {"start": "soon"}, {"start": 1.0, "seen": [1]}, {"start": 1, "seen": {"a": "b"}}]


@pytest.mark.parametrize("position", WRONG)
def test_wrong_positions(position):
    with pytest.raises(ReadError, match="no position of a bucket"):
        Bucket("s3://some-bucket", position=position)
