"""What ``--from`` names: addresses of sources that run on, and how each is opened."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from ..elastic.address import Address, hidden, is_address, shown
from ..errors import AddressError
from ..formats import FormatLike, Options, choose, own_formats
from ..schema import COLUMNS
from ..sources import Arrived, Bucket, Follow, Kinesis, Queue, Running, Simulated, Syslog, follow, simulate
from ..sources.simulate import checked_speed
from ..window import moment

if TYPE_CHECKING:
    from ..elastic.tail import Tail

__all__ = ["Opener", "opener"]

_LOOK = 0.2  # seconds between looks at a file
_INDEX_LOOK = 1.0  # seconds between looks at an index
_WORDS = re.compile(r"(?P<address>.*?)\?(?P<words>(?:since|format|speed)=[^?]*)", re.DOTALL)
_SYSLOG = re.compile(r"syslog\+(udp|tcp)://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})")
_KNOWN = (
    "PATH, es+https://host/index, sqs://QUEUE, s3://bucket/prefix, kinesis://STREAM, syslog+udp://host:port, "
    "syslog+tcp://host:port or simulate:PATH?speed=60"
)


@dataclass(frozen=True, slots=True)
class Opener:
    """Hold what it takes to open a source, again and again.

    Attributes
    ----------
    name : str
        The address, without what is secret.
    kind : str
        ``file``, ``elastic``, ``sqs``, ``s3``, ``kinesis``, ``syslog`` or ``simulate``.
    open : callable
        Given a position, or None, returns the source.
    """

    name: str
    kind: str
    open: Callable[[Mapping[str, Any] | None], Running]


class Following:
    """A growing file, as a source that runs on.

    Parameters
    ----------
    tail : Follow
    """

    def __init__(self, tail: Follow) -> None:
        self._tail, self.account = tail, tail.account
        self._closing = threading.Event()

    @property
    def trouble(self) -> str | None:
        """What it waits for."""
        if self._tail.format is None and not self._tail.path.exists():
            return "the file is not there yet"
        told = self._tail.format is not None or not self.account.notes
        return None if told else self.account.notes[-1].removeprefix(f"{self._tail.path}: ")

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        with self._tail:
            while not self._closing.is_set():
                for table, position in self._tail.available():
                    yield Arrived(
                        table if table.num_rows else None, position.to_dict(), since=position.modified_ns / 1e9
                    )
                yield None
                self._closing.wait(_LOOK)

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()
        self._tail.close()


class Tailing:
    """An index, as a source that runs on.

    Parameters
    ----------
    tail : Tail
    """

    def __init__(self, tail: Tail) -> None:
        self._tail, self.account = tail, tail.account
        self._closing = threading.Event()

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        yield Arrived(None, self._tail.position.to_dict())
        while not self._closing.is_set():
            for table, position in self._tail.available():
                yield Arrived(table if table.num_rows else None, position.to_dict())
            yield None
            self._closing.wait(_INDEX_LOOK)

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()
        self._tail.close()


def opener(address: str, form: FormatLike | None = None, tz: str = "UTC", year: int | None = None) -> Opener:
    """Return what opens the source that an address names.

    Parameters
    ----------
    address : str
        Behind a question mark may stand ``since=TIME`` (of S3, Kinesis and
        Elasticsearch), ``format=NAME`` and ``speed=NUMBER`` (of a simulation).
    form : str, Mapping or path, optional
        Format of what has none named; told by content by default.
    tz : str
        Zone of times that carry none.
    year : int, optional
        Year of times that carry none.

    Raises
    ------
    AddressError
        If it is none, or what it names can never be followed.
    UsageError
        If a word behind it is not understood.

    Examples
    --------
    >>> opener("kinesis://attacks?since=2025-02-20").kind
    'kinesis'
    """
    plain, words = _parted(address)
    own = own_formats()
    form = words.get("format", form)
    chosen = None if form is None else choose(form, own)
    options = Options(None, tuple(COLUMNS), tz, year=year, own=own)
    since = moment(words["since"], tz) if "since" in words else None
    if is_address(plain):
        Address.parse(plain)
        return Opener(shown(plain), "elastic", _tailing(plain, form, tz, since))
    if plain.startswith("sqs://"):
        Queue(plain, chosen, options)
        return Opener(plain, "sqs", lambda position: Queue(plain, chosen, options))
    if plain.startswith("s3://"):
        Bucket(plain, chosen, options)
        return Opener(plain, "s3", lambda position: Bucket(plain, chosen, options, position, since))
    if plain.startswith("kinesis://"):
        Kinesis(plain, chosen, options)
        return Opener(plain, "kinesis", lambda position: Kinesis(plain, chosen, options, position, since))
    if plain.startswith("syslog"):
        return Opener(plain, "syslog", partial(_syslog, *_host(plain), chosen, options))
    if plain.startswith("simulate:"):
        return _simulation(plain, words, form, tz, year)
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", plain) and not Path(plain).exists():
        raise AddressError("events cannot be taken from there", where=hidden(plain), hint=f"write {_KNOWN}")
    follow(plain, form, tz=tz, year=year).close()
    return Opener(plain, "file", partial(_follow, plain, form, tz, year))


def _parted(address: str) -> tuple[str, dict[str, str]]:
    """Return an address and the words behind it that are ours."""
    if is_address(address):
        plain, _, query = address.partition("?")
        ours = dict(pair for pair in parse_qsl(query) if pair[0] == "since")
        rest = "&".join(part for part in query.split("&") if part and not part.startswith("since="))
        return plain + (f"?{rest}" if rest else ""), ours
    match = _WORDS.fullmatch(address)
    if match is None or Path(address).exists():
        return address, {}
    words = dict(parse_qsl(match["words"], keep_blank_values=True))
    for name in words:
        if name not in ("since", "format", "speed"):
            raise AddressError(
                f"there is no word {name!r}", where=match["address"], hint="known are since, format, speed"
            )
    return match["address"], words


def _host(address: str) -> tuple[str, str, int]:
    match = _SYSLOG.fullmatch(address)
    if match is None or int(match[3]) > 65535:
        raise AddressError(
            "it is no address to listen on",
            where=address,
            hint="write syslog+udp://host:port or syslog+tcp://host:port",
        )
    return match[1], match[2].strip("[]"), int(match[3])


def _syslog(kind: str, host: str, port: int, form: Any, options: Options, position: Any) -> Running:
    return Syslog(kind, host, port, form, options)


def _follow(
    path: str, form: FormatLike | None, tz: str, year: int | None, position: Mapping[str, Any] | None
) -> Running:
    return Following(follow(path, form, position=position, columns=list(COLUMNS), tz=tz, year=year))


def _tailing(
    address: str, form: FormatLike | None, tz: str, since: datetime | None
) -> Callable[[Mapping[str, Any] | None], Running]:
    begin = since

    def tail(position: Mapping[str, Any] | None) -> Running:
        nonlocal begin
        from ..elastic import Elastic
        from ..elastic.position import Position

        # What comes from now on; asked again, because the cluster was not there, from when it was asked first.
        asked, begin = begin, begin or datetime.now(UTC)
        cluster = Elastic(address, format=form)
        stand = None if position is None else Position.from_dict(position)
        return Tailing(cluster.tail(columns=list(COLUMNS), position=stand, since=asked, tz=tz))

    return tail


def _simulation(plain: str, words: Mapping[str, str], form: FormatLike | None, tz: str, year: int | None) -> Opener:
    from ..open import open_address

    path = plain.removeprefix("simulate:")
    try:
        speed = checked_speed(float(words.get("speed", "1")))
    except ValueError:
        raise AddressError(f"{words['speed']!r} is no speed", where=plain, hint="write speed=60") from None
    open_address(path)

    def play(position: Mapping[str, Any] | None) -> Simulated:
        from ..open import scan
        from ..open.batches import together

        with scan(path, form, columns=list(COLUMNS), tz=tz, year=year) as batches:
            return simulate(together(list(batches), list(COLUMNS)), speed)

    return Opener(f"{plain}?speed={speed:g}", "simulate", play)
