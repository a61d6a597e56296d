"""What can be added to documents: where an event came from and went, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from ..errors import UsageError
from ..formats import Options
from ..formats.stored import FIELDS, STORED
from .bulk import changes
from .documents import Documents, Hit, lines_of

if TYPE_CHECKING:
    from ..geo import Database, Targets

__all__ = ["ENRICHMENTS", "Enrichment", "enrichments"]

ENRICHMENTS: dict[str, tuple[str, ...]] = {
    "geo": tuple(name for name, field in FIELDS.items() if ".geo." in field or ".as." in field or name == "direction"),
    "verdict": ("verdict", "severity"),
}
"""What each enrichment adds, as columns of the event table."""

_NEEDED = {"geo": ("src_ip", "dst_ip", "dst_host", "sensor"), "verdict": ("verdict", "severity")}

_NUMBER = "_id"  # by which a row finds its document again: a field that no document has


def enrichments(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return the names of enrichments, each once.

    Parameters
    ----------
    given : str or sequence of str
        Names; as text with commas between them.

    Raises
    ------
    UsageError
        If there is none of that name.

    Examples
    --------
    >>> enrichments("geo,verdict")
    ('geo', 'verdict')
    """
    names = [each.strip() for each in given.split(",")] if isinstance(given, str) else list(given)
    for name in names:
        if name not in ENRICHMENTS:
            raise UsageError(f"there is no enrichment {name!r}", hint=f"give {' or '.join(ENRICHMENTS)}")
    return tuple(dict.fromkeys(names))


class Enrichment:
    """Make of documents what is to be merged into them.

    Parameters
    ----------
    names : sequence of str
        Keys of `ENRICHMENTS`.
    documents : Documents
        What makes events of them.
    database : Database, optional
        Where addresses are; the one that is found by default.
    targets : Targets, optional
        Where attacks arrive.

    Attributes
    ----------
    fields : dict of str to str
        The field that each column goes to. It is that of the Elastic Common
        Schema; it knows no verdict, so that one, and the severity in our words,
        go to ``labels``, and in documents of ours to ``attackviz``.
    keys : tuple of str
        The outermost keys of those fields.
    """

    def __init__(
        self,
        names: Sequence[str],
        documents: Documents,
        database: Database | None = None,
        targets: Targets | None = None,
    ) -> None:
        self._documents, self._database, self._targets = documents, database, targets
        self._located = "geo" in names
        needed = [column for name in names for column in _NEEDED[name]]
        self._options = Options(columns=(_NUMBER, *dict.fromkeys(needed)))
        self.fields = fields_of(names, documents)
        self.keys = tuple({field.partition(".")[0]: None for field in self.fields.values()})

    def changes(self, hits: Sequence[Hit]) -> pa.Array:
        """Return JSON objects to be merged into documents.

        Parameters
        ----------
        hits : sequence of Hit

        Returns
        -------
        pyarrow.Array of string
            Null where nothing is known, or the document is no event.
        """
        numbered = [Hit(id=str(number), source=hit.source) for number, hit in enumerate(hits)]
        rows, found = [pa.array([], pa.int64())], [pa.array([], pa.string())]
        for table in self._documents.tables([lines_of(numbered, ids=True)], Account(), self._options):
            rows.append(table[_NUMBER].combine_chunks().cast(pa.int64()))
            found.append(self._texts(table))
        # A row that is no event is not among them, and so null.
        where = pc.index_in(pa.array(range(len(hits)), pa.int64()), pa.concat_arrays(rows))
        texts = pa.concat_arrays(found).take(where)
        return pc.if_else(pc.equal(texts, "{}"), None, texts)

    def _texts(self, table: pa.Table) -> pa.Array:
        from ..geo import enrich

        if self._located:
            table = enrich(table, self._database, self._targets)
        return changes(table, {name: field for name, field in self.fields.items() if name in table.column_names})


def fields_of(names: Sequence[str], documents: Documents) -> dict[str, str]:
    """Return the field that each column of some enrichments goes to.

    Parameters
    ----------
    names : sequence of str
    documents : Documents
    """
    ours = documents.form.name == STORED.name
    columns = [column for name in names for column in ENRICHMENTS[name]]
    return {
        column: FIELDS[column] if ours or column not in ENRICHMENTS["verdict"] else f"labels.{column}"
        for column in columns
    }
