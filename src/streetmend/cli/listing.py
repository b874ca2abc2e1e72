"""Every command with its arguments and options, for the reference page and the test that compares the two."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass

import click

from streetmend.cli import group


@dataclass(frozen=True, slots=True)
class ListedOption:
    """An option as it is written ("--port", "--state S"), and what it does, with its default."""

    written: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ListedCommand:
    """A command: its whole name ("areas import"), how it is called, its help, its options but for --help."""

    name: str
    usage: str
    help: str
    options: tuple[ListedOption, ...]


def all_commands() -> tuple[ListedCommand, ...]:
    """All commands that do something, those of groups one by one, in alphabetical order."""
    return tuple(_below(group, click.Context(group, info_name="streetmend"), ""))


def _below(parent: click.Group, context: click.Context, prefix: str) -> Iterator[ListedCommand]:
    for name in sorted(parent.list_commands(context)):
        command = parent.get_command(context, name)
        if command is None or command.hidden:
            continue
        own = click.Context(command, info_name=name, parent=context, max_content_width=1000)
        if isinstance(command, click.Group):
            if command.invoke_without_command:
                yield _listed(command, own, f"{prefix}{name}")
            yield from _below(command, own, f"{prefix}{name} ")
        else:
            yield _listed(command, own, f"{prefix}{name}")


def _listed(command: click.Command, context: click.Context, name: str) -> ListedCommand:
    options = [
        ListedOption(*record)
        for param in command.get_params(context)
        if isinstance(param, click.Option) and "--help" not in param.opts
        if (record := param.get_help_record(context)) is not None
    ]
    pieces = command.collect_usage_pieces(context)
    if isinstance(command, click.Group):
        # its own commands are listed by themselves
        pieces = [piece for piece in pieces if not piece.startswith(("COMMAND", "[COMMAND"))]
    usage = " ".join(["streetmend", name, *pieces])
    return ListedCommand(name, usage, inspect.cleandoc(command.help or ""), tuple(options))
