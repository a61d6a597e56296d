"""A writer is killed at any moment: what was acknowledged is there, once, and no reader saw half of anything."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

from attackviz import Tape

from ..browser.pages import until
from ..conftest import FULL
from .made import ids
from .writer import batch

HERE = Path(__file__).parent
KILLS = 100 if FULL else 5


class Reader(threading.Thread):
    """Follows a tape while it is written to."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self.path, self.stopping = path, threading.Event()
        self.seen: list[tuple[int, str]] = []
        self.wrong: list[object] = []

    def run(self) -> None:
        try:
            with Tape(self.path, readonly=True) as tape:
                for turn in itertools.count():
                    if self.stopping.is_set():
                        break
                    after = self.seen[-1][0] if self.seen else 0
                    table = tape.since(after, 500)
                    rows = zip(table["sequence"].to_pylist(), table["event_id"].to_pylist(), strict=True)
                    self.seen += rows
                    if turn % 50 == 0 and tape.count().all < len(self.seen):
                        self.wrong.append("fewer events were counted than had been seen")
                    self.stopping.wait(0.02)
        except Exception as error:  # a reader must see none
            self.wrong.append(error)


def test_what_was_acknowledged_survives_any_kill(tmp_path):
    path, rnd = tmp_path / "t", random.Random(11)
    Tape(path).close()
    reader = Reader(path)
    reader.start()
    acknowledged: set[int] = set()
    first = 0
    for _ in range(KILLS):
        command = [sys.executable, "-W", "error", str(HERE / "writer.py"), str(path), str(first)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            wanted = rnd.randrange(1, 40)
            for line in process.stdout:
                acknowledged.add(int(line))
                wanted -= 1
                if not wanted:
                    break
            time.sleep(rnd.random() * 0.05)
            process.kill()
            # What it said before it was gone counts; half a number was not said.
            acknowledged.update(int(line) for line in process.stdout if line.endswith("\n"))
        # Whoever sends goes on where nothing was acknowledged, as any client does.
        first = max(acknowledged) - 1
        with Tape(path, readonly=True) as tape:
            assert not tape.verify().damaged
    with Tape(path) as tape:
        until(lambda: reader.wrong or (reader.seen and reader.seen[-1][0] == tape.last), "the reader at the end")
        reader.stopping.set()
        reader.join()
        assert not reader.wrong
        assert not tape.verify().damaged
        table = tape.since(0, 10**9)
        found = Counter(table["event_id"].to_pylist())
        assert max(found.values()) == 1
        sent = {number: batch(number)["event_id"].to_pylist() for number in acknowledged}
        assert not {name for names in sent.values() for name in names} - found.keys()
        numbers = table["sequence"].to_pylist()
        assert numbers == sorted(set(numbers))
        # A reader that followed all the while has seen just what there is.
        assert reader.seen == list(zip(numbers, table["event_id"].to_pylist(), strict=True))
        # What was on the way is taken when it comes again.
        last = batch(max(acknowledged) + 2)
        tape.append(last)
        assert set(last["event_id"].to_pylist()) <= set(ids(tape))
        tape.compact()
        assert Counter(ids(tape, 0, 10**9)) == Counter(tape.read().table["event_id"].to_pylist())
