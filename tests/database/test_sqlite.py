"""The ENGINE for SQLite keeps what was committed, reads past writers, and lets writers take turns."""

import threading

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ConnectionHandler

from streetmend.database.errors import is_temporary
from streetmend.database.gate import WritersBusy, gate_for


@pytest.fixture
def open_connection(tmp_path, django_db_blocker):
    """Opens connections of their own to one SQLite file."""
    opened = []

    def connect(name=None):
        handler = ConnectionHandler(
            {
                "default": {
                    "ENGINE": "streetmend.database.sqlite",
                    "NAME": name or str(tmp_path / "x" / "s.sqlite3"),
                }
            }
        )
        opened.append(handler["default"])
        handler["default"].inc_thread_sharing()
        return handler["default"]

    with django_db_blocker.unblock():
        yield connect
        for one in opened:
            one.close()


def run(connection, sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def begin(connection):
    connection.set_autocommit(False, force_begin_transaction_with_broken_autocommit=True)


def end(connection):
    connection.commit()
    connection.set_autocommit(True)


def test_a_connection_is_in_wal_mode_waits_for_the_disk_and_checks_foreign_keys(open_connection):
    one = open_connection()
    assert run(one, "PRAGMA journal_mode") == [("wal",)]
    assert run(one, "PRAGMA synchronous") == [(2,)]
    assert run(one, "PRAGMA foreign_keys") == [(1,)]
    assert run(one, "PRAGMA busy_timeout") == [(20_000,)]


def test_a_read_passes_a_transaction_that_writes(open_connection):
    one, two = open_connection(), open_connection()
    run(one, "CREATE TABLE t (a INTEGER)")
    begin(one)
    run(one, "INSERT INTO t VALUES (1)")
    assert run(two, "SELECT count(*) FROM t") == [(0,)]
    end(one)
    assert run(two, "SELECT count(*) FROM t") == [(1,)]


@pytest.mark.parametrize("leave", ["commit", "rollback", "close"])
def test_however_a_transaction_ends_the_next_one_has_its_turn(open_connection, tmp_path, leave):
    one = open_connection()
    run(one, "CREATE TABLE t (a INTEGER)")
    gate = gate_for(str(tmp_path / "x" / "s.sqlite3"))
    begin(one)
    with pytest.raises(WritersBusy):
        gate.take(deadline_seconds=0.05)
    getattr(one, leave)()
    gate.take(deadline_seconds=5).done()


def test_a_single_write_waits_for_the_transaction_of_another(open_connection):
    one, two = open_connection(), open_connection()
    run(one, "CREATE TABLE t (a INTEGER)")
    begin(one)
    run(one, "INSERT INTO t VALUES (1)")
    written = threading.Event()

    def write():
        run(two, "INSERT INTO t VALUES (2)")
        run(two, "UPDATE t SET a = a + 1")
        written.set()

    thread = threading.Thread(target=write)
    thread.start()
    gate = gate_for(run(one, "PRAGMA database_list")[0][2])
    while gate.waiting == 0:
        assert not written.is_set()
    end(one)
    thread.join()
    assert run(one, "SELECT a FROM t ORDER BY a") == [(2,), (3,)]


def test_a_transaction_that_cannot_begin_gives_its_turn_back(open_connection, tmp_path):
    one = open_connection()
    run(one, "CREATE TABLE t (a INTEGER)")
    one.connection.execute("BEGIN")  # SQLite refuses a second one
    with pytest.raises(Exception, match="within a transaction"):
        begin(one)
    gate_for(str(tmp_path / "x" / "s.sqlite3")).take(deadline_seconds=5).done()


def test_a_database_in_memory_has_no_gate(open_connection):
    one = open_connection(":memory:")
    begin(one)
    run(one, "CREATE TABLE t (a INTEGER)")
    end(one)
    assert run(one, "SELECT count(*) FROM t") == [(0,)]


@pytest.mark.django_db(transaction=True)
def test_atomic_blocks_nest_and_roll_back(django_user_model):
    from django.contrib.sessions.models import Session
    from django.utils.timezone import now

    with transaction.atomic():
        Session.objects.create(session_key="kept", session_data="", expire_date=now())
        with pytest.raises(IntegrityError), transaction.atomic():
            Session.objects.bulk_create([Session(session_key="kept", session_data="", expire_date=now())])
    assert Session.objects.count() == 1
    with transaction.atomic():
        Session.objects.update(session_data="x")
        transaction.set_rollback(True)
    assert Session.objects.get().session_data == ""
    assert connection.in_atomic_block is False


def test_busy_is_temporary_and_a_mistake_is_not():
    assert is_temporary(WritersBusy())
    assert not is_temporary(IntegrityError())
    assert not is_temporary(ValueError())
