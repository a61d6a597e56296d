"""New objects of a bucket, found by listing it again and again: where there is no queue."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..account import Account
from ..errors import AddressError, FormatError, ReadError
from ..formats import Format, Options
from ..window import Window
from .arrived import Arrived
from .objects import TOGETHER, ObjectReader, joined
from .s3 import S3Object, find_s3

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Bucket"]

_ADDRESS = re.compile(r"s3://[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](?:/.*)?", re.DOTALL)
_EVERY = 10.0  # seconds between listings
_OVERLAP = 3600.0  # seconds; an object is dated when its upload begins
_BACK = 60.0  # seconds before now that are new at first: clocks differ
_LATE = timedelta(days=3)
_EARLY = timedelta(days=2)


class Bucket:
    """Hand over the events of objects that are new under a prefix.

    The prefix is listed every ten seconds; of keys that hold dates, only those
    from three days ago on, so that a long archive costs nothing. An upload
    that takes longer than an hour may be missed. A queue is better: see `Queue`.

    Parameters
    ----------
    address : str
        ``s3://bucket/prefix``, or a pattern as `find_s3` takes it.
    form : Format or None
        Format of the objects; told by content by default.
    options : Options
        How they are read.
    position : Mapping, optional
        Where to go on: as it was handed over.
    since : datetime, optional
        Objects written since then are new; by default, since a minute ago.

    Attributes
    ----------
    account : Account
        What became of every piece, and how many objects were not read.

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
        if not _ADDRESS.fullmatch(address):
            raise AddressError("it is no address of a bucket", where="s3://…", hint="write s3://bucket/prefix")
        self.address = address
        self.account = Account()
        self._reader = ObjectReader(address, form, options or Options(), self.account)
        self._closing = threading.Event()
        self._new = position is None
        if position is None:
            position = {"start": since.timestamp() if since else time.time() - _BACK}
        try:
            self._start = float(position["start"])
            self._seen = {str(key): float(at) for key, at in position.get("seen", {}).items()}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise ReadError("it is no position of a bucket", where=address, hint="remove it to begin anew") from None

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        if self._new:
            yield Arrived(None, self._position())  # a kill before the first object does not move the beginning
        while not self._closing.is_set():
            found = False
            for each in self._events(self._fresh()):
                found = True
                yield each
            if not found:
                yield None
            self._closing.wait(_EVERY)

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    def _fresh(self) -> list[S3Object]:
        """List what is new, the oldest first."""
        oldest = datetime.fromtimestamp(self._start - _OVERLAP, UTC) - _LATE
        items: list[S3Object] = []
        with suppress(AddressError):  # nothing is there yet
            items, _ = find_s3(self.address, Window(oldest, datetime.now(UTC) + _EARLY))
        begin = self._begin
        fresh = [item for item in items if _written(item) >= begin and _mark(item) not in self._seen]
        return sorted(fresh, key=lambda item: (_written(item), item.key))

    @property
    def _begin(self) -> float:
        return max([self._start, *(at - _OVERLAP for at in self._seen.values())])

    def _events(self, items: list[S3Object]) -> Iterator[Arrived]:
        tables: list[pa.Table] = []
        for item in items:
            try:
                for table in self._reader.read(item, lambda size: None) if item.size else ():
                    tables.append(table)
                    if sum(each.num_rows for each in tables) >= TOGETHER:
                        yield Arrived(joined(tables), self._position(), since=_written(item))
                        tables = []
            except FormatError as error:
                self._reader.leave_out(error.what)
            self._seen[_mark(item)] = _written(item)
            if self._closing.is_set():
                break
        if items:
            begin = self._begin
            self._seen = {key: at for key, at in self._seen.items() if at >= begin}
            self._start = max(self._start, begin)
            newest = max(self._seen.values(), default=None)
            yield Arrived(joined(tables), self._position(), since=newest)

    def _position(self) -> dict[str, Any]:
        return {"start": self._start, "seen": dict(self._seen)}


def _written(item: S3Object) -> float:
    return item.modified.timestamp() if item.modified else 0.0


def _mark(item: S3Object) -> str:
    return blake2b(f"{item.key} {item.etag}".encode(), digest_size=8).hexdigest()
