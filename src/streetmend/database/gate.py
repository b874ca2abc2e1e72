"""The gate through which everybody who writes to one SQLite file passes: one at a time, in order.

SQLite lets one connection write at a time; the others poll for the lock, so that who gets it next is chance and some
wait for seconds. Here they queue instead: first come, first served among the threads of a process, and processes
take turns. A process takes its turn with two lock files: take NEXT, take HOLD, give NEXT back. Whoever waits for
HOLD has NEXT, so the process that just gave HOLD back cannot take it again before the other one had it.

The kernel drops the locks of a process that dies. Locks are `flock`, which belongs to the open file; a process made
by a fork opens its own.
"""

import fcntl
import os
import threading
from collections import deque
from weakref import WeakSet

from django.db import OperationalError

DEADLINE_SECONDS = 10.0


class WritersBusy(OperationalError):
    """The turn to write did not come in time: nothing was written, and trying again later is right (HTTP 503)."""


class Turn:
    """The right to write, from the moment the gate gives it until `done`."""

    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.came = threading.Event()

    def done(self) -> None:
        """Let the next one write. May be called more than once."""
        self._gate._release(self)


class Gate:
    """The gate of one database file; `gate_for` finds it."""

    def __init__(self, database: str) -> None:
        self._paths = (f"{database}-gate-next", f"{database}-gate-hold")
        self.reset()
        _gates.add(self)

    def reset(self) -> None:
        """Forget everything: for a process just forked, whose lock files and threads are the parent's."""
        self._next = self._hold = -1
        self._changed = threading.Condition()
        self._waiting: deque[Turn] = deque()
        self._holder: Turn | None = None
        self._keeper: threading.Thread | None = None
        self._keeper_at_work = False

    @property
    def waiting(self) -> int:
        """How many threads of this process wait for their turn."""
        return len(self._waiting)

    def files(self) -> tuple[int, int]:
        """The descriptors of the lock files that this process has open; -1 for one that is not."""
        return self._next, self._hold

    def take(self, deadline_seconds: float = DEADLINE_SECONDS) -> Turn:
        """Wait for the turn and return it. Raises WritersBusy if it does not come in time."""
        turn = Turn(self)
        with self._changed:
            self._open()
            if self._is_free() and self._try_now():
                self._holder = turn
                return turn
            self._waiting.append(turn)
            self._start_keeper()
            self._changed.notify()
        if not turn.came.wait(deadline_seconds):
            self._give_up(turn, deadline_seconds)
        return turn

    def _is_free(self) -> bool:
        return not self._waiting and self._holder is None and not self._keeper_at_work

    def _open(self) -> None:
        if self._hold < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._next, self._hold = (os.open(path, flags, 0o660) for path in self._paths)

    def _try_now(self) -> bool:
        """The turn at once if no other process has it or waits for it: the usual case, without a second thread."""
        for descriptor in (self._next, self._hold):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                fcntl.flock(self._next, fcntl.LOCK_UN)
                return False
        fcntl.flock(self._next, fcntl.LOCK_UN)
        return True

    def _start_keeper(self) -> None:
        if self._keeper is None:
            self._keeper = threading.Thread(target=self._keep, name="sqlite-gate", daemon=True)
            self._keeper.start()

    def _keep(self) -> None:
        """The keeper thread: takes the process's turns for the threads that wait, one thread a turn."""
        while True:
            with self._changed:
                while not self._waiting or self._holder is not None:
                    self._changed.wait()
                self._keeper_at_work = True
            fcntl.flock(self._next, fcntl.LOCK_EX)
            fcntl.flock(self._hold, fcntl.LOCK_EX)
            fcntl.flock(self._next, fcntl.LOCK_UN)
            with self._changed:
                self._keeper_at_work = False
                if self._waiting:
                    self._holder = self._waiting.popleft()
                    self._holder.came.set()
                else:  # all gave up meanwhile
                    fcntl.flock(self._hold, fcntl.LOCK_UN)

    def _give_up(self, turn: Turn, waited_seconds: float) -> None:
        with self._changed:
            if turn.came.is_set():  # it came at the last moment
                return
            self._waiting.remove(turn)
        raise WritersBusy(f"The database is busy: no turn to write within {waited_seconds:g} seconds")

    def _release(self, turn: Turn) -> None:
        with self._changed:
            if self._holder is turn:
                self._holder = None
                fcntl.flock(self._hold, fcntl.LOCK_UN)
                self._changed.notify()


_gates: WeakSet[Gate] = WeakSet()
_by_path: dict[str, Gate] = {}
_by_path_lock = threading.Lock()


def gate_for(database: str) -> Gate:
    """The gate of a database file, the same for every connection of this process to it."""
    path = os.path.realpath(database)
    with _by_path_lock:
        if path not in _by_path:
            _by_path[path] = Gate(path)
        return _by_path[path]


def _forked() -> None:
    # not unlocked: that would take the lock from the parent, which shares it with the inherited descriptor
    global _by_path_lock
    _by_path_lock = threading.Lock()
    for gate in list(_gates):
        for descriptor in gate.files():
            if descriptor >= 0:
                os.close(descriptor)
        gate.reset()


os.register_at_fork(after_in_child=_forked)
