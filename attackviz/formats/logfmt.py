r"""Lines of ``name=value``, as Go programs and Heroku write them: logfmt.

Source: the notation is by use, not by standard; this is what
github.com/kr/logfmt and github.com/go-logfmt/logfmt read. A value stands bare
up to the next space, or in quotes with ``\"`` and the escapes of JSON; a name
without a value is a flag and reads as ``true``; of a name that comes twice, the
last counts.
"""

from __future__ import annotations

import json
import re

__all__ = ["pairs"]

_PAIR = re.compile(r'[ \t]*([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"(?=\s|$)|([^\s"]*)))?(?=\s|$)')


def pairs(line: str) -> dict[str, str] | None:
    r"""Return the names and values of a line, None if it is no logfmt.

    Parameters
    ----------
    line : str
        Without its end.

    Examples
    --------
    >>> pairs('at=info path="/a b" client=1.2.3.4 cached')
    {'at': 'info', 'path': '/a b', 'client': '1.2.3.4', 'cached': 'true'}
    >>> pairs("GET / HTTP/1.1") is None, pairs('a="b') is None
    (True, True)
    """
    found: dict[str, str] = {}
    at, end, valued = 0, len(line.rstrip()), False
    while at < end:
        match = _PAIR.match(line, at)
        if match is None:
            return None
        name, quoted, bare = match.groups()
        valued = valued or quoted is not None or bare is not None
        if quoted is not None:
            found[name] = _unescaped(quoted) if "\\" in quoted else quoted
        else:
            found[name] = "true" if bare is None else bare
        at = match.end()
    return found if valued else None


def _unescaped(quoted: str) -> str:
    try:
        return str(json.loads(f'"{quoted}"', strict=False))
    except ValueError:  # an escape that JSON does not know stands for its character
        return re.sub(r"\\(.)", r"\1", quoted)
