"""Settings come from the environment, then the file; wrong ones are named."""

from pathlib import Path

import pytest

from attackviz.errors import SettingsError
from attackviz.settings import load_settings


def test_file_is_read_and_its_paths_are_beside_it(tmp_path: Path) -> None:
    (tmp_path / "attackviz.toml").write_text(
        'geoip = ["city.mmdb", "/abs/asn.mmdb"]\nhome = [41.26, -95.86]\ntz = "Asia/Tokyo"\n'
    )
    settings = load_settings(environ={"HOME": "/h"}, directory=tmp_path)
    assert settings.geoip == (tmp_path / "city.mmdb", Path("/abs/asn.mmdb"))
    assert settings.home == (41.26, -95.86)
    assert settings.tz == "Asia/Tokyo"
    assert settings.cache == Path("/h/.cache/attackviz")


def test_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "attackviz.toml").write_text('tz = "Asia/Tokyo"\ngeoip = "a.mmdb"\n')
    env = {
        "ATTACKVIZ_TZ": "UTC",
        "ATTACKVIZ_GEOIP": "/x.mmdb:/y.mmdb",
        "ATTACKVIZ_HOME": "50,14",
        "XDG_CACHE_HOME": "/c",
    }
    settings = load_settings(environ=env, directory=tmp_path)
    assert (settings.tz, settings.home) == ("UTC", (50.0, 14.0))
    assert settings.geoip == (Path("/x.mmdb"), Path("/y.mmdb"))
    assert settings.cache == Path("/c/attackviz")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("tz = 3", "not text"),
        ("hom = 1", "unknown setting 'hom'"),
        ("home = [91, 0]", "not on the globe"),
        ("home = 5", "LAT,LON"),
        ("geoip = 1", "neither a path"),
        ("tz = [", "TOML"),
    ],
)
def test_wrong_settings_say_what_and_where(tmp_path: Path, text: str, match: str) -> None:
    (tmp_path / "attackviz.toml").write_text(text)
    with pytest.raises(SettingsError, match=match):
        load_settings(environ={"HOME": "/h"}, directory=tmp_path)


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no such file"):
        load_settings(environ={"ATTACKVIZ_SETTINGS": str(tmp_path / "none.toml"), "HOME": "/h"})
