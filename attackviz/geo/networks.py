"""Networks as a compiled table: which of some networks each address lies in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network

import numpy as np

from .ranges import Ranges, Starts
from .table import MAPPED, Table, compile_table

__all__ = ["compile_networks"]

Network = IPv4Network | IPv6Network


def compile_networks(networks: Sequence[tuple[Network, int]]) -> Table:
    """Compile networks for the kernel.

    Parameters
    ----------
    networks : sequence of (network, int)
        With the identifier of each; inside another, the longer prefix wins. An
        IPv4 address in IPv6 clothes is looked for among the IPv4 networks.

    Returns
    -------
    Table
        For `attackviz.geo.database.locate_strings`.

    Examples
    --------
    >>> from ipaddress import ip_network
    >>> from attackviz.geo.database import locate_strings
    >>> table = compile_networks([(ip_network("192.0.2.0/24"), 0)])
    >>> locate_strings(table, ["192.0.2.7", "::ffff:192.0.2.7", "192.0.3.1", "x"]).tolist()
    [0, 0, -1, -2]
    """
    four = [(net, i) for net, i in networks if isinstance(net, IPv4Network)]
    six = [(net, i) for net, i in networks if isinstance(net, IPv6Network)]
    return compile_table(Ranges(_paint(four, 32), _paint(six, 128), MAPPED))


def _paint(nets: Iterable[tuple[Network, int]], bits: int) -> Starts:
    """Turn networks into ranges; inside another, the longer prefix wins."""
    ordered = sorted(nets, key=lambda pair: pair[0].prefixlen)
    edges = {0}
    for net, _ in ordered:
        edges |= {int(net[0]), int(net[-1]) + 1}
    starts = sorted(edges - {1 << bits})
    place = {start: k for k, start in enumerate(starts)} | {1 << bits: len(starts)}
    ids = np.full(len(starts), -1, np.int32)
    for net, i in ordered:
        ids[place[int(net[0])] : place[int(net[-1]) + 1]] = i
    if bits == 32:
        return Starts(np.array(starts, np.uint64), np.empty(0, np.uint64), ids)
    mask = (1 << 64) - 1
    hi, lo = (np.array(words, np.uint64) for words in ([s >> 64 for s in starts], [s & mask for s in starts]))
    return Starts(hi, lo if lo.any() else np.empty(0, np.uint64), ids)
