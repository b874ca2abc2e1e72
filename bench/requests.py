"""What the answers of the Open311 server cost, on the database of this process's environment, against three comparisons.

What counts is what the server has to do for one answer: the processor time of this process, in which the whole WSGI application
runs, and on PostgreSQL that of the database's process too. "Made anew" is as if nobody had asked before (the kept answers are
thrown away each time), "asked again" as it is when the same question comes again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from bench.measuring import Answered, Site, count_queries, cpu, database_process
from bench.memory import can_be_seen, resident
from bench.report import Result

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
#: how many times less than Django REST framework: a page made anew, asked again, one that the client has already, one request
FRAMEWORK_ANEW, FRAMEWORK_AGAIN, FRAMEWORK_UNCHANGED, FRAMEWORK_ONE = 10.0, 15.0, 60.0, 5.0
#: a page that was asked for before, changed or not, costs less than fetching and encoding its rows
FLOOR_AGAIN = 1.0
MOST_QUERIES = 2
MOST_MEGABYTES = 130.0
SMALL = 100_000
Work = Callable[[], object]


def set_up() -> None:
    """The database is there, made by a command in a process of its own: this one stays as a server is."""
    _streetmend("init", "--no-input")
    import django
    from django.conf import settings

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    django.setup()
    settings.ROOT_URLCONF = "bench.urls"
    from streetmend.wsgi import settle

    settle()
    # one connection for all, as a server's thread keeps it; the handler would otherwise judge its age at each answer
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections

    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)


def fill(reports: int) -> None:
    """There are so many reports more."""
    took = json.loads(_streetmend("fill", f"--reports={reports}", "--json"))["seconds"]
    print(
        f"{reports:,} reports filled in {took:.0f} s ({reports / took:,.0f}/s)", file=sys.stderr, flush=True
    )
    from django.db import connection

    from streetmend.reports.models import Report
    from streetmend.reports.services.settling import settled_as_they_stand

    # nobody has followed the changes of this site yet: they are in order as they stand
    Report.objects.filter(visible=True, settled=False).update(settled=True)
    settled_as_they_stand()
    with connection.cursor() as cursor:  # as a site that has run for a while
        cursor.execute("ANALYZE")


def _streetmend(*arguments: str) -> str:
    command = [sys.executable, "-W", "ignore", "-m", "streetmend", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


class Answers:
    """Ways to ask for one address, as work to be measured."""

    def __init__(self, next_path: Callable[[], str]) -> None:
        self.site, self.next_path = Site(), next_path

    def again(self) -> bytes:
        """As it is asked, whatever is kept."""
        return _ok(self.site.get(self.next_path()))

    def anew(self) -> bytes:
        """With nothing kept."""
        from streetmend.open311.finishing import ANSWERS, PIECES

        ANSWERS.clear()
        PIECES.clear()
        return self.again()

    def unchanged(self) -> Work:
        """Asking whether the answer is still the one that the client has."""
        path = self.next_path()
        etag = self.site.get(path).headers["etag"]

        def ask() -> None:
            answer = self.site.get(path, HTTP_IF_NONE_MATCH=etag)
            if answer.status != 304:
                raise SystemExit(f"{path} is not unchanged: {answer.status}")

        return ask


def at(path: str) -> Callable[[], bytes]:
    """That address, as work to be measured."""
    return Answers(lambda: path).again


def against(repeat: int, process: int | None, where: str) -> list[Result]:
    """A page of the newest, as JSON and XML, and one request: against the framework, the floor and a file."""
    from django.conf import settings

    from bench.operations import BASE, operations

    found: list[Result] = []
    for fmt in ("json", "xml"):
        ours = Answers(lambda fmt=fmt: f"{BASE}requests.{fmt}")
        framework, floor, file = (
            at(f"/{kind}/requests.{fmt}") for kind in ("baseline", "floor", "static-file")
        )
        body = ours.anew()
        _must_be_equal(fmt, body, framework())
        Path(settings.DATA / f"requests.{fmt}").write_bytes(body)
        works: dict[str, Work] = {"framework": framework, "floor": floor, "anew": ours.anew}
        queries = {"anew": count_queries(ours.anew), "again": count_queries(ours.again)}
        times = cpu(works, repeat, process)
        ours.again()
        fast = {"again": ours.again, "unchanged": ours.unchanged(), "file": file}
        times |= cpu(fast, repeat * 5, process)
        times["changed"] = _changed(ours, repeat, process)
        change_one()
        queries["changed"] = count_queries(ours.again)
        found += _page_lines(fmt.upper(), where, times, queries)
    one = next(operation for operation in operations() if operation.name.startswith("one request"))
    ours, path = Answers(one.next_path), one.next_path().replace(BASE, "/baseline/")
    times = cpu({"ours": ours.anew, "framework": at(path)}, repeat * 10, process)
    found.append(
        _line("one request, against the framework", where, times["ours"], times["framework"], FRAMEWORK_ONE,
              count_queries(ours.anew))
    )  # fmt: skip
    return found


def change_one() -> None:
    """One of the newest reports has changed: the one whose turn it is."""
    from django.db.models import F

    from streetmend.reports.models import Report

    newest = Report.objects.filter(visible=True).order_by("-requested_at", "-id").values_list("pk", flat=True)
    few = list(newest[:_TURNS])
    pk = few[next(_turns) % len(few)]
    Report.objects.filter(pk=pk).update(version=F("version") + 1)


_TURNS = 20
_turns = itertools.count()


def _changed(ours: Answers, repeat: int, process: int | None) -> float:
    """What the answer costs when one of its reports has changed since it was asked for last; the change itself is taken off."""

    def both() -> None:
        change_one()
        ours.again()

    for _ in range(3):
        both()
    times = cpu({"both": both, "change": change_one}, repeat * 2, process)
    return times["both"] - times["change"]


def _page_lines(fmt: str, where: str, times: Mapping[str, float], queries: Mapping[str, int]) -> list[Result]:
    what = f"1000 requests as {fmt}"
    anew, again, unchanged, changed = (times[name] for name in ("anew", "again", "unchanged", "changed"))
    return [
        _line(f"{what}, made anew, against the framework", where, anew, times["framework"], FRAMEWORK_ANEW, queries["anew"]),
        _line(f"{what}, made anew, against fetch and encode", where, anew, times["floor"], None),
        _line(f"{what}, asked again, against the framework", where, again, times["framework"], FRAMEWORK_AGAIN,
              queries["again"]),
        _line(f"{what}, asked again, against fetch and encode", where, again, times["floor"], FLOOR_AGAIN),
        _line(f"{what}, one of them changed, against the framework", where, changed, times["framework"], FRAMEWORK_AGAIN,
              queries["changed"]),
        _line(f"{what}, one of them changed, against fetch and encode", where, changed, times["floor"], FLOOR_AGAIN),
        _line(f"{what}, asked again, against a file", where, again, times["file"], None),
        _line(f"{what}, unchanged (304), against the framework", where, unchanged, times["framework"],
              FRAMEWORK_UNCHANGED),
        Result(f"{what}, statements", where, max(queries.values()), "", most=MOST_QUERIES),
    ]  # fmt: skip


def _line(
    what: str, where: str, ours: float, theirs: float, goal: float | None, queries: int | None = None
) -> Result:
    return Result(what, where, ours, "ms", theirs, theirs / ours, goal, queries)


def searches(repeat: int, process: int | None) -> dict[str, float]:
    """What each operation costs, made anew."""
    from bench.operations import operations

    works: dict[str, Work] = {one.name: Answers(one.next_path).anew for one in operations()}
    for work in works.values():
        work()
    return cpu(works, max(repeat // 4, 12), process)


def _ok(answer: Answered) -> bytes:
    if answer.status != 200:
        raise SystemExit(f"An answer failed with {answer.status}: {answer.body[:500]!r}")
    return answer.body


def _must_be_equal(fmt: str, ours: bytes, theirs: bytes) -> None:
    """Both answers say the same of the same reports, or the comparison would be worth nothing."""
    found, expected = _values(fmt, ours), _values(fmt, theirs)
    if found != expected:
        for mine, other in zip(found, expected, strict=False):
            if mine != other:
                raise SystemExit(f"The answers differ:\n{mine}\n{other}")
        raise SystemExit(f"The answers differ in length: {len(found)} and {len(expected)}")


def _values(fmt: str, body: bytes) -> list[Any]:
    if fmt == "json":
        return list(json.loads(body))
    from lxml import etree

    return [
        {child.tag: [one.text for one in child] or child.text or "" for child in request}
        for request in etree.fromstring(body)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--reports", type=int, default=SMALL)
    parser.add_argument("--repeat", type=int, default=120)
    asked = parser.parse_args()
    set_up()
    from django.db import connection

    small = min(asked.reports, SMALL)
    fill(small)
    process, where = database_process(), NAMES[connection.vendor]
    if connection.vendor == "postgresql" and process is None:
        print("The database's own processor time cannot be seen here and is not counted.", file=sys.stderr)
    costs = searches(asked.repeat, process)
    earlier = None
    if asked.reports > small:
        fill(asked.reports - small)
        earlier, costs = costs, searches(asked.repeat, process)
    results = [
        *against(asked.repeat, process, where),
        *_operation_lines(costs, earlier, where),
        _statements(where),
        *_memory(where),
        *_pages(asked.repeat, process, where),
    ]
    print(json.dumps([one.as_row() for one in results]))


def _pages(repeat: int, process: int | None, where: str) -> list[Result]:
    from bench.pages import pages

    return pages(repeat, process, where)


def _operation_lines(
    costs: Mapping[str, float], earlier: Mapping[str, float] | None, where: str
) -> list[Result]:
    """What each operation costs made anew, and where there are two sizes how many times as much as at the smaller one."""
    from bench.operations import operations

    lines = []
    for one in operations():
        queries = count_queries(Answers(one.next_path).anew)
        lines.append(Result(one.name, where, costs[one.name], "ms", queries=queries))
        if earlier is not None and one.grows is not None:
            times = costs[one.name] / earlier[one.name]
            lines.append(Result(f"{one.name}, against {SMALL:,}", where, times, "times", most=one.grows))
    return lines


def _statements(where: str) -> Result:
    """The most that any search needs: of whoever asks it first, asks again, and asks when one report has changed."""
    from bench.operations import operations

    most = 0
    for one in operations():
        ours, path = Answers(one.next_path), one.next_path()
        again = at(path)
        most = max(most, count_queries(ours.anew))
        for change in (again, change_one, change_one):
            change()
            most = max(most, count_queries(again))
    return Result("statements of any answer", where, most, "", most=MOST_QUERIES)


def _memory(where: str) -> list[Result]:
    from bench.operations import operations

    if not can_be_seen():
        return []
    taken = resident([one.next_path() for one in operations()])
    return [Result("memory of a server's process after the run", where, taken, "MB", most=MOST_MEGABYTES)]


if __name__ == "__main__":
    main()
