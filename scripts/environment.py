"""Write environment.yml from pyproject.toml, through a table of conda names."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# PyPI name -> conda-forge name, where they differ. matplotlib-base leaves Qt out.
CONDA_NAMES = {
    "duckdb": "python-duckdb",
    "isal": "python-isal",
    "matplotlib": "matplotlib-base",
}


def conda(requirement: str) -> str:
    """Return a PyPI requirement as conda-forge writes it."""
    match = re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[^]]*\])?(.*)", requirement)
    assert match, requirement
    return CONDA_NAMES.get(match[1], match[1]) + match[2]


def render() -> str:
    """Return the text of environment.yml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [f"python{project['requires-python']}", "pip"]
    lines += sorted(conda(r) for r in project["dependencies"] + project["optional-dependencies"]["notebook"])
    body = "".join(f'  - "{line}"\n' for line in lines)
    return (
        "# Mirrors pyproject.toml (scripts/environment.py writes it; a test compares).\n"
        f"name: attackviz\nchannels:\n  - conda-forge\ndependencies:\n{body}"
        '  - pip:\n      - "--editable ."\n'
    )


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(render())
    sys.exit(0)
