"""Servers on loopback whose every byte a test decides."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

Handler = Callable[["Connection"], None]


class Connection:
    """One connection that a client made."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        connected.settimeout(30)

    def request(self) -> bytes:
        """Read one whole request: its head and the body that Content-Length announces."""
        read = b""
        while b"\r\n\r\n" not in read:
            read += self.some()
        head, _, body = read.partition(b"\r\n\r\n")
        lengths = [
            line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        ]
        while len(body) < int(lengths[0] if lengths else 0):
            body += self.some()
        return head + b"\r\n\r\n" + body

    def some(self) -> bytes:
        got = self.socket.recv(65536)
        if not got:
            raise ConnectionError("the client went away")
        return got

    def say(self, data: bytes) -> None:
        self.socket.sendall(data)

    def answer(self, body: bytes = b"", status: str = "200 OK", *headers: str) -> None:
        """Say a whole answer; Content-Length is added."""
        lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
        self.say("\r\n".join(lines).encode() + body)

    def wait_for_bytes(self) -> None:
        """Wait until the client has sent something, and leave it unread."""
        self.socket.recv(1, socket.MSG_PEEK)

    def wait_for_end(self) -> None:
        """Wait until the client closes."""
        with contextlib.suppress(ConnectionError):
            while True:
                self.some()

    def reset(self) -> None:
        """Close with a reset in place of an orderly end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Server:
    """Listens on 127.0.0.1 and hands each connection to `handler`, in a thread of its own."""

    def __init__(self, handler: Handler, ssl_context: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._ssl_context = ssl_context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0
        self.requests: list[bytes] = []
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self._ssl_context else 'http'}://{host}:{self.port}{path}"

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connected, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._threads.append(threading.Thread(target=self._serve, args=(connected,), daemon=True))
            self._threads[-1].start()

    def _serve(self, connected: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connected):
            if self._ssl_context is not None:
                with self._ssl_context.wrap_socket(connected, server_side=True) as secure:
                    self._handler(Connection(secure))
            else:
                self._handler(Connection(connected))


@contextlib.contextmanager
def serving(handler: Handler, ssl_context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server while the block runs."""
    server = Server(handler, ssl_context)
    try:
        yield server
    finally:
        server.close()


def answering(body: bytes = b"ok", status: str = "200 OK", *headers: str) -> Handler:
    """Reads a request and gives the same answer each time."""

    def handle(connection: Connection) -> None:
        connection.request()
        connection.answer(body, status, *headers)

    return handle
