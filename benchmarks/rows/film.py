"""How long a film takes."""

from __future__ import annotations

from ..bench import TPOT, Bench
from ..process import python, run
from ..table import Goal, Row

LENGTH_S = 60
THEIRS_S = 10  # of Matplotlib's way a part is enough: each frame takes as long as the one before
NOTE = (
    "1920x1080, 30 frames a second, two weeks of events; reading is not counted. Today's way draws points only: "
    "no map, no curves, no numbers; a part of it is measured and scaled."
)


def rows(bench: Bench) -> list[Row]:
    """Make the same minute both ways."""
    ours_s, theirs_s = bench.pick(LENGTH_S, 2), bench.pick(THEIRS_S, 2)
    _, parquet = bench.replay(TPOT)
    ours = run(python("-m", "benchmarks.ours.film", str(TPOT), str(bench.directory / "ours.mp4"), str(ours_s))).answer
    theirs = run(
        python("-m", "benchmarks.today.film", str(parquet), str(bench.directory / "theirs.mp4"), str(theirs_s))
    ).answer
    what = f"film of {ours_s} s from 388 k events"
    beside = "matplotlib FuncAnimation"
    goal = None if bench.quick else Goal(180)
    wide = ours_s / theirs_s
    return [
        Row("film", what, "s", ours["seconds"], theirs["seconds"] * wide, beside, "1 run", NOTE, goal),
        Row("film", f"{what}, its size", "MB", ours["mb"], theirs["mb"] * wide, beside, "1 run", NOTE),
    ]
