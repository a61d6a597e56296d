"""The one place that understands addresses, and what is read from them.

An address is a path, a glob, a directory, ``-`` for standard input, or
``s3://bucket/prefix``, an index of a cluster, ``es+https://host/index``, or a
tape, ``tape:DIR``; several may be given at once. `open_address` finds the files behind them, `scan`
reads events batch by batch, `read` into a data frame.
"""

from .addresses import Address, open_address
from .batches import Scan
from .reading import read, scan

__all__ = ["Address", "Scan", "open_address", "read", "scan"]
