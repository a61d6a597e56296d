"""A loopback proxy before the real cluster that asks who one is, speaks TLS, and spoils some answers on demand."""

from __future__ import annotations

import datetime
import http.client
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

# Given method, path, body and how many requests came before; None lets it through. An int is the status answered
# instead, bytes are what the body becomes; `gone` drops the connection, `cut` sends half the body.
Fault = Callable[[str, str, bytes, int], "int | bytes | str | None"]

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
    """

    def __init__(self, target: str, *, authorization: str | None = None, tls: tuple[Path, Path] | None = None) -> None:
        self.fault: Fault = lambda method, path, body, before: None
        self.requests: list[tuple[str, str]] = []
        self.headers: dict[str, str] = {}  # of answers, instead of the cluster's
        self.without: set[str] = set()  # headers the cluster sends and we do not
        gate, host = self, urlsplit(target).netloc

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 60

            def _pass(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                before = len(gate.requests)
                gate.requests.append((self.command, self.path))
                if authorization is not None and self.headers.get("Authorization") != authorization:
                    return self._answer(401, {"X-Elastic-Product": "Elasticsearch"}, json.dumps(DENIED).encode())
                fault = gate.fault(self.command, self.path, body, before)
                if fault == "gone":
                    self.close_connection = True
                    return None
                if isinstance(fault, int):
                    return self._answer(fault, {"X-Elastic-Product": "Elasticsearch"}, b"")
                upstream = http.client.HTTPConnection(host, timeout=60)
                headers = {n: v for n, v in self.headers.items() if n.lower() in ("content-type", "accept")}
                upstream.request(self.command, self.path, body or None, headers)
                answer = upstream.getresponse()
                data = answer.read()
                upstream.close()
                if isinstance(fault, bytes):
                    data = fault
                return self._answer(answer.status, dict(answer.headers), data, half=fault == "cut")

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
                """Say nothing of clients that do not like our certificate."""

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
    # It comes with the S3 server of the tests.
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
