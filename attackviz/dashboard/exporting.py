"""Files that a viewer asks for: made of the recording in a process of its own, as ``attackviz export`` makes them."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import AttackvizError, UsageError

__all__ = ["KINDS", "Reply", "export"]

KINDS = (".html", ".mp4", ".gif", ".png", ".svg", ".parquet", ".csv")
"""What may be asked for."""

Reply = Callable[[dict[str, Any], bytes], None]

_OPTIONS = ("start", "end", "at")
_LENGTHS = {".mp4": 60, ".gif": 10}  # seconds; a viewer may not keep the server at it for hours
_FAILED = 3
_turn = threading.Lock()


def export(recording: bytes, asked: Mapping[str, Any], reply: Reply) -> None:
    """Make a file of a recording; return at once.

    Files are made one after the other, for a film takes both cores.

    Parameters
    ----------
    recording : bytes
        Gzipped.
    asked : mapping
        ``kind``, one of `KINDS`; ``theme``; ``redact``, a profile or None; and
        ``start``, ``end`` and ``at`` of `attackviz.export.Asked`.
    reply : callable
        Given, in a thread of its own, ``{"name": ...}`` and the file, or
        ``{"error": ...}`` and nothing.
    """
    threading.Thread(target=_answer, args=(recording, dict(asked), reply), daemon=True).start()


def _answer(recording: bytes, asked: dict[str, Any], reply: Reply) -> None:
    line = json.dumps(asked).encode() + b"\n"
    with _turn:
        done = subprocess.run(
            [sys.executable, "-m", "attackviz.dashboard.exporting"],
            input=line + recording,
            capture_output=True,
            check=False,
        )
    if done.returncode == _FAILED:
        reply({"error": done.stdout.decode()}, b"")
    elif done.returncode:
        reply({"error": f"The process that made the file ended with code {done.returncode}."}, b"")
    else:
        name, _, body = done.stdout.partition(b"\n")
        reply({"name": name.decode()}, body)


def make(recording: bytes, asked: Mapping[str, Any]) -> tuple[str, bytes]:
    """Return the name of a file and what is in it.

    Raises
    ------
    AttackvizError
        If it is not possible, in words for the viewer.
    """
    from ..export import Asked
    from ..export.saved import save
    from ..replay import load, redacted

    kind = asked.get("kind")
    if kind not in KINDS:
        raise UsageError(f"there is no file {kind!r}", hint=f"choose {', '.join(KINDS)}")
    options = {name: asked[name] for name in _OPTIONS if asked.get(name) is not None}
    whole = load(gzip.decompress(recording))
    if asked.get("redact"):
        whole = redacted(whole, str(asked["redact"]))
    words = re.sub(r"[^a-z0-9]+", "-", str(whole.header["title"]).lower()).strip("-")[:60]
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / f"{words or 'replay'}{kind}"
        save(whole, path, Asked(**options, length=_LENGTHS.get(kind)), theme=str(asked.get("theme", "dark")))
        return path.name, path.read_bytes()


def main() -> int:
    """Read what is asked and a recording from standard input, and write the file to standard output."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        name, body = make(sys.stdin.buffer.read(), asked)
    except AttackvizError as error:
        sys.stdout.write(str(error))
        return _FAILED
    sys.stdout.buffer.write(name.encode() + b"\n" + body)
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
