"""Notebooks, executed once, in the environment of a user who has none of their own settings."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a Jupyter that writes nowhere but in its own directory."""
    home = tmp_path_factory.mktemp("jupyter")
    places = {f"JUPYTER_{name}_DIR": str(home / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    return {**os.environ, **places, "IPYTHONDIR": str(home / "ipython"), "JUPYTER_PLATFORM_DIRS": "1"}


@pytest.fixture(scope="session")
def executed(jupyter: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Execute every notebook in a process of its own; return the results by name."""
    import subprocess

    directory = tmp_path_factory.mktemp("executed")
    run = (
        "import sys, nbclient, nbformat\n"
        "notebook = nbformat.read(sys.argv[1], 4)\n"
        "nbclient.NotebookClient(notebook, timeout=240, resources={'metadata': {'path': sys.argv[3]}}).execute()\n"
        "nbformat.write(notebook, sys.argv[2])\n"
    )
    for notebook in NOTEBOOKS:
        command = [sys.executable, "-c", run, str(notebook), str(directory / notebook.name), str(notebook.parent)]
        done = subprocess.run(command, env=jupyter, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, f"{notebook.name} does not run:\n{done.stderr[-4000:]}"
    return {notebook.stem: directory / notebook.name for notebook in NOTEBOOKS}


def outputs_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the outputs of all cells, in order."""
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
