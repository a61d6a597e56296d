"""The account: what became of every piece of input."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Any, Protocol

__all__ = ["ATTRS", "SOURCE_ATTRS", "TARGETS_ATTRS", "Account", "BadPiece", "Keeper", "account_of", "source_name"]

ATTRS = "attackviz_account"
"""Key of the account, as plain data, in the ``attrs`` of a frame that was read."""

SOURCE_ATTRS = "attackviz_source"
"""Key of what was read, in a word, in the same ``attrs``."""

TARGETS_ATTRS = "attackviz_targets"
"""Key of the path of the targets table that lay with the logs, in the same ``attrs``."""

SAMPLES_PER_REASON = 5
SAMPLE_BYTES = 400


@dataclass(frozen=True, slots=True)
class BadPiece:
    """Hold one piece of input that became no event.

    Attributes
    ----------
    file : str
        Where it was found.
    line : int
        Line number in the decompressed file, from 1.
    text : str
        Its beginning (at most 400 bytes, undecodable bytes escaped). It is
        data: never to be shown as anything but text.
    whole : bytes
        All of it, as it is, on its way to whoever keeps bad pieces; samples
        do not hold it.
    """

    file: str
    line: int
    text: str
    whole: bytes = field(default=b"", compare=False, repr=False)


class Keeper(Protocol):
    """Keeps every bad piece, as it is."""

    def keep(self, reason: str, piece: BadPiece) -> None:
        """Take a piece."""

    def more(self, data: bytes) -> None:
        """Take what follows of the last piece: a line too long to be held at once."""


@dataclass(slots=True)
class Account:
    """Count what became of the input; accounts add up.

    ``pieces == events + bad + blank + structure + left_out`` holds for every
    account (structure is brackets, wrappers, separators and headers).

    Attributes
    ----------
    pieces, events, blank, structure : int
        Pieces of input, and what they were.
    bad : Counter
        Pieces that became no event, by reason.
    left_out : Counter
        Pieces that are whole, but not what is read, by kind: flows of a log of
        alerts, logins that were accepted, rows that a filter refuses.
    samples : dict of str to list of BadPiece
        The first few bad pieces of each reason.
    salvaged : int
        Events recovered from broken lines (counted in `events`, too).
    truncated : list of str
        Files that end before they should; what came before the cut is kept.
    flags : Counter
        Oddities of pieces that are events all the same, by reason: times that
        are impossible, missing addresses, unknown actions and the like.
    unlocated : int
        Events whose source address has no known place.
    coarsened : int
        Events shown only as part of a coarser cell.
    outside : int
        Events, counted in `events`, that fell outside the window asked for; the
        table handed over holds ``events - outside`` rows.
    excluded : int
        Events that pieces left out for their source address stand for: the sum
        of their ``count``, where `left_out` counts the pieces.
    skipped : dict of str to str
        Files that were not read, and why.
    files : dict of str to str
        Files that were read, and their format.
    notes : list of str
        Sentences a reader of the figures should know.
    keeper : Keeper or None
        Given every bad piece; no part of sums and comparisons.

    Examples
    --------
    >>> a = Account(pieces=3, events=2, blank=1)
    >>> b = Account(pieces=1); b.spoil("not JSON", BadPiece("x.json", 7, "{"))
    >>> c = a + b
    >>> c.pieces, c.events, c.bad_total, c.closes()
    (4, 2, 1, True)
    """

    pieces: int = 0
    events: int = 0
    blank: int = 0
    structure: int = 0
    bad: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[BadPiece]] = field(default_factory=dict)
    salvaged: int = 0
    truncated: list[str] = field(default_factory=list)
    flags: Counter[str] = field(default_factory=Counter)
    unlocated: int = 0
    coarsened: int = 0
    outside: int = 0
    excluded: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    keeper: Keeper | None = field(default=None, compare=False, repr=False)

    @property
    def bad_total(self) -> int:
        """Pieces that became no event."""
        return self.bad.total()

    def closes(self) -> bool:
        """Return whether every piece is accounted for."""
        used = self.events + self.blank + self.structure
        return self.pieces == used + self.bad_total + self.left_out.total()

    def lost(self) -> bool:
        """Return whether some input did not become events."""
        return bool(self.bad_total or self.truncated)

    def unread(self) -> list[str]:
        """Return the files of which nothing could be read, though something should be there.

        Examples
        --------
        >>> a = Account(skipped={"a.gz": "access is denied", "README": "it is of no known format"})
        >>> a.cut_short("a.gz")
        >>> a.unread()
        ['a.gz']
        """
        cut = set(self.truncated)
        return [name for name in self.skipped if name in cut]

    def spoil(self, reason: str, piece: BadPiece) -> None:
        """Count one bad piece and keep it as a sample while there is room."""
        self.bad[reason] += 1
        if self.keeper is not None:
            self.keeper.keep(reason, piece)
        kept = self.samples.setdefault(reason, [])
        if len(kept) < SAMPLES_PER_REASON:
            kept.append(BadPiece(piece.file, piece.line, piece.text))

    def spoil_more(self, data: bytes) -> None:
        """Pass on what follows of the last bad piece, for whoever keeps them."""
        if self.keeper is not None:
            self.keeper.more(data)

    def cut_short(self, name: str) -> None:
        """Say that a file ends before it should, once for an archive and its members."""
        if not any(name == other or name.startswith(f"{other}/") for other in self.truncated):
            self.truncated.append(name)

    def note(self, sentence: str) -> None:
        """Add a sentence unless it is there already."""
        if sentence not in self.notes:
            self.notes.append(sentence)

    def take(self, other: Account) -> None:
        """Add another account to this one: sums of very many files are made in place."""
        for reason, pieces in other.samples.items():
            kept = self.samples.setdefault(reason, [])
            kept += pieces[: SAMPLES_PER_REASON - len(kept)]
        self.pieces += other.pieces
        self.events += other.events
        self.blank += other.blank
        self.structure += other.structure
        self.salvaged += other.salvaged
        self.unlocated += other.unlocated
        self.coarsened += other.coarsened
        self.outside += other.outside
        self.excluded += other.excluded
        self.bad.update(other.bad)
        self.left_out.update(other.left_out)
        self.flags.update(other.flags)
        self.truncated += other.truncated
        self.skipped.update(other.skipped)
        self.files.update(other.files)
        for sentence in other.notes:
            self.note(sentence)

    def __add__(self, other: Account) -> Account:
        total = Account()
        total.take(self)
        total.take(other)
        return total

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON.

        Returns
        -------
        dict
            Keys as the attributes, with `bad_total` and `closes`.
        """
        return {
            "pieces": self.pieces,
            "events": self.events,
            "bad": dict(self.bad),
            "bad_total": self.bad_total,
            "left_out": dict(self.left_out),
            "blank": self.blank,
            "structure": self.structure,
            "closes": self.closes(),
            "salvaged": self.salvaged,
            "truncated": list(self.truncated),
            "flags": dict(self.flags),
            "unlocated": self.unlocated,
            "coarsened": self.coarsened,
            "outside": self.outside,
            "excluded": self.excluded,
            "skipped": dict(self.skipped),
            "files": dict(self.files),
            "notes": list(self.notes),
            "samples": {
                reason: [{"file": p.file, "line": p.line, "text": p.text} for p in pieces]
                for reason, pieces in self.samples.items()
            },
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Account:
        """Return the account that `to_dict` was asked of.

        Examples
        --------
        >>> a = Account(pieces=1)
        >>> a.spoil("not JSON", BadPiece("x.json", 7, "{"))
        >>> Account.from_dict(a.to_dict()) == a
        True
        """
        values = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        counters = {name: Counter(values.get(name, {})) for name in ("bad", "left_out", "flags")}
        samples = {
            reason: [BadPiece(p["file"], p["line"], p["text"]) for p in pieces]
            for reason, pieces in values.get("samples", {}).items()
        }
        copies = {k: v.copy() for k, v in values.items() if isinstance(v, list | dict)}
        return cls(**(values | copies | counters | {"samples": samples}))

    def summary(self) -> str:
        """Say in a line what became of the input.

        Examples
        --------
        >>> Account(pieces=5, events=4, blank=1).summary()
        '5 pieces: 4 events, 0 bad, 1 blank, 0 structure'
        """
        text = (
            f"{self.pieces:,} pieces: {self.events:,} events, {self.bad_total:,} bad, "
            f"{self.blank:,} blank, {self.structure:,} structure"
        )
        for kind, count in self.left_out.most_common():
            text += f"; {count:,} {kind} left out"
        if self.outside:
            text += f"; {self.outside:,} outside the window"
        if self.salvaged:
            text += f"; {self.salvaged:,} salvaged"
        for reason, count in sorted((self.bad + self.flags).items(), key=lambda item: -item[1]):
            text += f"; {count:,} {reason}"
        if self.truncated:
            text += f"; {len(self.truncated):,} cut short"
        if self.skipped:
            text += f"; {len(self.skipped):,} file{'s' * (len(self.skipped) > 1)} skipped"
        return text


def account_of(frame: Any) -> Account | None:
    """Return the account that came with a frame, None if it has none.

    Parameters
    ----------
    frame : pandas.DataFrame or dask.dataframe.DataFrame
        As `attackviz.read` gave it, or made from such a one. To add up the
        accounts of a Dask DataFrame its parts are read.

    Examples
    --------
    >>> import pandas as pd
    >>> account_of(pd.DataFrame()) is None
    True
    """
    if hasattr(frame, "to_delayed"):
        import dask

        found = [each for each in dask.compute(*map(dask.delayed(account_of), frame.to_delayed())) if each]
        return sum(found[1:], found[0]) if found else None
    data = getattr(frame, "attrs", {}).get(ATTRS)
    return Account.from_dict(data) if data else None


def source_name(addresses: Sequence[str | os.PathLike[str]]) -> str:
    """Say in a few words what was read.

    Parameters
    ----------
    addresses : sequence of path

    Returns
    -------
    str
        The last part of the first address, and how many more there are.

    Examples
    --------
    >>> source_name(["data/samples/tpot-2025/", "b.json"])
    'tpot-2025 and 1 more'
    """
    first = os.fspath(addresses[0])
    name = PurePath(first).name or first
    return name if len(addresses) == 1 else f"{name} and {len(addresses) - 1} more"
