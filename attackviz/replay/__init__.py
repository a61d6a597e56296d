"""Recordings: what the player plays. Pure functions, no I/O but `save`, no browser.

`build` turns an event table into a `Recording`, `load` reads one back; `record`
takes cells where there are too many events, and `detail` gives a window of them
finer. `redacted` takes out what is not for everyone. The module docstring of `recording` draws the bytes.
"""

from .builder import BUDGET, build
from .coarse import detail, lists, record
from .recording import Recording, load
from .redacted import redacted
from .span import default_window

__all__ = ["BUDGET", "Recording", "build", "default_window", "detail", "lists", "load", "record", "redacted"]
