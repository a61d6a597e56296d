"""Addresses of an index in a cluster: ``es+https://host:9200/index``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from ..errors import AddressError, UsageError

__all__ = ["SCHEMES", "Address", "aimed", "check_index", "hidden", "is_address", "named", "shown"]

SCHEMES = ("es+https://", "es+http://", "es://")
"""What an address of a cluster begins with."""

PORT = 9200
_HINT = "write es+https://host:9200/index"
_WORDS = ("q", "format", "time")
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?")
_INDEX = re.compile(r"[^\s/\\?#\"|<>]+")


@dataclass(frozen=True, slots=True)
class Address:
    """Hold where an index is, as an address says it.

    Attributes
    ----------
    hosts : tuple of str
        URLs of nodes, each with scheme, port and the path the cluster lies
        under; empty where the environment or the settings say it (``es:///index``).
    index : str
        An index, an alias, a data stream or a pattern; several with commas;
        empty if none is named.
    q : str or None
        A query in Lucene's syntax that documents have to match.
    format : str or None
        Name of the format of the documents.
    time : str or None
        The field that holds the time.
    username, password : str or None
        Where the address holds them; never shown.

    Examples
    --------
    >>> a = Address.parse("es+https://a:9200,b:9201/logs-*?q=rule.id:7")
    >>> a.hosts, a.index, a.q
    (('https://a:9200', 'https://b:9201'), 'logs-*', 'rule.id:7')
    >>> str(Address.parse("es+http://me:secret@localhost/attacks"))
    'es+http://localhost:9200/attacks'
    """

    hosts: tuple[str, ...]
    index: str = ""
    q: str | None = None
    format: str | None = None
    time: str | None = None
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, index: str | None = None) -> Address:
        """Read an address.

        Parameters
        ----------
        text : str
            ``es+https://HOST[:PORT][,HOST...]/[PATH/]INDEX[?q=...&format=...&time=...]``,
            ``es:///INDEX`` for the cluster of the settings, or a plain URL.
            A port that is not named is 9200.
        index : str, optional
            Where the address names none: all of its path is then what the
            cluster lies under.

        Raises
        ------
        AddressError
            If it is none of these.

        Examples
        --------
        >>> Address.parse("https://host/es", index="attacks").hosts
        ('https://host:9200/es',)
        """
        shown = hidden(text)
        match = re.fullmatch(r"(?:es\+)?(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?|es://(/[^?#]*)(?:\?([^#]*))?", text)
        if match is None:
            raise AddressError("it is no address of a cluster", where=shown, hint=_HINT)
        path, words = match[3] or match[5] or "", match[4] or match[6] or ""
        if "@" in path:
            raise AddressError("user or password hold a slash", where=shown, hint="write it as %2F, or set ES_PASSWORD")
        parts = [unquote(part) for part in path.split("/") if part]
        if index is None:
            index = parts.pop() if parts else ""
        elif text.startswith("es") and parts:
            raise AddressError("the index is named twice", where=shown, hint="name it in the address, or beside it")
        if index:
            check_index(index, shown)
        known = _query(words, shown)
        if match[1] is None:
            if len(parts) > 0:
                raise AddressError("there is a path but no host", where=shown, hint=_HINT)
            return cls((), index, **known)
        user, at, hosts = match[2].rpartition("@")
        prefix = "".join(f"/{quote(part)}" for part in parts)
        urls = tuple(f"{match[1]}://{_with_port(host, shown)}{prefix}" for host in hosts.split(","))
        name, colon, password = user.partition(":")
        if at and not (name and colon):
            raise AddressError("user name and password are not both there", where=shown, hint="set ES_USERNAME")
        secret = {"username": unquote(name), "password": unquote(password)} if at else {}
        return cls(urls, index, **known, **secret)

    def __str__(self) -> str:
        """Write it so that it can be shown: without what is secret."""
        words = urlencode({word: getattr(self, word) for word in _WORDS if getattr(self, word) is not None}, safe=":*")
        rest = f"/{quote(self.index, safe=',*:<>{}-+')}" + (f"?{words}" if words else "")
        if not self.hosts:
            return f"es://{rest}"
        first = urlsplit(self.hosts[0])
        return f"es+{first.scheme}://{','.join(urlsplit(host).netloc for host in self.hosts)}{first.path}{rest}"


def check_index(name: str, where: str | None = None) -> str:
    """Return the name of an index, or of several, if a server could know it.

    Parameters
    ----------
    name : str
        Wildcards, exclusions (``-name``), date math and remote clusters may be in it.
    where : str, optional
        What holds it, for the error.

    Raises
    ------
    AddressError
        If it could never be one: nothing of it would reach a path.

    Examples
    --------
    >>> check_index("logs-*,-logs-old")
    'logs-*,-logs-old'
    """
    # Date math names days by slashes and months by capital letters; paths are quoted.
    bare = re.sub(r"<[^<>\s]+>", "x", name)
    if not _INDEX.fullmatch(bare) or any(part in ("", ".", "..") for part in bare.split(",")):
        raise AddressError(f"{name!r} is no name of an index", where=where, hint=_HINT)
    if any(part.startswith("_") and part != "_all" for part in bare.split(",")):
        raise AddressError(f"{name!r} begins with _, as no index does", where=where, hint=_HINT)
    if bare != bare.lower():
        raise AddressError(f"{name!r} has capital letters, as no index has", where=where, hint=f"try {name.lower()!r}")
    return name


def _with_port(host: str, shown: str) -> str:
    if not _HOST.fullmatch(host):
        raise AddressError("it names no host", where=shown, hint=_HINT)
    bare, _, port = host.rpartition(":")
    if bare and port.isdigit():
        if not 0 < int(port) < 65536:
            raise AddressError(f"{port} is no port", where=shown, hint=_HINT)
        return host
    return f"{host}:{PORT}"


def _query(words: str, shown: str) -> dict[str, str]:
    known = dict(parse_qsl(words, keep_blank_values=True))
    for word, value in known.items():
        if word not in _WORDS:
            # Not shown: where a password holds a question mark, it may be of that.
            hint = "known are q, format and time"
            raise AddressError("it has words behind ? that mean nothing", where=shown, hint=hint)
        if not value:
            raise AddressError(f"{word} is empty", where=shown, hint="leave it out, or say what it is")
    return known


def hidden(text: str) -> str:
    """Return an address without user and password, however wrong it may be.

    Examples
    --------
    >>> hidden("https:me:secret@host/attacks")
    '…@host/attacks'
    """
    head, slashes, rest = text.partition("://")
    if "@" not in text:
        return text
    return f"{head}://{rest.rpartition('@')[2]}" if slashes and "@" not in head else f"…@{text.rpartition('@')[2]}"


def is_address(text: str) -> bool:
    """Return whether a text is meant as the address of an index."""
    return text.startswith(SCHEMES)


def shown(text: str) -> str:
    """Return any address as it may be shown: of an index, without user and password.

    Examples
    --------
    >>> shown("es+https://me:secret@host/attacks"), shown("logs/")
    ('es+https://host:9200/attacks', 'logs/')
    """
    found = _read(text)
    return str(found) if found is not None else hidden(text) if is_address(text) else text


def named(text: str) -> str:
    """Return what to call what is behind any address: an index by its name.

    Examples
    --------
    >>> named("es+https://host/attacks?q=source.port:22"), named("logs/")
    ('attacks', 'logs/')
    """
    found = _read(text)
    return found.index if found is not None and found.index else shown(text)


def _read(text: str) -> Address | None:
    """Return the address of an index; None for anything else."""
    with suppress(AddressError):
        return Address.parse(text) if is_address(text) else None
    return None


def aimed(addresses: Iterable[str], url: str | None = None, query: str | None = None) -> list[str]:
    """Return addresses with what was said of their indices beside them.

    Parameters
    ----------
    addresses : iterable of str
        Of anything; only those of indices change.
    url : str, optional
        Of the cluster of those that name none (``es:///INDEX``).
    query : str, optional
        What documents have to match, see `attackviz.elastic.query.own_query`.

    Raises
    ------
    UsageError
        If there is no index that it could be about.

    Examples
    --------
    >>> aimed(["logs/", "es:///attacks"], "https://host:9200", "source.port:22")
    ['logs/', 'es+https://host:9200/attacks?q=source.port%3A22']
    """
    given = list(addresses)
    if url is not None and not any(each.startswith("es:///") for each in given):
        raise UsageError("there is a URL, but no index of that cluster", hint="name one as es:///INDEX")
    if query is not None and not any(map(is_address, given)):
        raise UsageError("there is a query, but no index", hint=_HINT)
    return [_aimed(each, url, query) if is_address(each) else each for each in given]


def _aimed(text: str, url: str | None, query: str | None) -> str:
    place, _, words = text.partition("?")
    if url is not None and place.startswith("es:///"):
        scheme, _, rest = url.partition("://")
        host, *parts = rest.rstrip("/").split("/")
        if scheme.startswith("es"):
            parts = parts[:-1]  # its index, which another is named instead of
        scheme = scheme if scheme.startswith("es+") else f"es+{scheme}"
        place = f"{scheme}://{'/'.join([host, *parts])}/{place.removeprefix('es:///')}"
    if query is not None:
        if any(word.startswith("q=") for word in words.split("&")):
            raise UsageError("there are two queries", where=shown(text), hint="write them as one")
        words = "&".join(filter(None, [words, urlencode({"q": query})]))
    return f"{place}?{words}" if words else place
