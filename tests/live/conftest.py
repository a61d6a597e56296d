"""Servers that several tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from attackviz.live import LiveSettings
from attackviz.live.limits import Limits
from attackviz.live.tokens import Tokens

from .servers import PUSH, VIEW, Server, serving


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield an open server on loopback."""
    limits = Limits(requests=100_000)
    with serving(LiveSettings(tape=tmp_path_factory.mktemp("live") / "tape", limits=limits)) as found:
        yield found


@pytest.fixture(scope="session")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a server that asks for tokens."""
    tokens = Tokens.of(push=[PUSH], view=[VIEW])
    with serving(LiveSettings(tape=tmp_path_factory.mktemp("guarded") / "tape", tokens=tokens)) as found:
        yield found
