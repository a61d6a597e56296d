"""Addresses that were written as numbers or bytes, back to their usual form."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address

__all__ = ["ADDRESS_READERS"]

_WHOLE = re.compile(r"-?\d{1,39}(?:\.0*)?")
_HEX = re.compile(r"(?:\\x|0x)?([0-9A-Fa-f]{8}|[0-9A-Fa-f]{32})")
_PARTED = re.compile(r"[0-9A-Fa-f]{2}(?:[: -][0-9A-Fa-f]{2})+")
_URL_SAFE = str.maketrans("-_", "+/")


def _integer(text: str) -> str | None:
    """Read a number in network order: 3232235777 is 192.168.1.1.

    Numbers below 2**32 are IPv4, also negative ones, as signed 32-bit columns
    give them; larger ones are IPv6.
    """
    number = _number(text)
    if number is None:
        return None
    if -(1 << 31) <= number < 0:
        number += 1 << 32
    if 0 <= number < 1 << 32:
        return str(IPv4Address(number))
    return str(IPv6Address(number)) if 0 <= number < 1 << 128 else None


def _little(text: str) -> str | None:
    """Read a number whose lowest byte comes first, as ``inet_addr`` gives it on x86: 16885952 is 192.168.1.1."""
    number = _number(text)
    if number is None or not -(1 << 31) <= number < 1 << 32:
        return None
    return str(IPv4Address((number % (1 << 32)).to_bytes(4, "little")))


def _number(text: str) -> int | None:
    return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else None


def _packed(text: str) -> str | None:
    """Read 4 or 16 bytes in network order, as hexadecimal, base64 or a list of numbers."""
    if text.startswith("["):
        data = _listed(text)
    elif _PARTED.fullmatch(text):
        data = bytes.fromhex(re.sub("[: -]", "", text))
    elif found := _HEX.fullmatch(text):
        data = bytes.fromhex(found[1])
    else:
        data = _base64(text)
    if len(data) == 4:
        return str(IPv4Address(data))
    return str(IPv6Address(data)) if len(data) == 16 else None


def _listed(text: str) -> bytes:
    try:
        return bytes(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return b""


def _base64(text: str) -> bytes:
    bare = text.rstrip("=").translate(_URL_SAFE)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


ADDRESS_READERS: dict[str, Callable[[str], str | None]] = {
    "integer": _integer,
    "integer-little": _little,
    "packed": _packed,
}
"""How a mapping may say that addresses are written, and what reads one: from its text to an address, or None."""
