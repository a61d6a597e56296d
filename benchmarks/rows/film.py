"""How long a film takes."""

from __future__ import annotations

from ..bench import TPOT, Bench
from ..process import python, run
from ..table import Goal, Row

LENGTH_S = 60
PART_S = 6  # of Matplotlib's way a part is enough: each frame takes as long as the one before
LIMIT_S = 1800  # a shared machine may be slow
NOTE = (
    "1920x1080, 30 frames a second, two weeks of events; reading is not counted. Today's way draws points only: "
    "no map, no curves, no numbers; whole seconds spread over the film are measured and scaled."
)


def rows(bench: Bench) -> list[Row]:
    """Make the same film both ways."""
    length, part = bench.pick(LENGTH_S, 2), bench.pick(PART_S, 2)
    _, parquet = bench.replay(TPOT)
    films = [str(bench.directory / name) for name in ("ours.mp4", "theirs.mp4")]
    mine = python("-m", "benchmarks.ours.film", str(TPOT), films[0], str(length))
    usual = python("-m", "benchmarks.today.film", str(parquet), films[1], str(length), str(part))
    ours, theirs = (run(line, limit=LIMIT_S).answer for line in (mine, usual))
    what = f"film of {length} s from 388 k events"
    beside, n = "matplotlib FuncAnimation", f"1 run; today {part} s of it, scaled"
    goal = None if bench.quick else Goal(180)
    seconds, mb = ([ours[name], theirs[name] * length / part] for name in ("seconds", "mb"))
    return [
        Row("film", what, "s", *seconds, beside, n, NOTE, goal),
        Row("film", f"{what}, its size", "MB", *mb, beside, n, NOTE),
    ]
