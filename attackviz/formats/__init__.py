"""Bytes to events: formats told by content, exact readers, one file a format.

`detect` tells what some bytes are, `decode` turns a stream of them into event
tables and an account of every piece; `FORMATS` lists what is understood.
"""

from .decode import Options, build, decode, read_batches
from .detection import detect
from .format import Format
from .jsonreader import Batch
from .known import FormatLike, choose, known_formats
from .mapping import Mapping, own_formats
from .mapping_check import Watch
from .registry import FORMATS, by_name

__all__ = [
    "FORMATS",
    "Batch",
    "Format",
    "FormatLike",
    "Mapping",
    "Options",
    "Watch",
    "build",
    "by_name",
    "choose",
    "decode",
    "detect",
    "known_formats",
    "own_formats",
    "read_batches",
]
