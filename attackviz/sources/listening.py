"""Receive messages by UDP or TCP on a thread of its own, and hold them, within a bound, until they are taken."""

from __future__ import annotations

import re
import selectors
import socket
import sys
import threading
from collections import Counter, deque
from contextlib import suppress

from ..errors import ReadError

__all__ = ["Listener"]

_HELD = 32 << 20  # bytes of messages that wait
_LONGEST = 1 << 20  # bytes of a message
_CONNECTIONS = 256
_DATAGRAM = 1 << 16
_KERNEL = 4 << 20  # bytes the system may hold before us
_DROPPED = getattr(socket, "SO_RXQ_OVFL", 40 if sys.platform == "linux" else 0)

# What is counted in octets begins with its priority; a line may begin with any number.
_COUNTED = re.compile(rb"([1-9]\d{0,6}) <")

_FAST = "messages that came faster than they could be kept"
_LONG = "messages longer than 1 MB"
_CROWD = "connections over the limit"


class Listener:
    """Receive messages; `take` gives those that came.

    By TCP each ends with a newline or NUL, or is counted in octets before it
    (RFC 6587). Where messages are not taken, those by UDP are dropped, and
    counted; those by TCP wait at their sender.

    Parameters
    ----------
    kind : str
        ``udp`` or ``tcp``.
    host : str
        Address of the interface to listen on.
    port : int
        0 for a free one.

    Attributes
    ----------
    port : int
        Where it listens.

    Raises
    ------
    ReadError
        If the port cannot be had.
    """

    def __init__(self, kind: str, host: str, port: int) -> None:
        self._udp = kind == "udp"
        where = f"syslog+{kind}://{f'[{host}]' if ':' in host else host}:{port}"
        self._socket = _bound(self._udp, host, port, where)
        self.port: int = self._socket.getsockname()[1]
        self._messages: deque[bytes] = deque()
        self._lost: Counter[str] = Counter()
        self._overflown = 0
        self._held = 0
        self._came = threading.Condition()
        self._closing = False
        self._waker, self._wake = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._wake, selectors.EVENT_READ, None)
        self._selector.register(self._socket, selectors.EVENT_READ, None)
        self._buffers: dict[socket.socket, bytes] = {}
        self._thread = threading.Thread(target=self._run, name=f"attackviz-{kind}-{self.port}", daemon=True)
        self._thread.start()

    def take(self, most: int, wait: float) -> list[bytes]:
        """Return messages in the order they came, none if none came in time.

        Parameters
        ----------
        most : int
            At most how many.
        wait : float
            Seconds to wait for the first.
        """
        with self._came:
            self._came.wait_for(lambda: self._messages or self._closing, wait)
            taken = [self._messages.popleft() for _ in range(min(most, len(self._messages)))]
            full = self._held > _HELD
            self._held -= sum(map(len, taken))
        if full:
            self._stir()
        return taken

    def lost(self) -> Counter[str]:
        """Return how many were lost since this was last asked, by reason."""
        with self._came:
            lost, self._lost = self._lost, Counter()
        return lost

    def close(self) -> None:
        """Stop listening."""
        with self._came:
            self._closing = True
            self._came.notify_all()
        self._stir()
        self._thread.join()

    def _stir(self) -> None:
        with suppress(OSError):
            self._waker.send(b"\0")

    def _run(self) -> None:
        try:
            while not self._closing:
                for key, _ in self._selector.select():
                    if key.fileobj is self._wake:
                        self._wake.recv(_DATAGRAM)
                    elif key.fileobj is not self._socket:
                        self._read(key.fileobj)  # type: ignore[arg-type]
                    elif self._udp:
                        self._datagram()
                    else:
                        self._accept()
                while not self._udp and self._held > _HELD and not self._closing:
                    self._wake.recv(_DATAGRAM)
        finally:
            for each in (*self._buffers, self._socket, self._wake, self._waker):
                each.close()
            self._selector.close()

    def _datagram(self) -> None:
        with suppress(OSError):
            data, extra, _, _ = self._socket.recvmsg(_DATAGRAM, 64)
            for _, kind, value in extra:
                if kind == _DROPPED:
                    count = int.from_bytes(value[:4], sys.byteorder)
                    self._lose(_FAST, (count - self._overflown) % (1 << 32))
                    self._overflown = count
            if self._held > _HELD:
                self._lose(_FAST)
            else:
                self._keep([data])

    def _accept(self) -> None:
        with suppress(OSError):
            made, _ = self._socket.accept()
            if len(self._buffers) >= _CONNECTIONS:
                made.close()
                self._lose(_CROWD)
                return
            made.setblocking(False)
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            self._buffers[made] = b""
            self._selector.register(made, selectors.EVENT_READ, None)

    def _read(self, one: socket.socket) -> None:
        try:
            data = one.recv(_DATAGRAM)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        messages, rest = _parted(self._buffers[one] + data)
        if not data and rest:
            messages.append(rest)
        self._keep(messages)
        if len(rest) > _LONGEST:
            self._lose(_LONG)
            data = b""
        self._buffers[one] = rest
        if not data:
            self._selector.unregister(one)
            del self._buffers[one]
            one.close()

    def _keep(self, messages: list[bytes]) -> None:
        if messages:
            with self._came:
                self._messages.extend(messages)
                self._held += sum(map(len, messages))
                self._came.notify_all()

    def _lose(self, why: str, count: int = 1) -> None:
        if count:
            with self._came:
                self._lost[why] += count


def _bound(udp: bool, host: str, port: int, where: str) -> socket.socket:
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(family, kind)
        try:
            if udp:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _KERNEL)
                if _DROPPED:
                    made.setsockopt(socket.SOL_SOCKET, _DROPPED, 1)
            else:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.setblocking(False)
            if not udp:
                made.listen(128)
        except OSError:
            made.close()
            raise
    except OSError as error:
        hint = "choose another port; below 1024 the system asks for privileges"
        raise ReadError(f"it cannot listen there: {error.strerror}", where=where, hint=hint) from None
    return made


def _parted(data: bytes) -> tuple[list[bytes], bytes]:
    r"""Return whole messages, and what follows.

    Examples
    --------
    >>> _parted(b"<1>a\n5 <1>bc<2>d")
    ([b'<1>a', b'<1>bc'], b'<2>d')
    """
    messages: list[bytes] = []
    at = 0
    nul = b"\0" in data
    while at < len(data):
        counted = _COUNTED.match(data, at)
        if counted and int(counted[1]) <= _LONGEST:
            end = counted.end() - 1 + int(counted[1])
            if end > len(data):
                break
            messages.append(data[counted.end() - 1 : end])
            at = end
            continue
        end = data.find(b"\n", at)
        if nul and (other := data.find(b"\0", at, end if end >= 0 else len(data))) >= 0:
            end = other
        if end < 0:
            break
        messages.append(data[at:end])
        at = end + 1
    return [each for each in messages if each.strip()], data[at:]
