"""A database URL -> Django's description of the database."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ

_SQLITE = ("sqlite",)
_POSTGRESQL = ("postgres", "postgresql")

# How long one connection attempt, one lock and one idle transaction may take before the server or the driver ends it.
CONNECT_SECONDS = 5
LOCK_SECONDS = 2
IDLE_IN_TRANSACTION_SECONDS = 15
STATEMENT_SECONDS = 60


def database_config(url: str, *, statement_seconds: int = STATEMENT_SECONDS) -> dict[str, Any]:
    """Django's description of the database that `url` names.

    `sqlite:////absolute/path`, `sqlite:///path/from/here`, `sqlite://:memory:` or
    `postgres://user:password@host:port/name?option=value`. Options in the URL win over ours.

    Raises ValueError, without repeating a password, for a URL of another kind.
    """
    scheme = urlsplit(url).scheme
    if scheme in _SQLITE:
        return _sqlite(url)
    if scheme in _POSTGRESQL:
        return _postgresql(url, statement_seconds)
    raise ValueError("use sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME")


def _sqlite(url: str) -> dict[str, Any]:
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["ENGINE"] = "streetmend.database.sqlite"
    name = str(config["NAME"])
    if name != ":memory:" and not name.startswith("file:"):
        config["NAME"] = str(Path(name).absolute())
    return config


def _postgresql(url: str, statement_seconds: int) -> dict[str, Any]:
    """Sessions that end by themselves rather than wait: a dead server or a forgotten lock costs seconds."""
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    config["ENGINE"] = "django.db.backends.postgresql"
    session = {
        "statement_timeout": f"{statement_seconds}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
    }
    config["OPTIONS"] = {
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": CONNECT_SECONDS * 1000,
        "application_name": "streetmend",
        "options": " ".join(f"-c {name}={value}" for name, value in session.items()),
        **config.get("OPTIONS", {}),
    }
    # a thread keeps its connection for a minute; one that the server dropped is noticed before it is used again
    config["CONN_MAX_AGE"] = 60
    config["CONN_HEALTH_CHECKS"] = True
    return config
