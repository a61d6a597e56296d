"""What the logs of intrusion detection share: the words of Suricata and Snort.

Sources: Suricata user guide, "EVE JSON Format" (``alert.action`` is allowed, or
blocked where a rule dropped in IPS mode or rejected) and its ``fast.log`` output
(``[Drop]``; ``[wDrop]`` where it would have been, out of IPS mode); Snort 3,
``Active::get_action_string`` (an action, with ``would_``, ``cant_`` or
``force_`` before it); the ``classification.config`` of both, whose priorities run
from 1 (worst) to 4.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .words import meaning

__all__ = ["SEVERITY_OF", "UNCLASSIFIED", "VERDICT_OF", "category_column", "severity_column", "verdict_column"]

_STOPPING = ("drop", "block", "reset", "reject", "rewrite")

VERDICT_OF: dict[str, str] = {
    **dict.fromkeys(("allowed", "alert", "allow", "trust", "pass", "hold", "retry", "error"), "detected"),
    **dict.fromkeys(("blocked", "rejected", "sdrop", "react", *_STOPPING), "mitigated"),
    **{f"force_{action}": "mitigated" for action in _STOPPING},
    **{f"{missed}_{action}": "detected" for missed in ("would", "cant") for action in _STOPPING},
    "wdrop": "detected",
}
"""Verdict of each action, casefolded. What only would have been stopped was not."""

SEVERITY_OF: dict[str, str] = {"1": "high", "2": "medium", "3": "low", "4": "info"}
"""Severity of each priority; 1 is the worst."""

UNCLASSIFIED = "unclassified"
"""Category of rules that have none."""

_NO_CLASS = ("", "none", "(null)", "unknown")


def verdict_column(c: Columns, action: pa.Array) -> pa.Array:
    """Judge alerts by what was done; detected where nothing is said.

    Parameters
    ----------
    c : Columns
        Its account is told of actions that are in no table.
    action : pyarrow.Array of string
        Casefolded.
    """
    return meaning(c, action, VERDICT_OF, "action", "unknown").fill_null("detected")


def severity_column(c: Columns, priority: pa.Array) -> pa.Array:
    """Rank alerts by their priority; info for any below the table's.

    Parameters
    ----------
    c : Columns
        Its account is told of priorities that are none.
    priority : pyarrow.Array of int64
    """
    good = pc.greater(priority, 0)
    c.flag("unknown priority", pc.invert(good.fill_null(True)))
    text = pc.if_else(good, pc.min_element_wise(priority, 4), None).cast(pa.string())
    return mapped(text, SEVERITY_OF.get)


def category_column(classification: pa.Array) -> pa.Array:
    """Return the classification of the rule, as its set calls it."""
    known = mapped(classification, lambda name: None if name.strip().casefold() in _NO_CLASS else name.strip())
    return known.fill_null(UNCLASSIFIED)
