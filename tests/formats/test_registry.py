"""Formats are told by content, and what is none is named."""

import importlib
import json
import pkgutil

import pytest

from attackviz import formats
from attackviz.errors import FormatError, UsageError
from attackviz.formats import FORMATS, Format, by_name, detect

SAMPLES = {
    "cloudflare.http_requests": {"ClientIP": "1.2.3.4", "EdgeStartTimestamp": 1},
    "cloudflare.firewall_events": {"Action": "block", "ClientIP": "1.2.3.4", "Datetime": "x", "Source": "waf"},
    "cloudflare.els": {"timestamp": 1, "client": {"ip": "1.2.3.4"}, "rayId": "x"},
    "heralding": {"session_id": "x", "source_ip": "1.2.3.4", "num_auth_attempts": 0},
    "ciscoasa": {"timestamp": "x", "src_ip": "1.2.3.4", "payload_printable": ""},
    "dionaea": {"connection": {"protocol": "smbd", "type": "accept"}, "dst_port": 445},
    "honeytrap": {"attack_connection": {"remote_ip": "1.2.3.4", "local_port": 1}},
}
CSV = "session_id,start_time,src_ip,login_success\n"


def text(name):
    return CSV if name == "cowrie.sessions" else json.dumps(SAMPLES[name])


@pytest.mark.parametrize("name", (*SAMPLES, "cowrie.sessions"))
def test_each_format_is_told_by_its_content(name):
    assert detect(text(name).encode(), "x").name == name


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "wrapped",
    [
        "[{}]",
        '{{"attacks":[{}]}}',
        '{{"events":[{{"info":{}}}]}}',
        '{{"attacks":[\n{}\n,',
        "{}{{",
        "\ufeff{}",
        'broken {{"a": \n{}',
    ],
)
def test_wrappers_and_broken_lines_do_not_hide_a_format(name, wrapped):
    assert detect(wrapped.format(text(name)).encode(), "x").name == name


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"", "it is empty"),
        (b"\n \n", "it is empty"),
        (b"\x00" * 100, "only NUL bytes"),
        (b"\x89PNG\r\n\x1a\n....", "a PNG image"),
        (b"PK\x03\x04....", "a zip archive"),
        (b"\x28\xb5\x2f\xfd....", "zstd compressed"),
        (bytes(range(256)) * 16, "binary data"),
        (b"Hello, this is a letter.\n", "text that begins 'Hello, this is a letter.'"),
        (b'{"level":"info","message":"started"}\n', "JSON with 'level', 'message'"),
        (b'{\n  "ClientIP":', "spread over lines"),
        (b"a,b,c\n1,2,3\n", "text that begins 'a,b,c'"),
    ],
)
def test_what_is_no_log_is_named(head, message):
    with pytest.raises(FormatError, match="x: it ") as error:
        detect(head, "x")
    assert message in str(error.value)


def test_a_suricata_alert_is_not_taken_for_the_honeypot_whose_fields_it_has():
    alert = SAMPLES["ciscoasa"] | {"event_type": "alert", "flow_id": 1, "alert": {"signature": "x"}}
    assert detect(json.dumps(alert).encode(), "eve.json").name == "suricata"


@pytest.mark.parametrize("name", SAMPLES)
def test_objects_spread_over_lines_are_known(name):
    assert detect(json.dumps([SAMPLES[name], SAMPLES[name]], indent=2).encode(), "x").name == name


@pytest.mark.parametrize("name", SAMPLES)
def test_objects_spread_over_lines_in_odd_ways_are_refused_with_what_helps(name):
    spread = json.dumps([SAMPLES[name], SAMPLES[name]], indent=2).replace("},\n  {", "}, {")[1:-1].strip()
    with pytest.raises(FormatError, match=f"{name} spread over lines; .*jq -c"):
        detect(b"[" + spread.encode() + b"]", "x")


def test_text_of_a_log_is_quoted_in_errors():
    with pytest.raises(FormatError) as error:
        detect(b"\x1b[31mred\x1b[0m\n", "x")
    assert "\x1b" not in str(error.value)


def test_unknown_name_says_which_are_known():
    with pytest.raises(UsageError, match=r"no format 'nonsense'.*heralding"):
        by_name("nonsense")


def test_no_two_formats_have_a_name():
    made = [
        form
        for module in pkgutil.iter_modules(formats.__path__, f"{formats.__name__}.")
        for form in vars(importlib.import_module(module.name)).values()
        if isinstance(form, Format)
    ]
    own = {id(form): form for form in made}.values()
    assert sorted(form.name for form in own) == sorted(FORMATS)
    assert {form.name: form for form in own} == FORMATS
    assert len({form.title for form in own}) == len(FORMATS)
