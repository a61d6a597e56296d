"""JSON that is spread over lines gives the events that one object a line gives."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats import by_name, decode
from attackviz.formats.unfold import indentation, unfolded

EVENTS = [
    {
        "timestamp": f"2025-02-24T08:04:{n:02}",
        "src_ip": f"192.0.2.{n}",
        "payload_printable": payload,
    }
    for n, payload in enumerate(["", "${jndi:ldap://e}", '"}', "{", "[\n{", "}\n},"])
]


def read(text, cut=None):
    data, account = text.encode(), Account()
    chunks = [data] if cut is None else [data[n : n + cut] for n in range(0, len(data), cut)]
    tables = list(decode(chunks, by_name("ciscoasa"), account, "x"))
    return [row for table in tables for row in table.to_pylist()], account


PLAIN, _ = read("".join(json.dumps(event) + "\n" for event in EVENTS))
LAYOUTS = {
    "array": lambda indent: json.dumps(EVENTS, indent=indent),
    "stream": lambda indent: "\n".join(json.dumps(event, indent=indent) for event in EVENTS),
    "wrapped": lambda indent: json.dumps({"attacks": EVENTS}, indent=indent),
    "marked": lambda indent: "\ufeff" + "\n".join(json.dumps(event, indent=indent) for event in EVENTS),
    "tabs": lambda indent: json.dumps(EVENTS, indent="\t"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("indent", [1, 2, 4])
@pytest.mark.parametrize("cut", [None, 7, 4096])
def test_every_layout_gives_the_same_events(layout, indent, cut):
    rows, account = read(LAYOUTS[layout](indent), cut)
    assert rows == PLAIN
    assert account.closes() and not account.bad
    assert account.notes == ["some objects are spread over lines: the line numbers of bad pieces count objects there"]


@pytest.mark.parametrize("layout", ["array", "stream"])
@pytest.mark.parametrize("lost", range(len(EVENTS)))
def test_an_object_that_is_cut_spoils_none_but_itself(layout, lost):
    text = LAYOUTS[layout](2)
    marker = f'"192.0.2.{lost}"'
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if marker in line)
    broken = "\n".join(lines[:at] + lines[at + 2 + (layout == "array") :])  # the braces that end it are gone, too
    rows, account = read(broken)
    assert [row for row in PLAIN if row["src_ip"] != f"192.0.2.{lost}"] == [r for r in rows if r in PLAIN]
    assert account.closes()
    assert account.bad_total == 1 or lost == len(EVENTS) - 1


@given(st.binary(max_size=200), st.integers(1, 50))
def test_no_byte_is_lost_or_moved(data, cut):
    chunks = [data[n : n + cut] for n in range(0, len(data), cut)]
    whole = b"".join(unfolded(chunks, b"", 1 << 20))
    assert whole.replace(b"\n", b" ") == data.replace(b"\n", b" ")


def test_one_object_a_line_is_left_as_it_is():
    assert indentation(b'[\n{"a": 1},\n{"a": 2}\n]\n') is None
    assert indentation(b'{"attacks":[\n{"a": 1}\n]}\n') is None
    assert indentation(b"") is None


def test_an_event_whose_first_field_is_an_array_of_objects_is_no_wrapper():
    head = b'{\n  "attacks": [\n    {\n      "a": 1\n    }\n  ]\n}\n'
    assert indentation(head) == b"    "
    assert indentation(head, ["attacks"]) == b""
