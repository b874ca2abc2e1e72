"""What commands have in common when they speak: colours where they are wanted, progress, JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, Protocol, TextIO

import click

from streetmend.clock import Clock, SystemClock

#: a line of progress at most so often where the output is not a terminal
LINE_SECONDS = 5.0


class Step(Protocol):
    """Is told how far a piece of work has come."""

    def __call__(self, done: int, total: int) -> None:
        """`done` of `total` are done."""
        ...


def say(text: str = "") -> None:
    """A line of the command's result."""
    click.echo(text)


def note(text: str) -> None:
    """A line beside the result: what happens, what to look at. It goes to standard error, so that pipes stay clean."""
    click.echo(text, err=True)


def say_json(value: Any) -> None:
    """The result for programs: one JSON document."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, set | frozenset | tuple):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON")


def coloured(text: str, colour: str, *, stream: TextIO | None = None) -> str:
    """The text in the colour, where the stream (standard output by default) is a terminal and NO_COLOR is not set."""
    return click.style(text, fg=colour) if wants_colour(stream or sys.stdout) else text


def wants_colour(stream: TextIO) -> bool:
    """Whether colours are for people here: a terminal, and no NO_COLOR (of any value but the empty one)."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def plural(count: int, one: str, many: str = "") -> str:
    """The number with its word: 1 area, 2 areas."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


@contextmanager
def progress(
    label: str, *, stream: TextIO | None = None, clock: Clock | None = None, quiet: bool = False
) -> Iterator[Step]:
    """Shows how far a piece of work has come, with its rate and the time left, on standard error.

    On a terminal one line that changes; elsewhere a plain line every few seconds. With `quiet` nothing is shown.
    """
    stream = stream or sys.stderr
    if quiet:
        yield lambda done, total: None
    elif stream.isatty():
        with _bar(label, stream) as step:
            yield step
    else:
        lines = _Lines(label, stream, clock or SystemClock())
        yield lines
        lines.end()


@contextmanager
def _bar(label: str, stream: TextIO) -> Iterator[Step]:
    # rich takes a tenth of a second to load, so only who draws a bar pays for it
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(compact=True),
    )
    console = Console(file=stream, no_color=not wants_colour(stream))
    with Progress(*columns, console=console) as shown:
        task = shown.add_task(label, total=None, rate="")

        def step(done: int, total: int) -> None:
            speed = shown.tasks[0].speed
            shown.update(task, completed=done, total=total, rate=f"{speed:,.0f}/s" if speed else "")

        yield step


class _Lines:
    """Progress as plain lines: now and then one, and a last one."""

    def __init__(self, label: str, stream: TextIO, clock: Clock) -> None:
        self.label, self.stream, self.clock = label, stream, clock
        self.started = self.said = clock.monotonic()
        self.done = self.total = 0

    def __call__(self, done: int, total: int) -> None:
        self.done, self.total = done, total
        now = self.clock.monotonic()
        if now - self.said >= LINE_SECONDS:
            self.said = now
            rate = done / (now - self.started)
            left = f", {seconds(int((total - done) / rate))} left" if rate else ""
            self._write(f"{self.label}: {done:,} of {total:,}, {rate:,.0f}/s{left}")

    def end(self) -> None:
        """The work is done."""
        if self.done:
            took = self.clock.monotonic() - self.started
            self._write(f"{self.label}: {self.done:,} of {self.total:,} in {took:.1f} s")

    def _write(self, line: str) -> None:
        self.stream.write(line + "\n")
        self.stream.flush()


def seconds(count: int) -> str:
    """A time as people say it: 5 s, 2 min 5 s, 3 h 10 min."""
    if count < 60:
        return f"{count} s"
    if count < 3600:
        return f"{count // 60} min {count % 60} s"
    return f"{count // 3600} h {count % 3600 // 60} min"
