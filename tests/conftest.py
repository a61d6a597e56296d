"""What all tests share: services that skip on a laptop and fail under CI, and the samples."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from .elastic.cluster import cluster, elastic
from .sources.amazon import amazon, moto

__all__ = ["amazon", "cluster", "elastic", "moto"]

# The same examples each time, and no clock: a shared machine may be slow. `make soak` tries many more.
FULL = bool(os.environ.get("ATTACKVIZ_SOAK"))
settings.register_profile(
    "attackviz",
    deadline=None,
    derandomize=True,
    max_examples=5000 if FULL else 100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("attackviz")

# What is started in the background of a shell ignores Ctrl-C, and so would all that tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]

# Chromium without its own phoning home, which a closed network would refuse noisily.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def missing(service: str, command: str) -> NoReturn:
    """Skip for want of a service, or fail where everything must be there."""
    reason = f"{service} is not on this machine; {command} would bring it"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def samples() -> Path:
    """Return the directory of sample inputs."""
    return ROOT / "data" / "samples"


@pytest.fixture(scope="session")
def node() -> str:
    """Return the path of node."""
    path = shutil.which("node")
    if path is None or not (ROOT / "node_modules").is_dir():
        missing("node with the pinned packages", "scripts/node.sh")
    return path


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """Yield a headless Chromium (a playwright Browser)."""
    from playwright.sync_api import Error, sync_playwright

    named = os.environ.get("ATTACKVIZ_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        except Error:
            missing("Chromium", "scripts/chromium.sh")
        yield browser
        browser.close()
