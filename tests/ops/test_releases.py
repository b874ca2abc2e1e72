"""The site while the database is of another release, or damaged: it says so, and serves what it can."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import psycopg
import pytest
from django.db import connection
from django.test import Client

from streetmend.database.config import LOCK_SECONDS
from tests.support.postgres import PrivatePostgres
from tests.support.town import make_town


@pytest.mark.django_db
def test_F_69_a_database_of_a_later_release_is_told_and_the_program_serves_on(client):
    make_town()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('reports', '0999_more', CURRENT_TIMESTAMP)"
        )
        cursor.execute("ALTER TABLE reports_report ADD COLUMN later integer")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["database"]) == (
        200,
        "ok, and of a later release: reports.0999_more",
    )
    assert client.get("/reports").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_F_69_a_program_that_came_before_its_database_says_503_and_when_to_come_back():
    make_town()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE django_migrations SET app = 'reports-' WHERE app = 'reports'")
        cursor.execute("ALTER TABLE bodies_site RENAME COLUMN time_zone TO zone")
    try:
        client = Client(raise_request_exception=False)
        for address in ("/reports", "/open311/v2/requests.json"):
            answer = client.get(address)
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5"), address
        assert client.get("/readyz").json()["database"] == "1 migrations are missing"
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = 'reports' WHERE app = 'reports-'")
            cursor.execute("ALTER TABLE bodies_site RENAME COLUMN zone TO time_zone")
    assert client.get("/reports").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_F_69_an_error_of_our_own_in_a_database_of_this_release_is_none_of_these():
    make_town()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bodies_site RENAME COLUMN time_zone TO zone")
    try:
        assert Client(raise_request_exception=False).get("/reports").status_code == 500
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE bodies_site RENAME COLUMN zone TO time_zone")


@pytest.mark.only("postgresql")
def test_F_69_a_migration_that_waits_for_a_lock_gives_up_soon(process_environment):
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == (f"{LOCK_SECONDS}s",)
    told = connection.settings_dict
    place = {"host": told["HOST"], "port": told["PORT"], "user": told["USER"], "dbname": told["NAME"]}
    with psycopg.connect(**place) as session:
        session.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        done = subprocess.run(
            [sys.executable, "-m", "streetmend", "init", "--no-input"], env=process_environment,
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode != 0
    assert "lock timeout" in done.stderr


_LOOK = """
import django, json
django.setup()
from django.test import Client
from django.conf import settings
client = Client(raise_request_exception=False)
statuses = [client.get(address).status_code for address in ("/reports", "/healthz")]
client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
print(json.dumps([*statuses, client.get("/admin/").status_code]))
print(client.get("/readyz").json()["database"])
"""


@pytest.mark.only("postgresql")
def test_F_85_a_damaged_page_costs_what_lies_in_it_and_is_told(tmp_path):
    postgres = PrivatePostgres()
    postgres.checksums = True
    postgres.start()
    try:
        environment = {
            **os.environ, "DATABASE_URL": postgres.url, "STREETMEND_DATA": str(tmp_path),
            "DJANGO_SETTINGS_MODULE": "streetmend.settings", "STREETMEND_ALLOWED_HOSTS": "testserver",
        }  # fmt: skip
        told = {"env": environment, "capture_output": True, "text": True, "check": False}
        python = [sys.executable, "-W", "ignore"]
        subprocess.run([*python, "-m", "streetmend", "init", "--no-input"], **told)
        with psycopg.connect(postgres.url) as session:
            session.execute("INSERT INTO django_session VALUES (repeat('a', 32), 'b', '2999-01-01')")
        with postgres.file_of("django_session").open("r+b") as page:
            page.seek(100)
            page.write(b"damage" * 20)
        postgres.launch()
        looked = subprocess.run([*python, "-c", _LOOK], **told)
        statuses, readiness = looked.stdout.splitlines()
        assert json.loads(statuses) == [200, 200, 500]
        assert "damaged pages were read" in readiness
        doctor = subprocess.run([*python, "-m", "streetmend", "doctor", "--offline"], **told)
        assert doctor.returncode == 1
        assert "has read damaged pages" in doctor.stdout
    finally:
        postgres.stop()
