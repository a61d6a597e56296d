"""What a format is: the fields it needs, how to know it, how to build events."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from .columns import Columns

__all__ = ["OF_TPOT", "Format", "keys_of"]

OF_TPOT = frozenset({"t-pot_hostname", "t-pot_ip_ext", "t-pot_ip_int"})
"""Keys by which T-Pot's documents are told from records of the honeypots and sensors it runs."""


@dataclass(frozen=True, slots=True)
class Format:
    """Describe how the lines of one kind of log become events.

    Attributes
    ----------
    name : str
        As given to ``read(..., format=...)``.
    title : str
        What people call it.
    kind : str
        ``json``, ``csv``, ``logfmt``, ``text`` (regular lines) or ``table`` (Parquet, Arrow).
    fields : tuple of str
        Fields of the log that are read; a dot steps into an object.
    known_by : tuple of frozenset of str
        Sets of keys; an object that has all of any set is of this format.
    build : callable
        From the columns of a batch to columns of the event table; a column may
        be a function that makes it, called only if the column is wanted.
    dotted : bool
        Whether nested fields also occur as flat keys with dots.
    foreign : frozenset of str
        Keys of other logs; an object that has any of them is not of this format.
    pattern : str
        Of ``text``: what a whole line looks like, without its end; the named
        groups are fields. To be read by Arrow (RE2) and Python alike.
    sign : str
        Of ``text``: what a line begins like that makes the format known; the
        pattern if empty. Other lines of the pattern may be anybody's.
    delimiter : str
        Of ``csv``: what parts the fields; the header tells if empty.
    names : tuple of str
        Of ``csv``: the fields, where files do not begin with their names.
    magic : tuple of bytes
        Of ``table``: what a file of this format begins with, any of these.
    clock : tuple of str
        What `Columns.time` is called with for ``time``, if nothing else is
        looked at for it: where a window is asked for, rows outside it are then
        dropped before other columns are made.
    yearless : bool
        Whether times may lack a year, so that the age of the file matters.
    leave_out : callable or None
        Names the rows that are no events of this format (`Columns.leave_out`)
        before other columns are made; fields it derives are there for `build`.
    detected : bool
        Whether it is told by content; if not, only its name asks for it.
    plain : tuple of (str, str)
        Columns that are the value of one field, unchanged but for the
        case of countries, and the field: who keeps the log in an
        index can ask that for such values.
    sets : tuple of str
        Fields whose lists are sets: in which order their values stand makes no
        difference to any column.
    mapping : object
        What a user's own format was made from, so that another process can make
        it, too; None for ours.
    """

    name: str
    title: str
    kind: str
    fields: tuple[str, ...]
    known_by: tuple[frozenset[str], ...]
    build: Callable[[Columns], dict[str, pa.Array | Callable[[], pa.Array]]]
    dotted: bool = False
    foreign: frozenset[str] = frozenset()
    pattern: str = ""
    sign: str = ""
    delimiter: str = ","
    names: tuple[str, ...] = ()
    magic: tuple[bytes, ...] = ()
    clock: tuple[str, ...] = ()
    yearless: bool = False
    leave_out: Callable[[Columns], None] | None = None
    detected: bool = True
    plain: tuple[tuple[str, str], ...] = ()
    sets: tuple[str, ...] = ()
    mapping: Any = None

    @property
    def outermost(self) -> frozenset[str]:
        """Names of the fields that are read, or of the objects that hold them."""
        return frozenset(path.partition(".")[0] for path in self.fields)

    def knows(self, keys: Iterable[str]) -> bool:
        """Return whether an object with these keys is of this format.

        Parameters
        ----------
        keys : iterable of str
            As from `keys_of`.
        """
        present = frozenset(keys)
        return self.foreign.isdisjoint(present) and any(wanted <= present for wanted in self.known_by)

    def same_log(self, other: Format) -> bool:
        """Return whether another format reads the same logs, for other events in them.

        Parameters
        ----------
        other : Format
        """
        return (self.kind, self.known_by, self.sign or self.pattern, self.magic) == (
            other.kind,
            other.known_by,
            other.sign or other.pattern,
            other.magic,
        )


def keys_of(value: dict[str, Any]) -> set[str]:
    """Return the keys of an object, those of its inner objects after a dot.

    Examples
    --------
    >>> sorted(keys_of({"a": {"b": 1}, "c": 2}))
    ['a', 'a.b', 'c']
    """
    keys = set(value)
    for key, inner in value.items():
        if isinstance(inner, dict):
            keys.update(f"{key}.{name}" for name in inner)
    return keys
