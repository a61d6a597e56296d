"""The few calls that matter, as raw bytes: tried again when that may help, and whole or an error."""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Container, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

import msgspec

from ..errors import ElasticError
from .connect import Connection
from .plain import PASSING, explain, no_answer, not_elastic, partial

__all__ = ["Wire", "path"]

TRIES = 8
FIRST_WAIT = 0.25  # seconds; doubled each time, up to the longest
LONGEST_WAIT = 15.0
SHARDS_TRIES = 4
"""How often lost shards are tried while the cluster does nothing to bring them back."""

_JSON = "application/json"
_LINES = "application/x-ndjson"
_SHARDS = re.compile(rb'"_shards":\{[^}]*?"failed":(\d+)')
_CLUSTERS = re.compile(rb'"_clusters":\{[^{}]*?"skipped":(\d+)')
_PRODUCT = "x-elastic-product"
_RETURNING = "initializing_shards,delayed_unassigned_shards,number_of_in_flight_fetch,number_of_pending_tasks"


def path(index: str, *rest: str) -> str:
    """Return the path of a request about an index, with nothing in it that is not of a name.

    Parameters
    ----------
    index : str
        See `attackviz.elastic.address.check_index`; empty for all of the cluster.
    *rest : str
        Further parts, such as ``_search``.

    Examples
    --------
    >>> path("logs-*,other", "_search")
    '/logs-*,other/_search'
    >>> path("<logs-{now/d}>", "_count")
    '/%3Clogs-%7Bnow%2Fd%7D%3E/_count'
    """
    return "".join(f"/{quote(part, safe=',*')}" for part in (index, *rest) if part)


class Wire:
    """Talk to a cluster; threads may share one, and it can go to another process.

    What fails for a moment (429, 502, 503, 504, no connection, no answer in
    time) is tried again after a growing wait with jitter; a cluster that never
    answered is given up after the second try, so that a wrong URL is told at once,
    and so are shards that are lost, unless the cluster is about to bring them back.

    Parameters
    ----------
    connection : Connection
    tries : int
        How often a request is tried in all.
    seed : int, optional
        Of the jitter.
    wait : callable, optional
        What waits, given seconds; `time.sleep` by default.

    Attributes
    ----------
    repeated : int
        Requests that were tried again so far.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        tries: int = TRIES,
        seed: int | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection, self.tries, self.repeated = connection, tries, 0
        self._seed, self._wait = seed, wait
        self._random = random.Random(seed)  # noqa: S311 - spreads waits, keeps no secret
        self._lock = threading.Lock()
        self._met = False

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.connection, self.tries, self._seed)

    @property
    def name(self) -> str:
        """The cluster in words, nothing secret."""
        return self.connection.name

    def get(self, target: str, params: Mapping[str, Any] | None = None) -> bytes:
        """Return what is at a path; see `request`."""
        return self.request("GET", target, params)

    def post(
        self, target: str, params: Mapping[str, Any] | None = None, body: bytes | None = None, *, lines: bool = False
    ) -> bytes:
        """Send a body to a path, and return the answer; see `request`."""
        return self.request("POST", target, params, body, lines=lines)

    def put(self, target: str, params: Mapping[str, Any] | None = None, body: bytes | None = None) -> bytes:
        """Put a body at a path, and return the answer; see `request`."""
        return self.request("PUT", target, params, body)

    def delete(self, target: str, params: Mapping[str, Any] | None = None, body: bytes | None = None) -> bytes:
        """Delete what is at a path, and return the answer; see `request`."""
        return self.request("DELETE", target, params, body)

    def exists(self, target: str) -> bool:
        """Return whether there is something at a path."""
        try:
            self.request("HEAD", target)
        except ElasticError as error:
            if error.status == 404:
                return False
            raise
        return True

    def search(
        self,
        target: str,
        params: Mapping[str, Any] | None = None,
        body: bytes = b"{}",
        *,
        timeout: float | None = None,
        leave: Container[str] = (),
    ) -> bytes:
        """Send a search, and return its answer if it is whole.

        Parameters
        ----------
        target : str
            Such as ``/_search`` for one with a point in time.
        params : mapping, optional
            To a ``filter_path`` is added what it takes to see that it is whole.
        body : bytes
        timeout : float, optional
            Seconds, instead of the connection's.
        leave : container of str
            See `request`.

        Raises
        ------
        ElasticError
            As `request`; with the code ``partial`` if shards failed.
        """
        whole = dict(params or {})
        if "filter_path" in whole:
            whole["filter_path"] = f"{whole['filter_path']},timed_out,_shards.failed,_clusters.skipped"
        if target.endswith("/_search"):
            whole.setdefault("allow_partial_search_results", "false")
        answer = self.request("POST", target, whole, body, timeout=timeout, leave=leave)
        # These stand before the hits; no text in a document can look like them, for its quotes are escaped.
        hits = answer.find(b'"hits":')
        end = hits if hits >= 0 else len(answer)
        failed, skipped = (_first(each, answer, end) for each in (_SHARDS, _CLUSTERS))
        timed_out = answer.find(b'"timed_out":true', 0, end) >= 0
        if timed_out or failed or skipped:
            raise partial(failed, timed_out, self._where(target), skipped)
        return answer

    def request(
        self,
        method: str,
        target: str,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        *,
        lines: bool = False,
        timeout: float | None = None,
        tries: int | None = None,
        leave: Container[str] = (),
    ) -> bytes:
        """Send a request, and return the bytes of the answer.

        What is sent again may have been done already, and only its answer lost:
        give documents ids, or try once.

        Parameters
        ----------
        method : str
        target : str
            From the slash on, quoted (see `path`), without parameters.
        params : mapping, optional
            Of the query; quoted here.
        body : bytes, optional
            JSON.
        lines : bool
            Whether the body is lines of JSON.
        timeout : float, optional
            Seconds, instead of the connection's.
        tries : int, optional
            Instead of the wire's; 1 for those who do something else when it fails.
        leave : container of str
            Codes of errors after which it is not tried again: the caller mends those.

        Returns
        -------
        bytes

        Raises
        ------
        ElasticError
            If it is refused, or fails to the last.
        """
        full = f"{target}?{urlencode({k: _text(v) for k, v in params.items()}, safe=',*')}" if params else target
        allowed = self.tries if tries is None else tries
        attempt = 0
        while True:
            answer, error, after = self._once(method, full, target, body, _LINES if lines else _JSON, timeout)
            if error is None:
                return answer
            attempt += 1
            # Who never answered will hardly do so soon; other hosts are asked, though.
            limit = allowed if self._met else min(allowed, max(2, len(self.connection.hosts)))
            if attempt >= limit or error.code in leave or not _worth_repeating(error):
                raise error
            if error.code == "shards" and attempt >= SHARDS_TRIES and not self._returning():
                raise error
            self._pause(attempt, after)

    def _once(
        self, method: str, full: str, target: str, body: bytes | None, kind: str, timeout: float | None
    ) -> tuple[bytes, ElasticError | None, float]:
        """Return the answer, or the error, and how many seconds the server wants us to wait."""
        from elastic_transport import HttpHeaders, TransportError

        pool = self.connection.transport().node_pool
        node = pool.get()
        headers = HttpHeaders({"accept": _JSON})
        if body is not None:
            headers["content-type"] = kind
        if self.connection.authorization is not None:
            headers["authorization"] = self.connection.authorization
        try:
            meta, answer = node.perform_request(
                method, full, body=body, headers=headers, request_timeout=timeout or self.connection.timeout
            )
        except TransportError as error:
            pool.mark_dead(node)
            return b"", no_answer(error, self._where(target)), 0.0
        if meta.status in (502, 503, 504):
            pool.mark_dead(node)
        else:
            pool.mark_live(node)
        if 200 <= meta.status < 300:
            if not self._met:
                if _PRODUCT not in meta.headers:
                    return b"", not_elastic(self._root(node, headers), self.name), 0.0
                self._met = True
            return answer, None, 0.0
        if not self._met and _PRODUCT not in meta.headers and meta.status not in (401, 403, *PASSING):
            return b"", not_elastic(self._root(node, headers), self.name), 0.0
        self._met = self._met or _PRODUCT in meta.headers
        return b"", explain(meta.status, answer, self._where(target), _index(target)), _seconds(meta.headers)

    def _returning(self) -> bool:
        """Return whether the cluster is bringing shards back, as after a start; not if it may not be asked."""
        target = "/_cluster/health"
        answer, error, _ = self._once("GET", f"{target}?filter_path={_RETURNING}", target, None, _JSON, None)
        return error is None and any(msgspec.json.decode(answer).values())

    def _root(self, node: Any, headers: Mapping[str, str]) -> dict[str, Any] | None:
        """Return what a server says about itself, if it does."""
        from elastic_transport import HttpHeaders, TransportError

        rest = HttpHeaders({name: value for name, value in headers.items() if name != "content-type"})
        try:
            found = msgspec.json.decode(node.perform_request("GET", "/", headers=rest)[1])
        except (TransportError, msgspec.DecodeError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def _pause(self, attempt: int, after: float) -> None:
        with self._lock:
            self.repeated += 1
            spread = 0.5 + self._random.random() / 2
        if attempt < len(self.connection.hosts) and not after:
            return  # the next host may be well
        self._wait(max(after, min(FIRST_WAIT * 2 ** (attempt - 1), LONGEST_WAIT) * spread))

    def _where(self, target: str) -> str:
        index = _index(target)
        return f"{self.name}/{index}" if index else self.name


def _first(pattern: re.Pattern[bytes], answer: bytes, end: int) -> int:
    """Return the number that a pattern finds before some place; 0 without one."""
    match = pattern.search(answer, 0, end)
    return int(match[1]) if match else 0


def _again(connection: Connection, tries: int, seed: int | None) -> Wire:
    return Wire(connection, tries=tries, seed=seed)


def _worth_repeating(error: ElasticError) -> bool:
    # A point in time that is gone stays gone, and so do the bytes of a full disk.
    return error.code not in ("context", "disk") and (
        error.status in PASSING or (error.status is None and error.passing)
    )


def _index(target: str) -> str:
    first = unquote(target.strip("/").split("/")[0])
    return "" if first.startswith("_") else first


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _seconds(headers: Mapping[str, str]) -> float:
    try:
        return min(float(headers.get("retry-after", 0)), LONGEST_WAIT)
    except ValueError:
        return 0.0  # a date; the growing wait will do
