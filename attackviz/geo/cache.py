"""Keep decoded arrays in one file that opens at once.

The file is written aside and renamed, and carries checksums: a cut or damaged
one is seen and made anew, never used.
"""

from __future__ import annotations

import json
import logging
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import isal_zlib

from ..errors import ExportError
from ..saving import replacing

__all__ = ["load_arrays", "store_arrays"]

log = logging.getLogger(__name__)

_MAGIC = b"AVARRAY1"
_HEAD = struct.Struct("<8sQI")  # magic, length of the header, its CRC-32
_ALIGN = 64
_CHUNK = 1 << 22

Arrays = dict[str, npt.NDArray[Any]]


def store_arrays(path: Path, key: str, meta: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
    """Write arrays, all or nothing.

    Parameters
    ----------
    path : Path
        Made, with its directories, or replaced.
    key : str
        What the arrays were made from; `load_arrays` asks for the same.
    meta : mapping
        JSON-able.
    arrays : mapping of str to ndarray

    Returns
    -------
    bool
        False where the place cannot be written; that is logged, not raised.
    """
    layout, offset, checksum = [], 0, 0
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    for name, array in whole.items():
        layout.append({"name": name, "dtype": array.dtype.str, "shape": array.shape, "offset": offset})
        body = _padded(array)
        checksum = isal_zlib.crc32(body, checksum)
        offset += len(body)
    header = json.dumps({"key": key, "meta": dict(meta), "arrays": layout, "size": offset, "crc": checksum}).encode()
    header += b" " * (-(_HEAD.size + len(header)) % _ALIGN)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(_HEAD.pack(_MAGIC, len(header), isal_zlib.crc32(header)))
            file.write(header)
            for array in whole.values():
                file.write(_padded(array))
    except (OSError, ExportError) as error:
        log.info("decoded arrays are not kept: %s", error)
        return False
    return True


def load_arrays(path: Path, key: str) -> tuple[dict[str, Any], Arrays] | None:
    """Map the arrays of a file, read-only.

    Parameters
    ----------
    path : Path
    key : str

    Returns
    -------
    tuple of dict and dict, or None
        The metadata and the arrays; None where the file is missing, damaged or
        made from something else.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD.size)
            if len(head) < _HEAD.size:
                return None
            magic, length, crc = _HEAD.unpack(head)
            header = file.read(length) if magic == _MAGIC and length < 1 << 20 else b""
            if not header or isal_zlib.crc32(header) != crc:
                return None
            about = json.loads(header)
            if about["key"] != key:
                return None
            # Read rather than touched through the map, so that checking does not count as memory in use.
            size, checksum = 0, 0
            while chunk := file.read(_CHUNK):
                size += len(chunk)
                checksum = isal_zlib.crc32(chunk, checksum)
            if size != about["size"] or checksum != about["crc"]:
                return None
            view = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):
        return None
    base = _HEAD.size + length
    arrays = {}
    for entry in about["arrays"]:
        dtype = np.dtype(entry["dtype"])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        flat = np.frombuffer(view, dtype, count, base + entry["offset"]) if count else np.empty(0, dtype)
        arrays[entry["name"]] = flat.reshape(entry["shape"])
    return about["meta"], arrays


def _padded(array: npt.NDArray[Any]) -> bytes:
    body = array.tobytes()
    return body + bytes(-len(body) % _ALIGN)
