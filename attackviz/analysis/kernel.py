"""Group events that lie in the order of time into cells, compiled: one pass, no sorting, no hashing.

Cells of a bin are found by looking up when a group was last met; memory is a few
numbers a group, however many events and bins there are.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba
import numpy as np

__all__ = ["add_up", "count_cells"]


@numba.njit(cache=True, nogil=True)
def count_cells(bins, codes, group_of, groups, limit):
    """Count the cells that events fall into.

    Parameters
    ----------
    bins : ndarray of int64, shape (n,)
        Number of the bin of each event, ascending.
    codes : ndarray of int32, shape (n,)
        What each event is.
    group_of : ndarray of int32
        The group of each code.
    groups : int
        How many there are.
    limit : int
        Where to stop.

    Returns
    -------
    int
        How many cells, at most ``limit + 1``.
    """
    met = np.full(groups, -1, np.int64)
    cells = 0
    at = 0
    for i in range(bins.size):
        if i > 0 and bins[i] != bins[i - 1]:
            at = i
        group = group_of[codes[i]]
        if met[group] < at:
            cells += 1
            if cells > limit:
                return cells
        met[group] = i
    return cells


@numba.njit(cache=True, nogil=True)
def add_up(bins, codes, group_of, groups, weight, cell_bin, cell_group, cell_sum):
    """Add up the events of every cell.

    Parameters
    ----------
    bins, codes, group_of, groups
        As for `count_cells`.
    weight : ndarray of int64, shape (n,) or (0,)
        Empty for 1 throughout.
    cell_bin, cell_sum : ndarray of int64, shape (cells,)
    cell_group : ndarray of int32, shape (cells,)
        Filled, in the order of bins, and within one of first meeting.
    """
    met = np.full(groups, -1, np.int64)
    cell_of = np.empty(groups, np.int64)
    cells = 0
    at = 0
    for i in range(bins.size):
        if i > 0 and bins[i] != bins[i - 1]:
            at = i
        group = group_of[codes[i]]
        if met[group] < at:
            cell_of[group] = cells
            cell_bin[cells] = bins[i]
            cell_group[cells] = group
            cell_sum[cells] = 0
            cells += 1
        met[group] = i
        cell_sum[cell_of[group]] += weight[i] if weight.size else 1
