"""Lines of JSON that are good, odd and broken, made from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence

VALUES = [
    '"x"', '""', "5", "-0", "0", "-1.5e+3", "1E400", "123456789012345678", "1234567890123456789",
    "18446744073709551617", "null", "true", "false", "[]", "{}", '[1,[2,{"a":"]}"}]]', '["a","b"]',
    r'"\ud800"', r'"\udc00\ud800x"', r'"\uD83D\uDE00"', r'"\uABCD\n\t\b\f\r\/\\"', r'"\ud83d\u0041"', r'"\u0000"',
    '"é北京😀"', '"' + "y" * 70 + '"', '"' + "é" * 40 + '"', '"' + "a" * 63 + '\\""', '"\x7f"', '"1.2.3.4"',
    '"2001:db8::1"', '"2025-02-22T08:05:15.141628Z"', '"2025-02-22 08:05:15"', "1740211515", "1740211515123456789",
    '"1740211515"', "22", '"22"', "70000", '" 5 "', "2.0", "1.50",
    r'["\ud800",{"\uDC00":"\uD83d"}]', r'{"\ud800a":"x\udfff"}',
]  # fmt: skip
WRONG = [
    "1.", ".5", "01", "+1", "NaN", "-Infinity", "nul", "True", r'"\x"', r'"\u12g4"', '"\t"', "'x'", "1e", "1e+", "-",
    "9" * 70, "0." + "3" * 70, "[1,]", "{,}", '{"a":1,}', "[" * 70 + "]" * 70, '{"a":' * 65 + "1" + "}" * 65,
    "1" * 5000, "tru", "falsy", "--1", '{"a" 1}', "[}", "{]", "[1}", '{"a":1]', '"' + "\x10" + '"', "truefalse",
]  # fmt: skip
TOKENS = [
    b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\x80",
    b"\xf4\x90\x80\x80", b"\xe0\x80\x80", b"\xf0\x9f\x98\x80", b"\xef\xbb\xbf", b"\n", b"\r", b" ", b"\t", b"\x0b",
    b"1", b"e", b".", b"-", b"null", b"\\u", b"\\ud800", b'\\"', b"\x1f", b"\x80", b"u", b"0", b"}{", b"},", b"]}",
]  # fmt: skip
HIGH = [
    b"\xc3\xa9", b"\xed\x9f\xbf", b"\xed\xa0\x80", b"\xf4\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xe0\x9f\xbf",
    b"\xc1\xbf", b"\xf0\x8f\xbf\xbf", b"\xe2\x82", b"\xf5\x80\x80\x80", b"\xff",
]  # fmt: skip


class Lines:
    """Make lines for the wanted paths of a format.

    Parameters
    ----------
    seed : int
    paths : sequence of str
        Wanted fields, a dot steps into an object.
    dotted : bool
        Whether flat keys with dots are to occur.
    """

    def __init__(self, seed: int, paths: Sequence[str], dotted: bool = False) -> None:
        self._random = random.Random(seed)
        self._paths = list(paths)
        self._dotted = dotted
        self._order = [*paths, "other", "zz", "é", ""]
        self._templates = [self._template() for _ in range(4)]

    def _template(self) -> list[str]:
        count = self._random.randint(1, min(12, len(self._order)))
        return self._random.sample(self._order, count)

    def _value(self) -> str:
        return self._random.choice(VALUES if self._random.random() < 0.985 else WRONG)

    def _object(self) -> bytes:
        pick = self._random
        paths = pick.choice(self._templates) if pick.random() < 0.7 else self._template()
        tree: dict[str, object] = {}
        for path in paths:
            keys = [path] if self._dotted and pick.random() < 0.3 else path.split(".")
            if pick.random() < 0.05:
                keys = keys[:-1] or keys
            node = tree
            for key in keys[:-1]:
                inner = node.setdefault(key, {})
                node = inner if isinstance(inner, dict) else {}
            node[keys[-1]] = self._value()
        loose = pick.random() < 0.15
        comma, colon = (pick.choice([", ", " ,", ",\t", ",\r "]), pick.choice([": ", " :", " : "])) if loose else ",:"
        text = self._written(tree, comma, colon)
        return text.encode("utf-8", "surrogatepass")

    def _written(self, tree: object, comma: str, colon: str) -> str:
        if not isinstance(tree, dict):
            return str(tree)
        parts = [self._key(key) + colon + self._written(inner, comma, colon) for key, inner in tree.items()]
        if parts and self._random.random() < 0.03:
            parts.append(self._random.choice(parts[:-1] or parts).split(colon)[0] + colon + self._value())
        if parts and self._random.random() < 0.02:
            parts.append('"' + "k" * self._random.choice([58, 59, 60, 61, 62, 63, 64, 70, 130]) + '"' + colon + "1")
        return "{" + comma.join(parts) + "}"

    def _key(self, key: str) -> str:
        if key and self._random.random() < 0.01:
            return f'"\\u{ord(key[0]):04x}{key[1:]}"'
        return json.dumps(key, ensure_ascii=False)

    def _mutated(self, line: bytes) -> bytes:
        pick = self._random
        size, what = len(line), pick.random()
        at = pick.randrange(size + 1)
        to = min(size, at + pick.randint(1, 12))
        if what < 0.2 and size:
            at = pick.randrange(size)
            return line[:at] + bytes([line[at] ^ (1 << pick.randrange(8))]) + line[at + 1 :]
        if what < 0.3:
            return line[:at] + line[to:]
        if what < 0.55:
            return line[:at] + pick.choice(TOKENS) + line[at:]
        if what < 0.65:
            quote = line.find(b'"', at) + 1
            return line[:quote] + pick.choice(HIGH) + line[quote:]
        if what < 0.72:
            return line[:at] + line[at:to] * 2 + line[to:]
        if what < 0.78:
            return line[:at]
        if what < 0.82:
            return line[at:]
        if what < 0.9:
            return line + pick.choice([b"", b" ", b",", b"]", b"x", b"\r", b"}"]) + self._object()
        if what < 0.95:
            return pick.choice([b" ", b"[", b"[ ", b"\t", b"\xef\xbb\xbf", b",", b"x "]) + line
        return line + pick.choice([b" ", b",", b", ", b" ,", b"]", b"\r", b"}", b"\x00", b"x"])

    def line(self) -> bytes:
        """Return a line, without its newline."""
        line, luck = self._object(), self._random.random()
        for _ in range(0 if luck < 0.6 else 1 if luck < 0.9 else self._random.randint(2, 4)):
            line = self._mutated(line)
        return line

    def files(self, lines: int, most: int = 3000) -> Iterator[bytes]:
        """Yield files of up to `most` lines, so many lines in all."""
        while lines > 0:
            count = min(lines, self._random.choice([1, 50, 500, most]))
            lines -= count
            between = b",\n" if self._random.random() < 0.1 else b"\n"
            end = self._random.choice([b"", b"\n", b"\r\n", b"\n\n", b",\n"])
            yield between.join(self.line() for _ in range(count)) + end
