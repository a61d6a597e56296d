"""Logs in S3, or in anything that speaks its language (MinIO, R2): found by prefix, fetched as streams."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..account import Account
from ..errors import AddressError, MissingDependencyError, ReadError
from ..settings import load_settings
from ..window import Window
from .ahead import Ahead
from .files import no_log, outside

__all__ = ["S3Object", "find_s3"]

_ADDRESS = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:/(.*))?", re.DOTALL)
_DATE = re.compile(r"(?<!\d)(20\d\d)([-/]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY = timedelta(days=1)
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
_TRIES = 5
_PAGE = 1000  # keys; servers give no more
_FIRST_WAIT = 0.2  # seconds; doubled each time

# What the server answers -> what it means, and what can be done.
_ANSWERS = {
    "NoSuchBucket": ("there is no such bucket", "check its name, and the endpoint"),
    "NoSuchKey": ("it vanished after it was listed", "read again"),
    "404": ("it vanished after it was listed", "read again"),
    "PreconditionFailed": ("it was replaced while it was read", "read again"),
    "AccessDenied": ("access is denied", "ask for s3:ListBucket and s3:GetObject"),
    "403": ("access is denied", "ask for s3:ListBucket and s3:GetObject"),
    "AllAccessDisabled": ("access is denied", "ask for s3:ListBucket and s3:GetObject"),
    "InvalidAccessKeyId": ("the credentials are not known there", "check AWS_ACCESS_KEY_ID, and the endpoint"),
    "SignatureDoesNotMatch": ("the credentials are refused", "check AWS_SECRET_ACCESS_KEY, and the region"),
    "ExpiredToken": ("the credentials have expired", "get new ones"),
    "InvalidToken": ("the credentials are refused", "get new ones"),
    "InvalidObjectState": ("it is archived", "restore it first"),
    "SlowDown": ("the server asks to slow down", "try again later"),
    "ServiceUnavailable": ("the server is not available", "try again later"),
    "503": ("the server is not available", "try again later"),
    "InternalError": ("the server failed", "try again later"),
    "500": ("the server failed", "try again later"),
}
_PASSING = {"SlowDown", "ServiceUnavailable", "503", "InternalError", "500", "RequestTimeout"}


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
                body = client().get_object(Bucket=self.bucket, Key=self.key, IfMatch=self.etag, **rest)["Body"]
                with body:
                    while piece := body.read(size):
                        at, tries = at + len(piece), 0
                        yield piece
                if at >= self.size:
                    return
                error = ReadError("the transfer was cut", where=self.name, hint="try again")
            except known.ClientError as wrong:
                error = _refused(wrong, self.name)
                if _code(wrong) not in _PASSING:
                    raise error from None
            except (known.HTTPClientError, known.ConnectionError, known.IncompleteReadError, HTTPError, OSError):
                error = ReadError("the transfer was cut", where=self.name, hint="try again")
            except known.BotoCoreError as wrong:
                raise _failed(wrong, self.name) from None
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
        raise AddressError("it holds no logs", where=address, hint="check the bucket and the prefix")
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
            pages = client().get_paginator("list_objects_v2")
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
            raise _refused(wrong, self.address) from None
        except BotoCoreError as wrong:
            raise _failed(wrong, self.address) from None
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


@lru_cache(maxsize=1)
def client() -> Any:
    """Return the one client of this process; threads may share it.

    Credentials, region and endpoint are found as all AWS tools find them (the
    environment, profiles, roles; ``AWS_ENDPOINT_URL``), the endpoint in the
    settings, too.

    Raises
    ------
    MissingDependencyError
        If boto3 is not installed.
    ReadError
        If the configuration cannot be used.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise MissingDependencyError("reading from S3 needs boto3", hint="pip install 'attackviz[aws]'") from None
    options = {
        "connect_timeout": 10,
        "read_timeout": 30,
        "max_pool_connections": 16,
        "retries": {"mode": "standard", "total_max_attempts": _TRIES},
        # Others than AWS do not know the newer checksums.
        "request_checksum_calculation": "when_required",
        "response_checksum_validation": "when_required",
    }
    endpoint = load_settings().s3_endpoint
    try:
        # A session of its own: the shared one would keep credentials that have been changed since.
        session = boto3.session.Session()
        made = session.client("s3", endpoint_url=endpoint, config=Config(**options))
        if not (urlsplit(made.meta.endpoint_url).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn")):
            # No name of a bucket is resolved under the name of one's own server.
            config = Config(**options, s3={"addressing_style": "path"})
            made = session.client("s3", endpoint_url=endpoint, config=config)
    except (BotoCoreError, ValueError) as error:
        if isinstance(error, ValueError):
            raise ReadError("the endpoint of S3 is no URL", hint="write it as https://host:port") from None
        raise _failed(error, "S3") from None
    return made


def _code(error: Any) -> str:
    code = str(error.response.get("Error", {}).get("Code", ""))
    return code if re.fullmatch(r"[A-Za-z0-9.]{1,60}", code) else "an unknown error"


def _refused(error: Any, where: str) -> ReadError:
    """Say what the server answered; its own words may hold what is secret, and are left out."""
    what, hint = _ANSWERS.get(_code(error), (f"the server answers {_code(error)}", "check the address"))
    return ReadError(what, where=where, hint=hint)


def _failed(error: Any, where: str) -> ReadError:
    """Say why the server could not even be asked."""
    from botocore import exceptions as known

    if isinstance(error, known.ProfileNotFound):
        hint = "set AWS_PROFILE to one that the configuration of AWS holds"
        return ReadError("there is no such profile of AWS", where=where, hint=hint)
    if isinstance(error, known.NoCredentialsError | known.PartialCredentialsError):
        hint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role"
        return ReadError("no credentials for S3 were found", where=where, hint=hint)
    if isinstance(error, known.HTTPClientError | known.ConnectionError):
        host = urlsplit(client().meta.endpoint_url)
        shown = f"{host.hostname}:{host.port}" if host.port else host.hostname
        return ReadError(f"{shown} does not answer", where=where, hint="check the network and AWS_ENDPOINT_URL")
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(error).__name__).removesuffix(" Error").lower()
    return ReadError(f"S3 cannot be asked: {kind}", where=where, hint="check the configuration of AWS")
