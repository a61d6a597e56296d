"""Where events come from: files, plain, compressed or archives, S3, and logs that grow.

`find` turns addresses into files, `find_s3` into objects, `streams` opens one;
`spread` reads many, over processes where that pays. A `Tail` hands over the
lines of a log as it grows, from a `Position`. What runs on hands over what
`Arrived`: objects that a `Queue` or the listing of a `Bucket` tells of, records
of `Kinesis`, messages of `Syslog`, a table that `simulate` plays.
"""

from .arrived import Arrived, Running
from .bucket import Bucket
from .files import InputFile, Stored, find, outside
from .follow import Follow, Followed, follow
from .kinesis import Kinesis
from .position import Position
from .reading import beginnings
from .s3 import S3Object, find_s3
from .simulate import Simulated, simulate
from .spread import FileProgress, Progress, spread
from .sqs import Queue
from .streams import Stream, streams
from .syslog import Syslog
from .tail import Lines, Tail

__all__ = [
    "Arrived",
    "Bucket",
    "FileProgress",
    "Follow",
    "Followed",
    "InputFile",
    "Kinesis",
    "Lines",
    "Position",
    "Progress",
    "Queue",
    "Running",
    "S3Object",
    "Simulated",
    "Stored",
    "Stream",
    "Syslog",
    "Tail",
    "beginnings",
    "find",
    "find_s3",
    "follow",
    "outside",
    "simulate",
    "spread",
    "streams",
]
