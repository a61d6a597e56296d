"""The process that reads for a server: ``python -m attackviz.dashboard.worker``.

It takes a job as one line of JSON on stdin and answers with frames on stdout:
a line of JSON, then as many bytes as its ``length`` says. The last frame of
reading is ``ready``, ``empty`` or ``error``. Reading in a process of its own
keeps pages quick meanwhile, and gives the memory back afterwards.

Where there are more events than a recording holds, ``ready`` says ``store``,
and the process stays: each further line on stdin is a question, with an ``id``
that its answer repeats in a frame ``answer``; one with ``export`` is answered
beside the others, as it may take long. It ends when stdin closes, that is with
the server, so that no reader outlives it.
"""

from __future__ import annotations

import gzip
import json
import os
import queue
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, BinaryIO

from ..analysis import FILTERED, redact
from ..elastic.address import shown
from ..errors import AttackvizError, StaleDatabaseWarning
from .answers import Answers
from .job import Job
from .loading import load_events, record

__all__ = ["main"]

EVERY = 0.2  # seconds between two words of progress
_writing = threading.Lock()


def main() -> None:
    """Read the job on stdin and answer on stdout."""
    out = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever prints in here must not end up between the frames.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if hasattr(os, "nice"):
        os.nice(10)  # the page comes first, also on two cores
    job = Job.from_dict(json.loads(sys.stdin.readline()))
    questions: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(questions,), daemon=True).start()
    answers = read(job, out)
    if answers is not None:
        for question in _latest(questions):
            if "export" in question:
                threading.Thread(target=answer, args=(answers.export, question, out), daemon=True).start()
            else:
                answer(answers, question, out)


def read(job: Job, out: BinaryIO) -> Answers | None:
    """Read a job, and write the frames of it.

    Parameters
    ----------
    job : Job
    out : binary file
        Where the frames go.

    Returns
    -------
    Answers or None
        What can be asked further, where a recording does not hold all.
    """
    said = 0.0
    latest: dict[str, Any] = {"kind": "loading"}

    def progress(status: dict[str, Any]) -> None:
        nonlocal said, latest
        latest = status
        now = time.monotonic()
        if now - said >= EVERY:
            said = now
            _frame(out, status)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", StaleDatabaseWarning)  # it is in the recording's notice
            loaded = load_events(job, progress)
            store = loaded.store()
            _frame(out, {**latest, "counting": loaded.many, "cluster": store is loaded.events})
            recording = record(job, loaded, store)
        if not recording.header["totals"]["in_recording"]:
            _frame(out, _empty(job, recording.header))
            return None
        stays = recording.header["grain"] is not None
        seen, source = (redact(store), "") if job.public else (store, job.source)
        answers = Answers(seen, recording, loaded.database, source) if stays else None
        # One second of work here saves every session two thirds of the way.
        packed = gzip.compress(recording.to_bytes(), compresslevel=6, mtime=0)
        _frame(out, {"kind": "ready", "store": stays}, packed)
        return answers
    except AttackvizError as error:
        _frame(out, _failure(error.what, error.where, error.hint))
    except OSError as error:
        _frame(out, _failure(error.strerror or str(error), error.filename))
    except MemoryError:
        _frame(out, _failure("the memory of this machine is not enough", hint="ask for a shorter --window"))
    return None


def answer(
    answers: Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]], question: dict[str, Any], out: BinaryIO
) -> None:
    """Write the frame that answers a question.

    Parameters
    ----------
    answers : callable
        `Answers`, or its `export`.
    question : dict
        With ``id``, and ``late`` where the one who asked has asked again since.
    out : binary file
    """
    head, body = ({"error": "asked again since"}, b"") if question.get("late") else answers(question)
    _frame(out, {"kind": "answer", "id": question["id"], **head}, body)


def _latest(questions: queue.SimpleQueue[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield questions as they come; of those that wait, only the last one of each asker is meant."""
    while True:
        waiting = [questions.get()]
        while not questions.empty():
            waiting.append(questions.get())
        last = {question.get("who"): question["id"] for question in waiting if "export" not in question}
        for question in waiting:
            yield {**question, "late": "export" not in question and last[question.get("who")] != question["id"]}


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
    if refused := account.get("left_out", {}).get(FILTERED, 0):
        what = f"{refused + read:,} events were read, of which {read:,} meet the filter"
    origin = ", ".join(map(shown, job.addresses))
    where = f"none of them in the window {job.window}" if job.window and read else f"from {origin}"
    hints = []
    if job.window:
        hints.append("Ask for another window, or leave --window out.")
    if header["totals"]["untimed"]:
        hints.append(f"{header['totals']['untimed']:,} events have no usable time.")
    if account.get("bad_total"):
        hints.append(f"{account['bad_total']:,} lines could not be read.")
    return {"kind": "empty", "title": "Nothing to play", "detail": f"{what}, {where}.", "hints": hints}


def _frame(out: BinaryIO, head: dict[str, Any], body: bytes = b"") -> None:
    with _writing:
        out.write(json.dumps({**head, "length": len(body)}).encode() + b"\n")
        out.write(body)
        out.flush()


def _listen(questions: queue.SimpleQueue[dict[str, Any]]) -> None:
    lines: Iterable[str] = sys.stdin
    for line in lines:
        questions.put(json.loads(line))
    os._exit(0)  # the server has gone


if __name__ == "__main__":
    main()
