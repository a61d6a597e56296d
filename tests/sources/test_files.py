"""What is behind paths, directories and globs; what is not there is said."""

import os

import pytest

import attackviz
from attackviz.errors import AddressError, DataLossWarning, ReadError
from attackviz.sources import find, outside
from attackviz.window import Window


@pytest.fixture
def tree(tmp_path):
    for name in ("b/two.json", "b/one.json", "a.json", ".hidden.json", ".git/x.json", "ownership-challenge-1a.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("{}")
    return tmp_path


def names(found):
    return [file.name for file in found[0]]


def test_directory_is_walked_in_order_without_hidden_files(tree):
    found = find([tree])
    assert names(found) == ["a.json", "b/one.json", "b/two.json"]
    assert found[1] == {".hidden.json": "hidden", "ownership-challenge-1a.txt": "an ownership challenge"}
    assert not any(file.explicit for file in found[0])


def test_named_file_is_explicit_even_if_hidden(tree):
    (file,), skipped = find([tree / ".hidden.json"])
    assert (file.name, file.explicit, file.size, skipped) == (".hidden.json", True, 2, {})


def test_globs_reach_into_directories(tree):
    assert names(find([str(tree / "*.json")])) == ["a.json"]
    assert names(find([str(tree / "**" / "*.json")])) == ["a.json", "b/one.json", "b/two.json"]
    assert names(find([str(tree / "[b]")])) == ["b/one.json", "b/two.json"]


def test_file_reached_twice_is_read_once(tree):
    os.symlink(tree / "a.json", tree / "z.json")
    assert names(find([tree / "a.json", tree, str(tree / "*.json")])) == ["a.json", "b/one.json", "b/two.json"]


def test_files_of_the_same_name_are_told_apart(tree):
    (tree / "c").mkdir()
    (tree / "c" / "one.json").write_text("{}")
    assert names(find([tree / "b", tree / "c"])) == ["one.json", "two.json", str(tree / "c" / "one.json")]


def test_name_with_wildcards_that_exists_is_a_name(tree):
    (tree / "x[1].json").write_text("{}")
    assert names(find([tree / "x[1].json"])) == ["x[1].json"]


def test_home_is_understood(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    assert names(find(["~/a.json"])) == ["a.json"]


@pytest.mark.parametrize("name", ["nothing.json", "nothing/*.json", "~nobody-of-that-name/x"])
def test_nothing_there_is_said(tree, name):
    with pytest.raises(AddressError, match=r"no (such )?file"):
        find([tree / name])


def test_what_is_no_regular_file_is_refused_or_skipped(tree):
    os.mkfifo(tree / "pipe.json")
    with pytest.raises(ReadError, match="no regular file"):
        find([tree / "pipe.json"])
    assert find([tree])[1]["pipe.json"] == "it is no regular file"


def test_dangling_link_is_refused_or_skipped(tree):
    os.symlink(tree / "gone", tree / "link.json")
    with pytest.raises(ReadError, match="cannot be read"):
        find([tree / "link.json"])
    assert "cannot be read" in find([tree])[1]["link.json"]


@pytest.mark.parametrize(
    ("name", "skip"),
    [
        ("20250211T000000Z_20250211T000500Z_1b2c3d4e.log.gz", True),
        ("20250211T235500Z_20250212T000000Z_1b2c3d4e.log.gz", False),
        ("20250212T100000Z_20250212T100500Z_1b2c3d4e.log.gz", False),
        ("20250213T003000Z_20250213T003500Z_1b2c3d4e.log.gz", False),  # a request may have begun an hour before
        ("20250213T010000Z_20250213T010500Z_1b2c3d4e.log.gz", True),
        ("20259999T000000Z_20259999T000500Z_1b2c3d4e.log.gz", False),
        ("anything.log.gz", False),
    ],
)
def test_names_that_carry_times_prune_windows(name, skip):
    assert outside(f"20250212/{name}", Window.parse("2025-02-12")) is skip
    assert not outside(name, None)


def test_directory_that_cannot_be_listed_is_named_and_the_rest_is_read(tmp_path, monkeypatch):
    # Even to root: its path is longer than the system takes.
    (tmp_path / "a.json").write_text('{"Action": "block", "ClientIP": "1.1.1.1", "Datetime": "2025-02-11T00:00:00Z"}\n')
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        os.mkdir("d" * 250)
        os.chdir("d" * 250)
    monkeypatch.chdir(tmp_path)
    with pytest.warns(DataLossWarning):
        events = attackviz.read(tmp_path)
    account = attackviz.account_of(events)
    (name,) = account.unread()
    assert (len(events), account.skipped[name]) == (1, "it cannot be listed: File name too long")
    assert name.endswith("d/") and any("could not be read" in note for note in account.notes)
