"""What S3 says to a queue: which objects were put where.

Sources: Amazon S3 user guide, "Event message structure" (records, whose keys
are URL-encoded; ``s3:TestEvent``) and "EventBridge event message structure"
(whose keys are not); Amazon SNS developer guide, "Parsing message formats".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

__all__ = ["Notice", "notices"]


@dataclass(frozen=True, slots=True)
class Notice:
    """Hold what is said of an object that was put.

    Attributes
    ----------
    bucket, key : str
    size : int
        Bytes.
    etag : str
        In quotes, as it is asked for.
    moment : datetime
        When it was put (UTC).
    """

    bucket: str
    key: str
    size: int
    etag: str
    moment: datetime


def notices(body: str) -> list[Notice]:
    """Return what a message says of objects that were put; nothing of deletions and tests.

    Parameters
    ----------
    body : str
        Of a message in a queue: as S3 wrote it, by way of EventBridge, or by a topic of SNS.

    Raises
    ------
    ValueError
        If it is no notification of S3.

    Examples
    --------
    >>> notices('{"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2025-02-24T08:04:37Z","Bucket":"b"}')
    []
    >>> object_ = {"key": "a+b%2B.log", "size": 3, "eTag": "0f"}
    >>> record = {"eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "eventTime": "2025-02-24T08:04:37.000Z"}
    >>> (notice,) = notices(json.dumps({"Records": [record | {"s3": {"bucket": {"name": "b"}, "object": object_}}]}))
    >>> notice.key, notice.etag
    ('a b+.log', '"0f"')
    """
    try:
        said = json.loads(body)
        if said.get("Type") == "Notification" and "TopicArn" in said:
            said = json.loads(said["Message"])
        if said.get("Event") == "s3:TestEvent":
            return []
        if said.get("source") == "aws.s3":
            return _of_bridge(said)
        return [notice for record in said["Records"] for notice in _of_record(record)]
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        raise ValueError("it is no notification of S3") from None


def _of_record(record: dict[str, Any]) -> list[Notice]:
    name = record["eventName"].removeprefix("s3:")
    if not name.startswith("ObjectCreated:"):
        return []
    item = record["s3"]["object"]
    bucket, key = record["s3"]["bucket"]["name"], unquote_plus(item["key"])
    return [_notice(bucket, key, item["size"], item["eTag"], record["eventTime"])]


def _of_bridge(said: dict[str, Any]) -> list[Notice]:
    if said["detail-type"] != "Object Created":
        return []
    item = said["detail"]["object"]
    return [_notice(said["detail"]["bucket"]["name"], item["key"], item["size"], item["etag"], said["time"])]


def _notice(bucket: Any, key: Any, size: Any, etag: Any, moment: Any) -> Notice:
    if not (isinstance(bucket, str) and isinstance(key, str) and isinstance(size, int) and isinstance(etag, str)):
        raise TypeError
    when = datetime.fromisoformat(moment)
    if when.tzinfo is None:
        raise ValueError
    return Notice(bucket, key, size, '"' + etag.strip('"') + '"', when)
