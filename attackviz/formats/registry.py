"""Every format by name."""

from __future__ import annotations

from dataclasses import replace

from ..errors import UsageError
from .accesslog import COMBINED, COMMON
from .authlog import AUTHLOG
from .awswaf import AWS_WAF
from .ciscoasa import CISCOASA
from .cloudflare import FIREWALL_EVENTS, FIREWALL_EVENTS_CSV, HTTP_REQUESTS, HTTP_REQUESTS_CSV
from .cloudflare_els import ELS
from .cowrie import COWRIE
from .cowrie_sessions import COWRIE_SESSIONS
from .csvreader import fields_of, separator
from .dionaea import DIONAEA, DIONAEA_INCIDENT
from .ecs import ECS, ECS_EXPORT
from .fastlog import SNORT_FAST, SURICATA_FAST
from .format import Format
from .heralding import HERALDING
from .honeytrap import HONEYTRAP
from .snort import SNORT
from .sshesame import SSHESAME, SSHESAME_JSON
from .stored import EVENTS, STORED, STORED_EXPORT
from .suricata import SURICATA, SURICATA_FLOWS
from .table import EVENT_TABLE
from .tpot import TPOT, TPOT_EXPORT

__all__ = ["FORMATS", "by_name"]

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        HTTP_REQUESTS,
        HTTP_REQUESTS_CSV,
        FIREWALL_EVENTS,
        FIREWALL_EVENTS_CSV,
        ELS,
        AWS_WAF,
        HERALDING,
        CISCOASA,
        DIONAEA,
        DIONAEA_INCIDENT,
        HONEYTRAP,
        COWRIE,
        COWRIE_SESSIONS,
        SSHESAME,
        SSHESAME_JSON,
        TPOT,
        TPOT_EXPORT,
        ECS,
        ECS_EXPORT,
        STORED,
        STORED_EXPORT,
        EVENT_TABLE,
        EVENTS,
        SURICATA,
        SURICATA_FLOWS,
        SURICATA_FAST,
        SNORT,
        SNORT_FAST,
        AUTHLOG,
        COMMON,
        COMBINED,
    )
}


def by_name(name: str) -> Format:
    """Return the format of a name.

    Parameters
    ----------
    name : str
        Of csv that has no header, the header may follow after a colon, its
        names parted as the fields are: ``cloudflare.http_requests.csv:ClientIP|RayID``.

    Raises
    ------
    UsageError
        If there is none.

    Examples
    --------
    >>> by_name("heralding").title
    'Heralding honeypot'
    >>> by_name("cloudflare.http_requests.csv:ClientIP|EdgeStartTimestamp").names
    ('ClientIP', 'EdgeStartTimestamp')
    """
    plain, _, header = name.partition(":")
    form = FORMATS.get(plain)
    if form is None:
        raise UsageError(f"there is no format {name!r}", hint=f"known are {', '.join(FORMATS)}")
    return form if plain == name else _under(form, name, header)


def _under(form: Format, name: str, header: str) -> Format:
    delimiter = separator(header)
    names = fields_of(header, delimiter)
    if form.kind != "csv":
        raise UsageError(f"{form.name} is no csv, and has no header", where=name, hint=f"ask for {form.name!r} alone")
    if not names or not form.knows(names):
        needed = " or ".join(", ".join(sorted(keys)) for keys in form.known_by)
        raise UsageError("its header lacks fields", where=name, hint=f"it needs {needed}")
    return replace(form, name=name, names=tuple(names), delimiter=delimiter)
