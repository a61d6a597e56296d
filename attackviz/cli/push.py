"""``attackviz push``: logs of this machine to a live server elsewhere."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

import typer

from ..errors import ExportError, SettingsError, UsageError
from .console import command, loss, note, progress_bar, say
from .options import Address, Exclude, Filter, FormatName, MapFile, Tz, WindowText, Year

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["push"]

_TRIES = 8
_SECONDS = 60.0
_ROWS = 20_000
_SUMS = ("accepted", "duplicates", "rejected")


@command
def push(
    address: Address,
    to: Annotated[
        str, typer.Option("--to", metavar="URL", help="Of the live server.", show_default=True)
    ] = "http://localhost:5006",
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Holds the token to push with.  [default: ATTACKVIZ_PUSH_TOKEN]", show_default=False
        ),
    ] = None,
    window: WindowText = None,
    tz: Tz = None,
    year: Year = None,
    format_name: FormatName = None,
    map_file: MapFile = None,
    exclude: Exclude = None,
    filters: Filter = None,
) -> None:
    """Send logs to a live server; what is there already is not doubled.

    attackviz push /var/log/suricata/eve.json --to https://map.example:5006
    zcat today.gz | attackviz push - --to http://localhost:5006
    """
    from ..account import Account
    from ..analysis import keep
    from ..filters import Filters
    from ..formats import Mapping
    from ..open import scan
    from ..schema import COLUMNS
    from ..settings import load_settings

    conditions = Filters.parse(filters)
    door = _Door(to, _token(token_file))
    sums: Counter[str] = Counter()
    account = Account()
    try:
        with (
            progress_bar() as show,
            scan(
                address,
                format=Mapping.from_file(map_file, format_name) if map_file else format_name,
                window=window,
                tz=tz or load_settings().tz,
                year=year,
                columns=tuple(COLUMNS),
                progress=(lambda p: show(p.to_dict())) if show else None,
                exclude=exclude or None,
            ) as batches,
        ):
            account = batches.account
            for table in batches:
                kept = keep(table, conditions, account) if conditions else table
                for at in range(0, kept.num_rows, _ROWS):
                    sums.update(door.send(kept.slice(at, _ROWS)))
    finally:
        if sums.total():
            say(f"{sums['accepted']:,} events taken, {sums['duplicates']:,} were there already")
    loss(account)
    if sums["rejected"]:
        note(f"warning: {sums['rejected']:,} events were not understood by the server")
    if not sums.total():
        note("warning: nothing was sent; attackviz formats explain FILE shows what a log is taken for")


def _token(path: Path | None) -> str | None:
    if path is None:
        return os.environ.get("ATTACKVIZ_PUSH_TOKEN") or None
    try:
        lines = [line.strip() for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SettingsError(f"the token cannot be read: {reason}", where=str(path)) from None
    if not lines:
        raise SettingsError("there is no token in it", where=str(path))
    return lines[0]


class _Door:
    """Bring tables to a live server, again where that may help."""

    def __init__(self, url: str, token: str | None) -> None:
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in ("http", "https") or not parts.hostname or port == -1 or parts.username:
            raise UsageError(f"{url!r} is no address of a server", hint="write it like https://map.example:5006")
        self._name = f"{parts.scheme}://{parts.netloc}"
        self._host, self._port, self._safe = parts.hostname, port, parts.scheme == "https"
        self._path = parts.path.rstrip("/") + "/api/events?format=events.json"
        self._headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"

    def send(self, table: pa.Table) -> dict[str, int]:
        """Send a table; return what became of its rows."""
        from ..tables import write_ndjson

        lines = io.BytesIO()
        write_ndjson([table], lines)
        body = gzip.compress(lines.getvalue(), compresslevel=1, mtime=0)
        for attempt in range(_TRIES):
            try:
                status, answer = self._post(body)
            except (OSError, ValueError) as error:
                status, answer = 0, {"error": getattr(error, "strerror", None) or str(error)}
            if status in (200, 422) and "accepted" in answer:
                return {name: int(answer[name]) for name in _SUMS}
            if status not in (0, 429, 502, 503, 504) or answer.get("writer"):
                break
            if attempt + 1 < _TRIES:
                time.sleep(min(0.25 * 2**attempt, 10))
        what = str(answer.get("error") or f"it answered {status}")
        raise ExportError(what, where=self._name, hint=str(answer.get("hint") or "") or None)

    def _post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        from http.client import HTTPConnection, HTTPException, HTTPSConnection

        kind = HTTPSConnection if self._safe else HTTPConnection
        connection = kind(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request("POST", self._path, body, self._headers)
            response = connection.getresponse()
            answer = json.loads(response.read(1 << 20))
        except HTTPException as error:
            raise ValueError(str(error) or type(error).__name__) from None
        finally:
            connection.close()
        if not isinstance(answer, dict):
            raise ValueError("its answer is no object")
        return response.status, answer
