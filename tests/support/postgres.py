"""A private PostgreSQL that is thrown away, run by a user that is not root."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg

from tests.support.machine import find_postgresql

# The data is thrown away: nothing waits for the disk. What the product relies on (commits, locks, time
# limits) stays.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "autovacuum_naptime": "10min",
}
START_SECONDS = 60
# Started as a child that ends with us, whatever becomes of us: the end of its standard input stops the
# server.
_SUPERVISE = '"$@" & server=$!; cat >/dev/null; kill -INT $server; wait $server'


class PrivatePostgres:
    """A cluster in a temporary folder, on 127.0.0.1 and a free port, with one database named streetmend."""

    def __init__(self, *, durable: bool = False) -> None:
        """`durable`: what was committed lies on the disk, as on a real server."""
        self.settings = {**SETTINGS, "fsync": "on", "full_page_writes": "on"} if durable else SETTINGS
        programs = find_postgresql()
        if programs is None:
            raise RuntimeError("No PostgreSQL found; `make test` installs it where it may")
        self.programs = programs
        self._user = _unprivileged_user()
        self.folder = Path(tempfile.mkdtemp(prefix="streetmend-postgres-", dir=_open_folder()))
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        self.port = 0
        #: the server notices what it did not write itself; to be set before `start`
        self.checksums = False
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.url_of("streetmend")

    def url_of(self, database: str) -> str:
        return f"postgres://streetmend@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Make the cluster and its database, and wait until it answers."""
        more = ["-k"] if self.checksums else []
        self._run(
            "initdb", "-D", self._data, "-U", "streetmend", "-A", "trust", "-E", "UTF8", "--locale=C", "-N", *more
        )  # fmt: skip
        self.port = _free_port()
        self.launch()
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "streetmend", "streetmend")

    def launch(self) -> None:
        """Start the server on its port (again, after `kill`)."""
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), "-k", str(self.folder)]
        command = [str(self.programs / "postgres"), *where, *options]
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                ["/bin/sh", "-c", _SUPERVISE, "sh", *command],
                stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, **self._as_user(),
            )  # fmt: skip
        self._wait_until_it_answers()

    def restart_at_once(self) -> None:
        """As after a power cut: no goodbye to anybody, and recovery from the log at the start."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "stop")
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
            self._server.wait(timeout=30)
        self.launch()

    def file_of(self, relation: str) -> Path:
        """Stops the server, and names the file in which the table lies; `launch` starts it again."""
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute("CHECKPOINT")
            (path,) = session.execute("SELECT pg_relation_filepath(%s)", [relation]).fetchone() or ("",)
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
            self._server.wait(timeout=30)
        return Path(self._data) / path

    def stop(self) -> None:
        """Stop the server and remove everything."""
        if self._server is not None and self._server.stdin is not None:
            self._server.stdin.close()
            self._server.wait(timeout=30)
            self._server = None
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> str:
        return str(self.folder / "data")

    def _wait_until_it_answers(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            ready = self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), check=False)
            if ready == 0:
                return
            if self._server is None or self._server.poll() is not None:
                break
            time.sleep(0.05)
        log = (self.folder / "server.log").read_text(errors="replace")
        raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}")

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [str(self.programs / program), *arguments],
            capture_output=True, text=True, cwd=self.folder, check=False, **self._as_user(),
        )  # fmt: skip
        if check and done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}{done.stderr}")
        return done.returncode

    def _as_user(self) -> dict:
        path = os.environ.get("PATH", "/usr/bin:/bin")
        environment = {"PATH": path, "LC_ALL": "C", "HOME": str(self.folder)}
        if self._user is None:
            return {"env": environment}
        user = self._user
        return {"env": environment, "user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom the server runs as where we are root, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL cannot run as root and there is no user `postgres` or `nobody`")


def _open_folder() -> str:
    """A folder for temporary files that another user can reach, too."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        path = Path(folder).resolve()
        if path.is_dir() and all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents)):
            return str(path)
    raise RuntimeError("There is no folder for temporary files that every user can reach")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
