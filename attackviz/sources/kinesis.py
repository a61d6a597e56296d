"""Records of a Kinesis stream: all its shards, through resharding, from where each was left.

Source: Amazon Kinesis Data Streams API reference (``ListShards``,
``GetShardIterator``, ``GetRecords``); the developer guide, "Resharding": the
shards that were split or merged are read to their end before what took their
place.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..account import Account, BadPiece
from ..errors import AddressError, ReadError
from ..formats import Format, Options
from .aggregated import MAGIC, within
from .arrived import Arrived
from .aws import client, code, failed, refused
from .inflate import inflated, squeezed
from .records import Record, Records

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Kinesis"]

_ADDRESS = re.compile(r"kinesis://([A-Za-z0-9_.-]{1,128})")
_EVERY = 0.5  # seconds between looks at a shard; five a second are allowed, to all readers together
_LOOK = 30.0  # seconds between looks for shards nobody told of
_MOST = 10_000  # records
_BACK = 60.0  # seconds before now that are new at first: clocks differ
_INFLATED = 16 << 20  # bytes a record may unpack to
_ENDED = ""
_AGAIN = "records that their producer sends again to another shard"
_FULL = "ProvisionedThroughputExceededException"


@dataclass(slots=True)
class _Shard:
    """A shard, and where we stand in it.

    Attributes
    ----------
    parents : set of str
        Shards that are to be read to their end before.
    iterator : str or None
        For the next look; None if it is to be asked for.
    behind : bool
        Whether there is more right now.
    closed : bool
        Whether nothing is written to it any more.
    keys : tuple of int
        The first and the last hash key of its records.
    """

    name: str
    parents: set[str] = field(default_factory=set)
    iterator: str | None = None
    behind: bool = False
    closed: bool = False
    keys: tuple[int, int] = (0, (1 << 128) - 1)


class Kinesis:
    """Hand over the events of a stream's records.

    A record holds a line or a few, plain or compressed.

    Parameters
    ----------
    address : str
        ``kinesis://STREAM``.
    form : Format or None
        What records hold; told by content by default.
    options : Options
        How they are read.
    position : Mapping, optional
        Where to go on: as it was handed over.
    since : datetime, optional
        Records that came since then, as far as the stream keeps them; by
        default, since a minute ago.

    Attributes
    ----------
    account : Account
        What became of every piece.

    Raises
    ------
    AddressError
        If the address is none.
    ReadError
        If the position is none.
    """

    def __init__(
        self,
        address: str,
        form: Format | None = None,
        options: Options | None = None,
        position: Mapping[str, Any] | None = None,
        since: datetime | None = None,
    ) -> None:
        match = _ADDRESS.fullmatch(address)
        if match is None:
            where = "kinesis://…" if "@" in address else address  # it may hold what is secret
            raise AddressError("it is no address of a stream", where=where, hint="write kinesis://STREAM")
        self.address, self._stream = address, match[1]
        self.account = Account()
        self._records = Records(address, form, options or Options(), self.account)
        self._closing = threading.Event()
        self._new = position is None
        if position is None:
            position = {"start": since.timestamp() if since else time.time() - _BACK}
        try:
            self._start = float(position["start"])
            # Shard -> number of the last record that was handed over; nothing behind the end of a shard.
            self._at = {str(name): str(number) for name, number in position.get("shards", {}).items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ReadError("it is no position of a stream", where=address, hint="remove it to begin anew") from None
        self._shards: dict[str, _Shard] = {}
        self._looked = 0.0

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        if self._new:
            yield Arrived(None, self._position())  # a kill before the first record does not move the beginning
        while not self._closing.is_set():
            if time.monotonic() - self._looked > _LOOK or not self._shards:
                self._look()
            began, found = time.monotonic(), False
            for shard in [each for each in self._shards.values() if not each.parents & self._shards.keys()]:
                if self._closing.is_set():
                    return
                arrived = self._read(shard)
                found = found or arrived is not None
                if arrived is not None:
                    yield arrived
            if not found:
                yield None
            more = any(shard.behind for shard in self._shards.values())
            self._closing.wait(max(0.0, (_EVERY / 2 if more else _EVERY) - (time.monotonic() - began)))

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    @contextmanager
    def _asking(self) -> Iterator[Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield client("kinesis")
        except ClientError as wrong:
            raise refused(wrong, self.address, "kinesis") from None
        except BotoCoreError as wrong:
            raise failed(wrong, self.address, "kinesis") from None

    def _look(self) -> None:
        """List the shards that are to be read; forget those that the stream has forgotten."""
        listed: dict[str, _Shard] = {}
        asked: dict[str, Any] = {"StreamName": self._stream}
        while asked:
            with self._asking() as kinesis:
                answer = kinesis.list_shards(**asked)
            for each in answer["Shards"]:
                parents = {each[name] for name in ("ParentShardId", "AdjacentParentShardId") if each.get(name)}
                closed = bool(each["SequenceNumberRange"].get("EndingSequenceNumber"))
                ends = each["HashKeyRange"]
                keys = int(ends["StartingHashKey"]), int(ends["EndingHashKey"])
                listed[each["ShardId"]] = _Shard(each["ShardId"], parents, closed=closed, keys=keys)
            asked = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
        self._at = {name: number for name, number in self._at.items() if name in listed}
        open_ = {name: shard for name, shard in listed.items() if self._at.get(name) != _ENDED}
        for name, shard in self._shards.items():
            if name in open_:
                shard.closed = open_[name].closed
                open_[name] = shard
        self._shards = open_
        self._looked = time.monotonic()

    def _iterator(self, shard: _Shard) -> str:
        """Return an iterator behind the last record; in a new shard, behind the beginning of all."""
        number = self._at.get(shard.name)
        start: dict[str, Any] = {
            "ShardIteratorType": "AT_TIMESTAMP",
            "Timestamp": datetime.fromtimestamp(self._start, UTC),
        }
        if number is not None:
            start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": number}
        with self._asking() as kinesis:
            answer = kinesis.get_shard_iterator(StreamName=self._stream, ShardId=shard.name, **start)
        return str(answer["ShardIterator"])

    def _read(self, shard: _Shard) -> Arrived | None:
        from botocore.exceptions import ClientError

        iterator = shard.iterator or self._iterator(shard)
        try:
            with self._asking() as kinesis:
                try:
                    answer = kinesis.get_records(ShardIterator=iterator, Limit=_MOST)
                except ClientError as wrong:
                    if code(wrong) not in ("ExpiredIteratorException", _FULL):
                        raise
                    shard.iterator = None if code(wrong) != _FULL else iterator
                    return None
        except ReadError:
            shard.iterator = None
            raise
        records = answer["Records"]
        shard.iterator = answer.get("NextShardIterator")
        shard.behind = bool(answer.get("MillisBehindLatest")) and bool(shard.iterator)
        if records:
            self._at[shard.name] = records[-1]["SequenceNumber"]
        if shard.iterator is None or (shard.closed and not records and not answer.get("MillisBehindLatest")):
            self._at[shard.name] = _ENDED
            del self._shards[shard.name]
            self._looked = float("-inf")  # what took its place
        elif not records:
            return None
        since = max((each["ApproximateArrivalTimestamp"].timestamp() for each in records), default=None)
        return Arrived(self._events(shard, records), self._position(), since=since)

    def _events(self, shard: _Shard, records: list[dict[str, Any]]) -> pa.Table | None:
        held: list[Record] = []
        for each in records:
            key, data = f"{self._stream} {shard.name} {each['SequenceNumber']}", each["Data"]
            if not data.startswith(MAGIC):
                self._hold(key, data, held)
                continue
            try:
                parts, again = within(data, *shard.keys)
            except ValueError:
                self._spoil("records of the producer library that are damaged", key)
                continue
            for number, part in enumerate(parts):
                self._hold(f"{key} {number}", part, held)
            if again:
                self.account.pieces += again
                self.account.left_out[_AGAIN] += again
        return self._records.table(held) if held else None

    def _hold(self, key: str, data: bytes | None, held: list[Record]) -> None:
        if data is not None and squeezed(data):
            data = self._unpacked(data, key)
        if data is not None:
            held.append(Record(key, data))

    def _unpacked(self, data: bytes, key: str) -> bytes | None:
        own, pieces, size = Account(), [], 0
        for piece in inflated(iter([data]), key, own, None):
            pieces.append(piece)
            size += len(piece)
            if size > _INFLATED:
                self._spoil("records that unpack to more than 16 MB", key)
                return None
        if own.truncated:
            self._spoil("records that cannot be unpacked to their end", key)
        return b"".join(pieces)

    def _spoil(self, why: str, key: str) -> None:
        self.account.pieces += 1
        self.account.spoil(why, BadPiece(self.address, 0, key))

    def _position(self) -> dict[str, Any]:
        return {"start": self._start, "shards": dict(self._at)}
