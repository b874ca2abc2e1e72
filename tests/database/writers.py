"""A process that writes to a SQLite file as ours do; the tests of the gate start several of it.

writers.py FILE NAME THREADS TRANSACTIONS: that many threads, each with that many transactions of one row.
writers.py FILE NAME hold: begins one transaction, says "holding" and keeps it until it is killed.
writers.py FILE NAME fork: takes the turn, forks, and the child writes when the parent has given the turn back.
"""

import os
import sqlite3
import sys
import threading
import time
from collections import Counter

import django
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from streetmend.database.gate import gate_for


def main(file: str, name: str, what: str, transactions: int = 0) -> None:
    settings.configure(
        DATABASES={"default": {"ENGINE": "streetmend.database.sqlite", "NAME": file}}, USE_TZ=True
    )
    django.setup()
    if what == "hold":
        with transaction.atomic():
            write(name, 0)
            print("holding", flush=True)
            time.sleep(60)
    elif what == "fork":
        fork(file, name)
    else:
        write_in_threads(name, int(what), transactions)


def write(name: str, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO turn (name, number) VALUES (%s, %s)", [name, number])


def write_in_threads(name: str, count: int, transactions: int) -> None:
    errors: Counter[str] = Counter()
    print("ready", flush=True)
    sys.stdin.readline()

    def run() -> None:
        for number in range(transactions):
            try:
                with transaction.atomic():
                    write(name, number)
                    time.sleep(0.001)
            except DatabaseError as error:
                errors[str(error)] += 1
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(dict(errors), flush=True)


def fork(file: str, name: str) -> None:
    """SQLite's own connections do not survive a fork, so the parent has none open; it only has the turn."""
    written, tell = os.pipe()
    turn = gate_for(file).take()
    child = os.fork()
    if child == 0:
        os.read(written, 1)
        with transaction.atomic():  # waits for its parent here
            write(name, 2)
        os._exit(0)
    os.write(tell, b"x")
    time.sleep(0.2)
    with sqlite3.connect(file) as direct:
        direct.execute("INSERT INTO turn (name, number) VALUES (?, ?)", [name, 1])
    turn.done()
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:4], *map(int, sys.argv[4:]))
