"""A wall clock for libraries that only know how long one read may take: a peer that drips is cut off."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Any


class Deadline:
    """Until `seconds` are over a connection may take its time; then its socket is shut down, whatever it is waiting for.

    Used as a context; `watch` names the socket, as soon as there is one.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(max(seconds, 0), self._cut)
        self._timer.daemon = True
        #: whether the time is over and the connection was cut
        self.over = False

    @property
    def left(self) -> float:
        """How many seconds are left; 0 where none are."""
        return max(self._end - time.monotonic(), 0.0)

    def watch(self, connection: socket.socket | None) -> None:
        """This socket is the one that is shut down, at once where the time is over."""
        with self._lock:
            self._socket = connection
        if self.over:
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            self.over = True
            if self._socket is None:
                return
            try:
                # of the plain socket below TLS too, so that nothing is said any more
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                return

    def __enter__(self) -> Deadline:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        self.watch(None)


class Watched:
    """A client of smtplib or imaplib that tells its deadline of each socket that the conversation goes over: to be mixed in."""

    _deadline: Deadline
    _sock: Any = None

    @property
    def sock(self) -> Any:
        """The socket in use."""
        return self._sock

    @sock.setter
    def sock(self, value: Any) -> None:
        self._sock = value
        self._deadline.watch(value)
