"""A process that writes to a tape until it is killed, and says what was acknowledged."""

from __future__ import annotations

import random
import sys
import threading
from pathlib import Path

from attackviz import Tape

if __package__:
    from .made import HOUR_US, START_US, events
else:
    from made import HOUR_US, START_US, events

BATCHES = 400


def batch(number: int):
    """Return the events of a batch: always the same for a number, some of them in an earlier one, too."""
    rnd = random.Random(number)
    names = [f"{number}-{k}" for k in range(rnd.randrange(1, 30))]
    if number and rnd.random() < 0.3:
        names += [f"{number - 1}-0", names[0]]
    return events(names, [time_of(name) for name in names], src_ip=["192.0.2.1"] * len(names))


def time_of(name: str) -> int:
    """Return when an event happened: equal ids have equal times."""
    rnd = random.Random(name)
    return START_US + rnd.choice([0, 0, 0, 1, 2]) * HOUR_US + rnd.randrange(HOUR_US)


def main(path: Path, first: int) -> None:
    """Append batch after batch with two threads; print the number of each once it is acknowledged."""
    numbers = iter(range(first, first + BATCHES))
    lock = threading.Lock()
    with Tape(path) as tape:

        def work() -> None:
            while True:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                tape.append(batch(number))
                with lock:
                    sys.stdout.write(f"{number}\n")
                    sys.stdout.flush()

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
