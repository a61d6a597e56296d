"""Text from a log is data: whatever stands in any field, nothing runs, nothing is asked for, nothing breaks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import attackviz as av
from attackviz.account import Account, BadPiece

from .pages import DESK, PHONE, Player, Watch, open_dashboard, open_page, served, until, watched

URL = "https://evil.invalid/x"
HOSTILE = {
    "script": f"<script>window.__pwned=1;alert(1);fetch('{URL}')</script>",
    "markup": f"</style></script></title><img src='{URL}' onerror=window.__pwned=1><iframe src='{URL}'></iframe>",
    "svg": "<svg/onload=window.__pwned=1;alert(2)><animate onbegin=window.__pwned=1>",
    "url": "javascript:window.__pwned=1;alert(3)//",
    "css": f"}}*{{display:none!important;background:url({URL})}}</style><link rel=stylesheet href={URL}>",
    "attribute": '" onmouseover=window.__pwned=1 autofocus onfocus=window.__pwned=1 style=position:fixed;inset:0 x="',
    "bidi": "\u202egnp.exe\u2066\u202d pwned",
    "control": "pwned\x00\x07\x1b[2J\x1b]0;title\x07\r\n\u2028\ufffe\uffff",
    "surrogate": "pwned \\ud800 \ufffd \U0010ffff",
    "template": "${window.__pwned=1}{{window.__pwned=1}}{% pwned %}<%= pwned %>",
    "formula": '=HYPERLINK("https://evil.invalid","pwned")+cmd|\' /C calc\'!A1',
    "long": "pwned" * 200_000,
    "unbroken": "\u0e49pwned\u0e49" * 60,
    "object": "__proto__",
    "method": "constructor",
}
TEXTS = [
    *("src_ip", "dst_ip", "dst_host", "protocol", "category", "rule", "rule_id", "action", "sensor", "detail"),
    *("src_country", "src_region", "src_city", "src_org", "dst_country", "dst_name", "direction"),
]
PARTS = (".av-top", ".av-rail", ".av-map", ".av-dock", ".av-side", ".av-timeline", ".av-transport", ".av-counters")


def table(names: list[str]) -> pd.DataFrame:
    """Return events in which every text field is hostile, the same in all fields of a row; and some that are not."""
    rows = []
    for k, name in enumerate([*names, "plain"]):
        text = HOSTILE.get(name, name)
        for i in range(3):
            rows.append(
                {
                    **dict.fromkeys(TEXTS, text),
                    "time": pd.Timestamp("2025-02-18T10:00Z") + pd.Timedelta(seconds=40 * k + i),
                    "src_asn": 64500 + k,
                    "src_lat": 50.0 - 4 * k,
                    "src_lon": -100.0 + 9 * k,
                    "dst_lat": 41.2,
                    "dst_lon": -95.9,
                    "dst_port": 22,
                    "severity": "high",
                    "verdict": "suspicious",
                }
            )
    return pd.DataFrame(rows)


def hostile_account(text: str) -> Account:
    account = Account(pieces=9, events=6, blank=1, structure=1)
    account.bad[text] += 1
    account.flags[text] += 2
    account.samples[text] = [BadPiece(text, 1, text)]
    account.truncated.append(text)
    account.files[text] = text
    account.skipped[text] = text
    return account


def replay(text: str, names: list[str]) -> av.Replay:
    made = av.Replay(table(names), title=text, source=text, account=hostile_account(text))
    made.recording.header["attribution"] = [
        {"text": text, "url": text},
        {"text": "pwned", "url": "javascript:alert(4)"},
    ]
    made.recording.header["notice"] = text
    made.recording.header["category_title"] = text
    return made


GROUPS = [list(HOSTILE)[:7], list(HOSTILE)[7:]]


# What is wrong with the player's tree, as lines of text; one visit, since it is asked for after everything opened.
_FAULTS = r"""
const out = [], frame = root.getBoundingClientRect();
const made = 'script,img,image,iframe,object,embed,form,base,meta,link,audio,video,math,animate,foreignObject';
const outside = (r) => r.left < frame.left - 1 || r.right > frame.right + 1;
const clipped = (e) => { // by an ancestor that lies inside the frame itself
  for (let a = e.parentElement; a && a !== root; a = a.parentElement) {
    if (getComputedStyle(a).overflowX !== 'visible' && !outside(a.getBoundingClientRect())) return true;
  }
  return false;
};
const { scrollWidth } = document.scrollingElement;
if (scrollWidth > innerWidth) out.push(`the page is ${scrollWidth} px wide`);
if (root.querySelectorAll('style').length !== 1) out.push('a style of its own');
for (const e of root.querySelectorAll('*')) {
  if (e.matches(made)) out.push(`made ${e.outerHTML.slice(0, 200)}`);
  for (const { name, value } of e.attributes) {
    if (name.startsWith('on') || name === 'autofocus') out.push(`attribute ${name}`);
    if (name === 'href' && !value.startsWith('https://')) out.push(`link ${value}`);
  }
  if (!e.checkVisibility() || e.closest('.av-sr, svg')) continue;
  const r = e.getBoundingClientRect();
  const whole = e.matches('button, input, .av-n, .av-t, .av-val, .av-time'); // what must not even be clipped
  const spills = !e.childElementCount && e.clientWidth && e.scrollWidth > e.clientWidth + 1;
  if (spills && getComputedStyle(e).overflowX === 'visible') out.push(`${e.outerHTML.slice(0, 120)} spills`);
  if (outside(r) && (whole || !clipped(e))) out.push(`${e.className} from ${r.left} to ${r.right}`);
}
// A text that turns the direction must not turn its neighbours.
const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const e = texts.currentNode.parentElement;
  if (!/[\u202a-\u202e\u2066-\u2069]/.test(texts.currentNode.data) || e.matches('style, option')) continue;
  const { display, unicodeBidi } = getComputedStyle(e);
  const alone = e.childNodes.length === 1 && display !== 'inline';
  if (!alone && !/isolate|plaintext/.test(unicodeBidi)) out.push(`turns ${e.parentElement.outerHTML.slice(0, 300)}`);
}
return out;
"""


def assert_inert(watch: Watch, player: Player, surface: str = "") -> None:
    """Fail if anything ran, was asked for, became markup, sticks out of the frame or turns what is beside it."""
    assert (surface, player.run(_FAULTS)) == (surface, [])
    watch.assert_quiet()
    assert not watch.frames_have("__pwned")


def boxes(player: Player) -> dict[str, Any]:
    return player.run(
        """
        return Object.fromEntries(arg.map((part) => {
          const r = root.querySelector(part)?.getBoundingClientRect();
          return [part, r && [r.x, r.y, r.width, r.height].map(Math.round)];
        }));""",
        list(PARTS),
    )


def surfaces(player: Player, text: str) -> Iterator[str]:
    """Open everything that shows text from a recording, one after the other."""
    player.settle()
    yield "lists and feed"
    for scope in ("playhead", "window", "trail"):
        player.set(scope=scope)
        player.settle()
        yield scope
    for number in range(len(player.texts(".av-list .av-more"))):
        if player.click(".av-list .av-more", number):
            player.settle()
            yield "a whole list"
            player.press("Escape")
    assert player.click("[role=tab][data-field=address]")
    player.settle()
    yield "addresses"
    player.press("b")
    player.settle()
    yield "filter panel"
    player.run(
        """
        const texts = [arg, arg.slice(0, 399)];
        const fields = ['address', 'country', 'rule', 'target'].map((field) => [field, { not: texts }]);
        player.filters = { ...Object.fromEntries(fields), text: arg.slice(0, 2) };""",
        text,
    )
    player.settle()
    yield "chips"
    player.set(filters={})
    player.press("b")
    player.press("/")
    for query in ("pwned", text[:60]):
        player.write(query)
        yield "search results"
        player.press("Escape")
    player.press("Escape")
    for kind in ("source", "place"):
        for mark in range(min(4, player.run(f"return player.engine.rec.{kind}s.n"))):
            player.run("player.engine.set({selected: arg})", {"kind": kind, "id": mark})
            player.settle()
            yield f"card of a {kind}"
    player.run("player.engine.set({selected: null})")
    if player.click("[title='What was read']"):
        yield "account"
        player.press("Escape")
    for x, y in player.run(
        """
        const c = player.canvas.getBoundingClientRect(), v = player.state.map;
        return player.engine.frame(v).rings.map((r) => [c.x + r.x, c.y + r.y]);"""
    ):
        player.point(x, y)
        yield "tooltip of a ring"
    x, y, width, _ = boxes(player)[".av-timeline"]
    for part in (8, 50, 92):
        player.point(x + width * part / 100, y + 80)
    yield "tooltip of a bar"
    for status in (
        {"kind": "error", "title": text, "detail": text, "hints": [text, text]},
        {"kind": "loading", "files": 2, "files_done": 1, "bytes": 9, "bytes_done": 3, "events": 5, "bad": 1}
        | {"items": [{"name": text, "bytes": 9, "bytes_done": 3, "done": False}]},
        {"kind": "empty", "title": text, "detail": text, "hints": [text]},
        {"kind": "ready"},
    ):
        player.run("player.setStatus(arg)", status)
        yield str(status["kind"])


@pytest.mark.parametrize("names", GROUPS, ids=lambda names: names[0])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_exported_page(chromium: Any, tmp_path: Path, names: list[str], size: dict[str, int]) -> None:
    plain = av.Replay(table(["plain"] * len(names)), title="plain", source="plain").save(tmp_path / "plain.html")
    text = HOSTILE[names[0]] + HOSTILE[names[1]]
    path = replay(text, names).save(tmp_path / "hostile.html")
    with watched(chromium, size=size) as watch:
        player = open_page(watch, plain)
        player.at("2025-02-18T10:20:00Z")
        usual = boxes(player)
        player = open_page(watch, path)
        player.at("2025-02-18T10:20:00Z")
        if size is DESK:
            assert boxes(player) == usual
        for surface in surfaces(player, text):
            assert_inert(watch, player, surface)
        if size is DESK:
            assert boxes(player) == usual
        assert player.page.title()
        player.set(filters={"text": "pwned"}, scope="window")
        assert player.state["counts"]["events"] > 0


def test_counts_are_those_of_the_table(chromium: Any, tmp_path: Path) -> None:
    names = list(HOSTILE)
    path = replay("t", names).save(tmp_path / "hostile.html")
    with watched(chromium) as watch:
        player = open_page(watch, path)
        player.set(scope="window")
        assert player.state["counts"]["events"] == 3 * (len(names) + 1)
        assert player.state["counts"]["sources"] == len(names) + 1
        for name in ("script", "bidi", "object", "method", "formula"):
            player.set(filters={"rule": {"in": [HOSTILE[name]]}})
            assert player.state["counts"]["events"] == 3, name


def test_notebook_cell(chromium: Any, tmp_path: Path) -> None:
    text = HOSTILE["markup"] + HOSTILE["attribute"]
    cell = replay(text, GROUPS[0])._repr_html_()
    host = tmp_path / "notebook.html"
    host.write_text(
        f"<!doctype html><meta charset=utf-8><link rel=icon href=data:,><body>{cell}</body>", encoding="utf-8"
    )
    with watched(chromium) as watch:
        watch.page.goto(host.as_uri())
        player = Player(watch.page, watch.page.frame_locator("iframe"))
        player.at("2025-02-18T10:01:00Z")
        assert_inert(watch, player)
        body = watch.page.locator("body > *")
        assert body.count() == 1
        assert body.first.get_attribute("title") == text
        assert body.first.get_attribute("sandbox") == "allow-scripts"
        # The frame has an origin of its own: it cannot reach what holds it.
        assert player.run("try { return parent.document.title } catch (error) { return error.name }") == "SecurityError"
        # Keys reach it once it was touched; input to a frame with an origin of its own arrives a little later.
        player.page.mouse.click(800, 300)
        until(lambda: player.run("return root.ownerDocument.hasFocus()"), "the frame's focus")
        player.page.keyboard.press("Home")
        until(lambda: player.state["clock"] == player.state["window"][0], "Home")
        player.page.keyboard.press("Space")
        until(lambda: player.state["playing"], "Space")


def hostile_logs(directory: Path) -> int:
    """Write logs of two formats in which every string is hostile but those that make them logs; return the events."""
    heralding = {
        "timestamp": "2025-02-18 10:00:00.000000",
        "duration": 0,
        "session_id": "s",
        "source_ip": "114.55.1.199",
        "source_port": 1,
        "destination_ip": "34.60.228.140",
        "destination_port": 5900,
        "protocol": "vnc",
        "num_auth_attempts": 1,
        "auth_attempts": [],
        "session_ended": True,
        "auxiliary_data": {},
    }
    words = ["Action", "ClientASNDescription", "ClientCountry", "ClientRequestHost", "ClientRequestMethod", "RuleID"]
    words += ["ClientRequestPath", "ClientRequestQuery", "ClientRequestUserAgent", "Description", "EdgeColoCode"]
    cloudflare = {
        **dict.fromkeys(words, "x"),
        "ClientIP": "167.99.128.196",
        "ClientASN": 1,
        "Datetime": "2025-02-18T10:00:00Z",
        "EdgeResponseStatus": 403,
        "Kind": "firewall",
        "MatchIndex": 0,
        "Metadata": {},
        "RayID": "r",
        "Source": "firewallmanaged",
    }
    keep = {"timestamp", "Datetime", "source_ip", "ClientIP"}
    texts = [text for name, text in HOSTILE.items() if name != "long"] + ["pwned" * 5000]
    lines = {"heralding": [], "cloudflare": []}
    for k, text in enumerate(texts):
        for name, model in (("heralding", heralding), ("cloudflare", cloudflare)):
            line = {key: text if isinstance(value, str) and key not in keep else value for key, value in model.items()}
            if name == "heralding":
                line["timestamp"] = f"2025-02-18 10:00:{k:02}.000000"
                line["auth_attempts"] = [{"timestamp": line["timestamp"], "username": text, "password": text}]
            else:
                line["Datetime"] = f"2025-02-18T10:00:{k:02}Z"
            lines[name] += [json.dumps(model), json.dumps(line)]
    # JSON may name half a character; what is read must still be text.
    lines["heralding"].append(json.dumps({**heralding, "protocol": "SURROGATE"}).replace("SURROGATE", "pwned \\ud800"))
    for name, content in lines.items():
        path = directory / f"{name}<img src=x onerror=alert(5)>\u202e.json"
        path.write_text("\n".join(content) + "\n", encoding="utf-8")
    return sum(map(len, lines.values()))


def test_log_file_to_page(chromium: Any, tmp_path: Path, save: Callable[..., Path]) -> None:
    logs = tmp_path / "logs<b onclick=alert(6)>"
    logs.mkdir()
    count = hostile_logs(logs)
    events = av.read(logs)
    assert len(events) == count
    with watched(chromium) as watch:
        player = open_page(watch, save(events, targets=None))
        player.at("2025-02-18T10:05:00Z")
        assert player.state["totals"]["events"] == count
        for surface in surfaces(player, HOSTILE["script"]):
            assert_inert(watch, player, surface)


def test_log_file_to_dashboard(chromium: Any, tmp_path: Path) -> None:
    logs = tmp_path / "logs<b onclick=alert(6)>"
    logs.mkdir()
    count = hostile_logs(logs)
    with served(logs) as url, watched(chromium, offline=False) as watch:
        player = open_dashboard(watch, url)
        player.at("2025-02-18T10:05:00Z")
        assert player.state["totals"]["events"] == count
        assert logs.name in player.texts(".av-source")[0]
        for surface in surfaces(player, HOSTILE["markup"]):
            assert_inert(watch, player, surface)
        assert watch.page.locator("img, iframe, object, embed, form").count() == 0
