"""How long a command takes before it does anything."""

from __future__ import annotations

import sys
from pathlib import Path

from ..bench import Bench, median
from ..process import python, run
from ..table import Goal, Row

HEAVY = ("pandas", "pyarrow", "numba", "panel", "holoviews", "bokeh", "numpy")
LOADED = f"import json, sys, attackviz; print(json.dumps([m for m in {HEAVY!r} if m in sys.modules]))"


def rows(bench: Bench) -> list[Row]:
    """Time the bare import and the help, beside importing what is beneath."""
    runs = bench.pick(9, 2)
    command = str(Path(sys.executable).parent / "attackviz")
    programs = {
        "nothing": python("-c", "pass"),
        "import": python("-c", "import attackviz"),
        "help": [command, "--help"],
        "pandas": python("-c", "import pandas"),
        "holoviews": python("-c", "import holoviews"),
    }
    for program in programs.values():
        run(program)  # the first one reads from the disk
    walls: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(runs):
        for name, program in programs.items():
            walls[name].append(run(program).wall)
    took = {name: median(values) for name, values in walls.items()}
    loaded = run(python("-c", LOADED)).answer
    n = f"{runs} fresh processes, median"
    bare = (
        f"Python alone takes {took['nothing']:.3f} s of each. "
        f"The bare import loads {' and '.join(loaded) or 'none'} of {', '.join(HEAVY)}."
    )
    return [
        Row("imports", "import attackviz", "s", took["import"], took["pandas"], "import pandas", n, bare, Goal(0.3)),
        Row(
            "imports", "attackviz --help", "s", took["help"], took["holoviews"], "import holoviews", n, bare, Goal(0.3)
        ),
    ]
