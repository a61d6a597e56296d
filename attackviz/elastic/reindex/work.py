"""What is done with the documents of a slice: read, change, write back."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from ..documents import Hit
from ..enrichment import Enrichment
from ..letters import Letter
from ..query import Query, all_of
from ..write import Writer
from .merging import merged, placed, spliced
from .processors import Failed, Processor, load
from .reading import read

if TYPE_CHECKING:
    from ..letters import Keeper
    from ..slices import Slice
    from .task import Task

__all__ = ["Change", "Work"]


@dataclass(frozen=True, slots=True)
class Change:
    """Hold what would become of a document.

    Attributes
    ----------
    index, id : str
        Which one.
    before, after : dict
        All of it; the same where nothing changes.
    problem : str or None
        Why it cannot be changed.
    """

    index: str
    id: str
    before: dict[str, Any]
    after: dict[str, Any]
    problem: str | None = None


class Work:
    """Change the documents of slices, one slice after the other.

    Parameters
    ----------
    task : Task
    letters : Keeper
        Told of documents that cannot be changed.

    Raises
    ------
    UsageError
        If there is no such processor.
    """

    def __init__(self, task: Task, letters: Keeper) -> None:
        self._task, self._letters = task, letters
        self._processor = Processor(load(task.processor), task.at_once) if task.processor else None
        self._enrichment = _enrichment(task) if task.enrich else None

    def do(self, piece: Slice, told: Callable[[int], None]) -> Counter[str]:
        """Change the documents of a slice; when this returns, all of it is settled.

        Parameters
        ----------
        piece : Slice
        told : callable
            Given how many documents were read since the last time.

        Returns
        -------
        Counter
            ``documents == written + unchanged + refused``; also ``conflicts``,
            ``halved``, and ``refused.REASON`` each.

        Raises
        ------
        ElasticError
            If the cluster gives or takes no more.
        """
        task, counts = self._task, Counter[str]()
        writers: dict[str, Writer] = {}
        # What is to be merged into documents that others change before they are replaced.
        changes: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        with ExitStack() as stack:
            for hits in read(task.wire, task.index, self._query(piece)):
                counts["documents"] += len(hits)
                for index, (lines, ids) in self._actions(hits, counts, changes).items():
                    if index not in writers:
                        writers[index] = stack.enter_context(self._writer(index))
                    writers[index].send(pa.array(lines, pa.string()), pa.array(ids, pa.string()))
                told(len(hits))
        every = list(writers.values())
        for index, writer in writers.items():
            if writer.stale:
                every.append(self._updated(index, writer.stale, changes[index]))
        for writer in every:
            written = writer.written
            counts["written"] += written.created + written.existing
            counts["conflicts"] += written.conflicts
            counts["halved"] += written.halved
            _refused(counts, written.refused)
        return counts

    def _updated(self, index: str, stale: Sequence[str], changes: Mapping[str, list[str]]) -> Writer:
        """Merge changes into documents as they are now, in the cluster."""
        with Writer(self._task.wire, index, op="update", letters=self._letters) as writer:
            pairs = [(lines, name) for name in dict.fromkeys(stale) for lines in changes[name]]
            writer.send(*(pa.array(column, pa.string()) for column in zip(*pairs, strict=True)))
        return writer

    def preview(self, count: int, piece: Slice) -> list[Change]:
        """Return what would become of some documents of a slice, without writing any.

        Parameters
        ----------
        count : int
        piece : Slice
        """
        task = self._task
        found = read(task.wire, task.index, self._query(piece), count)
        hits = next(found, [])[:count]
        found.close()
        changes = []
        for hit, change in zip(hits, self._changes(hits), strict=True):
            before = _decoded(hit)
            after = merged(before, change) if isinstance(change, dict) else before
            problem = change if isinstance(change, Failed) else _both(before, change or {})
            changes.append(
                Change(hit.index, hit.id, before, before, problem.reason)
                if isinstance(problem, Failed)
                else Change(hit.index, hit.id, before, after)
            )
        return changes

    def close(self) -> None:
        """End what the processor runs in."""
        if self._processor is not None:
            self._processor.close()

    def _query(self, piece: Slice) -> Query:
        return all_of([self._task.query, piece.query(self._task.time)])

    def _writer(self, index: str) -> Writer:
        task = self._task
        return Writer(task.wire, index, op=task.op, letters=self._letters, earlier=task.earlier)

    def _actions(
        self, hits: Sequence[Hit], counts: Counter[str], changes: dict[str, dict[str, list[str]]]
    ) -> dict[str, tuple[list[str], list[str]]]:
        """Return lines of bulk requests and their ids, by index; what cannot be changed is kept and counted.

        A partial update costs the cluster three times what it costs to replace
        a document: it fetches each by itself. So they are replaced, if they are
        still what was read, and updated only where they are not.
        """
        task, dead = self._task, []
        found: dict[str, tuple[list[str], list[str]]] = {}
        for hit, made in zip(hits, self._made(hits), strict=True):
            if isinstance(made, Failed):
                dead.append(Letter(hit.index, hit.id, 0, "processor", made.reason, bytes(hit.source).decode()))
                continue
            if made is None:
                counts["unchanged"] += 1
                continue
            whole, change = made
            lines, ids = found.setdefault(task.to or hit.index, ([], []))
            ids.append(hit.id)
            if task.to is not None:
                lines.append(f"{_head(task.op, _About(hit.id, hit.routing))}\n{whole}\n")
                continue
            about = _About(hit.id, hit.routing, hit.seq_no, hit.primary_term, "_none")
            lines.append(f"{_head('index', about)}\n{whole}\n")
            update = _head("update", _About(hit.id, hit.routing))
            changes[hit.index][hit.id].append(f'{update}\n{{"doc":{change}}}\n')
        if dead:
            _refused(counts, Counter(processor=len(dead)))
            self._letters.keep(dead)
        return found

    def _made(self, hits: Sequence[Hit]) -> Iterator[tuple[str, str] | Failed | None]:
        """Yield what becomes of each document, and what is merged into it for that; None where nothing is."""
        copied = self._task.to is not None
        if self._processor is None and self._enrichment is not None:
            for hit, text in zip(hits, self._enrichment.changes(hits), strict=True):
                if text is None:
                    yield (_line(hit.source), "") if copied else None
                    continue
                whole = spliced(bytes(hit.source), text.encode(), self._enrichment.keys)
                yield (_line(whole), text) if whole is not None else _both(_decoded(hit), msgspec.json.decode(text))
            return
        for hit, change in zip(hits, self._changes(hits), strict=True):
            if isinstance(change, Failed):
                yield change
            elif change:
                yield _both(_decoded(hit), change)
            else:
                yield (_line(hit.source), "") if copied else None

    def _changes(self, hits: Sequence[Hit]) -> list[dict[str, Any] | Failed | None]:
        """Return what is to be merged into each document."""
        changes: list[dict[str, Any] | Failed | None] = [None] * len(hits)
        documents = [_decoded(hit) for hit in hits]
        if self._enrichment is not None:
            for number, text in enumerate(self._enrichment.changes(hits)):
                if text is not None:
                    change = placed(msgspec.json.decode(text), documents[number])
                    changes[number] = change
                    documents[number] = merged(documents[number], change)
        if self._processor is None:
            return changes
        for number, result in enumerate(self._processor(documents)):
            first = changes[number]
            if isinstance(result, Failed):
                changes[number] = result
            elif result:
                changes[number] = merged(first, result) if isinstance(first, dict) else result
        return changes


def _enrichment(task: Task) -> Enrichment:
    from ...geo import open_database, read_targets

    located = "geo" in task.enrich
    return Enrichment(
        task.enrich,
        task.documents,
        open_database(task.geoip) if located else None,
        read_targets(task.targets) if located and task.targets is not None else None,
    )


def _refused(counts: Counter[str], reasons: Counter[str]) -> None:
    for reason, count in reasons.items():
        counts["refused"] += count
        counts[f"refused.{reason}"] += count


class _About(msgspec.Struct, omit_defaults=True, gc=False):
    id: str = msgspec.field(name="_id")
    routing: str | None = None
    if_seq_no: int | None = None
    if_primary_term: int | None = None
    pipeline: str | None = None  # a document that was there has been through it


def _head(op: str, about: _About) -> str:
    return f'{{"{op}":{_json(about)}}}'


def _decoded(hit: Hit) -> dict[str, Any]:
    found: dict[str, Any]
    try:
        found = msgspec.json.decode(hit.source)
    except msgspec.DecodeError:  # half a surrogate pair
        found = json.loads(bytes(hit.source))
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _line(source: bytes | msgspec.Raw) -> str:
    # As somebody wrote it, spread over lines, perhaps: there, a newline is nothing but space.
    return bytes(source).replace(b"\n", b" ").decode()


def _both(document: dict[str, Any], change: dict[str, Any]) -> tuple[str, str] | Failed:
    """Return a document with a change merged into it, and the change; or why that cannot be."""
    try:
        change = placed(change, document)
        return _json(merged(document, change)), _json(change)
    except (TypeError, ValueError, RecursionError) as error:
        return Failed(f"it returned what is no JSON: {error}")
