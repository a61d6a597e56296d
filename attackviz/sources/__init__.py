"""Where events come from: files, plain, compressed or archives, S3, and logs that grow.

`find` turns addresses into files, `find_s3` into objects, `streams` opens one;
`spread` reads many, over processes where that pays. A `Tail` hands over the
lines of a log as it grows, from a `Position`.
"""

from .files import InputFile, Stored, find, outside
from .follow import Follow, Followed, follow
from .position import Position
from .reading import beginnings
from .s3 import S3Object, find_s3
from .spread import FileProgress, Progress, spread
from .streams import Stream, streams
from .tail import Lines, Tail

__all__ = [
    "FileProgress",
    "Follow",
    "Followed",
    "InputFile",
    "Lines",
    "Position",
    "Progress",
    "S3Object",
    "Stored",
    "Stream",
    "Tail",
    "beginnings",
    "find",
    "find_s3",
    "follow",
    "outside",
    "spread",
    "streams",
]
