"""Everybody who writes to one SQLite file waits in line; nobody is told that the database is locked."""

import itertools
import sqlite3
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import OperationalError

from streetmend.database.gate import Gate, WritersBusy, gate_for

WRITERS = Path(__file__).with_name("writers.py")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "street.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE turn (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, number INTEGER)"
        )
    connection.close()
    return path


def start(file, *arguments) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, str(WRITERS), str(file), *map(str, arguments)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def run_together(file, *crews) -> list[str]:
    """Start a process for each crew (name, threads, transactions), let them go at once; what each one said."""
    processes = [start(file, *crew) for crew in crews]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=120)[0].strip() for process in processes]


def rows(file) -> list[tuple[str, int]]:
    with sqlite3.connect(file) as connection:
        found = connection.execute("SELECT name, number FROM turn ORDER BY id").fetchall()
    connection.close()
    return found


def test_processes_that_write_at_once_never_see_a_locked_database(file):
    said = run_together(file, ("site", 4, 50), ("worker", 1, 100), ("command", 2, 50), ("other", 1, 50))
    assert said == ["{}", "{}", "{}", "{}"]
    assert len(rows(file)) == 4 * 50 + 100 + 2 * 50 + 50


def test_a_process_with_one_writer_has_its_turn_among_processes_with_many(file):
    run_together(file, ("site", 6, 100), ("command", 6, 100), ("worker", 1, 60))
    at = [place for place, (name, _) in enumerate(rows(file)) if name == "worker"]
    waits = [later - earlier for earlier, later in itertools.pairwise([0, *at])]
    # every third turn is its own while all three wait; polling for SQLite's lock makes it wait for hundreds
    assert max(waits) <= 60
    assert statistics.median(waits) <= 8


def test_a_process_that_is_killed_leaves_the_gate_open(file):
    holder = start(file, "killed", "hold")
    assert holder.stdout.readline() == "holding\n"
    holder.kill()
    holder.communicate()
    assert run_together(file, ("next", 1, 1)) == ["{}"]
    assert rows(file) == [("next", 0)]


def test_a_forked_process_passes_the_gate_by_itself(file):
    assert start(file, "forked", "fork").communicate(timeout=60)[0] == "0\n"
    assert [number for _, number in rows(file)] == [1, 2]


class TestTheThreadsOfOneProcess:
    @pytest.fixture
    def gate(self, tmp_path) -> Gate:
        return gate_for(str(tmp_path / "street.sqlite3"))

    def test_have_their_turns_in_the_order_in_which_they_asked(self, gate):
        order: list[int] = []

        def write(number: int) -> None:
            turn = gate.take()
            order.append(number)
            turn.done()

        first = gate.take()
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=write, args=(number,)))
            threads[-1].start()
            wait_until(lambda expected=number + 1: gate.waiting == expected)
        first.done()
        for thread in threads:
            thread.join()
        assert order == list(range(8))

    def test_are_told_when_their_turn_does_not_come_in_time_and_nobody_waits_for_them(self, gate):
        first = gate.take()
        with pytest.raises(WritersBusy) as caught:
            gate.take(deadline_seconds=0.05)
        assert isinstance(caught.value, OperationalError)
        assert gate.waiting == 0
        first.done()
        gate.take(deadline_seconds=5).done()

    def test_may_give_their_turn_back_twice_without_harm_to_the_next(self, gate):
        first = gate.take()
        first.done()
        second = gate.take()
        first.done()
        with pytest.raises(WritersBusy):
            gate.take(deadline_seconds=0.05)
        second.done()

    def test_share_one_gate_for_one_file_however_it_is_named(self, gate, tmp_path):
        (tmp_path / "link.sqlite3").symlink_to(tmp_path / "street.sqlite3")
        assert gate_for(f"{tmp_path}/../{tmp_path.name}/street.sqlite3") is gate
        assert gate_for(str(tmp_path / "link.sqlite3")) is gate
        assert gate_for(str(tmp_path / "other.sqlite3")) is not gate


def wait_until(true) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.001)
