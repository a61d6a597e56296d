"""What is known is told, what is not is named, and what may be several things is not guessed."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attackviz.errors import FormatError
from attackviz.formats import FORMATS, Format, detect

CORPUS = Path(__file__).parent / "corpus"


def mine(name="mine", **changes):
    given = {"title": name, "kind": "json", "fields": ("ip",), "known_by": (frozenset({"ip", "when"}),)}
    return Format(**({"name": name, "build": lambda c: {}} | given | changes))


def lines_of(name):
    """Return lines of a format, each of which tells it."""
    found = []
    for path in sorted(CORPUS.glob(f"{name}__*")):
        for line in path.read_bytes().splitlines():
            try:
                found += [line] if detect(line + b"\n", "x").name == name else []
            except FormatError:
                continue
    return found[:2]


TOLD = {
    name: found for name, form in FORMATS.items() if form.kind in ("json", "text") and len(found := lines_of(name)) == 2
}


def test_most_formats_are_told_by_a_single_line():
    assert len(TOLD) >= 12


@pytest.mark.parametrize("one", TOLD)
def test_two_formats_in_one_file_are_named_and_neither_is_taken(one):
    for other in TOLD:
        if other == one:
            continue
        with pytest.raises(FormatError, match=r"more than one format|ambiguous") as error:
            detect(b"\n".join((*TOLD[one], *TOLD[other], b"")), "x")
        assert one in str(error.value)
        assert other in str(error.value)


def test_a_line_that_two_formats_claim_is_ambiguous():
    formats = {"mine": mine(), "yours": mine("yours", known_by=(frozenset({"ip"}),))}
    with pytest.raises(FormatError, match="ambiguous: it may be mine or yours; name one of them"):
        detect(b'{"ip":"1.2.3.4","when":1}\n' * 5, "x", formats)
    assert detect(b'{"ip":"1.2.3.4"}\n' * 5, "x", formats).name == "yours"


def test_a_few_lines_that_another_format_claims_do_not_make_it_ambiguous():
    formats = {"mine": mine(), "yours": mine("yours", known_by=(frozenset({"who"}),))}
    many = b'{"ip":"1.2.3.4","when":1}\n' * 30
    assert detect(many + b'{"who":"x"}\n', "x", formats).name == "mine"


def test_a_text_format_of_ones_own_stands_beside_ours():
    formats = FORMATS | {"mine": mine(kind="text", known_by=(), pattern=r"shop (?P<ip>\S+)")}
    assert detect(b"shop 1.2.3.4\nshop 1.2.3.5\nodd\n", "x", formats).name == "mine"


def test_two_text_formats_that_claim_the_same_lines_are_ambiguous():
    wide = mine("wide", kind="text", known_by=(), pattern=r"(?P<ip>\S+) .*")
    log = (CORPUS / "access.common__documented.log").read_bytes()
    with pytest.raises(FormatError, match=r"ambiguous: it may be access\.common or wide"):
        detect(log, "x", FORMATS | {"wide": wide})


def test_a_format_that_is_not_to_be_detected_is_passed_over():
    formats = {"mine": mine(detected=False)}
    with pytest.raises(FormatError, match="no known format"):
        detect(b'{"ip":"1.2.3.4","when":1}\n', "x", formats)


def test_a_format_can_be_told_by_its_first_bytes():
    table = mine(kind="table", known_by=(), magic=(b"PAR1", b"ARROW1"))
    assert detect(b"ARROW1\0\0....", "x", {"mine": table}) is table
    with pytest.raises(FormatError, match="an Arrow file"):
        detect(b"ARROW1\0\0....", "x", {"mine": mine()})


def test_one_line_of_a_text_format_in_other_text_is_not_enough():
    letter = b"Dear all,\nplease look at this line:\n" + TOLD["access.combined"][0] + b"\nwhat is it?\n\nYours\n"
    with pytest.raises(FormatError, match="no known format"):
        detect(letter, "x")


def test_a_head_that_is_cut_within_a_line_is_known_all_the_same():
    log = (CORPUS / "suricata.fast__crowdsec.log").read_bytes()
    for cut in range(len(log.splitlines()[0]) + 1, len(log), 37):
        assert detect(log[:cut], "x").name == "suricata.fast"


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))))
@example(b"\xff\xfe\x00")
@example(b'{"a":' * 500)
@example(b"[" * 500)
def test_anything_at_all_is_known_or_refused_with_a_reason(head):
    try:
        assert detect(head, "x").name in FORMATS
    except FormatError as error:
        assert error.what and error.hint


@pytest.mark.parametrize(
    "line",
    [b"a b" + b" [" * 200_000, b'1.2.3.4 - - ["' + b'\\"' * 200_000, b"{" * 1_000_000, b'{"a":[' * 20_000],
    ids=["brackets", "quotes", "braces", "nested"],
)
def test_a_hostile_line_is_refused_in_time_that_does_not_grow_with_its_square(line):
    with pytest.raises(FormatError, match="no known format"):  # or never, if it did
        detect(line, "x")


def test_line_ends_of_windows_do_not_hide_a_text_format():
    for name, lines in TOLD.items():
        if FORMATS[name].kind == "text":
            assert detect(b"\r\n".join((*lines, b"")), "x").name == name


@pytest.mark.parametrize("data", [b"[]", b"{}\n", b"[{}, {}]"])
def test_json_that_holds_nothing_is_not_called_broken(data):
    with pytest.raises(FormatError, match="JSON with nothing in it"):
        detect(data, "x.json")
