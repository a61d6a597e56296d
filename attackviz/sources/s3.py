"""Logs in S3, or in anything that speaks its language (MinIO, R2): found by prefix, fetched as streams."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ..account import Account
from ..errors import AddressError, ReadError
from ..window import Window
from .ahead import Ahead
from .aws import client, failed, passing, refused
from .files import no_log, outside

__all__ = ["S3Object", "find_s3"]

_ADDRESS = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:/(.*))?", re.DOTALL)
_DATE = re.compile(r"(?<!\d)(20\d\d)([-/]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY = timedelta(days=1)
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
_TRIES = 5
_PAGE = 1000  # keys; servers give no more
_FIRST_WAIT = 0.2  # seconds; doubled each time


@dataclass(frozen=True, slots=True)
class S3Object:
    """Hold an object to read; it is a `Stored`, and can go to another process.

    Attributes
    ----------
    bucket, key : str
        Where it is.
    size : int
        Bytes as stored.
    explicit : bool
        Whether the user named this very object.
    modified : datetime or None
        When it was last written (UTC).
    etag : str
        What tells whether it is still the same.
    ahead : Ahead
        Fetches the next objects while this one is read.
    """

    bucket: str
    key: str
    size: int
    explicit: bool
    modified: datetime | None
    etag: str
    ahead: Ahead[S3Object] = field(default_factory=Ahead, compare=False, repr=False)

    @property
    def name(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        """Give the stored bytes, as `Stored.pieces` says; a cut transfer goes on where it stopped."""
        given = 0
        try:
            for piece in self.ahead.pieces(self, size):
                given += len(piece)
                yield piece
        except ReadError as error:
            if not given:
                raise
            account.cut_short(self.name)
            account.note(f"{self.name}: reading stopped: {error.what}")

    def fetch(self, size: int) -> Iterator[bytes]:
        """Give the stored bytes from the server, each time anew.

        Raises
        ------
        ReadError
            If it cannot be read, or not to its end.
        """
        from botocore import exceptions as known
        from urllib3.exceptions import HTTPError

        at = tries = 0
        while True:
            rest = {"Range": f"bytes={at}-"} if at else {}
            try:
                body = client("s3").get_object(Bucket=self.bucket, Key=self.key, IfMatch=self.etag, **rest)["Body"]
                with body:
                    while piece := body.read(size):
                        at, tries = at + len(piece), 0
                        yield piece
                if at >= self.size:
                    return
                error = ReadError("the transfer was cut", where=self.name, hint="try again")
            except known.ClientError as wrong:
                error = refused(wrong, self.name, "s3")
                if not passing(wrong):
                    raise error from None
            except (known.HTTPClientError, known.ConnectionError, known.IncompleteReadError, HTTPError, OSError):
                error = ReadError("the transfer was cut", where=self.name, hint="try again")
            except known.BotoCoreError as wrong:
                raise failed(wrong, self.name, "s3") from None
            tries += 1
            if tries == _TRIES:
                raise error
            time.sleep(_FIRST_WAIT * 2 ** (tries - 1))


def find_s3(address: str, window: Window | None = None) -> tuple[list[S3Object], dict[str, str]]:
    """Return the objects behind ``s3://bucket/prefix``, in the order of their keys.

    A key that is there is that object alone; anything else is a prefix, or a
    pattern (``*`` and ``?`` stop at slashes, ``**`` does not). Where keys hold
    dates, days that are outside the window are not even listed.

    Parameters
    ----------
    address : str
    window : Window, optional
        Objects whose keys say that they hold nothing of it are skipped.

    Returns
    -------
    objects : list of S3Object
    skipped : dict of str to str
        Objects that are not read, and why; days that were not listed, too.

    Raises
    ------
    AddressError
        If the address is none, or nothing is there.
    ReadError
        If the server does not let us list it.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:
        # Whoever writes credentials into an address does not want to see them in a log.
        shown = f"s3://…@{address.rpartition('@')[2]}" if "@" in address else address
        raise AddressError("it is no address of a bucket", where=shown, hint="write s3://bucket/prefix")
    bucket, key = match[1], match[2] or ""
    pattern = _pattern(key) if "*" in key or "?" in key else None
    prefix = re.split(r"[*?]", key, maxsplit=1)[0]
    ahead: Ahead[S3Object] = Ahead()
    found: list[S3Object] = []
    skipped: dict[str, str] = {}
    listing = _Listing(bucket, prefix, window, address)
    for entry in listing:
        if entry["Key"].endswith("/") and not entry["Size"]:
            continue  # stands for a folder in consoles
        if pattern and not pattern.fullmatch(entry["Key"]):
            continue
        explicit = entry["Key"] == key
        item = S3Object(bucket, entry["Key"], entry["Size"], explicit, entry.get("LastModified"), entry["ETag"], ahead)
        why = None if explicit else no_log(item.key.rpartition("/")[2])
        if why is None and outside(item.key, window):
            why = "outside the window, by its name"
        if why is None and entry.get("StorageClass") in _ARCHIVED:
            why = "it is archived"
        if explicit:
            found, skipped = [], {}
        if why is None:
            found.append(item)
        else:
            skipped[item.name] = why
        if explicit:
            break
    skipped |= listing.passed_over
    if not found and not any(why.startswith("outside") for why in skipped.values()):
        raise AddressError("there are no logs in it", where=address, hint="check the bucket and the prefix")
    ahead.plan(found)
    return found, skipped


def _pattern(key: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?)", key)
    kinds = {"*": "[^/]*", "?": "[^/]", "**": ".*", "**/": "(?:.*/)?"}
    return re.compile("".join(kinds.get(part, re.escape(part)) for part in parts), re.DOTALL)


class _Listing:
    """List the keys of a prefix in order, without the days that are outside a window.

    Keys are sorted as text, and dates written with the year first are sorted
    as time: from the first key of a day that is not wanted the listing goes on
    at the first wanted one, or behind the last date.
    """

    def __init__(self, bucket: str, prefix: str, window: Window | None, address: str) -> None:
        self.bucket, self.prefix, self.window, self.address = bucket, prefix, window, address
        self.passed_over: dict[str, str] = {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        after: str | None = ""
        while after is not None:
            after = yield from self._until_a_jump(after)

    def _until_a_jump(self, after: str) -> Generator[dict[str, Any], None, str | None]:
        from botocore.exceptions import BotoCoreError, ClientError

        start = {"StartAfter": after} if after else {}
        try:
            pages = client("s3").get_paginator("list_objects_v2")
            limit = {"PageSize": _PAGE}
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix, PaginationConfig=limit, **start):
                entries = page.get("Contents", [])
                skip = ""
                for entry in entries:
                    if entry["Key"] <= skip:
                        continue
                    skip = self._jump(entry["Key"]) or ""
                    if not skip:
                        yield entry
                if skip and entries[-1]["Key"] <= skip and page.get("IsTruncated"):
                    return skip
        except ClientError as wrong:
            raise refused(wrong, self.address, "s3") from None
        except BotoCoreError as wrong:
            raise failed(wrong, self.address, "s3") from None
        return None

    def _jump(self, key: str) -> str | None:
        """Return the text after which the next wanted key can stand, None if this one may be wanted.

        A day's leeway either way: what is filed under a day may have begun the
        day before, and be delivered the day after.
        """
        match = _DATE.search(key)
        if match is None or self.window is None:
            return None
        try:
            day = datetime(int(match[1]), int(match[3]), int(match[4]), tzinfo=UTC)
        except ValueError:
            return None
        base, form = key[: match.start()], f"%Y{match[2]}%m{match[2]}%d"
        first, last = self.window.start - 2 * _DAY, self.window.end + _DAY
        if day < first:
            target, told = base + (first + _DAY).strftime(form), "before"
        elif day > last:
            target, told = base + ":", "after"  # a colon sorts right behind all digits
        else:
            return None
        self.passed_over[f"s3://{self.bucket}/{base}: days {told} the window"] = (
            "outside it, by the dates in their keys"
        )
        return target
