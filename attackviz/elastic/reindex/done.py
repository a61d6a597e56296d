"""The account of documents that were changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Reindexed"]

_REFUSED = "refused."


@dataclass(frozen=True, slots=True)
class Reindexed:
    """Count what became of documents; ``documents == written + unchanged + refused_total``.

    Attributes
    ----------
    documents : int
        Documents that were read.
    written : int
        Changed, or copied.
    unchanged : int
        Left as they are, for there was nothing to add.
    refused : Counter
        Those that could not be changed, by reason; ``processor`` where that failed.
    conflicts : int
        Changes that met one by others, and were made again.
    halved : int
        Requests that were halved, because the cluster had too much to do.
    """

    documents: int = 0
    written: int = 0
    unchanged: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    conflicts: int = 0
    halved: int = 0

    @classmethod
    def of(cls, counts: Mapping[str, int]) -> Reindexed:
        """Return the account of counts by name.

        Examples
        --------
        >>> Reindexed.of({"documents": 3, "written": 2, "refused": 1, "refused.processor": 1}).closes()
        True
        """
        reasons = {name.removeprefix(_REFUSED): n for name, n in counts.items() if name.startswith(_REFUSED)}
        names = ("documents", "written", "unchanged", "conflicts", "halved")
        return cls(refused=Counter(reasons), **{name: counts.get(name, 0) for name in names})

    @property
    def refused_total(self) -> int:
        """Documents that could not be changed."""
        return self.refused.total()

    def closes(self) -> bool:
        """Return whether every document is accounted for."""
        return self.documents == self.written + self.unchanged + self.refused_total

    def summary(self) -> str:
        """Say in a line what became of the documents.

        Examples
        --------
        >>> Reindexed(documents=3, written=2, refused=Counter(processor=1)).summary()
        '3 documents: 2 written, 0 with nothing to add, 1 refused (1 processor)'
        """
        text = f"{self.documents:,} documents: {self.written:,} written, {self.unchanged:,} with nothing to add"
        if self.refused:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.refused.most_common(4))
            text += f", {self.refused_total:,} refused ({reasons})"
        if self.conflicts:
            text += f"; {self.conflicts:,} conflicts met"
        return text
