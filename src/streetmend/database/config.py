"""A database URL -> Django's description of the database."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import environ


def database_config(url: str, *, data_dir: Path) -> dict[str, Any]:
    """Django's description of the database that `url` names; `data_dir` is where SQLite's lock files lie."""
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    if config["ENGINE"] == "django.db.backends.sqlite3":
        config["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 20}
    return config
