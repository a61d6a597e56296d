"""Who may do what: bearer tokens, and the cookie that stands for one in a browser.

Only hashes of tokens are kept, so that nothing that is printed or logged can
hold one; they are compared in constant time.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ..errors import SettingsError

__all__ = ["COOKIE", "COOKIE_SECONDS", "Tokens", "read_tokens"]

COOKIE = "attackviz_view"
"""Name of the cookie that `/login` gives for a token."""

COOKIE_SECONDS = 7 * 86_400
"""How long it is good for."""

_SHORTEST = 16
_HINT = 'make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"'


@dataclass(frozen=True, slots=True)
class Tokens:
    """Hold what is needed to know a token again, by role.

    Attributes
    ----------
    push : tuple of bytes
        Hashes of the tokens that may send events; without any, nobody needs one.
    view : tuple of bytes
        Hashes of the tokens that may look.

    Examples
    --------
    >>> tokens = Tokens.of(push=["a-long-secret-word"], view=[])
    >>> tokens, tokens.allows("push", "a-long-secret-word"), tokens.allows("push", "something-else")
    (Tokens(needed for push), True, False)
    """

    push: tuple[bytes, ...] = field(default=())
    view: tuple[bytes, ...] = field(default=())

    @classmethod
    def of(cls, push: Iterable[str], view: Iterable[str]) -> Tokens:
        """Return the hashes of tokens.

        Raises
        ------
        SettingsError
            If one of them is too short to be a secret.
        """
        return cls(*(tuple(_hash(_checked(token)) for token in tokens) for tokens in (push, view)))

    def __repr__(self) -> str:
        needed = [role for role in ("push", "view") if self.needed(role)]
        return f"Tokens(needed for {' and '.join(needed) or 'nothing'})"

    def needed(self, role: str) -> bool:
        """Return whether a role (``push`` or ``view``) needs a token."""
        return bool(self._hashes(role))

    def allows(self, role: str, token: str) -> bool:
        """Return whether a token gives a role; in a time that does not tell how much of it is right."""
        return self._among(role, _hash(token))

    def cookie(self, token: str, now: float | None = None) -> str | None:
        """Return the cookie that stands for a token of a viewer, None if it is none."""
        given = _hash(token)
        if not self._among("view", given):
            return None
        until = int((time.time() if now is None else now) + COOKIE_SECONDS)
        return f"{until}.{_sign(given, until)}"

    def knows(self, cookie: str, now: float | None = None) -> bool:
        """Return whether a cookie was given for one of the tokens, and is still good.

        Examples
        --------
        >>> tokens = Tokens.of([], ["a-long-secret-word"])
        >>> cookie = tokens.cookie("a-long-secret-word", now=0)
        >>> tokens.knows(cookie, now=10), tokens.knows(cookie, now=1e9), tokens.knows("9999999999.0", now=10)
        (True, False, False)
        """
        until, _, signature = cookie.partition(".")
        if not until.isascii() or not until.isdigit() or len(until) > 12:
            return False
        if int(until) < (time.time() if now is None else now):
            return False
        given = signature.encode("utf-8", "replace")
        good = False
        for known in self.view:
            good |= hmac.compare_digest(_sign(known, int(until)).encode(), given)
        return good

    def _hashes(self, role: str) -> tuple[bytes, ...]:
        return self.push if role == "push" else self.view

    def _among(self, role: str, given: bytes) -> bool:
        good = False
        for known in self._hashes(role):
            good |= hmac.compare_digest(known, given)
        return good


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogateescape")).digest()


def _sign(key: bytes, until: int) -> str:
    return hmac.new(key, b"attackviz view until %d" % until, sha256).hexdigest()


def _checked(token: str) -> str:
    if len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token:
        raise SettingsError(
            f"a token needs {_SHORTEST} printable characters or more, without spaces", where="tokens", hint=_HINT
        )
    return token


def read_tokens(environ: Mapping[str, str], files: Mapping[str, Path]) -> Tokens:
    """Return the tokens that the environment and the settings name.

    Parameters
    ----------
    environ : mapping of str to str
        ``ATTACKVIZ_PUSH_TOKEN`` and ``ATTACKVIZ_VIEW_TOKEN`` hold one each,
        ``ATTACKVIZ_PUSH_TOKEN_FILE`` and ``ATTACKVIZ_VIEW_TOKEN_FILE`` name a file of them.
    files : mapping of str to Path
        Files by role, where the environment names none: a token a line, ``#`` begins a comment.

    Raises
    ------
    SettingsError
        If a file cannot be read or holds none, or a token is too short.
    """
    found: dict[str, list[str]] = {}
    for role in ("push", "view"):
        name = f"ATTACKVIZ_{role.upper()}_TOKEN"
        own = environ.get(name, "").strip()
        file = environ.get(f"{name}_FILE") or files.get(role)
        found[role] = ([own] if own else []) + (_of_file(Path(file)) if file else [])
    return Tokens.of(**found)


def _of_file(path: Path) -> list[str]:
    try:
        lines = path.expanduser().read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"the tokens cannot be read: {reason}", where=str(path)) from None
    tokens = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
    if not tokens:
        raise SettingsError("there is no token in it", where=str(path), hint=_HINT)
    return tokens
