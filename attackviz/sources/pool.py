"""Make events of many small files at once.

To make events of a batch costs some milliseconds however few they are, so that
thousands of small files would take longer than one file with all their lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..account import Account
from ..formats import Batch, Format, Options, build
from ..formats.written import Written

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Pool"]

_ROWS = 1 << 16
# A batch of more rows is worth the making by itself.
_SMALL = 1 << 13


class Pool:
    """Hold the fields of small batches of one format until there are enough of them.

    Parameters
    ----------
    options : Options
        What is wanted of all.

    Attributes
    ----------
    account : Account
        What the making of events tells: flags, events outside the window.
    """

    def __init__(self, options: Options) -> None:
        self.account = Account()
        self._options = options
        self._form: Format | None = None
        self._waiting: list[Batch] = []

    def takes(self, form: Format) -> bool:
        """Return whether events of a format are the same whichever file of it they came from.

        They are not where a file's age tells the year, and ids tell the file.
        """
        alike = form.kind in ("json", "csv") and form.mapping is None and not form.yearless
        return alike and not self._options.ids

    def add(self, batch: Batch, form: Format) -> Iterator[pa.Table]:
        """Take a batch; give the tables that are due."""
        if form is not self._form or batch.length >= _SMALL:
            yield from self.flush()
        self._form = form
        self._waiting.append(batch)
        if batch.length >= _SMALL or sum(each.length for each in self._waiting) >= _ROWS:
            yield from self.flush()

    def flush(self) -> Iterator[pa.Table]:
        """Give what waits."""
        if self._waiting and self._form is not None:
            batch, self._waiting = _joined(self._waiting), []
            yield build(batch, self._form, self.account, self._options)


def _joined(batches: list[Batch]) -> Batch:
    if len(batches) == 1:
        return batches[0]
    paths = dict.fromkeys(path for batch in batches for path in batch.columns)
    columns = {path: _column([batch.columns.get(path, [None] * batch.length) for batch in batches]) for path in paths}
    return Batch(sum(batch.length for batch in batches), columns)


def _column(parts: list[list[object] | Written]) -> list[object] | Written:
    if not any(isinstance(part, Written) for part in parts):
        return [value for part in parts for value in part]  # type: ignore[union-attr]
    import numpy as np
    import pyarrow as pa

    written = [part if isinstance(part, Written) else Written.of(part) for part in parts]
    return Written(pa.concat_arrays([part.text for part in written]), np.concatenate([part.kind for part in written]))
