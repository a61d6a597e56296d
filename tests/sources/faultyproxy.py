"""A loopback proxy before a real S3 server that spoils some answers on demand."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_DOWN = b'<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>secret-in-message</Message></Error>'
DENIED = b'<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>secret-in-message</Message></Error>'

# Given the request's path and how often it was asked for before; says what to do with the answer.
Fault = Callable[[str, int], str | None]


class FaultyProxy:
    """Pass requests on to a server; `fault` names what happens to the answer.

    ``cut`` sends half the body and drops the connection, ``slow`` and ``deny``
    answer for the server, ``gone`` drops the connection at once.
    """

    def __init__(self, target: str) -> None:
        self.fault: Fault = lambda path, before: None
        self.seen: Counter[str] = Counter()
        self.requests: list[tuple[str, str | None]] = []
        proxy, host = self, urlsplit(target).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                before, proxy.seen[path] = proxy.seen[path], proxy.seen[path] + 1
                proxy.requests.append((self.path, self.headers.get("Range")))
                fault = proxy.fault(path, before)
                if fault == "gone":
                    self.close_connection = True
                    return
                if fault in ("slow", "deny"):
                    self._answer(503 if fault == "slow" else 403, {}, SLOW_DOWN if fault == "slow" else DENIED)
                    return
                upstream = http.client.HTTPConnection(host)
                upstream.request("GET", self.path, headers=dict(self.headers))
                answer = upstream.getresponse()
                body = answer.read()
                upstream.close()
                self._answer(answer.status, dict(answer.headers), body, half=fault == "cut")

            def _answer(self, status: int, headers: dict[str, str], body: bytes, half: bool = False) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    if name.lower() not in ("content-length", "transfer-encoding", "connection", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if half else body)
                if half:
                    self.wfile.flush()
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        class Server(ThreadingHTTPServer):
            request_queue_size = 128  # with five, connections that come together would wait for seconds
            daemon_threads = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
