"""`Replay` makes a page that plays by itself, and says plainly what it cannot do."""

import base64
import gzip
import hashlib
import json
import re
import warnings
from html.parser import HTMLParser

import pandas as pd
import pyarrow as pa
import pytest

import attackviz as av
from attackviz.account import BadPiece
from attackviz.errors import ExportError, SchemaError, UsageError, WindowError
from attackviz.replay import load

HOSTILE = "</script><script>alert(1)</script><!--<img src=x onerror=alert(1)> \u202egnp\u2028 {{ 7*7 }} \x00'\"&"


class Page(HTMLParser):
    """Take a page apart as a browser does."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.texts, self.open = [], {}, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.open.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.open:
            tag, attrs = self.open[-1]
            key = attrs.get("id") or attrs.get("type") or tag
            self.texts[key] = self.texts.get(key, "") + data

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def recording(self):
        return load(gzip.decompress(base64.b64decode(self.texts["recording"])))


@pytest.fixture
def events():
    return pd.DataFrame(
        {
            "time": pd.to_datetime(["2025-02-18T10:00Z", "2025-02-19T10:00Z", None]),
            "src_ip": ["8.8.8.8", HOSTILE, None],
            "category": ["ssh", HOSTILE, None],
            "rule": [HOSTILE, "b", "c"],
        }
    )


def test_a_page_holds_the_whole_recording(events):
    replay = av.Replay(events, title="Two days")
    page = Page(replay.to_html())
    assert page.recording() == replay.recording
    assert page.recording().header["totals"]["events"] == 3
    assert page.texts["title"] == "Two days"


def test_what_every_page_holds_is_small(events):
    """Player, map and all: with 10,000 events it stays within half a megabyte."""
    assert len(av.Replay(events.head(1)).to_html().encode()) < 335_000


def test_the_same_events_give_the_same_page(events):
    assert av.Replay(events).to_html() == av.Replay(events).to_html()


def test_a_page_may_ask_nothing_of_the_network(events):
    page = Page(av.Replay(events).to_html())
    policy = next(a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    script = page.texts["module"].encode()
    assert rules["default-src"] == rules["connect-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["script-src"] == f"'sha256-{base64.b64encode(hashlib.sha256(script).digest()).decode()}'"
    loaded = [a.get("src") or a.get("href") for _, a in page.tags if a.get("src") or a.get("href")]
    assert loaded == ["data:,"]


def test_hostile_text_is_data_everywhere(events):
    benign = Page(av.Replay(events.assign(src_ip="a", category="a", rule="a"), title="t", source="s").to_html())
    hostile = Page(av.Replay(events, title=HOSTILE, source=HOSTILE).to_html())
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in benign.tags]
    assert hostile.texts["title"].replace("\ufffd", "\x00") == HOSTILE
    header = hostile.recording().header
    assert header["title"] == header["source"] == HOSTILE
    cell = Page(av.Replay(events, title=HOSTILE)._repr_html_())
    assert [tag for tag, _ in cell.tags] == ["iframe"]


def test_a_script_that_names_its_own_element_cannot_end_it():
    from attackviz.export.page import _inline

    script = 'a = "</script>" + `<!--<SCRIPT`; c < script; if (a<!b) {}'
    written = _inline(script)
    assert not re.search(r"</script|<!--|<script", written, re.IGNORECASE)
    assert written.replace(r"\x3C", "<") == script


def test_a_cell_plays_in_a_frame_of_its_own(events):
    replay = av.Replay(events)
    bundle = replay._repr_mimebundle_()
    ((tag, attributes),) = Page(bundle["text/html"]).tags
    assert tag == "iframe"
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["srcdoc"] == replay.to_html()
    assert bundle["text/plain"] == repr(replay)


def test_save_writes_the_page_whole_or_not_at_all(events, tmp_path):
    replay = av.Replay(events)
    path = replay.save(tmp_path / "x.HTML")
    assert path.read_text(encoding="utf-8") == replay.to_html()
    replay.save(path)
    assert load(replay.save(tmp_path / "x.avrec").read_bytes()) == replay.recording
    with pytest.raises(ExportError, match=r"nowhere.*cannot be written: No such file.*choose a directory"):
        replay.save(tmp_path / "nowhere" / "x.html")
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(ExportError, match="cannot be written"):
        replay.save(tmp_path / "taken.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["taken.html", "x.HTML", "x.avrec"]


@pytest.mark.parametrize("name", ["x.mov", "x", "x.html.gz"])
def test_other_suffixes_are_refused_with_what_is_possible(events, name, tmp_path):
    with pytest.raises(ExportError, match=r"cannot be saved as .*end the name in \.html, \.mp4, .*\.ndjson"):
        av.Replay(events).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_events_without_places_are_located_first(events):
    recording = av.Replay(events).recording
    assert recording.tables["places"]["country"].to_pylist() == ["US"]
    assert recording.header["totals"]["unlocated"] == 1
    assert recording.header["attribution"][0]["text"]


def test_a_table_does_as_well_as_a_frame(events):
    from attackviz.schema import from_pandas

    assert av.Replay(from_pandas(events)).recording == av.Replay(events).recording


def test_events_without_addresses_are_played_without_a_map():
    frame = pd.DataFrame({"time": pd.to_datetime(["2025-02-18"], utc=True)})
    header = av.Replay(frame).recording.header
    assert header["totals"]["unlocated"] == 1
    assert header["attribution"] == []


def test_a_window_hands_over_only_its_events(events):
    replay = av.Replay(events, "2025-02-18")
    assert len(replay.recording) == 1
    assert replay.recording.header["totals"]["outside"] == 1
    assert HOSTILE not in replay.recording.tables["sources"]["ip"].to_pylist()
    with pytest.raises(WindowError):
        av.Replay(events, "some day")


def test_a_recording_is_played_as_it_is(events):
    recording = av.Replay(events).recording
    assert av.Replay(recording, theme="light").recording is recording


def test_options_reach_the_page(events):
    page = Page(av.Replay(events, theme="light", speed=600).to_html())
    assert json.loads(page.texts["options"]) == {"theme": "light", "speed": 600}
    assert page.tags[0] == ("html", {"lang": "en", "data-theme": "light", "data-lists": "beside"})


def test_what_is_not_possible_is_said(events):
    with pytest.raises(UsageError, match="no theme 'sepia'; choose dark or light"):
        av.Replay(events, theme="sepia")
    with pytest.raises(UsageError, match="a speed of 0 is not possible"):
        av.Replay(events, speed=0).to_html()
    with pytest.raises(SchemaError, match="no column 'time'"):
        av.Replay(pd.DataFrame({"a": [1]}))
    with pytest.raises(SchemaError, match="no column 'team' to colour by"):
        av.Replay(events, color_by="team")


def test_a_page_tells_what_was_read_without_raw_lines_and_directories(samples):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", av.DataLossWarning)
        events = av.read(samples / "tpot-2025" / "dioneae_20k.json.tar.gz")
    account = events.attrs["attackviz_account"]
    assert account["samples"]
    replay = av.Replay(events)
    header = replay.recording.header
    assert (header["source"], header["title"]) == ("dioneae_20k.json.tar.gz", "Replay of dioneae_20k.json.tar.gz")
    told = Page(replay.to_html()).recording().header["account"]
    assert told["bad"] == account["bad"]
    assert told["pieces"] == account["pieces"]
    assert told["samples"] == {}
    assert not any("/" in name for name in told["files"])


def test_a_name_that_is_no_text_can_be_written(events, tmp_path):
    page = av.Replay(events, title="a\udcffb", source="\udcff").save(tmp_path / "x.html")
    assert "<title>a?b</title>" in page.read_text(encoding="utf-8")


def test_files_of_one_name_in_several_directories_need_no_common_name(tmp_path):
    line = '{"timestamp":"2025-02-24T08:04:00Z","src_ip":"8.8.8.8","payload_printable":""}\n'
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "a.json").write_text(line)
    replay = av.Replay(av.read([tmp_path / "one", tmp_path / "two"]))
    assert repr(replay) == "<Replay 'Replay of one and 1 more': 2 of 2 events>"


def test_a_page_names_the_formats_and_keeps_bad_lines_to_itself():
    account = av.Account(files={"/data/logs/a.json": "heralding", "/data/logs/sub/b.csv": "cowrie.sessions"})
    account.spoil("not JSON", BadPiece("/data/logs/a.json", 1, "secret"))
    table = pa.table({"time": pa.array([0], pa.timestamp("us", tz="UTC"))})
    header = av.Replay(table, account=account).recording.header
    assert (header["source"], header["title"]) == ("", "Replay")
    assert header["formats"] == ["cowrie.sessions", "heralding"]
    assert "secret" not in json.dumps(Page(av.Replay(table, account=account).to_html()).recording().header)
