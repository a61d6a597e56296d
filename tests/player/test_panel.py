"""The Panel component, as far as Python can see it; the rest is seen in tests/browser."""

from __future__ import annotations

import gzip

import panel as pn
import pytest
from bokeh.plotting import figure

from attackviz.player import Player


def model_of(player: Player):
    return player.get_root()


def test_sessions_share_one_recording():
    recording = gzip.compress(b"AVREC" * 10_000)
    models = [model_of(Player(recording=recording)) for _ in range(3)]
    assert all(model.data.recording is recording for model in models)


def test_the_figure_lies_in_a_column_that_is_there_from_the_first():
    player = Player()
    ground = model_of(player).data.ground
    assert ground.children == []
    first, second = figure(width=300, height=200), figure(width=300, height=200)
    player.figure = first
    assert [child.object for child in player.ground] == [first]
    player.figure = second
    assert [child.object for child in player.ground] == [second]
    player.figure = None
    assert list(player.ground) == []
    assert "figure" not in model_of(player).data.properties() or model_of(player).data.figure is None


def test_settings_reach_the_browser_and_wrong_ones_are_refused():
    # What is changed later reaches it by a server's session: tests/browser/test_dashboard.py sees that.
    window, filters = ["2025-02-18T00:00:00Z", "2025-02-19T00:00:00Z"], {"country": {"in": ["US"]}}
    player = Player(theme="light", speed=600, window=window, filters=filters)
    data = model_of(player).data
    assert (data.theme, data.speed, data.window, data.filters) == ("light", 600, window, filters)
    for name, value in (("theme", "pink"), ("speed", -1), ("recording", "text"), ("window", "today")):
        with pytest.raises(ValueError, match=name):
            setattr(player, name, value)


def test_the_bundle_is_served_as_a_file_and_not_sent_by_every_session():
    assert Player._bundle_path.name == "player.js"
    assert Player._bundle_path.read_text().rstrip().endswith("};")
    assert isinstance(Player(), pn.viewable.Viewable)
