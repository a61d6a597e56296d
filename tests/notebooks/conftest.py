"""Notebooks, executed once, in the environment of a user who has none of their own settings."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CLUSTER = "02_elasticsearch"  # the one that needs a cluster


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a Jupyter that writes nowhere but in its own directory."""
    home = tmp_path_factory.mktemp("jupyter")
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    return {**os.environ, **places, "IPYTHONDIR": str(home / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}


@pytest.fixture(scope="session")
def execute(jupyter: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that executes a notebook in a process of its own, and returns the path of the result."""
    directory = tmp_path_factory.mktemp("executed")
    run = (
        "import sys, nbclient, nbformat\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "nbclient.NotebookClient(notebook, timeout=240, resources={'metadata': {'path': sys.argv[3]}}).execute()\n"
        "nbformat.write(notebook, sys.argv[2])\n"
    )

    def execute(notebook: Path, **environment: str) -> Path:
        command = [sys.executable, "-c", run, str(notebook), str(directory / notebook.name), str(notebook.parent)]
        env = {**jupyter, **environment}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{notebook.name} does not run:\n{done.stderr[-4000:]}"
        return directory / notebook.name

    return execute


@pytest.fixture(scope="session")
def executed(execute: Callable[..., Path]) -> Callable[[str], Path]:
    """Return a function that gives the result of a notebook by name; it is executed when first asked for."""
    return cache(lambda name: execute(ROOT / "notebooks" / f"{name}.ipynb"))


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of all cells, in order."""
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
