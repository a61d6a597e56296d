"""Dead letters: each refused document once, whatever was killed in between."""

import json

import pytest

from attackviz.elastic.letters import DeadLetters, Letter
from attackviz.errors import ExportError


def letter(number, document='{"a":1}'):
    return Letter("attacks", str(number), 400, "document_parsing_exception", "no IP", document)


def test_there_is_no_file_before_there_is_a_letter(tmp_path):
    with DeadLetters(tmp_path / "dead.ndjson") as letters:
        letters.keep([])
    assert not (tmp_path / "dead.ndjson").exists()


def test_a_run_again_adds_what_is_new_alone(tmp_path):
    path = tmp_path / "dead.ndjson"
    for numbers in ([1, 2], [2, 3, 3], [1]):
        with DeadLetters(path) as letters:
            letters.keep(map(letter, numbers))
    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["1", "2", "3"]


def test_half_a_line_that_a_kill_left_goes(tmp_path):
    path = tmp_path / "dead.ndjson"
    with DeadLetters(path) as letters:
        letters.keep([letter(1), letter(2)])
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        with DeadLetters(path) as letters:
            letters.keep([letter(1), letter(2)])
        assert path.read_bytes() == whole


def test_the_document_stays_as_it_was(tmp_path):
    document = '{"big":12345678901234567890,"f":1.50,"t":"\\u001b[31m"}'
    with DeadLetters(tmp_path / "d") as letters:
        letters.keep([letter(1, document)])
    assert document in (tmp_path / "d").read_text()


def test_other_files_are_not_written_into(tmp_path):
    for text in ("[1]\n", "[1]", '{"index":"a","id":"1"}\nnotes'):
        (tmp_path / "a.json").write_text(text)
        with pytest.raises(ExportError, match="something else than refused documents"):
            DeadLetters(tmp_path / "a.json")
        assert (tmp_path / "a.json").read_text() == text
    with pytest.raises(ExportError, match="no such directory"):
        DeadLetters(tmp_path / "no" / "a.json")
    with pytest.raises(ExportError, match="cannot be kept there"):
        DeadLetters(tmp_path)
