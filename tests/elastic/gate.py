"""A loopback proxy before the real cluster that asks who one is, speaks TLS, and spoils some answers on demand."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

# What becomes of an answer. None: nothing; a status, or one with a body: that is answered, and the cluster is not
# asked; bytes, or a function of bytes: what its body becomes; `gone`: the connection drops before the cluster is asked,
# `lost`: after that; `cut`: half the body comes.
Fate = int | tuple[int, bytes] | bytes | Callable[[bytes], bytes] | str | None

# Given method, path (without parameters), body, and how often that method and path were asked for before.
Fault = Callable[[str, str, bytes, int], Fate]

# What goes from one side to the other; the rest belongs to a connection.
_KEPT = ("content-type", "x-elastic-product", "retry-after", "www-authenticate", "location")

DENIED = {"error": {"type": "security_exception", "reason": "unable to authenticate user"}, "status": 401}


class Gate:
    """Pass requests on to a cluster, if they say who they are.

    Parameters
    ----------
    target : str
        URL of the cluster.
    authorization : str, optional
        The only header that is let in.
    tls : tuple of Path, optional
        Certificate and key.

    Attributes
    ----------
    fault : Fault
        Says what becomes of each request.
    seen : Counter
        Requests by method and path, such as ``POST /_search``.
    headers, without
        Of answers: instead of the cluster's; those that it sends and we do not.
    """

    def __init__(self, target: str, *, authorization: str | None = None, tls: tuple[Path, Path] | None = None) -> None:
        self.fault: Fault = lambda method, path, body, before: None
        self.seen: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.without: set[str] = set()
        gate, host, lock = self, urlsplit(target).netloc, threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.partition("?")[0]
                with lock:
                    before = gate.seen[f"{self.command} {path}"]
                    gate.seen[f"{self.command} {path}"] += 1
                if authorization is not None and self.headers.get("Authorization") != authorization:
                    return self._answer(401, {"X-Elastic-Product": "Elasticsearch"}, json.dumps(DENIED).encode())
                fate = gate.fault(self.command, path, body, before)
                if fate == "gone":
                    self.close_connection = True
                    return None
                if isinstance(fate, int | tuple):
                    status, text = fate if isinstance(fate, tuple) else (fate, b"")
                    return self._answer(status, {"X-Elastic-Product": "Elasticsearch"}, text)
                upstream = http.client.HTTPConnection(host, timeout=60)
                headers = {n: v for n, v in self.headers.items() if n.lower() in ("content-type", "accept")}
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                data = answer.read()
                upstream.close()
                if fate == "lost":
                    self.close_connection = True
                    return None
                if isinstance(fate, bytes):
                    data = fate
                elif callable(fate):
                    data = fate(data)
                return self._answer(answer.status, dict(answer.headers), data, half=fate == "cut")

            def _answer(self, status: int, headers: dict[str, str], body: bytes, half: bool = False) -> None:
                self.send_response(status)
                for name, value in {**headers, **gate.headers}.items():
                    if name.lower() in _KEPT and name.lower() not in gate.without:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: len(body) // 2] if half else body)
                if half:
                    self.wfile.flush()
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        for method in ("GET", "POST", "PUT", "DELETE", "HEAD"):
            setattr(Handler, f"do_{method}", Handler._pass)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                """Say nothing of clients that do not like our certificate, and of clusters that are killed."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self) -> Gate:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()


def certificate(directory: Path, name: str = "127.0.0.1", *, days: int = 1) -> tuple[Path, Path]:
    """Write a certificate that signs itself, and its key; one with negative days has expired."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "attackviz test")])
    now = datetime.datetime.now(datetime.UTC)
    try:
        other: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        other = x509.DNSName(name)
    made = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=3))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([other]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = directory / f"{name}{days}.crt", directory / f"{name}{days}.key"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return paths
