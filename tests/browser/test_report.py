"""Reports as they are read: the page opened from disk with the network cut, as it is printed, and the PDF."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

import attackviz as av
from attackviz.account import Account, BadPiece

from ..export.test_report import traffic
from .pages import PHONE, Player, Watch, watched
from .pdftext import plain, streams_of, strings_of, text_of
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


def replay_in(watch: Watch) -> Player:
    """Return the replay of a report, scrolled to: how far off a frame is loaded already is the browser's to choose."""
    watch.page.locator(".replay iframe").scroll_into_view_if_needed()
    return Player(watch.page, watch.page.frame_locator(".replay iframe"))


def test_the_page_opens_offline_and_plays_its_replay(opened, day, tpot):
    watch = opened(day)
    player = replay_in(watch)
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
    replay_in(watch)
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
    parts = [data, *streams_of(data)]
    for word in (rb"/JavaScript", rb"/JS\b", rb"/Launch", rb"/SubmitForm", rb"/EmbeddedFile", rb"/OpenAction"):
        assert not [part for part in parts if re.search(word, part)], word
    written = text_of(data)
    assert plain(text) in written
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f\x7f]", written)
    links = {url for part in parts for url in re.findall(rb"/URI\s*\((.*?)\)", part)}
    assert links <= {b"https://db-ip.com/", b"https://db-ip.com"}
    assert 3 <= sum(len(re.findall(rb"/Type\s*/Page\b", part)) for part in parts) <= 30


def test_what_the_pdf_says_is_text_and_of_a_redacted_edition_holds_no_canary(tmp_path):
    text = HOSTILE["script"]
    canaries = {"dst_host": "canary-host.example", "detail": "canary payload", "sensor": "canary-sensor"}
    planted = traffic().assign(**canaries, rule="GET /canary-path?user=canary-user", dst_name="canary-target")
    account = Account(pieces=len(planted) + 1, events=len(planted), files={"canary-file.json": "heralding"})
    account.spoil("broken", BadPiece("canary-file.json", 1, "canary line"))
    options = {"account": account, "made": MADE, "by": text, "source": "canary-source"}
    made = av.Report(planted, "2025-02-20", text, redact="public", **options)
    data = made.save(tmp_path / "public.pdf").read_bytes()
    written, beside = text_of(data), strings_of(data)
    for part in (written, beside):
        assert plain(text) in part  # what is looked into is what a reader sees
        assert "canary" not in part
        assert not [ip for ip in planted["src_ip"].unique() if re.search(rf"{re.escape(ip)}(?![\d/])", part)]
    assert "198.51.100.0/24" in written
    assert plain(made.facts.sentences[0]) in written
    assert not [part for part in (data, *streams_of(data)) if b"canary" in part]
