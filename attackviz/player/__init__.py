"""The browser component: map, dock, side column and rail under one clock.

``src/`` holds small ES modules, ``player.js`` the bundle made of them. The
same bundle plays in an exported page and, as :class:`Player`, in Panel.
"""

from .panel import Player

__all__ = ["Player"]
