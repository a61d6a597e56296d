"""What is done with the documents of a slice: read, change, write back."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from ..documents import Hit
from ..enrichment import Enrichment
from ..letters import Letter
from ..query import Query, all_of
from ..write import Writer
from .lines import Kept, about, lines, put, sources, spliced
from .merging import merged, placed
from .processors import Failed, Processor, load
from .reading import read

if TYPE_CHECKING:
    from ..letters import Keeper
    from ..slices import Slice
    from .task import Task

__all__ = ["Change", "Work"]

_UNDER_WAY = 2
"""Bodies of each process: one is indexed while one is made; a node pays for more of them at once, and gains nothing."""


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
        kept: dict[str, list[Kept]] = defaultdict(list)
        with ExitStack() as stack:
            for hits in read(task.wire, task.index, self._query(piece)):
                counts["documents"] += len(hits)
                for index, part in self._parts(hits):
                    made = self._new(part, counts, kept[index])
                    if index not in writers:
                        writers[index] = stack.enter_context(self._writer(index))
                    writers[index].send(*made)
                told(len(hits))
        every = list(writers.values())
        for index, writer in writers.items():
            if writer.stale:
                every.append(self._updated(index, writer.stale, kept[index]))
        for writer in every:
            written = writer.written
            counts["written"] += written.created + written.existing
            counts["conflicts"] += written.conflicts
            counts["halved"] += written.halved
            _refused(counts, written.refused)
        return counts

    def _updated(self, index: str, stale: Sequence[str], kept: Sequence[Kept]) -> Writer:
        """Merge changes into documents as they are now, in the cluster."""
        with Writer(self._task.wire, index, op="update", letters=self._letters) as writer:
            for each in kept:
                writer.send(*each.updates(stale))
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
        return Writer(task.wire, index, op=task.op, letters=self._letters, workers=_UNDER_WAY, earlier=task.earlier)

    def _parts(self, hits: Sequence[Hit]) -> Iterable[tuple[str, Sequence[Hit]]]:
        """Return documents by the index they go to."""
        if self._task.to is not None:
            return [(self._task.to, hits)]
        found: dict[str, list[Hit]] = defaultdict(list)
        for hit in hits:
            found[hit.index].append(hit)
        return found.items()

    def _new(self, hits: Sequence[Hit], counts: Counter[str], kept: list[Kept]) -> tuple[pa.Array, pa.Array]:
        """Return lines of bulk requests and their ids; what cannot be changed is kept apart, and counted.

        A partial update costs the cluster three times what it costs to replace
        a document: it fetches each by itself. So they are replaced, if they are
        still what was read, and updated only where they are not.
        """
        whole, objects, failed = self._made(hits)
        if failed:
            _refused(counts, Counter(processor=len(failed)))
            there = [(hits[row], reason) for row, reason in failed.items()]
            letters = (Letter(hit.index, hit.id, 0, "processor", why, bytes(hit.source).decode()) for hit, why in there)
            self._letters.keep(letters)
        wanted = whole.is_valid()
        counts["unchanged"] += len(hits) - wanted.true_count - len(failed)
        heads = about(hits, version=self._task.to is None).filter(wanted)
        whole = whole.filter(wanted)
        if self._task.to is None:
            kept.append(Kept(heads, objects.filter(wanted)))
        return lines(self._task.op, heads, whole), heads["_id"].combine_chunks()

    def _made(self, hits: Sequence[Hit]) -> tuple[pa.Array, pa.Array, dict[int, str]]:
        """Return documents as they will be, what is merged into them for that, and why some cannot be changed.

        Null is what is not to be written.
        """
        nothing = pa.nulls(len(hits), pa.string())
        whole, objects, results = nothing, nothing, {}
        if self._processor is None and self._enrichment is not None:
            objects = self._enrichment.changes(hits)
            whole = spliced(sources(hits), objects, self._enrichment.keys)
            odd = pc.and_(objects.is_valid(), whole.is_null())
            for row in pc.indices_nonzero(odd).to_pylist():
                results[row] = _both(_decoded(hits[row]), msgspec.json.decode(objects[row].as_py()))
        elif self._processor is not None:
            for row, change in enumerate(self._changes(hits)):
                if change:
                    results[row] = change if isinstance(change, Failed) else _both(_decoded(hits[row]), change)
        failed = {row: each.reason for row, each in results.items() if isinstance(each, Failed)}
        good = {row: each for row, each in results.items() if not isinstance(each, Failed)}
        whole = put(whole, {row: text for row, (text, _) in good.items()})
        if self._task.to is not None:
            whole = pc.if_else(whole.is_null(), sources(hits), whole)
        whole = put(whole, dict.fromkeys(failed))
        return whole, put(objects, {row: change for row, (_, change) in good.items()}), failed

    def _changes(self, hits: Sequence[Hit]) -> list[dict[str, Any] | Failed | None]:
        """Return what is to be merged into each document."""
        changes: list[dict[str, Any] | Failed | None] = [None] * len(hits)
        documents = [_decoded(hit) for hit in hits]
        if self._enrichment is not None:
            for number, text in enumerate(self._enrichment.changes(hits).to_pylist()):
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


def _decoded(hit: Hit) -> dict[str, Any]:
    found: dict[str, Any]
    try:
        found = msgspec.json.decode(hit.source)
    except msgspec.DecodeError:  # half a surrogate pair
        found = json.loads(bytes(hit.source))
    return found


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _both(document: dict[str, Any], change: dict[str, Any]) -> tuple[str, str] | Failed:
    """Return a document with a change merged into it, and the change; or why that cannot be."""
    try:
        change = placed(change, document)
        return _json(merged(document, change)), _json(change)
    except (TypeError, ValueError, RecursionError) as error:
        return Failed(f"it returned what is no JSON: {error}")
