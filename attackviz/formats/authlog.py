"""OpenSSH in a syslog (``auth.log``, ``secure``): failed logins.

Source: OpenSSH, ``auth_log`` in ``auth.c``: ``Failed METHOD for [invalid user ]USER
from ADDRESS port PORT ssh2``, with the key behind a colon where one was offered. The
daemon is ``sshd``, since 9.8 ``sshd-session``, since 10.0 ``sshd-auth`` too. rsyslog
writes ``message repeated N times: [ ... ]``, which counts as N events in one row.
Stamps are those of RFC 3164 (no year, no zone) or RFC 3339.

One attempt leaves many lines ("Invalid user", "authentication failure", "Connection
closed", "Failed password"). Only the last of these is an event, so that nothing
is counted twice; the rest is left out, by kind.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, joined, mapped
from .format import Format
from .stamps import stamps

__all__ = ["AUTHLOG"]

_PRIORITY = r"(?:<\d{1,3}>)?"
_CLASSIC = r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
_RFC_3339 = r"\d{4}-\d\d-\d\dT\S+"
_SSHD = r"sshd(?:-session|-auth)?"
_PID = r"(?:\[\d+\])?"
_LINE = (
    rf"{_PRIORITY}(?:(?P<stamp>{_CLASSIC})|(?P<iso>{_RFC_3339})) (?P<host>\S+) "
    rf"(?P<process>[^\s:\[]+){_PID}:(?: (?P<message>.*))?"
)
_SIGN = rf"{_PRIORITY}(?:{_CLASSIC}|{_RFC_3339}) \S+ {_SSHD}{_PID}:"
_DAEMON = rf"^{_SSHD}$"
_REPEATED = r"^message repeated (?P<times>\d{1,9}) times: \[ ?(?P<message>.*?) ?\]$"
# A name may hold anything, also what looks like the rest of the line: the last such rest is the daemon's own.
_FAILED = (
    r"^Failed (?P<method>\S+) for (?P<invalid>invalid user |illegal user )?(?P<user>.*) "
    r"from (?P<address>\S+) port (?P<port>\d+)(?: ssh\d?)?(?:: .*)?$"
)
_KINDS = (
    ("accepted logins", r"Accepted |Postponed |Partial "),
    ("sessions", r"pam_\w+\(sshd:session\)|Starting session|Close session|session opened|session closed"),
    ("failures PAM tells of, too", r"pam_\w+\(sshd:auth\)|PAM \d+ more|PAM service|error: PAM|PAM: "),
    ("unknown user names", r"Invalid user |Illegal user |input_userauth_request"),
    ("attempts over the limit", r"error: maximum authentication|Disconnecting|Too many authentication"),
    ("connections closed", r"Connection (?:closed|reset)|Received disconnect|Disconnected |ssh_dispatch_run_fatal"),
    (
        "connections without a login",
        r"Did not receive identification|Unable to negotiate|Bad protocol|banner exchange|error: kex|kex_|"
        r"fatal: |Protocol major|Bad packet|Connection from",
    ),
    ("users not allowed", r"User \S+ from "),
)


def _leave_out(c: Columns) -> None:
    """Leave out what is no failed login, and take apart what is."""
    daemon = pc.match_substring_regex(c.text("process"), _DAEMON).fill_null(False)
    c.leave_out("lines of other programs", pc.invert(daemon))
    written = c.text("message")
    repeated = pc.extract_regex(written, _REPEATED)
    message = pc.coalesce(pc.struct_field(repeated, "message"), written)
    failed = pc.extract_regex(message, _FAILED)
    fails = pc.is_valid(failed)
    rest = pc.if_else(fails, None, message)
    for kind, begins in _KINDS:
        c.leave_out(kind, pc.match_substring_regex(rest, f"^(?:{begins})"))
    c.leave_out("other lines of sshd", pc.invert(fails))
    for name in ("address", "port", "user", "method", "invalid"):
        c.derive(name, pc.struct_field(failed, name))
    c.derive("times", pc.if_else(fails, pc.struct_field(repeated, "times"), None))


def _build(c: Columns) -> dict[str, pa.Array]:
    method, invalid = c.text("method"), pc.is_valid(c.text("invalid"))
    return {
        "time": _time(c),
        "src_ip": c.source("address"),
        "src_port": c.port("port"),
        "dst_host": c.text("host"),
        "protocol": c.constant("ssh"),
        "category": pc.if_else(invalid, "unknown user", "known user"),
        "rule": joined(c.constant("failed"), mapped(method, lambda word: word.partition("/")[0]), between=" "),
        "action": c.constant("failed"),
        "verdict": c.constant("detected"),
        "severity": pc.if_else(invalid, "low", "medium"),
        "count": c.number("times").fill_null(1).cast(pa.uint32()),
        "sensor": c.text("host"),
        "detail": joined(method, c.constant("for"), c.text("user"), between=" "),
    }


def _time(c: Columns) -> pa.Array:
    """Return the times of either stamp; the zone of RFC 3339 is part of it."""
    old, new = c.text("stamp"), c.text("iso")
    if old.null_count == c.length:
        return c.time("iso")
    times = stamps(c, old, "MMM DD hh:mm:ss", within=pc.is_null(new))
    if new.null_count == c.length:
        return times
    c.derive("when", pc.coalesce(new, times.cast(pa.string())))
    return c.time("when")


AUTHLOG = Format(
    name="openssh",
    title="OpenSSH auth.log",
    kind="text",
    fields=("stamp", "iso", "host", "process", "message"),
    known_by=(),
    build=_build,
    leave_out=_leave_out,
    yearless=True,
    pattern=_LINE,
    sign=_SIGN,
)
