"""What people get while the database or the disk is in trouble: a short page that says when to come back, never a traceback."""

from __future__ import annotations

import http.client
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psycopg
import pytest
from django.db import DatabaseError, connection
from django.test import Client

from streetmend.logs import OneLine, harmless
from streetmend.reports.models import Report
from tests.desk.conftest import make_report
from tests.support.postgres import PrivatePostgres
from tests.support.town import make_town

PATIENCE_SECONDS = 60


# --- a private server that may be harmed, and the site on it


class Site:
    """`streetmend serve` on a PostgreSQL of its own."""

    def __init__(self, postgres: PrivatePostgres, folder: Path) -> None:
        self.postgres = postgres
        with closing(socket.create_server(("127.0.0.1", 0))) as probe:
            self.port = probe.getsockname()[1]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STREETMEND_")}
        self.environment = {**kept, "DATABASE_URL": postgres.url, "STREETMEND_DATA": str(folder)}
        self.log = folder / "log"
        self._run("init", "--no-input")
        argv = [
            sys.executable,
            "-m",
            "streetmend",
            "serve",
            "--no-worker",
            "--workers",
            "1",
            "--port",
            str(self.port),
        ]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(argv, env=self.environment, stdout=log, stderr=log)
        self.until(200)

    def _run(self, *arguments: str) -> None:
        argv = [sys.executable, "-m", "streetmend", *arguments]
        subprocess.run(argv, env=self.environment, check=True, capture_output=True)

    def get(self, path: str = "/reports", **headers: str) -> tuple[int, dict[str, str], bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request("GET", path, headers=headers)
            answer = line.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            line.close()

    def until(self, status: int) -> None:
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if self.get()[0] == status:
                    return
            except OSError:
                pass
            assert time.monotonic() < end, self.log.read_text()
            time.sleep(0.05)

    def is_busy(self, path: str = "/reports") -> bool:
        """Whether the answer is the short page that says when to come back."""
        status, headers, body = self.get(path)
        assert b"Traceback" not in body
        assert len(body) < 3000 or status == 200
        return status == 503 and int(headers["retry-after"]) <= 5


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    postgres = PrivatePostgres()
    postgres.settings["max_connections"] = "12"
    with ExitStack() as stack:
        stack.callback(postgres.stop)
        postgres.start()
        running = Site(postgres, tmp_path_factory.mktemp("site"))
        stack.callback(running.process.wait)
        stack.callback(running.process.terminate)
        yield running


def test_F_52_a_database_that_falls_is_a_short_503_and_all_is_well_when_it_is_back(site):
    postmaster = Path(site.postgres._data, "postmaster.pid").read_text().split()[0]
    subprocess.run(["kill", "-QUIT", postmaster], check=True)
    try:
        site.until(503)
        busy = (site.is_busy(), site.is_busy("/open311/v2/requests.json"))
        kind = site.get("/open311/v2/requests.json")[1]["content-type"]
        health = (site.get("/healthz")[0], site.get("/readyz")[0])
    finally:
        site.postgres._server.stdin.close()
        site.postgres._server.wait(timeout=30)
        site.postgres.launch()
    site.until(200)
    assert (busy, health) == ((True, True), (200, 503))
    assert kind.startswith("application/json")


def test_F_54_connections_that_the_server_cuts_are_opened_anew(site):
    site.until(200)
    with psycopg.connect(site.postgres.url, autocommit=True) as session:
        cut = session.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'streetmend'"
        ).fetchone()
    assert cut is not None
    assert cut[0] > 0
    assert {site.get()[0] for _ in range(20)} == {200}


def test_F_55_a_server_without_room_for_connections_is_a_short_503(site):
    with ExitStack() as held:
        first = held.enter_context(closing(psycopg.connect(site.postgres.url, autocommit=True)))
        first.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'streetmend'"
        )
        with suppress(psycopg.OperationalError):
            while True:
                held.enter_context(closing(psycopg.connect(site.postgres.url)))
        assert site.is_busy()
        assert site.get("/readyz")[0] == 503
    site.until(200)


def test_B_100_what_comes_in_an_address_or_a_header_makes_no_new_line_in_the_log(site):
    site.get(
        "/nothing%0A2026-01-01%2000:00:00,000%20ERROR%20forged%1b%5b31m", **{"User-Agent": "x%0AERROR forged"}
    )
    site.get("/open311/v2/requests.json%0D%0AERROR%20forged")
    lines = site.log.read_bytes().decode().splitlines()
    assert [line for line in lines if line.startswith(("2026-01-01 00:00:00", "ERROR"))] == []
    assert "\x1b" not in site.log.read_text()


@pytest.mark.parametrize(
    "headers",
    [
        b"".join(b"X-%d: 1\r\n" % number for number in range(100_000)),
        b"Cookie: " + b"a" * 65_536 + b"\r\n",
        b"X-Big: " + b"b" * 1_000_000 + b"\r\n",
    ],
    ids=["100,000 headers", "a cookie of 64 kB", "a header of 1 MB"],
)
def test_B_101_headers_without_end_are_refused_and_the_site_goes_on(site, headers):
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as line:
        try:
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers + b"\r\n")
            answer = line.recv(200)
        except ConnectionError:  # it was refused before we had said everything
            answer = b"HTTP/1.1 431 "
    assert answer.split(b" ")[1] in (b"431", b"400"), answer
    assert site.get("/healthz")[0] == 200


def test_B_101_cookies_of_any_content_are_no_500(site):
    for cookie in (
        "a=" + "x" * 8000,
        "; ".join(f"k{n}=v" for n in range(500)),
        "sessionid=\x7f",
        "=;;=",
        "a" * 9000,
    ):
        assert site.get("/", Cookie=cookie)[0] in (200, 400)


def test_F_72_five_hundred_slow_callers_keep_nobody_else_out(site):
    with ExitStack() as held:
        for _ in range(500):
            line = held.enter_context(socket.create_connection(("127.0.0.1", site.port), timeout=30))
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert [site.get()[0] for _ in range(5)] == [200] * 5


# --- the disk, on this test's own database


@pytest.mark.django_db(transaction=True)
@pytest.mark.only("sqlite")
def test_F_59_a_full_disk_below_the_database_stops_writing_and_not_reading():
    make_town()
    report = make_report()
    client = Client(raise_request_exception=False)
    said = {"text": "Fortsatt mørk " * 300, "email": "ola@example.org", "form_token": "a"}
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # no room is left over from earlier tests
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
    try:
        statuses = {
            client.post(f"/reports/{report.pk}/update", {**said, "form_token": f"t{n}"}).status_code
            for n in range(30)
        }
        assert 503 in statuses
        assert statuses <= {200, 302, 503}
        assert client.get(f"/reports/{report.pk}").status_code == 200
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1073741823")
    assert (
        client.post(f"/reports/{report.pk}/update", {**said, "email": "per@example.org"}).status_code == 200
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.only("postgresql")
def test_F_56_a_report_that_somebody_holds_is_a_short_503_and_others_go_on():
    make_town()
    report, other = make_report(), make_report()
    client = Client(raise_request_exception=False)
    from streetmend.accounts.models import Role
    from streetmend.accounts.services import make_staff, new_sign_in_link

    now = report.created_at
    person, _ = make_staff(email="mod@test.example", role=Role.MODERATOR, now=now)
    client.post(f"/sign-in/{new_sign_in_link(person=person, now=now)}")
    told = connection.settings_dict
    with psycopg.connect(
        host=told["HOST"], port=told["PORT"], user=told["USER"], dbname=told["NAME"]
    ) as session:
        session.execute("SELECT 1 FROM reports_report WHERE id = %s FOR UPDATE", [report.pk])
        hide = {"action": "hide", "index": 0}
        answer = client.post("/admin/reports/report/", {**hide, "_selected_action": [report.pk]})
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert (
            client.post("/admin/reports/report/", {**hide, "_selected_action": [other.pk]}).status_code == 302
        )
    assert set(Report.objects.filter(hidden=True)) == {other}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["40001", "40P01", "57P01", "53100", "53300", "08006"])
@pytest.mark.only("postgresql")
def test_F_57_what_passes_by_itself_is_a_503_in_the_form_that_was_asked_for(code):
    """PostgreSQL itself raises the error, in the middle of the site's first question."""
    make_town()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bodies_site RENAME TO bodies_site_away")
        cursor.execute(
            "CREATE FUNCTION away() RETURNS SETOF bodies_site_away LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION 'passing' USING ERRCODE = '{code}'; END $$"
        )
        cursor.execute("CREATE VIEW bodies_site AS SELECT * FROM away()")
    try:
        client = Client(raise_request_exception=False)
        page = client.get("/reports")
        assert (page.status_code, page.headers["Retry-After"]) == (503, "5")
        assert "Try again in a moment" in page.content.decode()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP VIEW bodies_site")
            cursor.execute("DROP FUNCTION away()")
            cursor.execute("ALTER TABLE bodies_site_away RENAME TO bodies_site")


@pytest.mark.django_db
def test_F_61_a_store_of_photos_that_takes_none_shows_in_the_readiness(client, settings, tmp_path):
    (tmp_path / "file").write_text("no folder")
    settings.MEDIA_ROOT = tmp_path / "file" / "photos"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["photos"].startswith("cannot be stored")


@pytest.mark.once
def test_F_60_a_log_that_cannot_be_written_stops_nothing(process_environment):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "streetmend", "work", "--once"], env=process_environment, stderr=full,
            stdout=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode in (0, 120), "120: Python itself could not write its last words"


def test_B_100_a_record_is_one_line_and_a_traceback_stands_behind_a_bar():
    formatter = OneLine("%(levelname)s %(message)s")
    try:
        raise DatabaseError("first\nERROR forged")
    except DatabaseError:
        record = logging.LogRecord(
            "x", logging.WARNING, "f", 1, "path=%s", ("/a\r\nERROR b\x1b[31m\x85\u2028",), sys.exc_info()
        )
    lines = formatter.format(record).split("\n")
    assert lines[0] == "WARNING path=/a\\r\\nERROR b\\x1b[31m\\x85\\u2028"
    assert all(line.startswith("  | ") for line in lines[1:])
    assert harmless("tab\tstays") == "tab\tstays"
