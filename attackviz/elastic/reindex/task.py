"""What every process of a job is told of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...formats import choose, own_formats
from ..documents import Documents
from ..query import Query

if TYPE_CHECKING:
    from ...formats import Format
    from ..wire import Wire

__all__ = ["Task"]


@dataclass(frozen=True, slots=True)
class Task:
    """Hold what is to be done with each document; it can go to another process.

    Attributes
    ----------
    wire : Wire
        To the cluster.
    index : str
        What is read.
    time : str
        Its field of times.
    query : dict or None
        The user's own.
    enrich : tuple of str
        Names of enrichments.
    form : Format or None
        What the documents are; None where nothing has to know.
    processor : str or None
        ``module:function``.
    at_once : int
        How many calls of it a process has under way.
    geoip, targets : tuple of Path or None, Path or None
        Databases of places, and where attacks arrive.
    to : str or None
        Where documents are copied to; they are changed where they are if None.
    op : str
        How they are copied: ``index``, or ``create`` for a data stream.
    earlier : tuple of str
        Further indices behind `to`.
    """

    wire: Wire
    index: str
    time: str
    query: Query | None = None
    enrich: tuple[str, ...] = ()
    form: Format | None = None
    processor: str | None = None
    at_once: int = 1
    geoip: tuple[Path, ...] | None = None
    targets: Path | None = None
    to: str | None = None
    op: str = "index"
    earlier: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        # A function cannot go to another process; what one's own format is made of can.
        meant = None if self.form is None else self.form.mapping or self.form.name
        return _again, ({each.name: getattr(self, each.name) for each in fields(self)} | {"form": None}, meant)

    @property
    def documents(self) -> Documents:
        """What makes events of the documents."""
        assert self.form is not None
        return Documents(self.index, self.form, self.time, {})


def _again(values: dict[str, Any], meant: Any) -> Task:
    return Task(**values | {"form": None if meant is None else choose(meant, own_formats())})
