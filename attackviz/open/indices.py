"""Indices of a cluster beside files: their events batch by batch, with the same account and progress."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from ..account import Account
from ..errors import UsageError
from ..formats import FormatLike, Options
from ..sources import FileProgress, Progress, Stored

if TYPE_CHECKING:
    import pyarrow as pa

    from ..elastic import Elastic
    from ..elastic.pull import PullProgress

__all__ = ["opened", "pulled"]


def opened(addresses: Sequence[str], form: FormatLike | None, bad: object | None) -> list[Elastic]:
    """Return indices; nothing is asked of their clusters.

    Parameters
    ----------
    addresses : sequence of str
        As `attackviz.elastic.Address` reads them.
    form : str, Mapping or path, optional
        What their documents are.
    bad : object or None
        Where bad pieces were to be written.

    Raises
    ------
    UsageError
        If `bad` is wanted: documents that become no event stay where they are.
    """
    if not addresses:
        return []
    if bad is not None:
        hint = "leave it out: the account counts them, with samples"
        raise UsageError("bad pieces are kept of files, not of an index", hint=hint)
    from ..elastic import Elastic

    return [Elastic(address, format=form) for address in addresses]


def pulled(
    indices: Sequence[Elastic],
    options: Options,
    account: Account,
    tell: Callable[[Progress], None] | None,
    files: Sequence[Stored],
) -> Generator[pa.Table, None, None]:
    """Yield the events of indices, one after the other.

    Parameters
    ----------
    indices : sequence of Elastic
    options : Options
        What is wanted of them.
    account : Account
        Told of every document, slice by slice.
    tell : callable or None
        Called with a `Progress`.
    files : sequence of Stored
        What has been read before.
    """
    items = [FileProgress(file.name, file.size, file.size, done=True) for file in files]
    items += [FileProgress(index.index, 0) for index in indices]
    for number, index in enumerate(indices, len(files)):
        told = _Told(tell, items, number, sum(file.size for file in files), account)
        with index.scan(options.window, None, options.columns, tz=options.tz, progress=told) as pull:
            told.own = pull.account
            try:
                yield from pull
            finally:
                account.take(pull.account)
        items[number].done = True


class _Told:
    """Say how far an index is as a part of all that is read."""

    def __init__(
        self,
        tell: Callable[[Progress], None] | None,
        items: list[FileProgress],
        at: int,
        size: int,
        account: Account,
    ) -> None:
        self.own = Account()
        self._tell, self._items, self._at, self._size, self._account = tell, items, at, size, account

    def __call__(self, pull: PullProgress) -> None:
        item = self._items[self._at]
        item.bytes, item.bytes_done = pull.documents, min(pull.done, pull.documents)
        if self._tell is None:
            return
        self._tell(
            Progress(
                files=len(self._items),
                files_done=self._at,
                bytes=self._size,
                bytes_done=self._size,
                documents=item.bytes,
                documents_done=item.bytes_done,
                events=self._account.events + self.own.events,
                bad=self._account.bad_total + self.own.bad_total,
                rate=pull.rate,
                eta_s=pull.eta_s,
                items=self._items,
            )
        )
