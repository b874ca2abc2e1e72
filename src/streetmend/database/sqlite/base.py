"""Django's SQLite backend for several processes that write at the same time.

Write-ahead log, `synchronous=FULL` (what was committed survives a power cut), transactions that begin as writers, and
a turn at the gate (`streetmend.database.gate`) for each transaction and each single writing statement. Reads outside
a transaction pass by: in WAL mode they wait for nobody. Databases in memory have no gate.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from streetmend.database.gate import Gate, Turn, gate_for

BUSY_SECONDS = 20
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class DatabaseWrapper(base.DatabaseWrapper):
    """One connection to a SQLite database."""

    transaction_mode: str | None
    _turn: Turn | None = None
    _gate: Gate | None = None

    def get_connection_params(self) -> dict[str, Any]:
        """What `sqlite3.connect` gets; the settings' own OPTIONS win over ours."""
        parameters: dict[str, Any] = {"timeout": BUSY_SECONDS, **super().get_connection_params()}
        if self.transaction_mode is None:
            self.transaction_mode = "IMMEDIATE"
        return parameters

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        """Open a connection in WAL mode that waits for the disk at each commit; the file's folder is made."""
        if not self.is_in_memory_db() and not str(conn_params["database"]).startswith("file:"):
            Path(conn_params["database"]).parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        connection: sqlite3.Connection = super().get_new_connection(conn_params)
        connection.execute("PRAGMA synchronous = FULL")
        file = _value(connection, "SELECT file FROM pragma_database_list WHERE name = 'main'")
        self._gate = gate_for(file) if file else None
        if self._gate is not None and _value(connection, "PRAGMA journal_mode") != "wal":
            turn = self._gate.take()  # nobody of ours writes while the kind of journal changes
            try:
                connection.execute("PRAGMA journal_mode = WAL")
            finally:
                turn.done()
        return connection

    def create_cursor(self, name: str | None = None) -> "GatedCursor":
        """A cursor whose single writes pass the gate."""
        cursor: GatedCursor = self.connection.cursor(factory=GatedCursor)
        cursor.wrapper = self
        return cursor

    def gate_for_statement(self, sql: str) -> Gate | None:
        """The gate, where a statement writes by itself, outside a transaction."""
        if self._turn is None and sql.lstrip()[:7].upper().startswith(_WRITES):
            return self._gate
        return None

    def set_autocommit(
        self, autocommit: bool, force_begin_transaction_with_broken_autocommit: bool = False
    ) -> None:
        """Begin a transaction when it is our turn to write, or go back to single statements."""
        begins = not autocommit and force_begin_transaction_with_broken_autocommit
        if begins and self._turn is None:
            self.ensure_connection()  # an unopened one does not know its file
            if self._gate is not None:
                self._turn = self._gate.take()
        begun = False
        try:
            super().set_autocommit(autocommit, force_begin_transaction_with_broken_autocommit)
            begun = True
        finally:
            if begins and not begun:
                self._leave()

    def commit(self) -> None:
        """Commit, then let the next one write. A commit that fails keeps the turn for the rollback."""
        super().commit()
        self._leave()

    def rollback(self) -> None:
        """Roll back, then let the next one write."""
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        """Close the connection, which ends its transaction, then let the next one write."""
        try:
            super().close()
        finally:
            self._leave()

    def _leave(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.done()


class GatedCursor(base.SQLiteCursorWrapper):
    """A cursor that takes a turn at the gate for a write outside a transaction."""

    wrapper: DatabaseWrapper

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement."""
        gate = self.wrapper.gate_for_statement(query)
        if gate is None:
            return super().execute(query, params)
        turn = gate.take()
        try:
            return super().execute(query, params)
        finally:
            turn.done()

    def executemany(self, query: str, param_list: Iterable[Any]) -> Any:
        """Run one statement with each of the parameters."""
        gate = self.wrapper.gate_for_statement(query)
        if gate is None:
            return super().executemany(query, param_list)
        turn = gate.take()
        try:
            return super().executemany(query, param_list)
        finally:
            turn.done()


def _value(connection: sqlite3.Connection, sql: str) -> str:
    value: str = connection.execute(sql).fetchone()[0]
    return value
