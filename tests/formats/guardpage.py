"""Read blocks that stand right beside memory that must not be touched: the process dies if it is."""

from __future__ import annotations

import ctypes
import mmap
import random
import sys

from attackviz.account import Account
from attackviz.formats.jsonreader import read_json
from attackviz.formats.lines import Block
from attackviz.formats.plan import Plan
from attackviz.formats.scan.memory import PAD
from attackviz.formats.scanreader import _ScanReader

from .jsonlines import Lines

PATHS = ["t", "ip", "n", "a.b.c", "alert.signature", "é"]
TAILS = [
    b'"', b'{"t":"', b'{"t":"\\u', b'{"t":"\\', b'{"t":tru', b'{"n":-', b'{"n":1.', b'{"n":1e', b'{"t', b"[", b"{",
    b'{"' + b"k" * 61, b'{"t":"' + b"\xf0", b'{"t":"\xe0\xa0', b'{"t":[', b'{"n":1', b'{"t":"x"}', b'{"t":"\\ud800\\u',
]  # fmt: skip
SIZE = 1 << 16


def guarded() -> int:
    """Return the address of `SIZE` bytes with unreadable pages before and behind."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    page = mmap.PAGESIZE
    at = libc.mmap(None, SIZE + 2 * page, 3, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    for where in (at, at + page + SIZE):
        if libc.mprotect(where, page, 0):
            raise OSError("mprotect failed")
    return at + page


def main(count: int) -> None:
    at = guarded()
    pick = random.Random(5)
    lines = Lines(5, PATHS)
    for number in range(count):
        data = b"\n".join(lines.line() for _ in range(pick.randint(0, 8)))
        if pick.random() < 0.6:
            data += b"\n" * bool(data) + pick.choice(TAILS)
        data = data[-(SIZE - PAD - 1) :] + b"\n"
        behind = pick.choice([b"\n", b"a", b'"', b"1", b"\\", b"\xff", b" "]) * PAD
        start = at if number % 2 else at + SIZE - len(data) - PAD
        ctypes.memmove(start, data + behind, len(data) + PAD)
        buffer = memoryview((ctypes.c_ubyte * (len(data) + PAD)).from_address(start)).cast("B")
        scanned, exact = Account(), Account()
        reader = _ScanReader(PATHS, scanned, "x", dotted=False, ids=False)
        reader.feed(Block(buffer, 0, len(data), 1, 1))
        list(read_json([b"\n" + data], Plan(PATHS), exact, "x"))
        exact.pieces -= 1
        exact.blank -= 1
        if scanned.events != exact.events or reader.take().length != exact.events:
            raise SystemExit(f"{scanned.summary()} / {exact.summary()}: {data!r}")
    print("read", count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
