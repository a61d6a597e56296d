"""One field of many rows as the log wrote it, in columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

__all__ = [
    "DECODER",
    "Digits",
    "Kind",
    "Written",
    "cell",
    "characters",
    "decoded",
    "json_text",
    "offsets_of",
    "valid_where",
]


_MOST_DIGITS = 4300  # Python makes no integers of more, unless told to


class Kind(IntEnum):
    """Say what a value of a log is."""

    MISSING = 0
    NULL = 1
    STRING = 2
    NUMBER = 3
    BOOL = 4
    ARRAY = 5
    OBJECT = 6


class Digits(float):
    """Hold a number that is not whole, with the text it was written as.

    Examples
    --------
    >>> Digits("1.50").text, Digits("1.50") == 1.5
    ('1.50', True)
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> Digits:
        """Keep the text."""
        made = super().__new__(cls, text)
        made.text = text
        return made


def _whole(text: str) -> int | Digits:
    return int(text) if len(text) < _MOST_DIGITS else Digits(text)


DECODER = json.JSONDecoder(parse_int=_whole, parse_float=Digits, parse_constant=Digits)
"""The standard decoder; only that numbers which are not whole, or endless, keep their text."""


def json_text(value: Any) -> str:
    """Write a decoded value as JSON, numbers as they stood.

    Examples
    --------
    >>> json_text(DECODER.decode('{"a": [1.50, null, "é"]}'))
    '{"a":[1.50,null,"é"]}'
    """
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(key)}:{json_text(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    return value.text if isinstance(value, Digits) else json.dumps(value, ensure_ascii=False)


def decoded(text: str) -> Any:
    r"""Return the value that JSON text stands for; half a surrogate pair in it stays the escape it was.

    Examples
    --------
    >>> decoded(r'["\uD800", 1]')
    ['\\ud800', 1]
    """
    value = DECODER.decode(text)
    return characters(value) if "\\ud" in text or "\\uD" in text else value


def characters(value: Any) -> Any:
    r"""Return a decoded value in which every half of a surrogate pair is the escape it was.

    Examples
    --------
    >>> characters("root\ud800"), characters({"a": ["\udc00"]})
    ('root\\ud800', {'a': ['\\udc00']})
    """
    if isinstance(value, dict):
        return {characters(key): characters(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [characters(inner) for inner in value]
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def cell(value: Any) -> tuple[Kind, bytes]:
    r"""Return what a decoded value is, and its text.

    Half a surrogate pair is no character: it stays the escape it was.

    Examples
    --------
    >>> cell("é"), cell(DECODER.decode("1e3")), cell("\ud800")[1]
    ((<Kind.STRING: 2>, b'\xc3\xa9'), (<Kind.NUMBER: 3>, b'1e3'), b'\\ud800')
    """
    if value is None:
        return Kind.NULL, b""
    if isinstance(value, str):
        return Kind.STRING, value.encode("utf-8", "backslashreplace")
    if isinstance(value, bool):
        return Kind.BOOL, b"true" if value else b"false"
    if isinstance(value, int | float):
        return Kind.NUMBER, json_text(value).encode()
    kind = Kind.ARRAY if isinstance(value, list) else Kind.OBJECT
    return kind, json_text(value).encode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True)
class Written:
    """Hold one field of every row of a batch.

    Attributes
    ----------
    text : pyarrow.StringArray
        The content of strings with escapes resolved, the digits of numbers as
        they stand, ``true`` or ``false``, the JSON of arrays and objects; null
        where nothing or ``null`` stands.
    kind : numpy.ndarray of uint8
        A `Kind` each.

    Examples
    --------
    >>> Written.of(["a", 1.5, None]).values()
    ['a', 1.5, None]
    """

    text: pa.StringArray
    kind: NDArray[np.uint8]

    @classmethod
    def of(cls, values: Sequence[Any]) -> Written:
        """Return decoded values as if a log had written them."""
        cells = [cell(value) for value in values]
        texts = [text if kind > Kind.NULL else None for kind, text in cells]
        return cls(pa.array(texts, pa.binary()).cast(pa.string()), np.array([kind for kind, _ in cells], np.uint8))

    @classmethod
    def strings(cls, text: pa.StringArray) -> Written:
        """Return a column of strings, missing where it is null."""
        valid = pc.is_valid(text).to_numpy(zero_copy_only=False)
        return cls(text, np.where(valid, np.uint8(Kind.STRING), np.uint8(Kind.MISSING)))

    def __len__(self) -> int:
        return len(self.kind)

    def values(self) -> list[Any]:
        """Return the decoded values; None where there is none."""
        texts: list[Any] = self.text.to_pylist()
        known: dict[str, Any] = {}
        for row in np.flatnonzero(self.kind >= Kind.NUMBER).tolist():
            text = texts[row]
            if text not in known:
                known[text] = DECODER.decode(text)
            texts[row] = known[text]
        return texts

    def plain(self) -> pa.StringArray:
        """Return the texts; null where they are empty. Arrays, objects and zero are written in one manner."""
        text = self.text
        sizes = np.diff(offsets_of(text))
        # A number of two characters may be -0.
        loose = (self.kind >= Kind.ARRAY) | ((self.kind == Kind.NUMBER) & (sizes == 2))
        if loose.any():
            coded = text.filter(pa.array(loose)).dictionary_encode()
            clean = pa.array([cell(DECODER.decode(value))[1] for value in coded.dictionary.to_pylist()], pa.binary())
            text = pc.replace_with_mask(text, pa.array(loose), clean.cast(pa.string()).take(coded.indices))
            sizes = np.diff(offsets_of(text))
        return valid_where(text, (self.kind > Kind.NULL) & (sizes > 0))

    def arrays(self) -> tuple[list[Any], pa.Array]:
        """Return the different arrays, decoded, and which of them stands in each row (null where none)."""
        coded = pc.if_else(pa.array(self.kind == Kind.ARRAY), self.text, None).dictionary_encode()
        return [DECODER.decode(value) for value in coded.dictionary.to_pylist()], coded.indices

    def keep(self, mask: pa.BooleanArray) -> Written:
        """Return the rows of a mask."""
        return Written(self.text.filter(mask), self.kind[mask.to_numpy(zero_copy_only=False)])


def offsets_of(text: pa.StringArray) -> NDArray[np.int32]:
    """Return where each text begins in the bytes of a column, and where the last ends."""
    if not len(text):
        return np.zeros(1, np.int32)
    return np.frombuffer(text.buffers()[1], np.int32)[text.offset : text.offset + len(text) + 1]


def valid_where(text: pa.StringArray, valid: NDArray[np.bool_]) -> pa.StringArray:
    """Return a column that is null elsewhere; its bytes are shared."""
    nulls = len(text) - int(np.count_nonzero(valid))
    if nulls == text.null_count and not text.offset:
        return text
    offsets = offsets_of(text)
    bits = pa.py_buffer(np.packbits(valid, bitorder="little")) if nulls else None
    data = (text.buffers()[2] if len(text) else None) or pa.py_buffer(b"")
    return pa.Array.from_buffers(pa.string(), len(text), [bits, pa.py_buffer(offsets), data], nulls)
