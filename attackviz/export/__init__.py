"""What a window can be handed over as.

`Replay` is the user's handle on what plays, `Report` on what is read; `page`
makes the HTML of the first.
"""

from .page import page
from .replay import Replay
from .report import Report

__all__ = ["Replay", "Report", "page"]
