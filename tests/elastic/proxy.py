"""A loopback proxy before a real cluster that spoils some answers on demand."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclass
class Answer:
    """Hold what the cluster answered; a fault changes it in place."""

    status: int
    body: bytes


# Given method and path, and how often that was asked for before. What it returns is answered in place of the
# cluster; with None the cluster is asked, and `after` may change what it says.
Before = Callable[[str, str, bytes, int], Answer | None]
After = Callable[[str, str, int, Answer], None]


class Proxy:
    """Pass requests on to a cluster; `before` and `after` come in between. Status 0 drops the connection.

    Attributes
    ----------
    seen : Counter
        Requests by method and path.
    """

    def __init__(self, target: str) -> None:
        self.before: Before = lambda method, path, body, times: None
        self.after: After = lambda method, path, times, answer: None
        self.seen: Counter[str] = Counter()
        proxy, host = self, urlsplit(target).netloc
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                key = f"{self.command} {path}"
                with lock:
                    times, proxy.seen[key] = proxy.seen[key], proxy.seen[key] + 1
                answer = proxy.before(self.command, path, body, times)
                if answer is None:
                    upstream = http.client.HTTPConnection(host)
                    headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
                    upstream.request(self.command, self.path, body or None, headers)
                    got = upstream.getresponse()
                    answer = Answer(got.status, got.read())
                    upstream.close()
                    proxy.after(self.command, path, times, answer)
                if answer.status == 0:
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                self.send_header("X-Elastic-Product", "Elasticsearch")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _any  # noqa: N815 - names of the standard library

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
