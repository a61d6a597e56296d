"""A log and its rotation, as programs and logrotate treat them, at random from a seed."""

from __future__ import annotations

import gzip
import os
import random
import shutil
import time
from pathlib import Path

KEPT = 400
LINE = b'{"payload_printable":"%d %s","timestamp":"2025-02-24T08:04:37","src_ip":"1.2.3.4"}\n'


class LogWriter:
    """Write numbered lines to a log, and rotate it in one of the ways that are about.

    Its clock is its own: between what it does pass moments, as between what a
    real log and its rotation do, though the test hurries. Where another process
    looks on, it takes the time.
    """

    def __init__(self, path: Path, seed: int, watched: bool = False) -> None:
        self.path, self.random, self.watched = path, random.Random(seed), watched
        self.number = self.rotations = 0
        self.now = 1_739_232_000_000_000_000
        self.dated = self.random.random() < 0.5
        self.waiting = b""
        self.written: list[bytes] = []
        self.file = path.open("ab", buffering=0)
        self._touch(path)

    def write(self) -> None:
        """Write some lines; the last may be in the middle."""
        lines = []
        for _ in range(self.random.choice((0, 1, 1, 3, 40))):
            size = self.random.choice((0, 3, 30, 30, 300, 9000))
            lines.append(LINE % (self.number, self.random.randbytes(size // 2).hex().encode()))
            self.number += 1
        self.written += lines
        data = self.waiting + b"".join(lines)
        cut = self.random.choice((0, 0, 0, len(data) // 2, len(data) - 1)) if data else 0
        self.waiting = data[len(data) - cut :] if cut else b""
        self.file.write(data[: len(data) - len(self.waiting)])
        self._touch(self.path)

    def finish_line(self) -> None:
        """Write what is left of the last line."""
        if self.waiting:
            self.file.write(self.waiting)
            self._touch(self.path)
        self.waiting = b""

    def rename(self) -> None:
        """Move the log aside and begin a new one."""
        self.finish_line()
        self.path.rename(self._aside())
        self.file.close()
        self.file = self.path.open("ab", buffering=0)
        self._touch(self.path)

    def copytruncate(self) -> None:
        """Copy the log aside and truncate it."""
        self.finish_line()
        aside = self._aside()
        shutil.copyfile(self.path, aside)
        self._touch(aside)
        self.file.truncate(0)
        self._touch(self.path)

    def truncate(self) -> None:
        """Throw away what the log holds."""
        self.finish_line()
        self.file.truncate(0)
        self._touch(self.path)

    def compress(self) -> None:
        """Compress a file that was rotated, as gzip does: under the time of the plain one."""
        plain = [p for p in self.path.parent.iterdir() if p != self.path and p.name.startswith(self.path.name)]
        plain = sorted(p for p in plain if p.suffix != ".gz" and p.suffix != ".part")
        if not plain:
            return
        path = self.random.choice(plain)
        status = path.stat()
        packed = Path(f"{path}.gz")
        packed.write_bytes(gzip.compress(path.read_bytes(), 1))
        os.utime(packed, ns=(status.st_atime_ns, status.st_mtime_ns))
        path.unlink()

    def _touch(self, path: Path) -> None:
        if self.watched:
            time.sleep(0.012)  # file systems keep times by the tick
            return
        self.now += self.random.randrange(1, 10**9)
        os.utime(path, ns=(self.now, self.now))

    def _aside(self) -> Path:
        """Return the name a rotated log gets, and make room for it."""
        if self.dated:
            self.rotations += 1
            return self.path.with_name(f"{self.path.name}-202502{self.rotations:04}")
        self._shift()
        return self._numbered(1)

    def _numbered(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _shift(self) -> None:
        for number in range(KEPT, 0, -1):
            for end in ("", ".gz"):
                old = Path(f"{self._numbered(number)}{end}")
                if old.exists():
                    old.rename(f"{self._numbered(number + 1)}{end}")
