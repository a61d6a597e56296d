"""A processor for jobs that something happens to in their middle."""

from __future__ import annotations

import time


def process(document: dict) -> dict:
    """Take a moment for each document, and mark it."""
    time.sleep(0.003)
    return {"done": True}
