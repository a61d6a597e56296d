"""What happened in a window, for a reader who was not there: a page with the replay in it, or a PDF.

`Report` asks a store for the `facts`, and templates write them down.
"""

from .report import Report

__all__ = ["Report"]
