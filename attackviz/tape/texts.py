"""Where a text is looked for, most rows can be passed over by DuckDB: what may hold it is looked at again, exactly."""

from __future__ import annotations

from collections.abc import Sequence

from ..analysis.words import UNKNOWN, categories_called, countries_called
from ..filters import TEXT, Filters

__all__ = ["maybe"]


def maybe(filters: Filters, first: int) -> tuple[list[str], list[str | Sequence[str]]]:
    """Return conditions that all rows meet which meet the texts of filters, and what stands for their parameters.

    Lower case is not the same for all letters here and there: whatever is
    beyond ASCII may hold the text.

    Parameters
    ----------
    filters : Filters
    first : int
        Number of the first parameter.

    Returns
    -------
    conditions : list of str
        In SQL.
    values : list of str or list of str

    Examples
    --------
    >>> conditions, values = maybe(Filters.parse({"text": "Zealand"}), 2)
    >>> len(conditions), values
    (1, ['zealand', ['NZ'], []])
    """
    conditions: list[str] = []
    values: list[str | Sequence[str]] = []
    for one in filters.conditions:
        if one.field != "text":
            continue
        text = one.values[0].lower()
        countries, categories = countries_called(text), categories_called(text)
        number = first + len(values)
        values += [text, countries, categories]
        parts = [f"list_contains(${number + 1}, src_country)", f"list_contains(${number + 2}, category)"]
        if text in UNKNOWN:  # what has none is called so
            parts += ["coalesce(src_country, '') = ''", "category IS NULL"]
        for name in TEXT:
            if name == "src_asn":
                parts.append(f"contains('as' || CAST(src_asn AS VARCHAR), ${number})")
            else:
                parts.append(f"contains(lower({name}), ${number}) OR strlen({name}) <> length({name})")
        conditions.append(f"({' OR '.join(parts)})")
    return conditions, values
