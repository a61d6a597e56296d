"""A live server whose clock runs faster: ``python -m tests.browser.accelerated BEGAN FACTOR serve --live ...``."""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace

from attackviz.cli.app import app
from attackviz.live import totals, viewer

BROWSER = """
const began = %f * 1000, factor = %f;
const now = performance.now.bind(performance), date = Date.now, frame = requestAnimationFrame;
Date.now = () => began + (date() - began) * factor;
performance.now = () => now() * factor;
globalThis.requestAnimationFrame = (call) => frame((at) => call(at * factor));
"""
"""What makes a page's clock run as fast, for those who wait for frames; timers keep their pace."""


def main() -> None:
    """Serve with a clock that began at a moment, and runs faster by a factor."""
    began, factor = float(sys.argv.pop(1)), float(sys.argv.pop(1))
    # What players are told of the time, and how often; all else keeps its own.
    for module in (totals, viewer):
        module.time = SimpleNamespace(  # type: ignore[attr-defined]
            time=lambda: began + (time.time() - began) * factor, monotonic=lambda: time.monotonic() * factor
        )
    app()


if __name__ == "__main__":
    main()
