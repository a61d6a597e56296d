"""`Report` says what is in the events, counts it right, and lets nothing of a log become more than text."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import attackviz as av
from attackviz.account import Account, BadPiece
from attackviz.errors import ExportError, UsageError

MADE = datetime(2025, 3, 1, 12, tzinfo=UTC)
HOSTILE = [
    "</script></style></title><script>alert(1)</script><img src=x onerror=alert(1)>",
    "}}*{display:none}</style><svg onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}${8*8}",
    '" onmouseover=alert(1) x="',
    "javascript:alert(1)",
    "\u202egnp.exe\u2066\x00\x1b[2J\u2028",
    "=HYPERLINK(1)",
    "pwned" * 200_000,
]
FIELDS = ["src_ip", "category", "rule", "rule_id", "src_org", "src_city", "src_region", "src_country", "dst_name"]


class Page(HTMLParser):
    """Take a page apart as a browser does."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def traffic(days: int = 4, seed: int = 7) -> pd.DataFrame:
    """Return days of steady traffic of three networks, and a flood of one on the last day at 12:00."""
    rng = np.random.default_rng(seed)
    start = pd.Timestamp("2025-02-17", tz="UTC")
    n = 600 * days
    which = rng.integers(0, 3, n)
    steady = pd.DataFrame(
        {
            "time": start + pd.to_timedelta(np.sort(rng.uniform(0, days * 86400, n)), "s"),
            "src_ip": [f"192.0.2.{10 * k + i % 5}" for i, k in enumerate(which)],
            "category": np.array(["ssh", "web", "telnet"])[which],
            "rule": np.array(["failed login", "GET /", "connect"])[which],
            "verdict": np.array(["detected", "mitigated", "suspicious"])[which],
            "src_country": np.array(["CN", "US", None], object)[which],
            "src_asn": np.array([64500, 64501, 64502])[which],
            "src_org": np.array(["One", "Two", None], object)[which],
            "src_lat": np.array([31.2, 41.3, np.nan])[which],
            "src_lon": np.array([121.5, -95.9, np.nan])[which],
            "dst_name": "Prague",
            "dst_lat": 50.1,
            "dst_lon": 14.4,
        }
    )
    flood = steady.iloc[[0] * 900].assign(
        time=start + pd.Timedelta(days=days - 1, hours=12) + pd.to_timedelta(np.arange(900), "s"),
        src_ip="198.51.100.9",
        category="web",
        rule="flood",
        verdict="mitigated",
        src_country="BR",
        src_org="Three",
        src_asn=64503,
        src_lat=-23.5,
        src_lon=-46.6,
    )
    return pd.concat([steady, flood], ignore_index=True)


@pytest.fixture(scope="module")
def events() -> pd.DataFrame:
    return traffic()


@pytest.fixture(scope="module")
def report(events: pd.DataFrame) -> av.Report:
    return av.Report(events, "2025-02-20", "A day", made=MADE)


def test_headline_numbers_are_those_of_the_events_and_of_the_day_before(events, report):
    day = events[events["time"].dt.date == pd.Timestamp("2025-02-20").date()]
    before = events[events["time"].dt.date == pd.Timestamp("2025-02-19").date()]
    told = {figure.label: figure for figure in report.facts.figures}
    assert told["Events"].value == f"{len(day):,}"
    assert told["Events"].before == f"{len(before):,}"
    assert told["Source addresses"].value == str(day["src_ip"].nunique())
    assert told["Countries"].value == str(day["src_country"].nunique())
    assert told["Mitigated"].value == f"{(day['verdict'] == 'mitigated').mean() * 100:.1f} %"
    assert f"times as many as in the day before, which had {len(before):,}" in report.facts.sentences[0]


def test_every_list_adds_up_to_all_events(report):
    total = report.facts.counts.events
    for each in report.facts.lists:
        assert sum(row.events for row in each.rows) + each.rest == total, each.title
    assert sum(row.events for row in report.facts.verdicts) == total
    assert sum(layer.events for layer in report.facts.timeline.layers) == total
    places = report.facts.map
    assert places.drawn + places.unlocated == places.events == total
    countries = next(each for each in report.facts.lists if each.field == "country")
    assert [row.label for row in countries.rows if not row.known] == ["Unknown"]


def test_a_planted_flood_is_told_of_with_its_source_rule_and_map(report):
    flood = max(report.facts.bursts, key=lambda burst: burst.events)
    assert flood.when == "20 Feb 2025 12:00"
    assert flood.source.startswith("198.51.100.9 (Brazil")
    assert (flood.rule, flood.what) == ("flood", "Web")
    assert 900 <= flood.events <= 920
    assert flood.map is not None
    assert flood.map.events == flood.events
    assert "“flood”" in report.facts.sentences[1]
    assert [change.title for change in report.facts.changes] == ["New", "Grown most", "Gone"]
    assert report.facts.changes[0].rows == (("Three", "AS64503", "0", "900"),)


def test_who_was_active_is_told_over_time(events, report):
    first = report.facts.attackers[0]
    assert (first.key, first.events, first.first, first.active) == ("198.51.100.9", 900, "20 Feb 2025 12:00", "1 h")
    assert first.mitigated == "100 %"
    day = events[events["time"].dt.date == pd.Timestamp("2025-02-20").date()]
    wanted = day["src_ip"].value_counts()
    assert all(row.events == wanted[row.key] for row in report.facts.attackers)


def test_without_a_window_before_there_is_no_comparison(events):
    early = av.Report(events, "2025-02-17", made=MADE)
    assert not early.facts.compared
    assert early.facts.figures[0].change == ""
    assert early.facts.changes == ()
    assert "Nothing that was read is from the day before" in early.facts.sentences[0]
    partly = av.Report(events, "2025-02-18T12:00Z/P2D", made=MADE)
    assert "What was read begins on 17 Feb 2025 00:" in partly.facts.why


def test_without_a_window_the_report_covers_the_days_where_nearly_all_is(events):
    stray = events.iloc[[0]].assign(time=pd.Timestamp("2021-01-01", tz="UTC"))
    made = av.Report(pd.concat([stray, events], ignore_index=True), made=MADE)
    assert str(made.facts.window) == "2025-02-17T00:00:00Z/2025-02-21T00:00:00Z"
    assert made.facts.outside == 1
    assert "Events read that are outside of it and of the window before 1 " in Page(made.to_html()).text


def test_the_summary_is_one_line(report):
    assert "\n" not in report.summary
    assert re.fullmatch(
        r"A day, Thu 20 Feb 2025: 1,\d{3} events \(×2\.\d\) from 16 addresses in 3 countries; \d\d\.\d % mitigated; "
        r"1 burst, ×[\d,]+ on 20 Feb 2025 12:00 UTC",
        report.summary,
    )


def test_the_same_events_give_the_same_report(events, report):
    assert av.Report(events, "2025-02-20", "A day", made=MADE).to_html() == report.to_html()


def test_the_page_has_one_script_in_its_replay_and_forbids_all_others(report):
    page = Page(report.to_html())
    frames = [attrs for tag, attrs in page.tags if tag == "iframe"]
    assert [frame["sandbox"] for frame in frames] == ["allow-scripts"]
    assert not [tag for tag, _ in page.tags if tag in ("script", "link", "object") and _.get("rel") != "icon"]
    policies = [attrs["content"] for tag, attrs in page.tags if attrs.get("http-equiv") == "Content-Security-Policy"]
    inner = Page(frames[0]["srcdoc"])
    digests = [re.search(r"'sha256-[^']+'", policy)[0] for policy in policies]
    assert digests[0] in next(a["content"] for _, a in inner.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policies[0].startswith("default-src 'none'; script-src 'sha256-")
    assert not [
        url
        for _, attrs in page.tags
        for url in (attrs.get("src"), attrs.get("href"))
        if url and "//" in url and url != "https://db-ip.com"
    ]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_text_of_a_log_stays_text(events, text):
    hostile = events.head(6).assign(**dict.fromkeys(FIELDS, text))
    account = Account(pieces=7, events=6)
    account.spoil(text, BadPiece(text, 1, text))
    account.flags[text] += 1
    account.files[text] = text
    account.skipped[text] = text
    account.note(text)
    account.cut_short(text)
    made = av.Report(hostile, "2025-02-17", text, source=text, account=account, by=text, made=MADE)
    page = Page(made._render(""))
    plain = Page(av.Report(events.head(60), "2025-02-17", made=MADE)._render(""))
    assert {tag for tag, _ in page.tags} <= {tag for tag, _ in plain.tags} | {"br"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert not [1 for _, attrs in page.tags if str(attrs.get("href", "")).startswith("javascript")]
    assert "\x1b" not in made.summary
    assert "\u202e" not in page.text
    assert "49${" not in page.text
    assert len(made.summary) < 1000


def test_notes_are_markdown_without_html_pictures_and_scripts(events):
    notes = (
        "# Why\n<script>alert(1)</script> **bold** [a](https://example.org) [b](javascript:alert(1)) "
        "![c](https://example.org/x.png)\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    )
    page = Page(av.Report(events, "2025-02-20", notes=notes, made=MADE)._render(""))
    assert "Why" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"][:1] == ["https://example.org"]
    assert not [tag for tag, _ in page.tags if tag in ("img", "script")]


def test_a_logo_is_put_in_whatever_it_is_called(events, tmp_path):
    pixel = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    (tmp_path / "logo.txt").write_bytes(pixel)
    page = Page(av.Report(events, "2025-02-20", logo=tmp_path / "logo.txt", made=MADE)._render(""))
    source = next(attrs["src"] for tag, attrs in page.tags if tag == "img")
    assert base64.b64decode(source.removeprefix("data:image/png;base64,")) == pixel
    (tmp_path / "logo.png").write_text("<html>")
    with pytest.raises(ExportError, match="no picture of a known kind"):
        av.Report(events, "2025-02-20", logo=tmp_path / "logo.png")
    with pytest.raises(ExportError, match="the logo cannot be read"):
        av.Report(events, "2025-02-20", logo=tmp_path / "none.png")


def test_a_template_of_ones_own_may_extend_ours(events, tmp_path):
    own = tmp_path / "report.html"
    own.write_text(
        '{% extends "attackviz/report.html" %}{% block kicker %}Weekly of {{ report.by }}{% endblock %}'
        "{% block method %}{{ facts.counts.events | count }}{% endblock %}"
    )
    page = Page(av.Report(events, "2025-02-20", by="<b>us</b>", template=own, made=MADE)._render(""))
    assert "Weekly of <b>us</b>" in page.text
    assert "How it was made" not in page.text
    assert "Where from" in page.text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{% block %}", "own.html:1: the template does not work"),
        ("\n\n{{ facts.nothing.at_all }}", "own.html:3: the template does not work: .*nothing"),
        ('{% extends "gone.html" %}', "it asks for 'gone.html', which is not there"),
        ("{{ ''.__class__.__mro__ }}", "the template does not work"),
        ("{{ 1 / 0 }}", "own.html:1: the template does not work"),
    ],
)
def test_a_template_that_does_not_work_is_said_with_its_line(events, tmp_path, text, words):
    (tmp_path / "own.html").write_text(text)
    with pytest.raises(ExportError, match=words):
        av.Report(events, "2025-02-20", template=tmp_path / "own.html")._render("")


def test_a_redacted_edition_holds_no_address_and_no_name(events):
    canaries = {"dst_host": "canary-host.example", "detail": "canary payload", "sensor": "canary-sensor"}
    planted = events.assign(**canaries, rule="GET /canary-path?user=canary-user", dst_name="canary-target")
    account = Account(pieces=len(planted), events=len(planted), files={"canary-file.json": "heralding"})
    account.spoil("broken", BadPiece("canary-file.json", 1, "canary line"))
    account.pieces += 1
    made = av.Report(planted, "2025-02-20", redact="public", source="canary-source", account=account, made=MADE)
    page = made.to_html()
    recording = made.replay.recording
    parts = [str(recording.header), *(str(table.to_pydict()) for table in recording.tables.values())]
    for found in (page, *parts):
        assert "canary" not in found
        assert not [ip for ip in planted["src_ip"].unique() if re.search(rf"{re.escape(ip)}(?![\d/])", found)]
    assert "198.51.100.0/24" in page
    whole = av.Report(events, "2025-02-20", made=MADE).facts
    assert [figure.value for figure in made.facts.figures] == [figure.value for figure in whole.figures]
    with pytest.raises(UsageError):
        av.Report(events, "2025-02-20", redact="some")


def test_what_cannot_be_reported_is_said(events, tmp_path):
    with pytest.raises(ExportError, match=r"none of 3,300 events is in the window 2020-01-01"):
        av.Report(events, "2020-01-01")
    with pytest.raises(ExportError, match="1 events have no usable time"):
        av.Report(pd.DataFrame({"time": pd.to_datetime([None], utc=True)}))
    with pytest.raises(ExportError, match="there is nothing to report: there is no event"):
        av.Report(events.head(0))
    with pytest.raises(UsageError, match="not of a recording"):
        av.Report(av.Replay(events).recording)
    made = av.Report(events, "2025-02-20")
    with pytest.raises(ExportError, match=r"cannot be saved as \.docx"):
        made.save(tmp_path / "x.docx")
    with pytest.raises(ExportError, match="is no path"):
        made.save(None)
    with pytest.raises(ExportError, match="cannot be written"):
        made.save(tmp_path / "none" / "x.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["one event", "all unlocated", "a year", "only times", "one moment"])
def test_any_window_becomes_a_report(kind, tmp_path):
    one = traffic(1).head(1)
    made = {
        "one event": one,
        "all unlocated": traffic(1).assign(src_lat=np.nan, src_lon=np.nan, src_country=None),
        "a year": pd.concat([one.assign(time=pd.Timestamp(f"2024-{m:02}-03", tz="UTC")) for m in range(1, 13)]),
        "only times": traffic(1)[["time"]],
        "one moment": pd.concat([one] * 5),
    }[kind]
    report = av.Report(made, made=MADE)
    assert report.facts.counts.events >= min(len(made), 1)
    page = Page(report.save(tmp_path / "any.html").read_text(encoding="utf-8"))
    assert "None" not in page.text.replace("None stands out", "").replace("None.", "")
    assert "nan" not in page.text.lower().split()
    assert "NaN" not in "".join(str(attrs) for tag, attrs in page.tags if tag in ("path", "circle", "rect"))


def test_a_store_is_reported_as_its_events_are(events, report):
    told = av.Report(av.EventTable(events), "2025-02-20", "A day", made=MADE).facts
    assert told.sentences == report.facts.sentences
    assert told.figures == report.facts.figures


def test_a_straggler_years_away_moves_no_edge_of_the_window(events):
    """Bins of years are long: the flood at the end of what nearly all events are in must not fall off."""
    early = events.iloc[[0]].assign(time=pd.Timestamp("2009-01-01", tz="UTC"))
    whole = av.Report(pd.concat([early, events]), made=MADE).facts
    assert str(whole.window) == "2025-02-17T00:00:00Z/2025-02-21T00:00:00Z"
    assert whole.counts.events == len(events)
    assert whole.bursts


def test_logs_that_say_nothing_of_what_became_of_it_mitigate_nothing_either(events):
    made = av.Report(events.assign(verdict="unknown"), "2025-02-20", made=MADE)
    assert "mitigated" not in made.summary
    assert "not known" in Page(made._render("")).text
