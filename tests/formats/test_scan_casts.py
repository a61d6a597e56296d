"""Compiled casts give what the casts of single values give."""

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from attackviz.formats import casts
from attackviz.formats.scan import usable
from attackviz.formats.written import Written

if not usable():
    pytest.skip("the compiler cannot run here", allow_module_level=True)

from attackviz.formats.scan import cast as compiled

COUNT = 20_000


def moments(pick):
    day = datetime(1970, 1, 1) + timedelta(seconds=pick.randint(0, 7 * 10**9))
    text = day.strftime("%Y-%m-%d") + pick.choice("TT t") + day.strftime("%H:%M:%S")
    text += pick.choice(["", "", "." + "".join(pick.choices("0123456789", k=pick.randint(1, 10)))])
    text += pick.choice(["", "Z", "z", "+00:00", "+0000", "-05:30", "+1400", "-2359", "+24:00", "+1", " "])
    if pick.random() < 0.1:
        at = pick.randrange(len(text))
        text = text[:at] + pick.choice("0123456789-:.TZ+ x") + text[at + 1 :]
    return text


def whole_numbers(pick):
    number = pick.choice([-1, 1, 1, 1]) * pick.randrange(10 ** pick.randint(1, 21))
    return pick.choice([number, str(number), f" {number}", f"{number:05}", float(number), f"{number}.5", f"+{number}"])


def addresses(pick):
    if pick.random() < 0.4:
        parts = [
            pick.choice(["0", "1", "01", "255", "256", "10", "a", " 1"]) for _ in range(pick.choice([4] * 9 + [3, 5]))
        ]
        return ".".join(parts)
    groups = [f"{pick.randrange(65536):x}" for _ in range(pick.choice([8, 8, 7, 5, 2, 1, 0, 9]))]
    if pick.random() < 0.6:
        groups.insert(pick.randint(0, len(groups)), "")
    text = ":".join(groups)
    text = pick.choice(
        [text, text, text.upper(), ":" + text, text + ":", "::" + text, text + "%eth0", text + "::1.2.3.4"]
    )
    return text


ODD = [
    None,
    "",
    " ",
    True,
    False,
    [],
    ["1"],
    {"a": 1},
    0,
    "0",
    "0.0.0.0",
    "::",
    "::0",
    "0::",
    2**63 - 1,
    2**63,
    -(2**63),
    "é",
]


def values(make):
    pick = random.Random(3)
    return [pick.choice(ODD) if pick.random() < 0.1 else make(pick) for _ in range(COUNT)]


@pytest.mark.parametrize("make", [whole_numbers, moments, addresses])
def test_numbers(make):
    given = values(make)
    # One by one: the whole column at once may be more generous than each value is.
    assert compiled.numbers(Written.of(given)).to_pylist() == [casts.numbers([each])[0].as_py() for each in given]


@pytest.mark.parametrize("tz", ["UTC", "Europe/Prague"])
@pytest.mark.parametrize("make", [whole_numbers, moments])
def test_times(make, tz):
    given = [each for each in values(make) if not isinstance(each, int) or abs(each) < 2**63]
    got, want = compiled.times(Written.of(given), tz), casts.times(given, tz)
    for one, other in zip(got, want, strict=True):
        assert one.equals(other)


@pytest.mark.parametrize("make", [whole_numbers, addresses])
def test_addresses(make):
    written = Written.of(values(make))
    got, want = compiled.addresses(written), casts.addresses(written.plain())
    for one, other in zip(got, want, strict=True):
        one.validate(full=True)
        assert one.equals(other)


def test_columns_that_are_slices_are_cast_from_where_they_begin():
    whole = Written.of(["x", "1.2.3.4", "2025-02-22T08:05:15Z", "7"])
    part = Written(whole.text.slice(1), whole.kind[1:])
    assert compiled.numbers(part).to_pylist() == [None, None, 7]
    assert compiled.addresses(part).column.to_pylist() == ["1.2.3.4", None, None]
    assert compiled.times(part, "UTC").column.null_count == 2
    assert part.plain().to_pylist() == ["1.2.3.4", "2025-02-22T08:05:15Z", "7"]
    assert part.keep(pa.array([False, False, True])).values() == ["7"]
