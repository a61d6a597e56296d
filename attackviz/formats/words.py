"""The words of a log in a table: what each means, and which ones are in no table."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from ..account import Account
from .columns import Columns, mapped

__all__ = ["folded", "meaning", "name_words"]

_NAMED = 10
_LENGTH = 40


def folded(column: pa.Array) -> pa.Array:
    """Return words in lower case, blanks around them left out; null where nothing remains.

    Examples
    --------
    >>> folded(pa.array([" Block", "", None])).to_pylist()
    ['block', None, None]
    """
    return mapped(column, lambda word: word.strip().casefold() or None)


def meaning(c: Columns, column: pa.Array, table: Mapping[str, str], called: str, otherwise: str | None) -> pa.Array:
    """Look words up; those in no table are counted, and the first ten named in a note.

    Parameters
    ----------
    c : Columns
        Its account is told of what is in no table.
    column : pyarrow.Array of string
        Words as `folded` gives them, or numbers as text.
    table : mapping of str to str
        What each word means.
    called : str
        What the words are, for the account: ``action``.
    otherwise : str or None
        What a word in no table means.

    Returns
    -------
    pyarrow.Array of string
        Null where there is no word.

    Examples
    --------
    >>> from attackviz.account import Account
    >>> c = Columns({}, 2, Account(), "UTC")
    >>> meaning(c, pa.array(["drop", "nuke"]), {"drop": "mitigated"}, "action", "unknown").to_pylist()
    ['mitigated', 'unknown']
    >>> c.account.flags["unknown action"], c.account.notes
    (1, ["unknown action 'nuke'"])
    """
    strange = mapped(column, lambda word: None if word in table else word)
    if strange.null_count < len(strange):
        for gone in c.left_out.values():
            strange = pc.if_else(gone, None, strange)
        c.flag(f"unknown {called}", pc.is_valid(strange))
        name_words(c.account, called, strange)
    return mapped(column, lambda word: table.get(word, otherwise))


def name_words(account: Account, called: str, words: pa.Array) -> None:
    """Note the first few words that no table knows.

    Parameters
    ----------
    account : Account
    called : str
        What they are: ``action``.
    words : pyarrow.Array of string
        Nulls are passed over.

    Examples
    --------
    >>> account = Account()
    >>> name_words(account, "verdict", pa.array(["odd", None, "odd"]))
    >>> account.notes
    ["unknown verdict 'odd'"]
    """
    begun = f"unknown {called} "
    for word in words.unique().drop_null().to_pylist():
        if sum(note.startswith(begun) for note in account.notes) >= _NAMED:
            break
        account.note(begun + repr(word[:_LENGTH]))
