"""Take the README's pictures from an exported page of the honeypot sample, at one moment: the same bytes every time."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser

from attackviz.dashboard.job import Job
from attackviz.dashboard.loading import load_events, record
from attackviz.export import Replay
from attackviz.export.browser import chromium

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "data" / "samples" / "tpot-2025"
WINDOW = ["2025-02-18T00:00:00Z", "2025-02-21T00:00:00Z"]
MOMENT = "2025-02-20T05:42:10Z"
DESK, PHONE = {"width": 1600, "height": 900}, {"width": 390, "height": 844}
PICTURES = {
    "dashboard-dark.png": (DESK, "dark"),
    "dashboard-light.png": (DESK, "light"),
    "phone.png": (PHONE, "dark"),
}
MOST = 400_000  # bytes of one picture


def main() -> None:
    """Export the page, open it without a network and take every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory, chromium("a picture") as browser:
        job = Job((str(SAMPLE),))
        recording = record(job, load_events(job))
        for name, (size, theme) in PICTURES.items():
            # A page of that theme, not one switched to it: a switch fades.
            page = Replay(recording, theme=theme).save(Path(directory) / f"{theme}.html")
            content = optimised(taken(browser, page, size))
            (IMAGES / name).write_bytes(content)
            print(f"{name}: {len(content) / 1000:.0f} kB")


def taken(browser: Browser, page: Path, size: dict[str, int]) -> bytes:
    """Return the page at the moment, as PNG."""
    context = browser.new_context(viewport=size, offline=True, reduced_motion="no-preference")
    tab = context.new_page()
    tab.goto(page.as_uri())
    root = tab.locator(".av")
    root.evaluate(
        """(root, [window, moment]) => {
          Object.assign(root.player, { window, speed: 600 });
          root.player.renderAt(moment);
        }""",
        [WINDOW, MOMENT],
    )
    picture = tab.screenshot(animations="disabled")
    context.close()
    return picture


def optimised(picture: bytes) -> bytes:
    """Return a picture in 256 colours, chosen so that none is far off: a rare one must not turn into a frequent one."""
    out = io.BytesIO()
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    content = out.getvalue()
    if len(content) > MOST:
        raise SystemExit(f"a picture has {len(content):,} bytes, more than {MOST:,}")
    return content


if __name__ == "__main__":
    main()
