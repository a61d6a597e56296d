"""Where events come from: files for now, plain, gzip or tar, one or many.

`find` turns addresses into files, `streams` opens one; `spread` reads many,
over processes where that pays.
"""

from .files import InputFile, Stored, find, outside
from .spread import FileProgress, Progress, spread
from .streams import Stream, streams

__all__ = ["FileProgress", "InputFile", "Progress", "Stored", "Stream", "find", "outside", "spread", "streams"]
