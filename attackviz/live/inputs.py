"""Sources that run beside the server: each on a thread of its own, watched over, and never the end of it.

Events go to the tape, then the position behind them to a file, then the source
hears that they need not come again. A source that fails is opened again where
it stood, later and later; events that the tape refuses are given to it again.
"""

from __future__ import annotations

import json
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from hashlib import blake2b
from pathlib import Path
from typing import Any, Protocol

from ..errors import AttackvizError, ReadError, UsageError
from ..formats import FormatLike
from ..saving import replacing
from ..sources import Arrived, Running
from .addresses import Following, Opener, opener

__all__ = ["Inputs"]

FIRST_WAIT = 1.0  # seconds; doubled each time
LONGEST_WAIT = 60.0  # seconds
_JOIN = 10.0  # seconds until a thread is left to itself

log = logging.getLogger(__name__)


class Taken(Protocol):
    """What became of events that were given to the tape."""

    @property
    def accepted(self) -> int:
        """How many are on it now."""

    @property
    def duplicates(self) -> int:
        """How many were there already."""

    @property
    def ahead(self) -> int:
        """How many say that they are from the future."""


class Inputs:
    """Take events from sources for as long as a server runs.

    Parameters
    ----------
    addresses : sequence of str
        As `opener` takes them.
    take : callable
        Brings an event table to the tape, as `Intake.take`; given ``name=``, too.
    state : Path
        Directory in which it is kept where each source stands; made when needed.
    format : str, Mapping or path, optional
        Of sources that have none named; told by content by default.
    tz : str
        Zone of times that carry none.
    year : int, optional
        Year of times that carry none.

    Raises
    ------
    UsageError
        If an address is none, or is named twice.
    """

    def __init__(
        self,
        addresses: Sequence[str],
        take: Callable[..., Taken],
        state: Path,
        *,
        format: FormatLike | None = None,  # noqa: A002 - the word users know
        tz: str = "UTC",
        year: int | None = None,
    ) -> None:
        openers = [opener(address, format, tz, year) for address in addresses]
        for name in (names := [each.name for each in openers]):
            if names.count(name) > 1:
                raise UsageError("it is named twice", where=name, hint="name each source once")
        self._inputs = [Input(each, take, state / _file_name(each)) for each in openers]

    def start(self) -> None:
        """Begin to take events; returns at once."""
        for each in self._inputs:
            each.start()

    def stop(self) -> None:
        """End all sources, and wait until what they handed over is safe."""
        for each in self._inputs:
            each.close()
        for each in self._inputs:
            each.join()

    def status(self) -> list[dict[str, Any]]:
        """Say how each source does.

        Returns
        -------
        list of dict
            ``name`` and ``kind``; ``state``: ``starting``, ``running``,
            ``waiting`` (see ``error``; tried again in ``retry_s`` seconds) or
            ``ended``; ``lag``: seconds that it is behind, None if nobody can
            tell; ``events``, ``duplicates``, ``bad`` and ``ahead`` (from the
            future) since the server started.
        """
        return [each.status() for each in self._inputs]


class Input:
    """Run one source.

    Parameters
    ----------
    opens : Opener
    take : callable
        As for `Inputs`.
    path : Path
        Where its position is kept.
    """

    def __init__(self, opens: Opener, take: Callable[..., Taken], path: Path) -> None:
        self._opens, self._take, self._path = opens, take, path
        self._state = "starting"
        self._error: str | None = None
        self._events = self._duplicates = self._ahead = self._bad_before = 0
        self._lag: float | None = None
        self._good: float | None = None
        self._retry: float | None = None
        self._source: Running | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"attackviz-from-{opens.kind}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End it, from another thread."""
        self._closing.set()
        source = self._source
        if source is not None:
            source.close()

    def join(self) -> None:
        """Wait until it has ended."""
        if self._thread.ident is not None:
            self._thread.join(_JOIN)

    def status(self) -> dict[str, Any]:
        """Say how it does, as `Inputs.status` says."""
        source, retry, now = self._source, self._retry, time.monotonic()
        lag = self._lag
        if retry is not None and self._good is not None:
            lag = (lag or 0.0) + now - self._good
        return {
            "name": self._opens.name,
            "kind": self._opens.kind,
            "state": self._state,
            "lag": None if lag is None else round(lag, 3),
            "error": self._error,
            "retry_s": None if retry is None else round(max(0.0, retry - now), 1),
            "events": self._events,
            "duplicates": self._duplicates,
            "bad": self._bad_before + (source.account.bad_total if source is not None else 0),
            "ahead": self._ahead,
        }

    def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            began = self._good
            try:
                self._follow()
                if not self._closing.is_set():
                    self._state, self._error, self._lag = "ended", None, None
                return
            except Exception as error:  # whatever it is, the server goes on
                failures = 1 if self._good != began else failures + 1
                self._wait(error, failures)
            finally:
                self._let_go()

    def _follow(self) -> None:
        """Open the source where it stood, and take what it gives."""
        source = self._source = self._opens.open(self._load())
        if self._closing.is_set():
            return
        with closing(iter(source)) as coming:
            for arrived in coming:
                if arrived is not None:
                    self._bring(arrived)
                elif self._lag is not None:
                    self._lag = 0.0
                if arrived is None or arrived.table is not None:  # where it begins is known before anybody is asked
                    self._good = time.monotonic()
                    trouble = source.trouble if isinstance(source, Following) else None
                    self._state, self._error = ("waiting", trouble) if trouble else ("running", None)
                if self._closing.is_set():
                    return

    def _bring(self, arrived: Arrived) -> None:
        """Bring events to the tape, however often it takes; then say so."""
        failures = 0
        table = arrived.table
        while table is not None:
            try:
                taken = self._take(table, name=self._opens.name)
                break
            except AttackvizError as error:
                failures += 1
                self._wait(error, failures)
                if self._closing.is_set():
                    raise
        if table is not None:
            self._events += taken.accepted
            self._duplicates += taken.duplicates
            self._ahead += taken.ahead
            newest = arrived.since if arrived.since is not None else _newest(table)
            self._lag = None if newest is None else max(0.0, time.time() - newest)
        if arrived.position is not None:
            self._save(arrived.position)
        arrived.settle()

    def _wait(self, error: Exception, failures: int) -> None:
        """Say what is wrong, and wait; longer each time, and not all at the same moment."""
        if isinstance(error, AttackvizError):
            self._error = str(error)
        else:
            log.error("the source %s failed", self._opens.name, exc_info=error)
            self._error = f"it failed unexpectedly: {type(error).__name__}"
        seconds = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 16)) * random.uniform(0.5, 1.0)  # noqa: S311
        self._state, self._retry = "waiting", time.monotonic() + seconds
        self._closing.wait(seconds)
        self._retry = None

    def _let_go(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()
            self._bad_before += source.account.bad_total

    def _load(self) -> Mapping[str, Any] | None:
        try:
            kept = json.loads(self._path.read_bytes())
            if kept["name"] != self._opens.name or not isinstance(kept["position"], dict):
                raise ValueError
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it holds no position of this source"
            raise ReadError(str(why), where=str(self._path), hint="remove it to begin anew") from None
        position: dict[str, Any] = kept["position"]
        return position

    def _save(self, position: Mapping[str, Any]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ReadError(str(error.strerror), where=str(self._path.parent), hint="check its permissions") from None
        with replacing(self._path, ReadError) as file:
            file.write(json.dumps({"name": self._opens.name, "position": position}).encode() + b"\n")


def _newest(table: Any) -> float | None:
    """Return the latest time of some events, in seconds since 1970."""
    import pyarrow.compute as pc

    newest = pc.max(table["time"]).as_py()
    return None if newest is None else float(newest.timestamp())


def _file_name(opens: Opener) -> str:
    readable = re.sub(r"[^A-Za-z0-9]+", "-", opens.name).strip("-")[-40:]
    return f"{readable}-{blake2b(opens.name.encode(), digest_size=4).hexdigest()}.json"
