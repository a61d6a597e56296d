"""Objects of S3 as they come: read whole or not at all, and put together where they are small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from ..account import Account
from ..errors import FormatError
from ..formats import Format, Options
from ..schema import COLUMNS
from .reading import tables
from .s3 import S3Object

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TOGETHER", "ObjectReader", "joined"]

TOGETHER = 65_536
"""Events that are handed over at once, about."""


@dataclass(frozen=True, slots=True)
class _Whole:
    """An object whose transfer is not cut short, but fails; a `Stored`."""

    item: S3Object

    @property
    def name(self) -> str:
        return self.item.name

    @property
    def size(self) -> int:
        return self.item.size

    @property
    def explicit(self) -> bool:
        return True

    @property
    def modified(self) -> datetime | None:
        return self.item.modified

    def pieces(self, account: Account, size: int) -> Iterator[bytes]:
        return self.item.ahead.pieces(self.item, size)


class ObjectReader:
    """Read object after object; what is told of them does not grow with their number.

    Parameters
    ----------
    name : str
        What they are called together.
    form : Format or None
        Their format; told by content, each by itself, if None.
    options : Options
        How they are read; columns are always all.
    account : Account
        Told what became of every piece; objects that are no logs are left out of it, by reason.
    """

    def __init__(self, name: str, form: Format | None, options: Options, account: Account) -> None:
        self.name, self.form, self.account = name, form, account
        self.options = replace(options, columns=tuple(COLUMNS))

    def read(self, item: S3Object, advance: Callable[[int], None]) -> Iterator[pa.Table]:
        """Give the events of an object, with ids by which they are known again.

        Parameters
        ----------
        item : S3Object
        advance : callable
            Called with the number of bytes read, piece by piece.

        Yields
        ------
        pyarrow.Table

        Raises
        ------
        FormatError
            If it is of no known format.
        ReadError
            If it cannot be read to its end.
        """
        own = Account()
        try:
            yield from tables(_Whole(item), self.form, self.options, own, advance)
        except FormatError:
            own.skipped.clear()  # it is for whoever asked to say what becomes of it
            raise
        finally:
            if own.truncated:
                own.flags["objects that end before they should"] += 1
            own.files = dict.fromkeys([self.name], next(iter(own.files.values()))) if own.files else {}
            skipped, own.skipped, own.truncated, own.notes = own.skipped, {}, [], []
            self.account.take(own)
            for why in skipped.values():
                self.leave_out(why)

    def leave_out(self, why: str) -> None:
        """Count an object that is not read."""
        self.account.pieces += 1
        self.account.left_out[f"objects: {why}"] += 1


def joined(some: Sequence[pa.Table]) -> pa.Table | None:
    """Return tables as one; None if they hold no event."""
    import pyarrow as pa

    held = [table for table in some if table.num_rows]
    return pa.concat_tables(held, promote_options="default").unify_dictionaries() if held else None
