"""sshesame: an SSH honeypot that lets everybody in; its lines of text, and its JSON.

Source: https://github.com/jaksi/sshesame, ``logging.go``. A line is ``DATE TIME
[ADDRESS:PORT] ENTRY``; what visitors send stands in it as a quoted Go string.
"""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from .columns import Columns, mapped
from .format import Format
from .honeypot import common, tried
from .stamps import stamps

__all__ = ["SSHESAME", "SSHESAME_JSON"]

_EVENTS: dict[str, tuple[str, str]] = {
    "no_auth": ("login without credentials", "low"),
    "password_auth": ("failed login", "medium"),
    "public_key_auth": ("login with a key", "medium"),
    "keyboard_interactive_auth": ("failed login", "medium"),
    "accepted": ("login accepted", "high"),
    "connection": ("ssh banner", "info"),
    "connection_close": ("session closed", "info"),
    "tcpip_forward": ("tunnel request", "medium"),
    "cancel_tcpip_forward": ("tunnel closed", "info"),
    "direct_tcpip": ("tunnel request", "medium"),
    "direct_tcpip_input": ("input", "medium"),
    "direct_tcpip_close": ("channel closed", "info"),
    "no_more_sessions": ("no more sessions", "info"),
    "session": ("session", "info"),
    "session_input": ("input", "medium"),
    "session_close": ("channel closed", "info"),
    "pty": ("terminal", "info"),
    "shell": ("shell", "medium"),
    "exec": ("command", "high"),
    "subsystem": ("subsystem", "medium"),
    "x11": ("x11 forwarding", "info"),
    "env": ("environment variable", "info"),
    "window_change": ("terminal", "info"),
}
"""Rule and severity of each event type; those of logins where they were rejected."""

_LOGINS = {"no_auth", "password_auth", "public_key_auth", "keyboard_interactive_auth"}
_CHANNEL = r"\[channel \d+\] "
_ENTRIES = tuple(
    (name, re.compile(shape))
    for name, shape in (
        ("accepted", r'authentication for user ".*" with(?:out)? .* accepted$'),
        ("no_auth", r'authentication for user ".*" without credentials rejected$'),
        ("public_key_auth", r'authentication for user ".*" with public key ".*" rejected$'),
        ("password_auth", r'authentication for user ".*" with .* rejected$'),
        ("connection", r'connection with client version ".*" established$'),
        ("connection_close", r"connection closed$"),
        ("tcpip_forward", r"TCP/IP forwarding on \S+ requested$"),
        ("cancel_tcpip_forward", r"TCP/IP forwarding on \S+ canceled$"),
        ("no_more_sessions", r"rejection of further session channels requested$"),
        ("session_input", _CHANNEL + r'input: "'),
        ("direct_tcpip", _CHANNEL + r"direct TCP/IP forwarding from \S+ to \S+ requested$"),
        ("exec", _CHANNEL + r'command ".*" requested$'),
        ("session_close", _CHANNEL + r"closed$"),
        ("session", _CHANNEL + r"session requested$"),
        ("env", _CHANNEL + r"environment variable "),
        ("pty", _CHANNEL + r"PTY using terminal "),
        ("shell", _CHANNEL + r"shell requested$"),
        ("subsystem", _CHANNEL + r'subsystem ".*" requested$'),
        ("x11", _CHANNEL + r"X11 forwarding "),
        ("window_change", _CHANNEL + r"window size change "),
    )
)
_STAMP = r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d"
_SOURCE = r"^\[?(?P<address>[0-9A-Fa-f.:]+?)(?:%\w+)?\]?:(?P<port>\d+)$"
_BEGINS = r'\[channel \d+\] |authentication for user "|connection (?:with client|closed)|TCP/IP forwarding on '
_DETAIL = 200


def _build(c: Columns) -> dict[str, pa.Array]:
    entry = c.text("entry")
    event = mapped(entry, lambda text: next((name for name, shape in _ENTRIES if shape.match(text)), None))
    return {
        "time": stamps(c, c.text("stamp"), "YYYY/MM/DD hh:mm:ss"),
        **_common(c, event),
        "detail": mapped(entry, lambda text: re.sub(f"^{_CHANNEL}", "", text)[:_DETAIL]),
    }


def _build_json(c: Columns) -> dict[str, pa.Array]:
    event = c.text("event_type")
    login = pc.is_in(event, pa.array(sorted(_LOGINS)))
    accepted = pc.and_(login, pc.equal(c.text("event.accepted"), "true").fill_null(False))
    sent = pc.coalesce(*(c.text(f"event.{name}") for name in ("command", "input", "to", "address", "client_version")))
    return {
        "time": c.time("time"),
        **_common(c, pc.if_else(accepted, "accepted", event)),
        "detail": pc.coalesce(
            tried(c.text("event.user"), c.text("event.password")), mapped(sent, lambda text: text[:_DETAIL])
        ),
    }


def _common(c: Columns, event: pa.Array) -> dict[str, pa.Array]:
    source = pc.extract_regex(c.text("source"), _SOURCE)
    c.derive("source address", pc.struct_field(source, "address"))
    c.derive("source port", pc.struct_field(source, "port"))
    return {
        "src_ip": c.source("source address"),
        "src_port": c.port("source port"),
        "protocol": c.constant("ssh"),
        "category": c.constant("ssh"),
        "rule": mapped(event, lambda name: _EVENTS[name][0] if name in _EVENTS else name).fill_null("other"),
        "rule_id": event,
        "severity": mapped(event, lambda name: _EVENTS[name][1] if name in _EVENTS else "low").fill_null("low"),
        **common(c, "sshesame"),
    }


SSHESAME = Format(
    name="sshesame",
    title="sshesame honeypot",
    kind="text",
    fields=("stamp", "source", "entry"),
    known_by=(),
    build=_build,
    pattern=rf"(?P<stamp>{_STAMP}) \[(?P<source>\S+:\d{{1,5}})\] (?P<entry>.+)",
    sign=rf"{_STAMP} \[\S+:\d{{1,5}}\] (?:{_BEGINS})",
)

SSHESAME_JSON = Format(
    name="sshesame.json",
    title="sshesame honeypot, JSON",
    kind="json",
    fields=(
        "time",
        "source",
        "event_type",
        "event.accepted",
        "event.user",
        "event.password",
        "event.command",
        "event.input",
        "event.to",
        "event.address",
        "event.client_version",
    ),
    known_by=(frozenset({"time", "source", "event_type", "event"}),),
    build=_build_json,
)
