"""What a window can be handed over as; so far a page that plays offline.

`Replay` is the user's handle on all of it; `page` makes the HTML.
"""

from .page import page
from .replay import Replay

__all__ = ["Replay", "page"]
