"""Every format by name."""

from __future__ import annotations

from ..errors import UsageError
from .accesslog import COMBINED, COMMON
from .authlog import AUTHLOG
from .awswaf import AWS_WAF
from .ciscoasa import CISCOASA
from .cloudflare import FIREWALL_EVENTS, HTTP_REQUESTS
from .cloudflare_els import ELS
from .cowrie import COWRIE
from .cowrie_sessions import COWRIE_SESSIONS
from .dionaea import DIONAEA, DIONAEA_INCIDENT
from .ecs import ECS, ECS_EXPORT
from .fastlog import SNORT_FAST, SURICATA_FAST
from .format import Format
from .heralding import HERALDING
from .honeytrap import HONEYTRAP
from .snort import SNORT
from .suricata import SURICATA, SURICATA_FLOWS
from .table import EVENT_TABLE
from .tpot import TPOT, TPOT_EXPORT

__all__ = ["FORMATS", "by_name"]

FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        HTTP_REQUESTS,
        FIREWALL_EVENTS,
        ELS,
        AWS_WAF,
        HERALDING,
        CISCOASA,
        DIONAEA,
        DIONAEA_INCIDENT,
        HONEYTRAP,
        COWRIE,
        COWRIE_SESSIONS,
        TPOT,
        TPOT_EXPORT,
        ECS,
        ECS_EXPORT,
        EVENT_TABLE,
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

    Raises
    ------
    UsageError
        If there is none.

    Examples
    --------
    >>> by_name("heralding").title
    'Heralding honeypot'
    """
    try:
        return FORMATS[name]
    except KeyError:
        raise UsageError(f"there is no format {name!r}", hint=f"known are {', '.join(FORMATS)}") from None
