"""Reports as they are read: the page opened from disk with the network cut, as it is printed, and the PDF."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Browser

import attackviz as av

from .pages import PHONE, Player, Watch, watched
from .test_hostile import HOSTILE, hostile_account, table

MADE = datetime(2025, 3, 1, 12, tzinfo=UTC)

_FAULTS = r"""
() => {
const out = [], wide = document.documentElement.clientWidth, all = document.scrollingElement.scrollWidth;
if (all > wide) out.push(`the page is ${all} px wide`);
const made = 'script, form, object, embed, base, audio, video, foreignObject';
const scrolls = (e) => e && (getComputedStyle(e).overflowX === 'auto' || scrolls(e.parentElement));
for (const e of document.querySelectorAll('main *')) {
  for (const { name, value } of e.attributes) {
    if (name.startsWith('on') || name === 'autofocus') out.push(`attribute ${name}`);
    if (name === 'href' && !value.startsWith('https://') && !value.startsWith('#')) out.push(`link ${value}`);
  }
  if (e.matches(made)) out.push(`made ${e.outerHTML.slice(0, 99)}`);
  if (e.closest('svg, .replay') || !e.checkVisibility() || scrolls(e)) continue;
  const r = e.getBoundingClientRect();
  if (r.left < -1 || r.right > wide + 1) out.push(`${e.tagName} ${e.className} from ${r.left} to ${r.right}`);
  const spills = !e.childElementCount && e.clientWidth && e.scrollWidth > e.clientWidth + 1;
  if (spills) out.push(`${e.outerHTML.slice(0, 120)} spills`);
}
return out;
}
"""


@pytest.fixture(scope="module")
def day(tpot: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a day of the honeypots."""
    made = av.Report(tpot, "2025-02-16", made=MADE)
    return made.save(tmp_path_factory.mktemp("reports") / "day.html")


@pytest.fixture
def opened(chromium: Browser) -> Iterator[Callable[..., Watch]]:
    """Return a function that opens a page from disk, offline."""
    with watched(chromium) as watch:

        def open_(path: Path, size: dict[str, int] | None = None) -> Watch:
            if size:
                watch.page.set_viewport_size(size)  # type: ignore[arg-type]
            watch.page.goto(path.as_uri())
            return watch

        yield open_


def test_the_page_opens_offline_and_plays_its_replay(opened, day, tpot):
    watch = opened(day)
    player = Player(watch.page, watch.page.frame_locator(".replay iframe"))
    assert player.state["window"] == ["2025-02-16T00:00:00.000Z", "2025-02-17T00:00:00.000Z"]
    inside = tpot["time"].between("2025-02-16T00:00Z", "2025-02-17T00:00Z", inclusive="left")
    assert player.state["window_counts"]["events"] == int(inside.sum())
    assert watch.page.locator(".figures dd").first.inner_text() == f"{int(inside.sum()):,}"
    assert watch.page.evaluate(_FAULTS) == []
    watch.assert_quiet()


@pytest.mark.parametrize("medium", ["screen", "phone", "print"])
def test_nothing_sticks_out(opened, day, medium):
    watch = opened(day, PHONE if medium == "phone" else None)
    if medium == "print":
        watch.page.emulate_media(media="print")
        assert not watch.page.locator(".replay").is_visible()
    assert watch.page.evaluate(_FAULTS) == []


@pytest.mark.parametrize("names", [list(HOSTILE)[:7], list(HOSTILE)[7:]], ids=["markup", "characters"])
def test_hostile_text_stays_text_on_screen_and_in_print(opened, tmp_path, names):
    text = HOSTILE[names[0]]
    made = av.Report(
        table(names), "2025-02-18", text, by=text, source=text, notes=text, account=hostile_account(text), made=MADE
    )
    watch = opened(made.save(tmp_path / "hostile.html"))
    Player(watch.page, watch.page.frame_locator(".replay iframe"))
    for medium in ("screen", "print"):
        watch.page.emulate_media(media=medium)
        assert watch.page.evaluate(_FAULTS) == [], medium
    watch.assert_quiet()
    assert not watch.frames_have("__pwned")


def test_the_pdf_is_whole_and_holds_no_script(chromium, tmp_path, monkeypatch):
    text = HOSTILE["script"]
    made = av.Report(table(list(HOSTILE)), "2025-02-18", text, by=text, account=hostile_account(text), made=MADE)
    data = made.save(tmp_path / "hostile.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    parts = [data, *_streams(data)]
    for word in (rb"/JavaScript", rb"/JS\b", rb"/Launch", rb"/SubmitForm", rb"/EmbeddedFile", rb"/OpenAction"):
        assert not [part for part in parts if re.search(word, part)], word
    links = {url for part in parts for url in re.findall(rb"/URI\s*\((.*?)\)", part)}
    assert links <= {b"https://db-ip.com/", b"https://db-ip.com"}
    assert 3 <= sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts) <= 30


def _streams(data: bytes) -> list[bytes]:
    out: list[Any] = []
    for match in re.finditer(rb"stream\r?\n", data):
        try:
            out.append(zlib.decompressobj().decompress(data[match.end() :]))
        except zlib.error:
            continue  # it is not compressed: it is looked at as a part of the file
    return out
