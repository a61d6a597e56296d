"""What a window can be handed over as.

`Replay` is the user's handle on what plays, `Report` on what is read. Of the
first, `page` makes the HTML, `still` maps without a browser; `saved` says what
else there is, and `Asked` what can be asked of it.
"""

from .page import page
from .replay import Replay
from .report import Report
from .saved import KINDS, Asked
from .still import still

__all__ = ["KINDS", "Asked", "Replay", "Report", "page", "still"]
