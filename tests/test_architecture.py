"""The layout is the architecture: rooms import downward only, files stay readable."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "attackviz"

# From the ground up; a room may import the rooms before it. One tuple is one level.
LEVELS = [
    ("errors",),
    ("schema", "window", "settings", "saving"),
    ("account", "tables"),
    ("filters",),
    ("store",),
    ("formats",),
    ("geo",),
    ("analysis",),
    ("sources", "elastic", "tape"),
    ("open",),
    ("replay",),
    ("views",),
    ("player",),
    ("live",),
    ("export",),
    ("dashboard",),
    ("cli",),
    ("__init__", "__main__"),
]
RANK = {room: rank for rank, level in enumerate(LEVELS) for room in level}
SCREEN = {"panel", "holoviews", "geoviews", "bokeh", "cartopy", "matplotlib"}


def files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_modules(path: Path) -> set[str]:
    """Return the absolute names of all modules a file imports, lazily or not."""
    package = ["attackviz", *path.relative_to(PACKAGE).parts[:-1]]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module} if node.module else {f"{module}.{alias.name}" for alias in node.names}
            if module == "attackviz":
                found |= {f"attackviz.{alias.name}" for alias in node.names}
    return found


def test_every_room_has_a_level() -> None:
    assert {room(path) for path in files()} <= RANK.keys()


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downward(path: Path) -> None:
    if room(path) == "__init__":
        return  # the front door names every room, lazily
    upward = set()
    for name in imported_modules(path):
        parts = name.split(".")
        if parts[0] != "attackviz" or len(parts) == 1 or parts[1] not in RANK:
            continue
        if RANK[parts[1]] >= RANK[room(path)] and parts[1] != room(path):
            upward.add(name)
    assert not upward


@pytest.mark.parametrize("path", files(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nothing_below_views_draws(path: Path) -> None:
    if RANK[room(path)] >= RANK["views"]:
        return
    assert not {name for name in imported_modules(path) if name.split(".")[0] in SCREEN}


def test_architecture_page_names_every_room() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    rooms = {room(path) for path in files()} - {"__init__", "__main__"}
    assert not {name for name in rooms if f"`{name}" not in page}


def test_files_can_be_read_in_one_sitting() -> None:
    sources = [*files(), *(PACKAGE / "player" / "src").glob("*.js")]
    assert not {str(p.relative_to(ROOT)): n for p in sources if (n := len(p.read_text().splitlines())) > 450}


def test_import_is_light() -> None:
    code = "import sys, attackviz; print(sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    for heavy in ("pandas", "pyarrow", "numpy", "numba", "panel", "holoviews", "bokeh", "elasticsearch"):
        assert f"'{heavy}'" not in loaded


def test_public_names_resolve() -> None:
    attackviz = importlib.import_module("attackviz")
    assert all(getattr(attackviz, name) is not None for name in attackviz.__all__)
    assert set(attackviz._HOMES) <= set(attackviz.__all__)


def test_accessor_registers_where_pandas_is_loaded_before_or_after() -> None:
    for code in (
        "import pandas as pd, attackviz; pd.DataFrame.attacks",
        "import attackviz; attackviz.read; import pandas as pd; pd.DataFrame.attacks",
    ):
        subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_environment_file_mirrors_the_project() -> None:
    spec = importlib.util.spec_from_file_location("environment", ROOT / "scripts" / "environment.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (ROOT / "environment.yml").read_text() == module.render()


def test_pins_hold_hashes_and_no_addresses() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "--hash=sha256:" in text
        assert "://" not in text
    lock = (ROOT / "package-lock.json").read_text()
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


def test_no_path_of_this_machine_is_tracked() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    needle = str(ROOT) + os.sep
    hits = subprocess.run(["git", "grep", "-lIF", needle], cwd=ROOT, capture_output=True, text=True, check=False)
    assert hits.stdout == ""
