"""Objects of S3 as a queue tells of them: read when they are put, struck off when their events are safe."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from ..account import Account
from ..errors import AddressError, ReadError
from ..formats import Format, Options
from .ahead import Ahead
from .arrived import Arrived
from .aws import client, failed, refused
from .files import no_log
from .notices import notices
from .objects import TOGETHER, ObjectReader, joined
from .s3 import S3Object

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Queue"]

_ADDRESS = re.compile(r"sqs://(?:(\d{12})/)?([A-Za-z0-9_-]{1,75}(?:\.fifo)?)")
_AT_ONCE = 10  # messages; more are not given
_WAIT = 5  # seconds the service waits for a message
_HIDDEN = 300  # seconds until a message comes again
_EXTENDED = 100  # seconds after which it is hidden for as long again
_REMEMBERED = 10_000  # messages
_GONE = {"it vanished after it was listed": "they were gone", "it was replaced while it was read": "they were replaced"}


class Queue:
    """Hand over the events of objects that a queue tells of.

    A message is deleted when its events are settled, and stays hidden for
    others as long as its objects are read. One that is no notification, or
    whose object cannot be read, is left: it comes again, or goes where the
    queue's redrive policy sends it.

    Parameters
    ----------
    address : str
        ``sqs://NAME``, or ``sqs://ACCOUNT/NAME`` for the queue of another account.
    form : Format or None
        Format of the objects; told by content by default.
    options : Options
        How they are read.

    Attributes
    ----------
    account : Account
        What became of every piece, and how many objects were not read.

    Raises
    ------
    AddressError
        If the address is none.
    """

    def __init__(self, address: str, form: Format | None = None, options: Options | None = None) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            where = "sqs://…" if "@" in address else address  # it may hold what is secret
            raise AddressError(
                "it is no address of a queue", where=where, hint="write sqs://NAME or sqs://ACCOUNT/NAME"
            )
        self.address = address
        self.account = Account()
        self._owner, self._name = match[1], match[2]
        self._reader = ObjectReader(address, form, options or Options(), self.account)
        self._closing = threading.Event()
        self._url = ""
        self._refused: set[str] = set()

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        owner = {"QueueOwnerAWSAccountId": self._owner} if self._owner else {}
        with self._asking() as sqs:
            self._url = sqs.get_queue_url(QueueName=self._name, **owner)["QueueUrl"]
        while not self._closing.is_set():
            with self._asking() as sqs:
                answer = sqs.receive_message(
                    QueueUrl=self._url, MaxNumberOfMessages=_AT_ONCE, WaitTimeSeconds=_WAIT, VisibilityTimeout=_HIDDEN
                )
            messages = answer.get("Messages", [])
            if messages:
                yield from self._events(messages)
            else:
                yield None

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield client("sqs")
        except ClientError as wrong:
            raise refused(wrong, self.address, "sqs") from None
        except BotoCoreError as wrong:
            raise failed(wrong, self.address, "sqs") from None

    def _events(self, messages: Sequence[dict[str, Any]]) -> Iterator[Arrived]:
        """Give the events of some messages; those of several small objects together."""
        told = self._told(messages)
        extend = _Extending(self._extend, [message["ReceiptHandle"] for message, _ in told])
        tables: list[pa.Table] = []
        done: list[str] = []
        newest: float | None = None
        wrong: ReadError | None = None
        for message, items in told:
            try:
                for item in items:
                    for table in self._read(item, extend):
                        tables.append(table)
                        if sum(each.num_rows for each in tables) >= TOGETHER:
                            yield Arrived(joined(tables), settle=partial(self._delete, done), since=newest)
                            tables, done = [], []
                    newest = max(newest or 0.0, item.modified.timestamp()) if item.modified else newest
            except ReadError as error:
                wrong = wrong or error
            else:
                done.append(message["ReceiptHandle"])
        yield Arrived(joined(tables), settle=partial(self._delete, done), since=newest)
        if wrong is not None:
            raise wrong

    def _told(self, messages: Sequence[dict[str, Any]]) -> list[tuple[dict[str, Any], list[S3Object]]]:
        """Return the messages that are notifications, and the logs they tell of."""
        ahead: Ahead[S3Object] = Ahead()
        told: list[tuple[dict[str, Any], list[S3Object]]] = []
        for message in messages:
            try:
                found = notices(message["Body"])
            except ValueError:
                if message["MessageId"] not in self._refused:  # it comes again and again
                    if len(self._refused) >= _REMEMBERED:
                        self._refused.clear()
                    self._refused.add(message["MessageId"])
                    self.account.pieces += 1
                    self.account.bad["messages that are no notification of S3"] += 1
                continue
            items = []
            for each in found:
                why = no_log(each.key.rpartition("/")[2]) if each.size else "they are empty"
                if why is None:
                    items.append(S3Object(each.bucket, each.key, each.size, True, each.moment, each.etag, ahead))
                else:
                    self._reader.leave_out(why)
            told.append((message, items))
        ahead.plan([item for _, items in told for item in items])
        return told

    def _read(self, item: S3Object, extend: Callable[[int], None]) -> Iterator[pa.Table]:
        try:
            yield from self._reader.read(item, extend)
        except ReadError as error:
            if error.what not in _GONE:
                raise
            self._reader.leave_out(_GONE[error.what])

    def _extend(self, handles: Sequence[str]) -> None:
        entries = [
            {"Id": str(n), "ReceiptHandle": each, "VisibilityTimeout": _HIDDEN} for n, each in enumerate(handles)
        ]
        with self._asking() as sqs:
            sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)

    def _delete(self, handles: Sequence[str]) -> None:
        if handles:
            entries = [{"Id": str(n), "ReceiptHandle": each} for n, each in enumerate(handles)]
            with self._asking() as sqs:
                sqs.delete_message_batch(QueueUrl=self._url, Entries=entries)


class _Extending:
    """Keep messages hidden while their objects are read."""

    def __init__(self, extend: Callable[[Sequence[str]], None], handles: Sequence[str]) -> None:
        self._extend, self._handles = extend, handles
        self._at = time.monotonic()

    def __call__(self, size: int) -> None:
        if self._handles and time.monotonic() - self._at > _EXTENDED:
            self._at = time.monotonic()
            self._extend(self._handles)
