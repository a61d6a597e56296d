"""Addresses of one's own, such as scanners and monitoring: their events are left out, and counted."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..account import Account
from ..errors import SettingsError
from ..filters import network
from .times import weights

if TYPE_CHECKING:
    from ..geo.table import Table

__all__ = ["EXCLUDED", "Exclusion", "read_exclusion"]

EXCLUDED = "excluded address"
"""What the account calls pieces that were left out for their source address."""


@dataclass(frozen=True)
class Exclusion:
    """Leave out events that come from some networks.

    Parameters
    ----------
    networks : tuple of network
        As `attackviz.filters.network` reads them.

    Examples
    --------
    >>> own = Exclusion((network("192.0.2.0/24"),))
    >>> account = Account(pieces=2, events=2)
    >>> own.apply(pa.table({"src_ip": ["192.0.2.9", "8.8.8.8"]}), account).num_rows
    1
    >>> account.events, account.left_out["excluded address"], account.excluded, account.closes()
    (1, 1, 1, True)
    """

    networks: tuple[IPv4Network | IPv6Network, ...]

    @cached_property
    def _table(self) -> Table:
        from ..geo.networks import compile_networks

        return compile_networks([(each, i) for i, each in enumerate(self.networks)])

    def apply(self, table: pa.Table, account: Account) -> pa.Table:
        """Return a batch without the events that are to be left out, and count these.

        Parameters
        ----------
        table : pyarrow.Table
            An event table; without ``src_ip`` nothing is left out.
        account : Account
            Whose ``events`` the rows are counted in: they become ``left_out``,
            and the events they stand for ``excluded``.

        Returns
        -------
        pyarrow.Table
        """
        if not self.networks or "src_ip" not in table.column_names or not table.num_rows:
            return table
        from ..geo.database import locate_strings

        own = np.asarray(locate_strings(self._table, table["src_ip"]) >= 0)
        rows = int(own.sum())
        if not rows:
            return table
        account.events -= rows
        account.left_out[EXCLUDED] += rows
        account.excluded += int(weights(table)[own].sum())
        return table.filter(pa.array(~own))


def read_exclusion(paths: Iterable[str | os.PathLike[str]]) -> Exclusion:
    """Read networks whose events are to be left out.

    Parameters
    ----------
    paths : iterable of path
        Text files: a network or an address a line; what follows a ``#``, and
        empty lines, say nothing.

    Returns
    -------
    Exclusion

    Raises
    ------
    SettingsError
        If a file cannot be read, or a line is no network; with its number.
    """
    found: list[IPv4Network | IPv6Network] = []
    for path in map(Path, paths):
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except OSError as error:
            what = f"the networks to exclude cannot be read: {error.strerror}"
            raise SettingsError(what, where=str(path), hint="check the path") from None
        except UnicodeDecodeError:
            raise SettingsError("the networks to exclude are no text", where=str(path)) from None
        for number, line in enumerate(lines, 1):
            text = line.partition("#")[0].strip()
            if not text:
                continue
            try:
                found.append(network(text))
            except ValueError as error:
                hint = "write one network a line, like 192.0.2.0/24 or 2001:db8::/32"
                raise SettingsError(str(error), where=f"{path}, line {number}", hint=hint) from None
    return Exclusion(tuple(dict.fromkeys(found)))
