"""How a cluster is reached: hosts, who we are, and whom we trust."""

from __future__ import annotations

import base64
import logging
import os
import re
import ssl
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import AttackvizWarning, SettingsError, UsageError
from ..settings import Settings, load_settings
from .address import Address

if TYPE_CHECKING:
    from elastic_transport import Transport

__all__ = ["Connection"]

_SECRETS = ("api_key", "username", "password", "bearer_token")
_NAMES = ("url", "cloud_id", *_SECRETS, "ca_certs")
_OTHERS: dict[str, type | tuple[type, ...]] = {"verify_certs": bool, "timeout": (int, float)}
TIMEOUT = 60.0  # seconds
CONNECTIONS = 16  # at once, to one node


@dataclass(frozen=True, slots=True)
class Connection:
    """Hold what it takes to reach a cluster; it can go to another process.

    Attributes
    ----------
    hosts : tuple of str
        URLs of nodes; they are used in turn, and those that fail are left out
        for a while.
    cloud_id : str or None
        Of a deployment in Elastic Cloud, instead of hosts.
    authorization : str or None
        The header that says who we are; never shown.
    ca_certs : str or None
        File of the authorities that are trusted; those of the system else.
    verify_certs : bool
        Whether to check that the cluster is who it says it is.
    timeout : float
        Seconds to wait for an answer.

    Examples
    --------
    >>> c = Connection.find("https://me:secret@one:9200", environ={}, settings=Settings())
    >>> c.name
    'one:9200'
    >>> "secret" in repr(c), c.authorization is None
    (False, False)
    """

    hosts: tuple[str, ...]
    cloud_id: str | None = None
    authorization: str | None = field(default=None, repr=False)
    ca_certs: str | None = None
    verify_certs: bool = True
    timeout: float = TIMEOUT

    @classmethod
    def find(
        cls,
        address: Address | str | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        **given: Any,
    ) -> Connection:
        """Put a connection together from what is given and what is set.

        What is given goes before the address, that before the environment
        (``ES_URL``, ``ES_CLOUD_ID``, ``ES_API_KEY``, ``ES_USERNAME``,
        ``ES_PASSWORD``, ``ES_BEARER_TOKEN``, ``ES_CA_CERTS``; each also with
        ``_FILE`` behind it, for a file that holds it), that before the table
        ``[elastic]`` of ``attackviz.toml``, which knows the same names in small
        letters without ``ES_``.

        Parameters
        ----------
        address : Address or str, optional
            Only its hosts, user and password count here.
        environ : mapping, optional
            Instead of the process environment.
        settings : Settings, optional
            Instead of those in force.
        **given
            ``cloud_id``, ``api_key``, ``username``, ``password``,
            ``bearer_token``, ``ca_certs`` (each also with ``_file`` behind it),
            ``verify_certs`` (False warns: nobody knows who listens then) and
            ``timeout`` in seconds.

        Raises
        ------
        UsageError
            If no cluster is named, or two ways to sign in are.
        SettingsError
            If a file of a secret cannot be read, or a setting has the wrong type.
        """
        env = os.environ if environ is None else environ
        table = dict((load_settings() if settings is None else settings).elastic)
        arguments, table = _files(_checked(given, "an argument")), _files(_checked(table, "setting 'elastic'"))
        levels = [arguments, {}, _environment(env), table]
        where = Address.parse(address) if isinstance(address, str) else address
        if where is not None:
            user = {"username": where.username, "password": where.password}
            levels[1] = {name: value for name, value in user.items() if value is not None}
        hosts, cloud = () if where is None else where.hosts, None
        for level in levels:
            if hosts or cloud:
                break
            if level.get("url") and level.get("cloud_id"):
                raise UsageError("both a URL and a cloud id are set", hint="leave one out")
            cloud = level.get("cloud_id")
            if level.get("url"):
                # An index in it is not of a connection.
                named = Address.parse(level["url"], index=None if level["url"].startswith("es") else "")
                hosts = named.hosts
                if named.username is not None:
                    level.setdefault("username", named.username)
                    level.setdefault("password", named.password)
        if not hosts and not cloud:
            raise UsageError("no cluster is named", hint="set ES_URL, or write es+https://host:9200/index")
        rest = {name: next((level[name] for level in levels if name in level), None) for name in ("ca_certs", *_OTHERS)}
        verify = rest["verify_certs"] is not False
        made = cls(
            hosts=hosts,
            cloud_id=cloud,
            authorization=_authorization(levels),
            ca_certs=rest["ca_certs"],
            verify_certs=verify,
            timeout=TIMEOUT if rest["timeout"] is None else float(rest["timeout"]),
        )
        if not verify:
            warnings.warn(
                f"whether {made.name} is who it says it is will not be checked: verify_certs is False",
                AttackvizWarning,
                stacklevel=2,
            )
        return made

    @property
    def name(self) -> str:
        """The cluster in words for errors: hosts and ports, nothing secret."""
        if self.cloud_id is not None:
            return f"cloud {self.cloud_id.partition(':')[0]}"
        return ",".join(urlsplit(host).netloc for host in self.hosts)

    def transport(self) -> Transport:
        """Return the one transport of this process for this connection; threads may share it.

        Raises
        ------
        UsageError
            If the authorities cannot be read, or the cloud id is none.
        """
        return _transport(self, os.getpid())


@lru_cache(maxsize=8)
def _transport(connection: Connection, process: int) -> Transport:
    # Connections do not survive a fork: the process is part of the key.
    from elasticsearch import Elasticsearch

    options: dict[str, Any] = {"connections_per_node": CONNECTIONS, "request_timeout": connection.timeout}
    if connection.cloud_id is not None:
        options["cloud_id"] = connection.cloud_id
    else:
        options["hosts"] = list(connection.hosts)
    if connection.cloud_id is not None or connection.hosts[0].startswith("https:"):
        options["verify_certs"] = connection.verify_certs
        if not connection.verify_certs:
            options["ssl_show_warn"] = False  # ours was shown, once
        elif connection.ca_certs is not None:
            if not Path(connection.ca_certs).is_file():
                raise UsageError(
                    "there is no such file of authorities", where=connection.ca_certs, hint="check ca_certs"
                )
            options["ca_certs"] = connection.ca_certs
    # Whatever fails becomes an error of ours; without a handler it would be on the screen as well.
    logging.getLogger("elastic_transport").addHandler(logging.NullHandler())
    try:
        if "ca_certs" in options:
            ssl.create_default_context(cafile=connection.ca_certs)
        return Elasticsearch(**options).transport
    except OSError:
        hint = "give a PEM file of certificates"
        raise UsageError("it holds no certificates", where=connection.ca_certs, hint=hint) from None
    except ValueError:
        what = "the cloud id is none" if connection.cloud_id is not None else "the cluster's URL is none"
        raise UsageError(what, where=connection.name, hint="copy it from the console of the deployment") from None


def _authorization(levels: list[dict[str, Any]]) -> str | None:
    """Return the header of the first level that says who we are."""
    for level in levels:
        ways = [name for name in ("api_key", "bearer_token", "username") if level.get(name)]
        if len(ways) > 1:
            raise UsageError(f"two ways to sign in are set: {ways[0]} and {ways[1]}", hint="leave one out")
        if level.get("api_key"):
            return f"ApiKey {_printable(_api_key(level['api_key']), 'API key')}"
        if level.get("bearer_token"):
            return f"Bearer {_printable(level['bearer_token'], 'bearer token')}"
        if level.get("username"):
            # The name may stand in a file of settings, and the password in the environment.
            password = next((each["password"] for each in levels if each.get("password") is not None), None)
            if password is None:
                raise UsageError("there is a user name without a password", hint="set ES_PASSWORD or ES_PASSWORD_FILE")
            return f"Basic {_base64(':'.join((level['username'], password)))}"
    return None


def _api_key(key: str) -> str:
    """Return a key as the header wants it: ``id:key`` in base64, in which consoles show it already."""
    return _base64(key) if ":" in key else key


def _printable(text: str, what: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise UsageError(f"the {what} holds characters that none has", hint="copy it again, without line ends")
    return text


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _environment(environ: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _NAMES:
        for suffix in ("", "_file"):
            if value := environ.get(f"ES_{name}{suffix}".upper()):
                found[f"{name}{suffix}"] = value
    return _files(found)


def _files(level: dict[str, Any]) -> dict[str, Any]:
    """Return a level with the contents of the files it names."""
    for name in _NAMES:
        path = level.pop(f"{name}_file", None)
        if path is None or name in level:
            continue
        try:
            level[name] = Path(path).expanduser().read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is no text"
            raise SettingsError(f"the file for {name} cannot be read: {why}", where=str(path)) from None
    return level


def _checked(level: Mapping[str, Any], where: str) -> dict[str, Any]:
    known: dict[str, type | tuple[type, ...]] = {
        name: str for each in _NAMES for name in (each, f"{each}_file")
    } | _OTHERS
    for name, value in level.items():
        if name not in known:
            raise SettingsError(f"{name!r} is not known", where=where, hint=f"known are {', '.join(sorted(known))}")
        kind = known[name]
        if value is not None and (not isinstance(value, kind) or (value is True and kind is not bool)):
            raise SettingsError(f"{name} has the wrong type", where=where)
        if name == "timeout" and isinstance(value, int | float) and not 0 < value < 86_400:
            raise SettingsError(f"{value!r} is no time to wait", where=where, hint="give seconds")
    return {name: value for name, value in level.items() if value is not None}
