"""The words Cloudflare writes, and what they mean here."""

from __future__ import annotations

__all__ = ["SHADY", "VERDICT_OF", "kind_of_pathing", "kind_of_source", "verdict_of_pathing"]

_MITIGATED = (
    "block drop challenge jschallenge js_challenge managedchallenge managed_challenge connectionclose "
    "connection_close forceconnectionclose force_connection_close challengefailed jschallengefailed "
    "managedchallengefailed rewrite ban 2 3"
)
_DETECTED = "log simulate 5"
_BENIGN = (
    "challengesolved jschallengesolved managedchallengenoninteractivesolved managedchallengeinteractivesolved "
    "challengebypassed jschallengebypassed managedchallengebypassed allow skip bypass 1"
)

VERDICT_OF: dict[str, str] = {
    **dict.fromkeys(_MITIGATED.split(), "mitigated"),
    **dict.fromkeys(_DETECTED.split(), "detected"),
    **dict.fromkeys(_BENIGN.split(), "benign"),
}
"""Verdict of each action, casefolded; numbers are those of the old ``WAFAction``."""

SHADY = frozenset({"badhost", "tor", "scan"})
"""Classes of a client's address that make a request suspicious, casefolded."""

_KINDS = {
    "managed rules": "waf firewallmanaged",
    "custom rules": (
        "firewallcustom firewallrules filterbasedfirewall asn country ip iprange zonelockdown uablock "
        "securitylevel validation user hot"
    ),
    "rate limit": "ratelimit",
    "bot": "bic botfight botmanagement",
    "DDoS": "l7ddos dos protect",
    "API": "apishield apishieldschemavalidation apishieldtokenvalidation apishieldsequencemitigation",
    "other": "dlp linkmaze unknown sanitycheck hotlink macro",
}
_KIND_OF = {word: kind for kind, words in _KINDS.items() for word in words.split()}


def kind_of_source(source: str) -> str:
    """Return the kind of mitigation of a product that acted.

    Parameters
    ----------
    source : str
        As in ``Source`` or ``SecuritySources``, in any case.

    Examples
    --------
    >>> kind_of_source("firewallManaged"), kind_of_source("newThing")
    ('managed rules', 'newthing')
    """
    word = source.casefold()
    return _KIND_OF.get(word, word)


def verdict_of_pathing(pathing: str) -> str | None:
    """Return the verdict of ``source.operation.status``, None where it says nothing.

    Examples
    --------
    >>> verdict_of_pathing("user.ban.ip"), verdict_of_pathing("macro.wl.nr")
    ('mitigated', None)
    """
    _, operation, status = _parts(pathing)
    if operation == "ban":
        return "mitigated"
    if operation == "chl":
        return "benign" if status.endswith(("succ", "solved")) else "mitigated"
    return None


def kind_of_pathing(pathing: str) -> str | None:
    """Return the kind of mitigation a request met on its way, None if none.

    Examples
    --------
    >>> kind_of_pathing("protect.ban.l7ddos"), kind_of_pathing("macro.wl.nr")
    ('DDoS', None)
    """
    source, operation, status = _parts(pathing)
    if operation not in ("ban", "chl"):
        return None
    if status == "ratelimit":
        return "rate limit"
    return _KIND_OF.get(source, "custom rules")


def _parts(pathing: str) -> tuple[str, str, str]:
    source, _, rest = pathing.casefold().partition(".")
    operation, _, status = rest.partition(".")
    return source, operation, status
