"""What is an address is what Python's ipaddress accepts, in every kind of column."""

from __future__ import annotations

import random
import socket
from ipaddress import ip_address

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from attackviz.geo import Database

ODD = [
    *("", " ", "-", ".", ":", "::", ":::", "::::", "%", "::%", "::%1", "::%%", "::%a%b", "::%a/b", "::/0", "%eth0"),
    *(
        "1.2.3",
        "1.2.3.4",
        "01.2.3.4",
        "1.2.3.00",
        "0.0.0.0",
        "1.2.3.4.",
        ".1.2.3.4",
        "1..2.3",
        "1.2.3.4.5",
        "256.1.1.1",
    ),
    *(" 1.2.3.4", "1.2.3.4 ", "1.2.3.4\n", "1.2.3.4\x00", "1.2.3.4:80", "1.2.3.4%eth0", "1.2.3.4/32", "134744072"),
    *("0x08080808", "0008.8.8.8", "1.2.3.4294967300", "１.２.３.４", "٨.٨.٨.٨", "1.2.3.-4", "1.2.3.+4", "+1.2.3.4"),
    *(
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::2:3:4:5:6:7:8",
    ),
    *("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3.4", "1.2.3.4::", "::1.2.3", "::01.2.3.4", "::1.2.3.4:5"),
    *("::ffff:8.8.8.8", "::FFFF:8.8.8.256", "12345::", "0000:0000:0000:0000:0000:0000:255.255.255.255", "g::", "::g"),
    *(
        ":1",
        "1:",
        ":1::",
        "::1:",
        "1::2::3",
        "::00001",
        "fe80::1%eth0",
        "fe80::1%" + "z" * 1000,
        "[::1]",
        "::1]",
        "1:::2",
    ),
    *("2001:4860:4860::8888%", "::1 ", " ::1", "::\x001", "::1%\x00", "é::", "::1%é", "localhost", "8.8.8.8,1.1.1.1"),
]
PIECES = [
    "0",
    "1",
    "9",
    "10",
    "99",
    "255",
    "256",
    "300",
    "01",
    "00",
    "ffff",
    "ABCD",
    "12345",
    "g",
    "1.2.3.4",
    "::ffff:",
    "::",
    ":",
    ":",
    ":",
    ".",
    ".",
    ".",
    ".",
    "%",
    "%e",
    "/",
    "é",
    "-",
    "2002:",
]
# Runs of zeros, so that '::' stands everywhere.
MASKS = (-1, 0xFFFF << 112 | 0xFFFF, (1 << 32) - 1, 0xFFFF0000FFFF << 48, 0xFFFF << 64 | 255)
CHANGES = ("", "", ":", ".", "0", "1", "f", "%", "::", "F", "G", " ")


def fuzzed(count: int, seed: int) -> list[str]:
    """Return texts of which about half are addresses, and most others nearly."""
    rng = random.Random(seed)
    choice, bits, below = rng.choice, rng.getrandbits, rng.randrange
    out = []
    for i in range(count):
        kind = i % 5
        if kind == 0:
            out.append("".join(rng.choices(PIECES, k=below(12))))
            continue
        if kind < 3:
            text = socket.inet_ntop(socket.AF_INET, bits(32).to_bytes(4, "big"))
        else:
            number = bits(128) & choice(MASKS)
            text = socket.inet_ntop(socket.AF_INET6, number.to_bytes(16, "big"))
        for _ in range(choice((0, 0, 1, 1, 2))):
            at = below(len(text) + 1)
            text = text[:at] + choice(CHANGES) + text[at + below(2) :]
        out.append(text)
    return out


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@pytest.mark.slow
def test_a_million_texts_are_addresses_exactly_when_ipaddress_says_so(embedded: Database):
    texts = fuzzed(1_000_000, 7)
    expected = np.fromiter(map(is_address, texts), bool, len(texts))
    assert 0.3 < expected.mean() < 0.8
    found = embedded.locate(pa.array(texts, pa.string())) != -2
    wrong = np.flatnonzero(found != expected)
    assert [texts[i] for i in wrong[:5]] == []


def test_odd_texts(embedded: Database):
    found = embedded.locate(ODD) != -2
    assert [text for text, ok in zip(ODD, found, strict=True) if ok != is_address(text)] == []


def test_another_spelling_is_the_same_place(embedded: Database):
    texts = [text for text in fuzzed(60_000, 8) if is_address(text)]
    plain = [str(ip_address(text)).partition("%")[0] for text in texts]
    spelled = [ip_address(text).exploded.upper() for text in plain]
    expected = embedded.locate(plain)
    assert (expected >= 0).sum() > 10_000
    assert np.array_equal(embedded.locate(texts), expected)
    assert np.array_equal(embedded.locate(spelled), expected)


ADDRESSES = ["8.8.8.8", None, "2a00:1450:4001:800::1", "no", "", "10.0.0.1", "185.220.101.1", None, "8.8.4.4"] * 3


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
@pytest.mark.parametrize("cut", [slice(None), slice(1, None), slice(3, 20), slice(9, 9)])
def test_every_kind_of_string_column(embedded: Database, kind: pa.DataType, cut: slice):
    expected = embedded.locate(ADDRESSES)[cut].tolist()
    start, stop, _ = cut.indices(len(ADDRESSES))
    array = pa.array(ADDRESSES, kind).slice(start, stop - start)
    assert embedded.locate(array).tolist() == expected
    assert embedded.locate(pa.chunked_array([array.slice(0, 2), array.slice(2)])).tolist() == expected
    if kind != pa.string_view():
        assert embedded.locate(array.dictionary_encode()).tolist() == expected


def test_a_dictionary_with_nulls_of_both_kinds(embedded: Database):
    column = pa.DictionaryArray.from_arrays(pa.array([1, None, 0, 1], pa.int8()), pa.array([None, "8.8.8.8"]))
    found = embedded.locate(column).tolist()
    assert found[0] == found[3] >= 0 and found[1:3] == [-3, -3]


def test_what_stands_under_a_null_is_not_looked_at(embedded: Database):
    data = pa.array(["8.8.8.8", "1.1.1.1"])
    column = pa.StringArray.from_buffers(2, *data.buffers()[1:], pa.py_buffer(b"\x02"))
    assert embedded.locate(column)[0] == -3


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string[python]"])
def test_every_kind_of_pandas_column(embedded: Database, dtype: str):
    assert embedded.locate(pd.Series(ADDRESSES, dtype=dtype)).tolist() == embedded.locate(ADDRESSES).tolist()


def test_what_is_no_text_is_no_address(embedded: Database):
    mixed = pd.Series(["8.8.8.8", 134744072, b"8.8.8.8", None, float("nan"), 1.5], dtype=object)
    assert embedded.locate(mixed).tolist()[1:] == [-2, -2, -3, -3, -2]
    assert embedded.locate(pa.array([134744072, None])).tolist() == [-2, -3]
    assert embedded.locate(pa.array([b"8.8.8.8", None])).tolist() == [-2, -3]
    assert embedded.locate(pa.nulls(2)).tolist() == [-3, -3]
    assert embedded.locate([]).tolist() == []
    assert embedded.locate(pa.chunked_array([], pa.string())).tolist() == []


def test_columns_of_nothing(embedded: Database):
    for size in (0, 1, 7, 8, 9, 4095, 4097):
        columns = embedded.columns(np.full(size, -1, np.int32))
        for column in columns.values():
            column.validate(full=True)
            assert len(column) == column.null_count == size


def test_columns_hold_only_the_texts_that_occur(embedded: Database):
    columns = embedded.columns(embedded.locate(ADDRESSES))
    assert sorted(columns["country"].dictionary.to_pylist()) == ["DE", "US"]
    for column in columns.values():
        column.validate(full=True)
