"""Films and pictures: frames of the player itself, the same in page and film; what stops goes on."""

from __future__ import annotations

import base64
import io
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import attackviz as av
from attackviz.errors import AttackvizError, ExportError, MissingDependencyError
from attackviz.export import browser
from attackviz.export.film import PIECE_FRAMES, film, reel
from attackviz.export.scene import Scene
from attackviz.export.stage import stage

from .pages import Player, open_page, until, watched

STAGE_CSS = Path(av.__file__).parent / "export" / "templates" / "stage.css"
SIZE = (480, 270)
HOSTILE = "<img src=x onerror=alert(1)>\u202e\x1b[31m" + "w" * 5_000


@pytest.fixture(scope="module")
def ffmpeg() -> str:
    """Return the path of ffmpeg."""
    from imageio_ffmpeg import get_ffmpeg_exe

    return str(get_ffmpeg_exe())


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    n = 600
    lat, lon = np.array([(50.1, 14.4), (-33.9, 151.2), (35.7, 139.7), (-23.5, -46.6)])[rng.integers(0, 4, n)].T
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2025-02-20", tz="UTC")
            + pd.to_timedelta(np.sort(rng.integers(0, 86_400, n)), unit="s"),
            "src_ip": [f"192.0.2.{a}" for a in rng.integers(0, 40, n)],
            "category": rng.choice(["ssh", "web", "vpn"], n),
            "src_lat": lat,
            "src_lon": lon,
            "src_country": "CZ",
            "dst_lat": 40.7,
            "dst_lon": -74.0,
            "dst_name": "New York",
        }
    )


@pytest.fixture(scope="module")
def scene(events: pd.DataFrame) -> Scene:
    recording = av.Replay(events, title=HOSTILE).recording
    return Scene.of(recording, start="2025-02-20", end="2025-02-21", size=SIZE, captions=["12:00 <b>rule</b> deployed"])


def picture_of(data: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)


def frames_of(ffmpeg: str, path: Path) -> Any:
    line = [ffmpeg, "-v", "error", "-i", str(path), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    raw = subprocess.run(line, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, SIZE[1], SIZE[0], 3).astype(int)


@pytest.mark.parametrize(("kind", "near"), [(".mp4", 3.0), (".webm", 4.0), (".gif", 1.0)])
def test_a_film_s_frame_is_the_player_s(
    chromium: Any, ffmpeg: str, scene: Scene, tmp_path: Path, kind: str, near: float
) -> None:
    """Colours of a film are off by a few of 255 in the mean, for its codec keeps fewer; of a GIF by less than one."""
    frames = reel(scene, kind, length=1.2, fps=10)
    seen: list[tuple[int, int]] = []
    film(scene, tmp_path / f"a{kind}", frames, show=lambda done, total: seen.append((done, total)))
    assert seen == [(k, len(frames)) for k in range(1, len(frames) + 1)]
    assert [p.name for p in tmp_path.iterdir()] == [f"a{kind}"]
    made = frames_of(ffmpeg, tmp_path / f"a{kind}")
    assert len(made) == len(frames) == 12
    numbers = (frames.card, len(frames) // 2, len(frames) - 1)

    def drawn() -> list[Any]:
        shots = []
        with stage(scene, frames.speed) as shown:
            for number in numbers:
                shown.at(frames.moment(scene, number) or 0)
                shots.append(picture_of(shown.shot()))
        return shots

    for number, wanted in zip(numbers, browser.aside(drawn), strict=True):
        far = [np.abs(other - wanted).mean() for other in made]
        assert far[number] < near
        assert int(np.argmin(far)) == number
    assert np.abs(made[0] - made[frames.card]).mean() > 5  # the title card is another picture


def test_page_and_film_draw_the_same_pixels(chromium: Any, scene: Scene, tmp_path: Path) -> None:
    """At equal size, moment and speed, the attack layers of page and film are equal pixel by pixel."""
    (width, height), ratio = scene.box
    moments = ["2025-02-20T06:00:00.500Z", "2025-02-20T18:00:00Z"]
    page = av.Replay(scene.recording).save(tmp_path / "page.html")

    def in_film() -> list[str]:
        with stage(scene, 1440) as shown:
            return [(shown.at(round(pd.Timestamp(each).timestamp() * 1e6)), shown.layer())[1] for each in moments]

    def in_page(size: tuple[int, int]) -> list[str]:
        """Open the page on a screen of that ratio, as large as the film's stage."""
        box = {"width": width, "height": height}
        with browser.chromium("a page", ratio) as other, watched(other, size=box, device_scale_factor=ratio) as watch:
            player: Player = open_page(watch, page)
            watch.page.add_style_tag(content=STAGE_CSS.read_text(encoding="utf-8"))
            player.set(window=["2025-02-20T00:00:00Z", "2025-02-21T00:00:00Z"], speed=1440)
            canvas = "return [player.canvas.width, player.canvas.height]"
            until(lambda: tuple(player.run(canvas)) == size, f"a canvas of {size}")
            pictures = [(player.at(each), player.pixels())[1] for each in moments]
            watch.assert_quiet()
            return pictures

    made = browser.aside(in_film)
    size = Image.open(io.BytesIO(base64.b64decode(made[0].split(",")[1]))).size
    assert browser.aside(lambda: in_page(size)) == made


def test_pictures_have_their_size_and_are_the_same_each_time(chromium: Any, scene: Scene, tmp_path: Path) -> None:
    replay = av.Replay(scene.recording, theme="light")
    asked = {"size": "401x301", "scale": 2, "at": "2025-02-20T12:00", "captions": ["12:00 <b>x</b>"], "lists": False}
    first = replay.save(tmp_path / "a.png", **asked).read_bytes()
    assert Image.open(io.BytesIO(first)).size == (802, 602)
    assert replay.save(tmp_path / "b.png", **asked).read_bytes() == first
    whole = replay.save(tmp_path / "c.png", size="401x301", scale=2, lists=False).read_bytes()
    assert np.abs(picture_of(whole) - picture_of(first)).mean() > 0.5


def test_what_was_killed_goes_on_where_it_was(chromium: Any, ffmpeg: str, scene: Scene, tmp_path: Path) -> None:
    """Killed for good in its second piece, a film is drawn on from there."""
    (tmp_path / "a.avrec").write_bytes(scene.recording.to_bytes())
    code = """
import sys, pathlib
from attackviz.export.film import film, reel
from attackviz.export.scene import Scene
from attackviz.replay import load
recording = load(pathlib.Path(sys.argv[1]).read_bytes())
scene = Scene.of(recording, start="2025-02-20", end="2025-02-21", size=(160, 160))
film(scene, pathlib.Path(sys.argv[2]), reel(scene, ".mp4", length=16, fps=10))
"""
    out = tmp_path / "a.mp4"
    pieces = tmp_path / ".a.mp4.film"
    line = [sys.executable, "-c", code, str(tmp_path / "a.avrec"), str(out)]
    with subprocess.Popen(line, start_new_session=True) as process:
        until(lambda: list(pieces.glob("0000?.mp4")) or process.poll() is not None, "the first piece", patience=300)
        process.send_signal(signal.SIGKILL)
    assert not out.exists()
    kept = {piece.name: piece.read_bytes() for piece in pieces.glob("0000?.mp4")}
    assert kept
    again = Scene.of(scene.recording, start="2025-02-20", end="2025-02-21", size=(160, 160))
    frames = reel(again, ".mp4", length=16, fps=10)
    assert len(frames) == PIECE_FRAMES + 10
    seen: list[int] = []
    film(again, out, frames, show=lambda done, _: seen.append(done))
    left = sum(many for name, many in (("00000.mp4", PIECE_FRAMES), ("00001.mp4", 10)) if name not in kept)
    assert seen == list(range(len(frames) - left + 1, len(frames) + 1))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.avrec", "a.mp4"]
    assert (
        f"{len(frames)}"
        in subprocess.run([ffmpeg, "-i", str(out), "-f", "null", "-"], capture_output=True, text=True, check=True)
        .stderr.split("frame=")[-1]
        .split("fps")[0]
    )


@pytest.mark.parametrize("kind", [".mp4", ".png"])
def test_without_a_browser_it_says_how_to_get_one(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    replay = av.Replay(scene.recording)
    monkeypatch.setenv("ATTACKVIZ_CHROMIUM", "/nonexistent/chromium")
    with pytest.raises(ExportError, match=r"needs a browser: /nonexistent/chromium is no browser; pip install"):
        replay.save(tmp_path / f"a{kind}", size="160x160")
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(MissingDependencyError, match=r"needs Playwright.*pip install 'attackviz\[film\]'"):
        replay.save(tmp_path / f"a{kind}", size="160x160")
    assert list(tmp_path.iterdir()) == []


def test_without_ffmpeg_it_says_how_to_get_it(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingDependencyError, match=r"needs ffmpeg.*pip install 'attackviz\[film\]'"):
        av.Replay(scene.recording).save(tmp_path / "a.webm")
    monkeypatch.undo()
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))
    with pytest.raises(MissingDependencyError, match=r"ffmpeg does not start: .*nowhere.*pip install"):
        av.Replay(scene.recording).save(tmp_path / "a.webm", length=1, size="160x160")
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_it_is_said_at_once(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(AttackvizError, match="cannot be written"):
        av.Replay(scene.recording).save(tmp_path / "nowhere" / "a.mp4")
