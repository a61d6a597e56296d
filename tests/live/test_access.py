"""Who may do what: one check before page, feed, socket, metrics and pushes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from attackviz.errors import SettingsError
from attackviz.live import LiveSettings, live_settings
from attackviz.live.limits import Limits
from attackviz.live.tokens import COOKIE, Tokens
from attackviz.settings import load_settings

from .servers import PUSH, VIEW, Server, event, finished, lines, serving

BODY = lines([event(1)])
LOOKING = ["/", "/api/feed", "/api/socket", "/metrics"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def status(server: Server, path: str, **headers: str) -> int:
    """Return how a route answers, whatever kind it is."""
    if path == "/api/socket":
        return finished(_handshake(server, headers))
    if path == "/api/feed":
        with socket.create_connection((server.host, server.port), timeout=60) as connection:
            sent = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{sent}\r\n".encode())
            with connection.makefile("rb") as answer:
                return int(answer.readline().split()[1])
    if path == "/api/events":
        return server.ask("POST", path, BODY, headers).status
    return server.ask("GET", path, headers=headers).status


async def _handshake(server: Server, headers: dict[str, str]) -> int:
    request = HTTPRequest(f"ws://127.0.0.1:{server.port}/api/socket", headers=headers, request_timeout=60)
    try:
        connection = await websocket_connect(request)
    except HTTPClientError as error:
        return error.code
    connection.close()
    while await connection.read_message() is not None:
        pass
    return 101


@pytest.mark.parametrize("path", LOOKING)
def test_looking_takes_the_token_for_looking(guarded: Server, path: str) -> None:
    good = 101 if path == "/api/socket" else 200
    closed = {302} if path == "/" else {401}  # the page sends browsers to the form
    cookie = Tokens.of([PUSH], [VIEW]).cookie(VIEW)
    assert status(guarded, path) in closed
    assert status(guarded, path, **bearer(VIEW)) == good
    assert status(guarded, path, Cookie=f"{COOKIE}={cookie}") == good
    assert status(guarded, path, Cookie=f"{COOKIE}={cookie}0") in closed
    assert status(guarded, path, Cookie=f"{COOKIE}=99999999999.{'0' * 64}") in closed
    for wrong in ("", "x", VIEW[:-1], VIEW + "x", VIEW.upper()):
        assert status(guarded, path, **bearer(wrong)) in closed
    # A token to push with opens the socket, for pushes go through it, too; nothing is shown there.
    pushed = status(guarded, path, **bearer(PUSH))
    assert pushed == (101 if path == "/api/socket" else 302 if path == "/" else 403)


def test_pushing_takes_the_token_for_pushing(guarded: Server) -> None:
    assert status(guarded, "/api/events", **bearer(PUSH)) == 200
    assert status(guarded, "/api/events") == 401
    assert status(guarded, "/api/events", **bearer(VIEW)) == 403
    assert status(guarded, "/api/events", **bearer(PUSH[::-1])) == 401
    cookie = Tokens.of([PUSH], [VIEW]).cookie(VIEW)
    assert status(guarded, "/api/events", Cookie=f"{COOKIE}={cookie}") == 401  # pages cannot push by it
    refused = guarded.ask("POST", "/api/events", BODY)
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    assert "token" in refused.json["error"]


def test_health_tells_strangers_no_more_than_that_it_lives(guarded: Server) -> None:
    assert guarded.get("/health").json == {"live": True, "ready": True}
    assert guarded.ask("GET", "/health", headers=bearer(VIEW)).json["role"] == "writer"
    assert guarded.get("/api/openapi.json").json["openapi"].startswith("3.")


def test_login_swaps_the_token_for_a_cookie_scripts_cannot_read(guarded: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Host": "localhost"}
    page = guarded.get("/login?next=%22%3E%3Cscript%3E")
    assert page.status == 200
    assert b"<script>" not in page.body
    assert b"frame-ancestors 'none'" in page.headers["Content-Security-Policy"].encode()
    answer = guarded.ask("POST", "/login?next=/%3Fa=1", f"token={VIEW}", form)
    assert (answer.status, answer.headers["Location"]) == (303, "/?a=1")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert VIEW not in cookie
    assert status(guarded, "/metrics", Cookie=cookie.partition(";")[0]) == 200
    for elsewhere in ("//evil.example", "https://evil.example/", "/%5Cevil.example", "javascript:alert(1)", "%0d%0ax"):
        answer = guarded.ask("POST", f"/login?next={elsewhere}", f"token={VIEW}", form)
        assert answer.headers["Location"] == "."
    wrong = guarded.ask("POST", "/login", f"token={PUSH}", form)
    assert wrong.status == 401
    assert "Set-Cookie" not in wrong.headers


def test_tokens_cannot_be_tried_by_the_thousand(guarded: Server) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    asked = [guarded.ask("POST", "/login", "token=guess", form, source="127.0.0.9").status for _ in range(12)]
    assert asked[:10] == [401] * 10
    assert 429 in asked[10:]


@pytest.mark.parametrize("path", ["/api/events", *LOOKING[1:]])
def test_pages_of_other_origins_are_refused(server: Server, path: str) -> None:
    good = {101, 200}
    assert status(server, path) in good
    assert status(server, path, Origin="https://allowed.example:443") in good
    for origin in ("https://evil.example", "null", "http://127.0.0.1", "https://allowed.example.evil.example:443"):
        assert status(server, path, Origin=origin) == 403


def test_a_page_cannot_point_its_own_name_at_this_machine(server: Server, guarded: Server) -> None:
    assert server.get("/metrics", Host="evil.example").status == 403
    assert server.get("/metrics", Host="evil.example:5006").status == 403
    assert server.get("/metrics", Host="localhost:5006").status == 200
    assert server.get("/metrics", Host="[::1]:5006").status == 200
    assert server.get("/metrics", Host="allowed.example:443").status == 200
    # Where a token is asked for, a name gains nothing: a browser sends no cookie to it.
    assert guarded.ask("GET", "/metrics", headers={**bearer(VIEW), "Host": "map.example"}).status == 200


def own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
        except OSError:
            pytest.skip("this machine has no address but loopback")
        return str(probe.getsockname()[0])


def test_other_machines_are_not_answered_without_tokens(tmp_path: Path) -> None:
    address = own_address()
    with serving(LiveSettings(tape=tmp_path / "tape"), host="0.0.0.0") as server:
        outside = server._replace(host=address)
        kind = {"source": address}
        assert "no view token is set" in outside.ask("GET", "/metrics", **kind).json["error"]
        assert outside.ask("POST", "/api/events", BODY, **kind).status == 403
        assert server.get("/metrics").status == 200
    with serving(LiveSettings(tape=tmp_path / "tape", open=True), host="0.0.0.0") as server:
        assert server._replace(host=address).ask("GET", "/metrics", source=address).status == 200


@pytest.fixture(scope="module")
def basic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    directory = tmp_path_factory.mktemp("basic")
    more = {"basic_auth": "a-password", "cookie_secret": "a-secret-for-cookies"}
    with serving(LiveSettings(tape=directory / "tape", limits=Limits()), **more) as found:
        yield found


def test_panels_own_authentication_guards_our_routes_too(basic: Server) -> None:
    assert basic.get("/").status == 302
    assert basic.get("/metrics").status == 401
    assert status(basic, "/api/socket") == 401
    assert status(basic, "/api/events") == 401  # its users look; to push takes a token
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    page = basic.ask("POST", "/login", "username=somebody&password=wrong", form)
    assert "user" not in (page.headers["Set-Cookie"] or "")
    page = basic.ask("POST", "/login", "username=somebody&password=a-password", form)
    cookies = "; ".join(each.partition(";")[0] for each in page.headers.get_all("Set-Cookie"))
    assert basic.get("/", Cookie=cookies).status == 200
    assert basic.get("/metrics", Cookie=cookies).status == 200
    assert status(basic, "/api/socket", Cookie=cookies) == 101


def test_tokens_come_from_the_environment_and_files(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"# the sensors\n{PUSH}\nanother-token-to-push\n")
    environ = {"ATTACKVIZ_PUSH_TOKEN_FILE": str(file), "ATTACKVIZ_VIEW_TOKEN": VIEW, "HOME": str(tmp_path)}
    tokens = live_settings(environ).tokens
    assert tokens.allows("push", "another-token-to-push")
    assert tokens.allows("view", VIEW)
    assert not tokens.allows("view", PUSH)
    assert VIEW not in repr(tokens)
    for bad in ("short", "with spaces and so on", "x" * 15):
        with pytest.raises(SettingsError, match="16 printable"):
            live_settings({"ATTACKVIZ_PUSH_TOKEN": bad, "HOME": str(tmp_path)})
    file.write_text("# nothing\n")
    with pytest.raises(SettingsError, match="no token in it"):
        live_settings(environ)
    with pytest.raises(SettingsError, match="cannot be read"):
        live_settings({**environ, "ATTACKVIZ_PUSH_TOKEN_FILE": str(tmp_path / "none")})


def test_settings_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "attackviz.toml"
    file.write_text(
        '[live]\ntape = "t"\nkeep_days = 7\nmax_gigabytes = 2.5\nfrom = ["a.log"]\n[live.limits]\nbody = 9\n'
    )
    settings = live_settings({}, load_settings({}, tmp_path))
    assert settings.tape == tmp_path / "t"
    assert settings.keep is not None
    assert (settings.keep.days, settings.max_bytes, settings.sources) == (7, 2_500_000_000, ("a.log",))
    assert settings.limits.body == 9
    for wrong in ("tapes = 1", "keep_days = -1", "from = 'x'", "limits = 3", "[live.limits]\nbodies = 1", "open = 1"):
        file.write_text(f"[live]\n{wrong}\n")
        with pytest.raises(SettingsError):
            live_settings({}, load_settings({}, tmp_path))
