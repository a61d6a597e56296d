"""Send logs that are put into S3 to an attackviz live server. Needs boto3 and the standard library alone.

An object is streamed and sent in parts that end with a line. Each part carries
a key made of the object and its number, so however often the function runs for
an object, every event counts once.

Environment: ATTACKVIZ_URL (https://host[:port]), ATTACKVIZ_TOKEN_SECRET (the
name of the secret that holds the push token) or ATTACKVIZ_PUSH_TOKEN,
ATTACKVIZ_FORMAT (told by content if empty), ATTACKVIZ_FORWARD (all, or
malicious).
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import json
import logging
import os
import random
import re
import time
import zlib
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote_plus, urlsplit

import boto3
from botocore.exceptions import ClientError

log = logging.getLogger("attackviz")
log.setLevel(logging.INFO)

PART = 4 << 20  # bytes of lines that are sent at once
LINE = 1 << 20  # bytes; a longer line is no event
PIECE = 1 << 18
FIRST_WAIT = 0.5  # seconds; doubled each time
LONGEST_WAIT = 20.0  # seconds
RESERVE = 10.0  # seconds that are left before time is up

CHALLENGE = re.compile(r"ownership-challenge.*\.txt")
PASSING = {408, 425, 429, 500, 502, 503, 504}
WELL_MEANT = re.compile(r"|unknown|none|allow|skip|bypass|1|\w*challenge\w*(?:solved|bypassed)|default_action")
SHADY = ("badhost", "tor", "scan")


class RefusedError(RuntimeError):
    """The server refuses a part for good, or is not to be reached in time."""


def handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    """Send the objects that an event of S3 tells of, by itself or by way of EventBridge."""
    total = dict.fromkeys(("objects", "skipped", "lines", "kept_back", "accepted", "duplicates", "rejected"), 0)
    for bucket, key, version in told(event):
        if key.endswith("/") or CHALLENGE.fullmatch(key.rpartition("/")[2]):
            total["skipped"] += 1
            continue
        for name, count in forward(bucket, key, version, context).items():
            total[name] += count
    log.info(json.dumps(total))
    return total


def told(event: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Give bucket, key and version of each object that was put."""
    if event.get("source") == "aws.s3":
        if event["detail-type"] == "Object Created":
            item = event["detail"]["object"]
            yield event["detail"]["bucket"]["name"], item["key"], item.get("version-id")
        return
    for record in event.get("Records", []):
        if record["eventName"].startswith("ObjectCreated:"):
            item = record["s3"]["object"]
            yield record["s3"]["bucket"]["name"], unquote_plus(item["key"]), item.get("versionId")


def forward(bucket: str, key: str, version: str | None, context: Any) -> dict[str, int]:
    """Send one object; one that is gone meanwhile is skipped."""
    chosen = {"VersionId": version} if version else {}
    try:
        answer = boto3.client("s3").get_object(Bucket=bucket, Key=key, **chosen)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "NoSuchVersion"):
            raise
        log.warning(json.dumps({"gone": f"s3://{bucket}/{key}"}))
        return {"skipped": 1}
    done = dict.fromkeys(("lines", "kept_back", "accepted", "duplicates", "rejected"), 0)
    name = f"s3://{bucket}/{key} {answer['ETag']}"
    only = os.environ.get("ATTACKVIZ_FORWARD", "all") == "malicious"
    with Server(context) as server, answer["Body"] as body:
        pieces = iter(lambda: body.read(PIECE), b"")
        for number, lines in enumerate(parts(unpacked(pieces))):
            chosen_lines = [line for line in lines if not only or malicious(line)]
            done["lines"] += len(lines)
            done["kept_back"] += len(lines) - len(chosen_lines)
            if chosen_lines:
                taken = server.send(b"".join(chosen_lines), f"{name} {number}{' malicious' if only else ''}")
                for word in ("accepted", "duplicates", "rejected"):
                    done[word] += taken.get(word, 0)
    return {"objects": 1, **done}


def unpacked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Unpack gzip of any number of members; give anything else as it is."""
    inflater, packed, whole = zlib.decompressobj(wbits=31), None, True
    for piece in pieces:
        packed = piece.startswith(b"\x1f\x8b") if packed is None else packed
        rest = piece
        while packed and rest:
            yield inflater.decompress(rest, PIECE)
            rest, whole = inflater.unconsumed_tail, inflater.eof
            if whole:
                rest, inflater = inflater.unused_data, zlib.decompressobj(wbits=31)
        if not packed:
            yield piece
    if not whole:
        yield inflater.flush()
        log.warning("the object ends before it should; what there is of it was sent")


def parts(chunks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Give whole lines, about as many as are sent at once; the same each time an object is read."""
    lines: list[bytes] = []
    size, rest = 0, b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        if len(rest) > LINE:
            raise RefusedError("it holds a line of more than 1 MB: it is no log")
        for line in whole:
            lines.append(line + b"\n")
            size += len(line) + 1
            if size >= PART:
                yield lines
                lines, size = [], 0
    if rest:
        lines.append(rest + b"\n")
    if lines:
        yield lines


def malicious(line: bytes) -> bool:
    """Return whether a line may be of an attack; one that cannot be told is taken for one.

    Cloudflare's http_requests and firewall_events, and AWS WAF.
    """
    try:
        event = json.loads(line)
    except ValueError:
        return bool(line.strip())
    if not isinstance(event, dict):
        return True
    words: list[Any] = []
    for name in ("Action", "action", "SecurityAction", "SecurityActions", "WAFAction", "FirewallMatchesActions",
                 "EdgeRateLimitAction"):  # fmt: skip
        value = event.get(name)
        words += value if isinstance(value, list) else [value]
    known = any(word is not None for word in words)
    if any(word is not None and not WELL_MEANT.fullmatch(str(word).casefold()) for word in words):
        return True
    if event.get("nonTerminatingMatchingRules") or str(event.get("ClientIPClass")).casefold() in SHADY:
        return True
    if any(event.get(f"{name}PathingOp") in ("ban", "chl") for name in ("Edge", "Client", "")):
        return True
    scores = ((event.get("WAFAttackScore"), 50), (event.get("BotScore"), 29))
    if any(isinstance(score, int | float) and 0 < score <= most for score, most in scores):
        return True
    return not known and "RayID" not in event


class Server:
    """Speak with the server over one connection; what may pass is tried again, as long as there is time."""

    def __init__(self, context: Any) -> None:
        self._context = context
        where = urlsplit(os.environ["ATTACKVIZ_URL"])
        if where.scheme not in ("http", "https") or not where.hostname:
            raise RefusedError("ATTACKVIZ_URL is no https://host")
        kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(where.hostname, where.port, timeout=60)
        form = os.environ.get("ATTACKVIZ_FORMAT")
        self._path = f"{where.path.rstrip('/')}/api/events" + (f"?format={quote(form)}" if form else "")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *wrong: object) -> None:
        self._connection.close()

    def send(self, body: bytes, key: str) -> dict[str, Any]:
        """Send a part until the server has it; return its answer."""
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "Idempotency-Key": short(key),
            **({"Authorization": f"Bearer {secret}"} if (secret := token()) else {}),
        }
        packed = gzip.compress(body, 6, mtime=0)
        wait = FIRST_WAIT
        while True:
            status, answer = self._ask(packed, headers)
            if status in (200, 422):  # of lines that are no events the answer tells
                return answer
            if status not in PASSING:
                raise RefusedError(f"the server answers {status}: {answer.get('error', '')}")
            if self._left() < wait + RESERVE:
                raise RefusedError(f"the server was not to be reached in time: {answer.get('error', status)}")
            time.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311
            wait = min(2 * wait, LONGEST_WAIT)

    def _ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
        try:
            self._connection.request("POST", self._path, body, headers)
            response = self._connection.getresponse()
            text = response.read(1 << 20)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            return 503, {"error": type(error).__name__}
        try:
            answer = json.loads(text)
        except ValueError:
            answer = {}
        return response.status, answer if isinstance(answer, dict) else {}

    def _left(self) -> float:
        return self._context.get_remaining_time_in_millis() / 1000 if self._context is not None else 60.0


def short(key: str) -> str:
    """Return a key of a length that a header holds, whatever the object is called."""
    return hashlib.sha256(key.encode()).hexdigest()


@lru_cache(maxsize=1)
def token() -> str:
    """Return the token to push with; it is never logged."""
    name = os.environ.get("ATTACKVIZ_TOKEN_SECRET")
    if name:
        return str(boto3.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]).strip()
    return os.environ.get("ATTACKVIZ_PUSH_TOKEN", "")
