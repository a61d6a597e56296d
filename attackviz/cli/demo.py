"""``attackviz demo``: two weeks of real attacks."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import AddressError
from .console import command
from .options import NoBrowser, Port
from .serve import run

__all__ = ["demo"]

SAMPLE = "tpot-2025"
# It begins to play a few hours before the VNC and VPN campaigns do.
OPENING = {"clock": "2025-02-18T06:00:00Z", "autoplay": True}


@command
def demo(port: Port = 5006, no_browser: NoBrowser = False) -> None:
    """Play two weeks of real attacks on five honeypots.

    attackviz demo
    attackviz demo --port 8080 --no-browser
    """
    from ..dashboard.job import Job

    run(Job((str(find_sample()),)), port, "127.0.0.1", [], no_browser, OPENING)


def find_sample() -> Path:
    """Return the directory of the sample the demo plays.

    It is looked for in ``ATTACKVIZ_SAMPLES``, beside the package, and in
    ``data/samples`` under the working directory.

    Raises
    ------
    AddressError
        If it is in none of them.
    """
    named = os.environ.get("ATTACKVIZ_SAMPLES")
    beside = Path(__file__).resolve().parents[2]
    places = [Path(named)] if named else [beside / "data" / "samples", Path("data/samples").absolute()]
    for place in places:
        if (place / SAMPLE).is_dir():
            return place / SAMPLE
    raise AddressError(
        f"the sample {SAMPLE} is not in {' or '.join(map(str, places))}",
        hint="run the demo from a checkout of the repository, or name its data/samples in ATTACKVIZ_SAMPLES",
    )
