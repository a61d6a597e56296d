"""Event tables as files that other programs open: Parquet, Arrow, CSV and NDJSON, safe for spreadsheets."""

from .files import SUFFIXES, formula_safe, write_ndjson, write_table
from .spool import Spool, gathered

__all__ = ["SUFFIXES", "Spool", "formula_safe", "gathered", "write_ndjson", "write_table"]
