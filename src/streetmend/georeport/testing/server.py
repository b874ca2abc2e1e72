"""The pretend endpoint on a real socket, with everything that a real one does to a connection."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import responses
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, runtime_checkable

from streetmend.georeport.testing.behaviours import Answer, Cut

_LONGEST_BODY = 64 * 1024 * 1024
_BEFORE_A_RESET = 0.05
"""Seconds that the bytes before a reset have to arrive: the client must see half an answer, not none."""
_TEXT = "text/plain; charset=utf-8"


class Handles(Protocol):
    """What can stand behind the socket: a PretendEndpoint, or a program's own dispatcher over several."""

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to an HTTP request."""
        ...


@runtime_checkable
class CutsOff(Protocol):
    """What may refuse to read a body, as a PretendEndpoint does when it is scripted so."""

    def reads_body(self, method: str, target: str) -> bool:
        """Is the body of this request to be read?"""
        ...


class Server(ThreadingHTTPServer):
    """Serves what ``behind`` answers. Port 0 takes a free one; ``url`` says which."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, behind: Handles, host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__((host, port), _Handler)
        self.behind = behind
        self.stopping = threading.Event()

    @property
    def url(self) -> str:
        """The address of its root."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours."""


@contextmanager
def serving(behind: Handles, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Server]:
    """The server answers in threads of its own for as long as the block lasts."""
    server = Server(behind, host, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def __getattr__(self, name: str) -> Any:
        """Every method of HTTP is answered alike: the standard library looks for `do_GET`, `do_POST` and so on."""
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, *args: Any) -> None:
        """The ledger knows all that came; standard error stays quiet."""

    def _answer(self) -> None:
        self.close_connection = True
        behind = self.server.behind
        reads = not isinstance(behind, CutsOff) or behind.reads_body(self.command, self.path)
        body = self._body() if reads else b""
        if isinstance(body, Answer):
            self._write(body)
            return
        answer = behind.handle(self.command, self.path, dict(self.headers.items()), body)
        stopped = answer.wait > 0 and self.server.stopping.wait(answer.wait)
        if stopped or answer.cut in (Cut.UNREAD, Cut.SILENT):
            self._reset()
        else:
            self._write(answer)

    def _body(self) -> bytes | Answer:
        """The request's body, or the error where its length is not told or is too much."""
        if "Transfer-Encoding" in self.headers:
            return Answer(411, b"Content-Length is required.\n", _TEXT)
        length = (self.headers.get("Content-Length") or "0").strip()
        if not (length.isascii() and length.isdecimal()):
            return Answer(400, b"Content-Length is no number.\n", _TEXT)
        if len(length) > len(str(_LONGEST_BODY)) or int(length) > _LONGEST_BODY:
            return Answer(413, b"The body is too large.\n", _TEXT)
        return self.rfile.read(int(length))

    def _write(self, answer: Answer) -> None:
        head = b"" if answer.raw else _head(answer)
        body = b"" if self.command == "HEAD" else answer.body
        if answer.cut is Cut.HALF:
            self._send(head + body[: len(body) // 2], answer.pace)
            self.server.stopping.wait(_BEFORE_A_RESET)
            self._reset()
            return
        self._send(head + body, answer.pace)
        while answer.cut is Cut.NEVER and body and not self.server.stopping.is_set():
            self._send(body, answer.pace)

    def _send(self, content: bytes, pace: float) -> None:
        if not pace:
            self.wfile.write(content)
            return
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.stopping.wait(pace):
                return

    def _reset(self) -> None:
        """The connection is torn down with an RST, as by a crash."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


def _head(answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {responses.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in answer.all_headers().items()]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1", "replace")
