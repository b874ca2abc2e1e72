"""The pretend endpoint on a real socket, with everything that a real one does to a connection."""

import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from streetmend.georeport.testing.behaviours import Answer, Cut

_LONGEST_BODY = 64 * 1024 * 1024


class Handles(Protocol):
    """What can stand behind the socket: a PretendEndpoint, or a program's own dispatcher over several."""

    def handle(
        self, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Answer:
        """The answer to an HTTP request."""
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
        length = min(int(self.headers.get("Content-Length") or 0), _LONGEST_BODY)
        body = self.rfile.read(length) if length else b""
        answer = self.server.behind.handle(self.command, self.path, dict(self.headers.items()), body)
        if answer.cut in (Cut.UNREAD, Cut.SILENT):
            self._reset()
            return
        if answer.wait and self.server.stopping.wait(answer.wait):
            self._reset()
            return
        self._write(answer)

    def _write(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.all_headers().items():
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        if self.command == "HEAD":
            return
        if answer.cut is Cut.HALF:
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.wfile.flush()
            time.sleep(0.05)
            self._reset()
            return
        self.wfile.write(answer.body)

    def _reset(self) -> None:
        """The connection is torn down with an RST, as by a crash."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
