"""A database URL becomes Django's description of the database."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import OperationalError, connection, connections, transaction

from streetmend.database.config import database_config
from streetmend.database.errors import is_temporary


def test_a_sqlite_url_names_a_file_by_its_whole_path():
    assert database_config("sqlite:////var/lib/s.sqlite3")["NAME"] == "/var/lib/s.sqlite3"
    assert database_config("sqlite:///s.sqlite3")["NAME"] == str(Path.cwd() / "s.sqlite3")
    assert database_config("sqlite://:memory:")["NAME"] == ":memory:"
    assert database_config("sqlite:////s.sqlite3")["ENGINE"] == "streetmend.database.sqlite"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_postgresql_url_is_read_and_its_own_options_win(scheme):
    config = database_config(
        f"{scheme}://us%40er:p%2Fw@db.example:5433/street?sslmode=require&connect_timeout=9"
    )
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["HOST"], config["PORT"], config["NAME"]) == ("db.example", 5433, "street")
    assert (config["USER"], config["PASSWORD"]) == ("us@er", "p/w")
    assert config["OPTIONS"]["sslmode"] == "require"
    assert int(config["OPTIONS"]["connect_timeout"]) == 9
    assert "lock_timeout=2s" in config["OPTIONS"]["options"]


@pytest.mark.parametrize("url", ["mysql://u:secret@h/n", "", "street.sqlite3", "http://u:secret@h/"])
def test_another_kind_of_url_is_refused_without_repeating_its_password(url):
    with pytest.raises(ValueError) as caught:
        database_config(url)
    assert "postgres://" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_wrong_url_stops_the_program_with_the_name_of_the_setting():
    ended = subprocess.run(
        [sys.executable, "-c", "import streetmend.settings"],
        env={"DATABASE_URL": "mysql://u:secret@h/n", "STREETMEND_SECRET_KEY": "x"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode != 0
    assert "DATABASE_URL" in ended.stderr.splitlines()[-1]
    assert "secret" not in ended.stderr.splitlines()[-1]


@pytest.mark.only("postgresql")
@pytest.mark.django_db(transaction=True)
def test_F_56_a_lock_that_another_session_holds_is_waited_for_two_seconds_at_most():
    from django.contrib.sessions.models import Session
    from django.utils.timezone import now

    Session.objects.create(session_key="k", session_data="", expire_date=now())
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT 1 FROM django_session FOR UPDATE")
        with pytest.raises(OperationalError) as caught, transaction.atomic():
            Session.objects.update(session_data="x")
        assert "lock timeout" in str(caught.value)
        assert is_temporary(caught.value)
    finally:
        other.close()
    assert Session.objects.update(session_data="y") == 1


@pytest.mark.only("postgresql")
@pytest.mark.django_db
def test_a_postgresql_session_ends_what_takes_too_long():
    with connection.cursor() as cursor:
        limits = {}
        for name in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone"):
            cursor.execute(f"SHOW {name}")
            limits[name] = cursor.fetchone()[0]
    assert limits == {
        "statement_timeout": "1min",
        "lock_timeout": "2s",
        "idle_in_transaction_session_timeout": "15s",
        "TimeZone": "UTC",
    }


def test_a_server_that_is_not_there_is_temporary(django_db_blocker):
    from django.db.utils import ConnectionHandler

    config = database_config("postgres://nobody@127.0.0.1:1/none")
    handler = ConnectionHandler({"default": config})
    with django_db_blocker.unblock(), pytest.raises(OperationalError) as caught:
        handler["default"].ensure_connection()
    assert is_temporary(caught.value)
