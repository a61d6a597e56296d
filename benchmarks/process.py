"""Programs started fresh, and what they took of the machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[1]
EVERY = 0.02  # seconds between two looks at a program's memory
LIMIT = 300  # seconds after which a program is ended, unless told otherwise


@dataclass(frozen=True)
class Ran:
    """Hold what a program took.

    Attributes
    ----------
    wall : float
        Seconds from its start to its end.
    cpu : float
        Seconds of processor time, its children's included.
    peak : float
        Most resident memory seen, summed over it and its children, MB.
    answer : Any
        The JSON on its last line of output, or None.
    """

    wall: float
    cpu: float
    peak: float
    answer: Any


def python(*arguments: str) -> list[str]:
    """Return the command that runs this Python with arguments."""
    return [sys.executable, *arguments]


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of what is measured: this one, found from anywhere, without warnings in the way."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore", **(extra or {})}


def run(
    command: Sequence[str], extra: Mapping[str, str] | None = None, directory: Path | None = None, limit: float = LIMIT
) -> Ran:
    """Run a program to its end and measure it.

    Raises
    ------
    RuntimeError
        If it fails or takes longer than it may; with the end of what it said.
    """
    began = time.perf_counter()
    child = subprocess.Popen(
        command,
        env=environment(extra),
        cwd=directory or ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    peak = 0.0
    ended = threading.Event()

    def look() -> None:
        nonlocal peak
        while not ended.wait(EVERY):
            peak = max(peak, resident(child.pid))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    killer = threading.Timer(limit, child.kill)
    killer.start()
    said: list[str] = []
    reader = threading.Thread(target=lambda: said.append(child.stderr.read()), daemon=True)
    reader.start()
    out = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    killer.cancel()
    ended.set()
    watcher.join()
    reader.join()
    child.stdout.close()
    child.stderr.close()
    if child.returncode:
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {child.returncode}: {said[0].strip()[-400:]}")
    return Ran(wall, usage.ru_utime + usage.ru_stime, peak, _last_json(out))


def resident(pid: int) -> float:
    """Return the resident memory of a process and all below it, in MB (shared pages count in each)."""
    try:
        top = psutil.Process(pid)
        family = [top, *top.children(recursive=True)]
    except psutil.Error:
        return 0.0
    total = 0
    for process in family:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def _last_json(out: str) -> Any:
    lines = out.strip().splitlines()
    try:
        return json.loads(lines[-1]) if lines else None
    except json.JSONDecodeError:
        return None
