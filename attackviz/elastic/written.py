"""The account of documents that were written."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from .letters import Letter

__all__ = ["Written"]

SAMPLES = 5  # a reason


@dataclass(slots=True)
class Written:
    """Count what became of the documents; ``documents == created + existing + refused_total``.

    Attributes
    ----------
    documents : int
        Documents that were sent and are settled.
    created : int
        Written; of an update, changed.
    existing : int
        There before, under the same id: left as they are. After a request
        whose answer was lost, those that it had written count here, too.
    refused : Counter
        Documents that the index does not take, by reason.
    samples : dict of str to list of Letter
        The first few of each reason.
    conflicts : int
        Updates that met a change by others, and were sent again.
    requests, bytes : int
        Bulk requests and their size.
    halved : int
        Bodies that were halved, because the cluster had too much to do.
    """

    documents: int = 0
    created: int = 0
    existing: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Letter]] = field(default_factory=dict)
    conflicts: int = 0
    requests: int = 0
    bytes: int = 0
    halved: int = 0

    @property
    def refused_total(self) -> int:
        """Documents that the index does not take."""
        return self.refused.total()

    def closes(self) -> bool:
        """Return whether every document is accounted for."""
        return self.documents == self.created + self.existing + self.refused_total

    def refuse(self, letter: Letter) -> None:
        """Count a refused document, and keep it as a sample while there is room."""
        self.refused[letter.type] += 1
        kept = self.samples.setdefault(letter.type, [])
        if len(kept) < SAMPLES:
            kept.append(letter)

    def take(self, other: Written) -> None:
        """Add another account to this one."""
        for name in ("documents", "created", "existing", "conflicts", "requests", "bytes", "halved"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.refused.update(other.refused)
        for reason, letters in other.samples.items():
            kept = self.samples.setdefault(reason, [])
            kept += letters[: SAMPLES - len(kept)]

    def summary(self) -> str:
        """Say in a line what became of the documents.

        Examples
        --------
        >>> Written(documents=3, created=2, refused=Counter({"document_parsing_exception": 1})).summary()
        '3 documents: 2 written, 0 there already, 1 refused (1 document_parsing_exception)'
        """
        text = f"{self.documents:,} documents: {self.created:,} written, {self.existing:,} there already"
        if self.refused:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.refused.most_common(4))
            text += f", {self.refused_total:,} refused ({reasons})"
        return text
