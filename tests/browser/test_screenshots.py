"""The README's pictures are taken by a script; whatever the machine, the same page gives the same bytes."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("screenshots", ROOT / "scripts" / "screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_picture_is_taken_alike_each_time(script: Any, chromium: Any, tpot_page: Path) -> None:
    first, second = (script.optimised(script.taken(chromium, tpot_page, script.PHONE)) for _ in range(2))
    assert first == second
    image = Image.open(io.BytesIO(first))
    assert image.size == (script.PHONE["width"], script.PHONE["height"])
    assert len(image.getcolors(256) or []) > 30


def test_the_pictures_of_the_readme_are_those_it_takes(script: Any) -> None:
    """Each one is there, of its size, and small."""
    for name, (size, _) in script.PICTURES.items():
        path = script.IMAGES / name
        assert path.stat().st_size <= script.MOST
        with Image.open(path) as image:
            assert image.size == (size["width"], size["height"])
