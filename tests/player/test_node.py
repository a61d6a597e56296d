"""The player's unit tests pass in node, and the committed bundle is what its sources give."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUNDLE = ROOT / "attackviz" / "player" / "player.js"


def test_unit_tests_pass_in_node(node: str) -> None:
    tests = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "tests" / "player" / "js").glob("*.test.js"))
    done = subprocess.run([node, "--test", *tests], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert int(re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE)[1]) > 50
    assert re.search(r"^# skipped 0$", done.stdout, re.MULTILINE)


def test_the_bundle_is_what_the_sources_give(node: str, tmp_path: Path) -> None:
    script = json.loads((ROOT / "package.json").read_text())["scripts"]["bundle"].split()
    program = ROOT / "node_modules" / ".bin" / script[0]
    arguments = [f"--outfile={tmp_path / 'player.js'}" if a.startswith("--outfile=") else a for a in script[1:]]
    subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, timeout=120, check=True)
    assert (tmp_path / "player.js").read_bytes() == BUNDLE.read_bytes(), "run `make bundle` and commit the result"


def test_text_becomes_html_nowhere() -> None:
    sources = list((BUNDLE.parent / "src").glob("*.js"))
    assert sources
    for path in sources:
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", path.read_text()
        )
        assert not found, path.name


def test_no_chance_and_no_wall_clock_below_the_players_own_clock() -> None:
    for path in (BUNDLE.parent / "src").glob("*.js"):
        text = path.read_text()
        assert "Math.random" not in text, path.name
        if path.name in {
            "engine.js",
            "frame.js",
            "layer.js",
            "counts.js",
            "trail.js",
            "clock.js",
            "geo.js",
            "labels.js",
        }:
            assert not re.search(r"Date\.now|performance\.now|new Date\(\)", text), path.name
