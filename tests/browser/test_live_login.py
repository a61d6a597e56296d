"""A live server that asks for a token, in a browser: the form, the cookie, and the socket behind it."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attackviz.live.tokens import COOKIE

from ..live.servers import PUSH, VIEW, Process
from .pages import open_live, watched


def test_a_token_opens_the_page_and_its_socket(chromium: Any, tmp_path: Path) -> None:
    tokens = {"ATTACKVIZ_PUSH_TOKEN": PUSH, "ATTACKVIZ_VIEW_TOKEN": VIEW, "ATTACKVIZ_HOME": "50.11,8.68"}
    arguments = ["--tape", str(tmp_path / "tape")]
    with Process(*arguments, env={**os.environ, **tokens}) as process, watched(chromium, offline=False) as watch:
        url, page = f"http://localhost:{process.port}/", watch.page
        watch.own = (url, url.replace("http", "ws", 1))
        page.goto(url)
        page.get_by_label("Token").fill(VIEW)
        page.get_by_role("button").click()
        page.wait_for_url(re.compile(rf"^{url}$"))
        cookie = next(each for each in page.context.cookies() if each["name"] == COOKIE)
        assert cookie["httpOnly"]
        assert VIEW not in cookie["value"]
        player = open_live(watch, url)
        event = {"time": datetime.now(UTC).isoformat(), "event_id": "behind a token", "src_ip": "8.8.8.8"}
        answer = process.server.post(json.dumps(event), Authorization=f"Bearer {PUSH}")
        assert answer.json["accepted"] == 1
        player.sees("behind a token")
        assert PUSH not in "".join(process.said)
        assert VIEW not in "".join(process.said)
