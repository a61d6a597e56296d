"""Events into an index: every document is there, was there before, or is kept with the reason why not.

Documents have fixed ids, so a request whose answer was lost is sent again
without harm, and so is a whole job that was killed.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from ..errors import ElasticError
from . import plain
from .address import check_index
from .bulk import SIZE, Body, actions, bodies, documents, identified, parts
from .letters import DeadLetters, Keeper, Letter
from .template import find, one_name, setup
from .wire import Wire, path
from .written import Written

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Writer", "write"]

WORKERS = 3
"""Bodies under way at once: one is indexed, one is sent, one is made."""

TRIES = 10  # in a row, in which nothing of a body is taken
SHARDS_TRIES = 3  # of them, where shards are lost: the cluster itself waits a minute for each
ASKED = 10_000  # ids at once, as many as a search may return
SMALLEST = 64 << 10  # bytes a body is halved to
_WAITS = (0.2, 10.0)  # seconds; the first, doubled each time, and the longest
_PARAMS = {"filter_path": "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by"}
_BUSY = frozenset({429, 502, 503, 504})
_AGAIN = "run it again: what is there already is not written twice"
# Said of one document, but true of all: such an error ends the work.
_OF_THE_INDEX = frozenset({"cluster_block_exception", "index_closed_exception", "index_not_found_exception"})
_OF_THE_ALIAS = ("only write ops with an op_type of create", "no write index is defined for alias")


class _Error(msgspec.Struct, gc=False):
    type: str = ""
    reason: str | None = None
    caused_by: dict[str, Any] | None = None


class _Item(msgspec.Struct, gc=False):
    status: int = 0
    error: _Error | None = None


class _Answer(msgspec.Struct, gc=False):
    errors: bool
    items: list[dict[str, _Item]] = []


class _Hit(msgspec.Struct, rename={"id": "_id"}, gc=False):
    id: str


class _Hits(msgspec.Struct, gc=False):
    hits: list[_Hit] = []


class _Found(msgspec.Struct, gc=False):
    hits: _Hits = msgspec.field(default_factory=_Hits)


_decode = msgspec.json.Decoder(_Answer).decode
_found = msgspec.json.Decoder(_Found).decode


class Writer:
    """Send documents in bulk; several bodies are under way at once.

    A body that the cluster has no room for (429, 413) is halved, and so are
    those after it, until it is well again; documents that meet a busy shard
    are sent again by themselves; one that does not fit the mapping is kept.

    Parameters
    ----------
    wire : Wire
    index : str
        An index, an alias with a write index, or a data stream.
    op : str
        ``create`` (what is there stays as it is), ``index`` (it is replaced;
        if lines say which change of it they mean, only that one) or ``update``
        (a conflict is tried again).
    letters : Keeper, optional
        Such as `DeadLetters`: where refused documents go; they are counted in any case.
    workers : int
        Bodies under way at once.
    size : int
        Bytes of a body.
    seed : int, optional
        Of the jitter between tries.
    pause : callable, optional
        What waits, given seconds; by default until then or until it is closed.
    earlier : sequence of str, optional
        Indices behind the same alias that take nothing any more: what they hold
        is there already.

    Attributes
    ----------
    written : Written
        What became of the documents so far; of all when it is closed.
    stale : list of str
        Ids of documents that were not replaced, for others had changed them;
        `written` counts their conflicts alone.
    """

    def __init__(
        self,
        wire: Wire,
        index: str,
        *,
        op: str = "create",
        letters: Keeper | None = None,
        workers: int = WORKERS,
        size: int = SIZE,
        seed: int | None = None,
        pause: Callable[[float], object] | None = None,
        earlier: Sequence[str] = (),
    ) -> None:
        self.written, self.stale = Written(), list[str]()
        self._wire, self._index, self._op, self._letters = wire, check_index(index), op, letters
        self._target = path(index, "_bulk")
        self._earlier = path(",".join(earlier), "_search") if earlier else ""
        if earlier:
            wire.post(path(",".join(earlier), "_refresh"))
        self._full = self._size = size
        self._workers = workers
        self._random = random.Random(seed)  # noqa: S311 - spreads waits, keeps no secret
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(workers, "attackviz-bulk")
        self._under_way: set[Future[None]] = set()
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait
        self._seen: Counter[bytes] = Counter()

    def write(self, table: pa.Table) -> None:
        """Send the events of a table; return when all but the last few bodies are settled.

        Parameters
        ----------
        table : pyarrow.Table
            An event table; ``event_id`` makes the id of each document. Events
            without one get an id made of all they hold.

        Raises
        ------
        ElasticError
            If the cluster takes no more; what was sent before may be there.
        """
        for part in parts(table):
            texts = documents(part)
            ids = identified(part, texts, self._seen)
            self.send(actions(ids, texts, self._op), ids)

    def send(self, lines: pa.Array, ids: pa.Array) -> None:
        """Send lines, as `attackviz.elastic.bulk.actions` makes them."""
        at = 0
        while at < len(lines):
            body = next(bodies(lines.slice(at), ids.slice(at), self._size))
            at += len(body)
            while len(self._under_way) >= self._workers:
                self._settle(wait(self._under_way, return_when=FIRST_COMPLETED).done)
            self._under_way.add(self._pool.submit(self._deliver, body))

    def flush(self) -> None:
        """Wait until all that was sent is settled.

        Raises
        ------
        ElasticError
            If something of it is not.
        """
        self._settle(wait(self._under_way).done)

    def close(self) -> None:
        """Stop: what is under way is settled, or abandoned after an error."""
        self._stopped.set()
        self._pool.shutdown(cancel_futures=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self.flush()
        finally:
            self.close()

    def _settle(self, done: Iterable[Future[None]]) -> None:
        for future in done:
            self._under_way.discard(future)
            future.result()

    def _deliver(self, body: Body) -> None:
        waiting = deque([self._new(body)])
        tries = 0
        while waiting and not self._stopped.is_set():
            part = waiting.popleft()
            if not len(part):
                break
            data = part.data()
            counted = Written(requests=1, bytes=len(data))
            failure: ElasticError | None
            try:
                answer = self._wire.request("POST", self._target, _PARAMS, data, lines=True, tries=1)
            except ElasticError as error:
                # Nothing of it was taken, or nobody knows: ids make sending it again harmless.
                again, failure = [*range(len(part))], error
                if error.status == 413 and len(part) == 1:
                    self._bury([self._letter(part, 0, _Item(413, _Error("too large", error.what)))], counted)
                    again, failure = [], None
            else:
                again, failure = self._read(part, answer, counted)
            stale = counted.conflicts if self._op == "index" else 0
            counted.documents = len(part) - len(again) - stale
            with self._lock:
                self.written.take(counted)
            if not again:
                tries = 0
                self._grow()
                continue
            tries = tries + 1 if len(again) == len(part) else 0
            if failure is not None and not _worth(failure, tries):
                raise _resumable(failure)
            left = part if len(again) == len(part) else part.only(again)
            waiting.extendleft(reversed(self._smaller(left, len(data), failure)))
            self._wait(tries)

    def _new(self, body: Body) -> Body:
        """Return the documents that no earlier index holds: an id is known to its own index alone."""
        if not self._earlier:
            return body
        there: set[str] = set()
        for at in range(0, len(body), ASKED):
            ids = body.ids.slice(at, ASKED).to_pylist()
            asked = {"query": {"ids": {"values": ids}}, "size": len(ids), "_source": False, "sort": ["_doc"]}
            answer = self._wire.search(self._earlier, {"filter_path": "hits.hits._id"}, msgspec.json.encode(asked))
            there.update(hit.id for hit in _found(answer).hits.hits)
        if not there:
            return body
        new = [row for row, each in enumerate(body.ids.to_pylist()) if each not in there]
        with self._lock:
            self.written.documents += len(body) - len(new)
            self.written.existing += len(body) - len(new)
        return body.only(new)

    def _smaller(self, body: Body, size: int, failure: ElasticError | None) -> list[Body]:
        """Return a body that was not taken, in halves where it was too much."""
        large = failure is not None and (failure.status == 413 or (failure.status == 429 and size >= SMALLEST))
        if not large or len(body) < 2:
            return [body]
        with self._lock:
            self._size = max(min(self._size, size) // 2, SMALLEST)
            self.written.halved += 1
        return body.halves()

    def _grow(self) -> None:
        with self._lock:
            self._size = min(self._size + (self._size >> 2), self._full)

    def _wait(self, tries: int) -> None:
        first, longest = _WAITS
        with self._lock:
            spread = 0.5 + self._random.random() / 2
        self._pause(min(first * 2**tries, longest) * spread)

    def _read(self, body: Body, answer: bytes, counted: Written) -> tuple[list[int], ElasticError | None]:
        """Count what became of each document; return those to be sent again, and why."""
        if answer.startswith(b'{"errors":false'):
            counted.created = len(body)
            return [], None
        again: list[int] = []
        dead: list[Letter] = []
        failure: ElasticError | None = None
        for row, (item,) in enumerate(each.values() for each in _decode(answer).items):
            status = item.status
            if status < 300:
                counted.created += 1
            elif status == 409 and self._op == "create":
                counted.existing += 1
            elif status == 409 and self._op == "index":
                counted.conflicts += 1
                self.stale.append(body.ids[row].as_py())
            elif status == 409:
                counted.conflicts += 1
                again.append(row)
                failure = failure or self._explained(item)
            elif status in _BUSY or self._of_the_index(item):
                again.append(row)
                failure = self._explained(item)
            else:
                dead.append(self._letter(body, row, item))
        self._bury(dead, counted)
        return again, failure

    def _bury(self, dead: list[Letter], counted: Written) -> None:
        for letter in dead:
            counted.refuse(letter)
        if dead and self._letters is not None:
            self._letters.keep(dead)

    def _of_the_index(self, item: _Item) -> bool:
        # The reason may quote the document: only how it begins is looked at.
        error = item.error or _Error()
        return (
            error.type in _OF_THE_INDEX
            or item.status in (401, 403)
            or (error.type == "illegal_argument_exception" and (error.reason or "").startswith(_OF_THE_ALIAS))
        )

    def _explained(self, item: _Item) -> ElasticError:
        error = item.error or _Error()
        body = msgspec.json.encode({"error": {"type": error.type, "reason": error.reason or ""}})
        return plain.explain(item.status, body, f"{self._wire.name}/{self._index}", self._index)

    def _letter(self, body: Body, row: int, item: _Item) -> Letter:
        error = item.error or _Error("unknown")
        said, inner = [error.reason or ""], error.caused_by
        while isinstance(inner, Mapping) and len(said) < 8:
            if inner.get("reason") and inner["reason"] not in said[-1]:
                said.append(str(inner["reason"]))
            inner = inner.get("caused_by")
        where = body.ids[row].as_py()
        return Letter(self._index, where, item.status, error.type, ": ".join(said), body.document(row))


def _worth(error: ElasticError, tries: int) -> bool:
    """Whether the same documents may be taken another time, perhaps in halves."""
    if error.status == 413:
        return True
    most = SHARDS_TRIES if error.code == "shards" else TRIES
    return tries < most and (error.passing or error.code == "conflict") and error.code != "disk"


def _resumable(error: ElasticError) -> ElasticError:
    hint = f"{error.hint}; then {_AGAIN}" if error.hint else _AGAIN
    return ElasticError(
        error.what, where=error.where, hint=hint, code=error.code, status=error.status, passing=error.passing
    )


def write(
    wire: Wire, index: str, tables: Iterable[pa.Table], *, letters: DeadLetters | None = None, **options: Any
) -> Written:
    """Write event tables into an index, and say what became of every event.

    Where nothing has that name, a place for it is set up first
    (`attackviz.elastic.template.setup`).

    Parameters
    ----------
    wire : Wire
    index : str
        An index, an alias with a write index, or a data stream.
    tables : iterable of pyarrow.Table
    letters : DeadLetters, optional
        Where refused documents go.
    **options
        As of `Writer`.

    Returns
    -------
    Written

    Raises
    ------
    ElasticError
        If the cluster takes no more.
    """
    place = find(wire, one_name(index, wire))
    if not place.kind:
        place = setup(wire, index)
    if place.kind == "alias" and not place.writes_to:
        hint = "say which: POST /_aliases with is_write_index, or name an index"
        raise ElasticError(f"the alias {index} has no index to write to", where=wire.name, hint=hint, code="alias")
    earlier = [each for each in place.indices if each != place.writes_to]
    with Writer(wire, index, letters=letters, earlier=earlier, **options) as writer:
        for table in tables:
            writer.write(table)
    return writer.written
