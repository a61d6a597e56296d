"""HoloViews and GeoViews elements for notebooks, and the ``df.attacks`` accessor.

`map`, `timeline` and `top` give elements that any HoloViews program can lay out
and overlay; they count every event, weighted by ``count``. `figure` is the map
beneath the player, `land` its outlines. HoloViews is loaded by the first call,
not by the import; in a notebook, call `offline` first.
"""

from .accessor import AttacksAccessor
from .basemap import figure, land
from .dress import offline
from .map import map  # noqa: A004 - the word users know
from .timeline import timeline
from .top import top

__all__ = ["AttacksAccessor", "figure", "land", "map", "offline", "timeline", "top"]
