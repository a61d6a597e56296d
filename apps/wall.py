"""The wall under Panel's own server: one full screen for a room, that nobody touches.

``panel serve apps/wall.py --plugins attackviz.live``; the tape and the sources
are those of ``[live]`` in ``attackviz.toml``. Views take turns: the world, the
busiest region, the longest lists.
"""

from attackviz.dashboard.live import page
from attackviz.live import current

live = current()
page(live.history, {"wall": True}, attribution=live.attribution).servable(title="attackviz")
