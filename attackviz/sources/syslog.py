"""Messages of syslog, by UDP or TCP: logs that devices and rsyslog send, line by line.

RFC 3164 and RFC 5424, by TCP framed as RFC 6587 says. What a program wrote is
read as its own log is; where it needs stamp and host to be one (``auth.log``),
these are put before it again. Alerts that Snort and Suricata send to syslog
are those of their logs of one line each, and are read so.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from collections.abc import Generator
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, NamedTuple
from uuid import uuid4

from ..account import Account
from ..formats import Format, Options
from .arrived import Arrived
from .listening import Listener
from .records import Record, Records

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Message", "Syslog", "parted"]

_EVERY = 0.2  # seconds between looks
_TOGETHER = 0.05  # seconds in which what comes is handed over at once
_MOST = 20_000  # messages
_PROGRAMS = 256

_OLD = re.compile(
    rb"(?:<\d{1,3}>)?(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S+) (?P<host>\S+) "
    rb"(?P<tag>[^\s:\[]+)(?P<pid>\[[^\]\s]*\])?:? ?",
)
_NEW = re.compile(
    rb"<\d{1,3}>1 (?P<stamp>\S+) (?P<host>\S+) (?P<tag>\S+) (?P<pid>\S+) \S+ "
    rb'(?:-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: |$)(?:\xef\xbb\xbf)?'
)
_PRIORITY = re.compile(rb"<\d{1,3}>")
# What Suricata (alert-syslog.c) and Snort (alert_syslog) write.
_ALERT = re.compile(
    rb"(?P<id>\[\d{1,10}:\d{1,10}:\d{1,10}\]) (?P<message>.{0,1000}?) ?(?P<class>\[Classification: [^\]]{0,200}\] )?"
    rb"(?P<rest>\[Priority: \d{1,10}\]):? ?(?P<flow>\{.*)"
)


class Message(NamedTuple):
    """Hold a message taken apart.

    Attributes
    ----------
    tag : str
        The program that wrote it; empty if it does not say.
    text : bytes
        What the program wrote, on one line.
    whole : bytes
        The same as a line of a classic log: stamp, host, program and text;
        where the message has none of these, the text.
    """

    tag: str
    text: bytes
    whole: bytes


def parted(message: bytes) -> Message:
    """Take a message apart.

    Examples
    --------
    >>> parted(b"<38>1 2025-02-24T08:04:37Z trap sshd 812 - - Failed password").whole
    b'2025-02-24T08:04:37Z trap sshd[812]: Failed password'
    >>> parted(b'<13>Feb 24 08:04:37 trap suricata: @cee: {"a": 1}').text
    b'{"a": 1}'
    """
    line = message.strip(b"\0\r\n ").replace(b"\n", b" ")
    match = _NEW.match(line) or _OLD.match(line)
    if match is None:
        text = _PRIORITY.sub(b"", line, count=1) if line.startswith(b"<") else line
        return Message("", text.removeprefix(b"@cee:").lstrip(), text)
    text = line[match.end() :]
    pid = (match["pid"] or b"").strip(b"[]")
    tag = match["tag"] + (b"[" + pid + b"]" if pid not in (b"", b"-") else b"")
    whole = b"%b %b %b: %b" % (match["stamp"], match["host"], tag, text)
    alert = _ALERT.fullmatch(text)
    if alert is not None:
        text = _fast(alert, match["stamp"])
    return Message(match["tag"].decode("utf-8", "replace"), text.removeprefix(b"@cee:").lstrip(), whole)


def _fast(alert: re.Match[bytes], stamp: bytes) -> bytes:
    """Write an alert as Snort writes it to a file."""
    try:
        said = stamp.decode()
        when = datetime.fromisoformat(said) if "T" in said else datetime.strptime(f"2024 {said}", "%Y %b %d %H:%M:%S")
    except ValueError:
        return alert[0]
    begin = when.strftime("%m/%d-%H:%M:%S.%f").encode()
    kind = alert["class"] or b""
    return b"%b  [**] %b %b [**] %b%b %b" % (begin, alert["id"], alert["message"], kind, alert["rest"], alert["flow"])


class Syslog:
    """Hand over the events of messages as they come; it listens when it is iterated.

    What has come and was not handed over is lost with the process: syslog
    knows no acknowledgement.

    Parameters
    ----------
    kind : str
        ``udp`` or ``tcp``.
    host : str
        Address of the interface to listen on.
    port : int
        0 for a free one.
    form : Format or None
        What programs write; told by content, for each program, by default.
    options : Options
        How it is read.

    Attributes
    ----------
    account : Account
        What became of every message.
    port : int
        Where it listens; as asked for before that.
    """

    def __init__(
        self, kind: str, host: str, port: int, form: Format | None = None, options: Options | None = None
    ) -> None:
        self.kind, self.host, self.port = kind, host, port
        self.account = Account()
        self._form, self._options = form, options or Options()
        self._programs: OrderedDict[str, Records] = OrderedDict()
        self._keys = (f"{uuid4().hex} {number}" for number in count())
        self._closing = threading.Event()

    def __iter__(self) -> Generator[Arrived | None, None, None]:
        listener = Listener(self.kind, self.host, self.port)
        self.port = listener.port
        try:
            while not self._closing.is_set():
                messages = listener.take(_MOST, _EVERY)
                if 0 < len(messages) < _MOST:
                    self._closing.wait(_TOGETHER)
                    messages += listener.take(_MOST - len(messages), 0)
                since = time.time()
                for why, lost in listener.lost().items():
                    self.account.pieces += lost
                    self.account.bad[why] += lost
                table = self._events(messages) if messages else None
                yield Arrived(table, since=since) if table is not None else None
        finally:
            listener.close()

    def close(self) -> None:
        """End the iteration."""
        self._closing.set()

    def _events(self, messages: list[bytes]) -> pa.Table | None:
        import pyarrow as pa

        programs: dict[str, list[Message]] = {}
        for each in map(parted, messages):
            programs.setdefault(each.tag, []).append(each)
        tables = [table for tag, some in programs.items() if (table := self._written(tag, some)) is not None]
        return pa.concat_tables(tables, promote_options="default").unify_dictionaries() if tables else None

    def _written(self, tag: str, messages: list[Message]) -> pa.Table | None:
        """Return the events of one program, by what it wrote, or else by its lines in a classic log."""
        if tag not in self._programs:
            self._programs[tag] = Records("syslog", self._form, self._options, self.account)
            if len(self._programs) > _PROGRAMS:
                self._programs.popitem(last=False)
        self._programs.move_to_end(tag)
        keys = [next(self._keys) for _ in messages]
        texts = [Record(key, each.text) for key, each in zip(keys, messages, strict=True)]
        whole = [Record(key, each.whole) for key, each in zip(keys, messages, strict=True)]
        return self._programs[tag].table(texts, whole)
