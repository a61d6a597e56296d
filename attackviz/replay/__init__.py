"""Recordings: what the player plays. Pure functions, no I/O but `save`, no browser.

`build` turns an event table into a `Recording`, `load` reads one back. The
module docstring of `recording` draws the bytes.
"""

from .builder import BUDGET, build
from .recording import Recording, load
from .span import default_window

__all__ = ["BUDGET", "Recording", "build", "default_window", "load"]
