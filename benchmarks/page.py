"""The table as a page of the documentation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .table import Row, markdown

HEAD = """# Performance

Written by `make bench ARGS="--page docs/performance.md"`. Each row is attackviz beside what people use today for the
same task, measured in the same run on the same machine: read the column *better*, it carries over to other machines,
the seconds do not. Goals are the project's own; one that is not met says so.

"""

TAIL = """
## How it is measured

- Inputs are real (`data/samples/tpot-2025`) or made from a fixed seed. Every program is started fresh, as a user
  would, and what is shown is the median of the runs that the row tells.
- Caches are warm unless the row says otherwise: numba's compiled kernels, the decoded location database and the
  disk's cache have been filled by a run before. What today's tools keep is warm in the same way.
- The browser is headless Chromium without a GPU: it draws on the processor, which it shares with the server.
- Memory is resident memory summed over a program and its children; pages that they share count in each.
- Where a run of today's way would take minutes it is measured on a part and scaled linearly, and the row says so.

`python -m benchmarks --quick` takes a few minutes on smaller inputs; `--only PART` takes one part of the table.
"""


def facts(result: Mapping[str, Any]) -> str:
    """Return the machine and the run in a few lines."""
    about = result["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in about["packages"].items())
    quick = ", quick" if result["quick"] else ""
    return (
        f"{about['processor']}, {about['cores']} cores, {about['memory_gb']} GB, {about['system']}, "
        f"Python {about['python']}.\n"
        f"{versions}.\n"
        f"Taken on {result['taken']} in {result['seconds']} s{quick}; seed {result['seed']}; "
        f"load of the machine {result['load_before']} before, up to {max(result['load_during'])} on the way "
        "(the run itself is 1 to 2 of it)."
    )


def render(result: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Return the page."""
    failed = "".join(f"\n**{name} could not be measured:** {why}\n" for name, why in result["failed"].items())
    return HEAD + facts(result).replace("\n", "\n\n") + "\n\n" + markdown(rows) + failed + TAIL
