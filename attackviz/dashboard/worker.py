"""The process that reads for a server: ``python -m attackviz.dashboard.worker``.

It takes a job as one line of JSON on stdin and answers with frames on stdout:
a line of JSON, then as many bytes as its ``length`` says. The last frame is
``ready``, ``empty`` or ``error``. It ends when stdin closes, that is with the
server, so that no reader outlives it. Reading in a process of its own keeps
pages quick meanwhile, and gives the memory back afterwards.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import threading
import time
import warnings
from typing import Any, BinaryIO

from ..errors import AttackvizError, StaleDatabaseWarning
from .job import Job
from .loading import load

__all__ = ["main"]

EVERY = 0.2  # seconds between two words of progress


def main() -> None:
    """Read the job on stdin and answer on stdout."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever prints in here must not end up between the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "nice"):
        os.nice(10)  # the page comes first, also on two cores
    job = Job.from_dict(json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    answer(job, out)


def answer(job: Job, out: BinaryIO) -> None:
    """Write the frames for a job.

    Parameters
    ----------
    job : Job
    out : binary file
        Where the frames go.
    """
    said = 0.0

    def progress(status: dict[str, Any]) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= EVERY:
            said = now
            _frame(out, status)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StaleDatabaseWarning)  # it is in the recording's notice
            recording = load(job, progress)
        if recording.header["totals"]["in_recording"]:
            # One second of work here saves every session two thirds of the way.
            packed = gzip.compress(recording.to_bytes(), compresslevel=6, mtime=0)
            _frame(out, {"kind": "ready"}, packed)
        else:
            _frame(out, _empty(job, recording.header))
    except AttackvizError as error:
        _frame(out, _failure(error.what, error.where, error.hint))
    except OSError as error:
        _frame(out, _failure(error.strerror or str(error), error.filename))
    except MemoryError:
        _frame(out, _failure("the memory of this machine is not enough", hint="ask for a shorter --window"))


def _failure(what: str, where: object = None, hint: str | None = None) -> dict[str, Any]:
    detail = "" if where is None else str(where)
    return {
        "kind": "error",
        "title": _sentence(what),
        "detail": detail,
        "hints": [f"{_sentence(hint)}."] if hint else [],
    }


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _empty(job: Job, header: dict[str, Any]) -> dict[str, Any]:
    account = header["account"] or {}
    read = account.get("events", header["totals"]["events"])
    what = f"{read:,} events were read" if read else "No event was read"
    where = f"none of them in the window {job.window}" if job.window and read else f"from {', '.join(job.addresses)}"
    hints = []
    if job.window:
        hints.append("Ask for another window, or leave --window out.")
    if header["totals"]["untimed"]:
        hints.append(f"{header['totals']['untimed']:,} events have no usable time.")
    if account.get("bad_total"):
        hints.append(f"{account['bad_total']:,} lines could not be read.")
    return {"kind": "empty", "title": "Nothing to play", "detail": f"{what}, {where}.", "hints": hints}


def _frame(out: BinaryIO, head: dict[str, Any], body: bytes = b"") -> None:
    out.write(json.dumps({**head, "length": len(body)}).encode() + b"\n")
    out.write(body)
    out.flush()


def _end_with_the_server() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
