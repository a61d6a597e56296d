"""The views wear the player's colours."""

import re
from pathlib import Path

import pytest

import attackviz
from attackviz.views.style import THEMES, colours

TOKENS = (Path(attackviz.__file__).parent / "player" / "src" / "tokens.css").read_text(encoding="utf-8")
NAMES = {
    "ground": "bg-0",
    "panel": "bg-1",
    "ink": "ink-1",
    "ink_dim": "ink-3",
    "line": "line-2",
    "sea": "sea",
    "land": "land",
    "coast": "coast",
    "border": "border",
    "graticule": "graticule",
}
SLOTS = ["vpn", "vnc", "ssh", "telnet", "smb", "web", "db", "other"]


def tokens(name):
    """Return the tokens of one theme; the dark one stands first."""
    found = [
        dict(re.findall(r"--([\w-]+):\s*(#[0-9A-Fa-f]{6})\b", block)) for block in re.findall(r"\{([^{}]*)\}", TOKENS)
    ]
    themes = [block for block in found if "sea" in block]
    assert len(themes) == 2
    return themes[["dark", "light"].index(name)]


@pytest.mark.parametrize("name", list(THEMES))
def test_every_colour_is_the_players(name):
    css, look = tokens(name), THEMES[name]
    assert {ours: getattr(look, ours).upper() for ours in NAMES} == {
        ours: css[token].upper() for ours, token in NAMES.items()
    }
    assert [c.upper() for c in look.slots] == [css[f"c-{slot}"].upper() for slot in SLOTS]


def test_categories_have_the_colours_of_the_legend():
    look = THEMES["dark"]
    assert colours(["sqli", "ssh"], look) == {"sqli": ("sqli", look.slots[0]), "ssh": ("SSH", look.slots[2])}
