"""The few machine operations the scanner is made of: 64 bytes of memory at a time, by address.

LLVM turns a compare of 64 bytes into what the processor has (AVX-512, AVX2,
SSE2, NEON). Addresses are plain integers: whoever calls sees to it that at
least `PAD` readable bytes follow what is looked at.
"""

# numba infers the types here; annotations would say less than the docstrings do.
# ruff: noqa: ANN001, ANN201, ANN202
# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path

from llvmlite import ir  # type: ignore[import-untyped]
from numba import njit, types
from numba.extending import intrinsic

__all__ = [
    "PAD",
    "byte",
    "change",
    "controls",
    "copy64",
    "differing",
    "entry",
    "first",
    "get",
    "helper",
    "highs",
    "newlines",
    "nondigits",
    "put",
    "put32",
    "word32",
    "word64",
]

PAD = 128
"""Bytes that must be readable, though not meaningful, behind the last line."""

_BYTE, _WORD = ir.IntType(8), ir.IntType(64)
_LANES = ir.VectorType(_BYTE, 64)

helper = njit(boundscheck=False, error_model="numpy")
"""Compile a function that other compiled functions call (and LLVM inlines)."""


def entry(function):
    """Compile a function that Python calls; kept between runs where a directory can be written to."""
    settings = {"nogil": True, "boundscheck": False, "error_model": "numpy"}
    try:
        compiled = njit(cache=True, **settings)(function)
    except RuntimeError:  # neither the package's directory nor the user's cache can be written to
        return njit(**settings)(function)
    # numba looks at the function's own file only: what is kept must go when a helper in another file changes, too.
    kept = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
    if kept is not None and hasattr(kept, "_source_stamp"):
        kept._source_stamp = _sources()
    return compiled


@cache
def _sources():
    """Return what changes with any source of the scanner."""
    return sha256(b"".join(path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py")))).hexdigest()


def _load(builder, address, kind=_LANES):
    value = builder.load(builder.inttoptr(address, kind.as_pointer()))
    value.align = 1
    return value


def _splat(character):
    return ir.Constant(_LANES, [character] * 64)


def _mask(condition):
    """Make ``f(address)``: bit i is set where the condition holds of byte ``address + i``."""

    def typed(_context, _address):
        def generate(_, builder, __, arguments):
            return builder.bitcast(condition(builder, _load(builder, arguments[0])), _WORD)

        return types.int64(types.int64), generate

    return intrinsic(typed)


def _is(builder, lanes, character):
    return builder.icmp_unsigned("==", lanes, _splat(character))


def _ends_plain_text(builder, lanes):
    quoted = builder.or_(_is(builder, lanes, ord('"')), _is(builder, lanes, ord("\\")))
    return builder.or_(quoted, builder.icmp_unsigned("<", lanes, _splat(32)))


controls = _mask(_ends_plain_text)
"""Quotes, backslashes and control characters: what plain text in a string ends at."""

highs = _mask(lambda builder, lanes: builder.icmp_unsigned(">", lanes, _splat(127)))
"""Bytes that are no ASCII."""

newlines = _mask(lambda builder, lanes: _is(builder, lanes, 10))

nondigits = _mask(
    lambda builder, lanes: builder.icmp_unsigned(">", builder.sub(lanes, _splat(ord("0"))), _splat(9))
)  # fmt: skip


@intrinsic
def differing(_context, _one, _other):
    """Return a mask of where 64 bytes at two addresses differ."""

    def generate(_, builder, __, arguments):
        one, other = (_load(builder, address) for address in arguments)
        return builder.bitcast(builder.icmp_unsigned("!=", one, other), _WORD)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def first(_context, _mask):
    """Return the number of the lowest bit set."""

    def generate(_, builder, __, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.int64), generate


def _loader(bits):
    kind = ir.IntType(bits)

    def typed(_context, _address):
        def generate(_, builder, __, arguments):
            value = _load(builder, arguments[0], kind)
            return value if bits == 64 else builder.zext(value, _WORD)

        return types.int64(types.int64), generate

    return intrinsic(typed)


byte, word32, word64 = _loader(8), _loader(32), _loader(64)


def _storer(bits):
    kind = ir.IntType(bits)

    def typed(_context, _address, _value):
        def generate(context, builder, _, arguments):
            value = arguments[1] if bits == 64 else builder.trunc(arguments[1], kind)
            builder.store(value, builder.inttoptr(arguments[0], kind.as_pointer())).align = 1
            return context.get_dummy_value()

        return types.void(types.int64, types.int64), generate

    return intrinsic(typed)


put, put32, _put64 = _storer(8), _storer(32), _storer(64)


@helper
def get(table, number):
    """Return an element of an array of 64-bit integers, by the array's address.

    Tables are handed around by address because numba counts references to
    arrays, which costs more than the scan does.
    """
    return word64(table + 8 * number)


@helper
def change(table, number, value):
    """Set an element of an array of 64-bit integers, by the array's address."""
    _put64(table + 8 * number, value)


@intrinsic
def copy64(_context, _to, _source):
    """Copy 64 bytes."""

    def generate(context, builder, _, arguments):
        where = builder.inttoptr(arguments[0], _LANES.as_pointer())
        builder.store(_load(builder, arguments[1]), where).align = 1
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), generate
