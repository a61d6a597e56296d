"""Objects that a queue tells of, on a real server on loopback: each read, and struck off only when it is safe."""

from __future__ import annotations

import gzip
import json

import pytest

from attackviz.errors import AddressError, ReadError
from attackviz.sources import Queue, sqs
from attackviz.sources.notices import notices

from .amazon import SECRET
from .live import line, names, rows, take, until


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(sqs, "_WAIT", 0)


@pytest.fixture
def told(amazon):
    """Return a bucket whose queue is told of what is put into it."""
    bucket, url = amazon.bucket(), amazon.queue()
    client = amazon.client("sqs")
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}]
    amazon.client("s3").put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": events}
    )
    return amazon, bucket, url


def record(bucket, key, size=10, etag="0f", name="ObjectCreated:Put", **more):
    item = {"key": key, "size": size, "eTag": etag}
    return {
        "eventSource": "aws:s3",
        "eventName": name,
        "eventTime": "2025-02-24T08:04:37.000Z",
        "s3": {"bucket": {"name": bucket}, "object": item},
        **more,
    }


def test_what_is_put_is_handed_over_and_struck_off(told):
    amazon, bucket, url = told
    amazon.put(bucket, "day=1/a b+c ü.json.gz", gzip.compress(line("one") + line("two")))
    amazon.put(bucket, "ownership-challenge-1b2c.txt", b"token")
    amazon.put(bucket, "empty.json", b"")
    amazon.client("s3").delete_object(Bucket=bucket, Key="empty.json")
    amazon.put(bucket, "b.json", line("three"))
    queue = Queue(f"sqs://{amazon.name}")
    taken = take(queue, lambda taken: len(rows(taken)) >= 3)
    assert sorted(rows(taken)) == ["one", "three", "two"]
    assert all(len(set(each.table["event_id"].to_pylist())) == each.table.num_rows for each in taken if each.table)
    assert until(lambda: amazon.waiting(url) == 0)
    left = queue.account.left_out
    assert left == {"objects: an ownership challenge": 1, "objects: they are empty": 1}
    assert queue.account.closes()


def test_what_is_not_settled_comes_again_with_the_same_ids(told, monkeypatch):
    amazon, bucket, url = told
    monkeypatch.setattr(sqs, "_HIDDEN", 1)
    amazon.put(bucket, "a.json", line("one") + line("one") + line("two"))
    some = lambda taken: rows(taken)  # noqa: E731
    first = take(Queue(f"sqs://{amazon.name}"), some, settle=False)
    assert amazon.waiting(url) > 0
    second = take(Queue(f"sqs://{amazon.name}"), some)
    assert rows(first) == rows(second) == ["one", "one", "two"]
    ids = [each.table["event_id"].to_pylist() for each in (*first, *second) if each.table is not None]
    assert ids[0] == ids[1]
    assert len(set(ids[0])) == 3
    assert until(lambda: amazon.waiting(url) == 0)


def test_what_is_no_notification_stays_and_is_counted_once(told, monkeypatch):
    amazon, bucket, url = told
    monkeypatch.setattr(sqs, "_HIDDEN", 1)
    client = amazon.client("sqs")
    for body in ("rubbish", "[]", "{}", '{"Records": [{}]}', '{"Records": 7}', '"x"', "[" * 100_000):
        client.send_message(QueueUrl=url, MessageBody=body)
    amazon.put(bucket, "a.json", line("one"))
    queue = Queue(f"sqs://{amazon.name}")
    for message in range(4):
        amazon.put(bucket, f"{message}.json", line(str(message)))
    take(queue, lambda taken: len(rows(taken)) == 5)
    assert queue.account.bad == {"messages that are no notification of S3": 7}
    assert until(lambda: amazon.waiting(url) == 7)


def test_objects_that_are_gone_or_cannot_be_read(told):
    amazon, bucket, url = told
    client = amazon.client("sqs")
    amazon.put(bucket, "gone.json", line("gone"))
    amazon.client("s3").delete_object(Bucket=bucket, Key="gone.json")
    amazon.put(bucket, "twice.json", line("old"))
    amazon.put(bucket, "twice.json", line("new"))
    client.send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [record("no-such-bucket-here", "a.json")]}))
    amazon.put(bucket, "image.json", b"\x89PNG\r\n\x1a\n")
    queue = Queue(f"sqs://{amazon.name}")
    taken = []
    with pytest.raises(ReadError) as wrong:
        for each in queue:
            if each is not None:
                taken.append(each)
                each.settle()
    assert "no such bucket" in str(wrong.value) or "PNG" in str(wrong.value)
    assert rows(taken) == ["new"]
    assert queue.account.left_out == {"objects: they were gone": 1, "objects: they were replaced": 1}
    assert until(lambda: amazon.waiting(url) == 2)  # they come again, or go where the queue sends them


def test_visibility_is_extended_while_an_object_is_read(told, monkeypatch):
    """Extended by nothing, a message is there again: so it can be seen that it was extended."""
    amazon, bucket, url = told
    amazon.put(bucket, "a.json", line("one") * 5)
    queue, seen = Queue(f"sqs://{amazon.name}"), []
    reads = queue._reader.read

    def watched(item, advance):
        monkeypatch.setattr(sqs, "_HIDDEN", 0)
        monkeypatch.setattr(sqs, "_EXTENDED", -1)
        yield from reads(item, advance)
        answer = amazon.client("sqs").receive_message(QueueUrl=url, VisibilityTimeout=600, MaxNumberOfMessages=10)
        seen.extend(answer.get("Messages", []))

    monkeypatch.setattr(queue._reader, "read", watched)
    take(queue, rows, settle=False)
    again = [record for each in seen for record in json.loads(each["Body"]).get("Records", [])]
    assert [each["s3"]["object"]["key"] for each in again] == ["a.json"]


def test_many_small_objects_are_handed_over_together(told):
    amazon, bucket, _ = told
    for number in range(9):
        amazon.put(bucket, f"{number}.json", line(str(number)))
    taken = take(Queue(f"sqs://{amazon.name}"), lambda taken: len(rows(taken)) == 9)
    assert len([each for each in taken if names(each.table)]) <= 2


def test_by_way_of_bridge_and_topic():
    detail = {"bucket": {"name": "b"}, "object": {"key": "a+b/%41.log", "size": 3, "etag": "0f"}}
    bridge = {"source": "aws.s3", "detail-type": "Object Created", "time": "2025-02-24T08:04:37Z", "detail": detail}
    (one,) = notices(json.dumps(bridge))
    assert (one.bucket, one.key, one.size, one.etag) == ("b", "a+b/%41.log", 3, '"0f"')
    assert notices(json.dumps(bridge | {"detail-type": "Object Deleted"})) == []
    inner = json.dumps({"Records": [record("b", "a+b%2B.log"), record("b", "x", name="ObjectRemoved:Delete")]})
    (two,) = notices(json.dumps({"Type": "Notification", "TopicArn": "arn", "Message": inner}))
    assert two.key == "a b+.log"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"Records": [record("b", "x") | {"eventTime": "soon"}]}),
        json.dumps({"Records": [record("b", "x", size="many")]}),
        json.dumps({"Records": [record("b", 7)]}),
        json.dumps({"Records": [record(None, "x")]}),
        json.dumps({"source": "aws.s3"}),
        json.dumps({"Type": "Notification", "TopicArn": "arn", "Message": "hello"}),
        "null",
        "",
    ],
)
def test_what_is_no_notification(body):
    with pytest.raises(ValueError, match="no notification"):
        notices(body)


def test_wrong_queues(amazon, monkeypatch):
    for address in ("sqs://", "sqs://a/b", "sqs://a b", "sqs://1/x", f"sqs://me:{SECRET}@x"):
        with pytest.raises(AddressError, match="no address of a queue") as refused:
            Queue(address)
        assert SECRET not in str(refused.value)
    with pytest.raises(ReadError, match="there is no such queue") as wrong:
        next(iter(Queue("sqs://nobody-made-this")))
    assert SECRET not in str(wrong.value)
