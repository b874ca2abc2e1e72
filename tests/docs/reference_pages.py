"""What the reference pages of commands and of the site file must say, made from the code.

`python -m tests.docs.reference_pages` writes it between the markers of the pages.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
COMMANDS = REFERENCE / "commands.md"
SITE_FILE = REFERENCE / "site-file.md"
SETTINGS = REFERENCE / "settings.md"

#: how the tables of the file are written, and what each is
TABLES = {
    "site": ("[site]", "The site as a whole. Without this table the site stays as it is."),
    "site.map": ("[site.map]", "Where the map starts; without it, around all areas that a body covers."),
    "site.texts.LANGUAGE": ("[site.texts.LANGUAGE]", "The same words in another of the site's languages."),
    "bodies": ("[[bodies]]", "One for each organisation that fixes things."),
    "bodies.endpoint": (
        "[bodies.endpoint]",
        "The body's Open311 server, or `[[bodies.endpoints]]` where it has several, each with a `name`. The keys after "
        "`active` are its habits: how it differs from GeoReport v2 as written. The defaults are the standard.",
    ),
    "bodies.endpoint.templates": (
        "[[bodies.endpoint.templates]]",
        "Words for updates of the body, by state, code and category; the one that fits best counts, a code before a category "
        "before a state. In `text` and `email`, `{{description}}` stands for the body's own words, `{{title}}`, `{{number}}` and "
        "`{{category}}` for those of the report, `{{reference}}` for the body's number, `{{state}}` for our state.",
    ),
    "bodies.categories": (
        "[[bodies.categories]]",
        "What the body handles, in the order in which people see it.",
    ),
    "bodies.categories.texts.LANGUAGE": (
        "[bodies.categories.texts.LANGUAGE]",
        "The category's words in another of the site's languages.",
    ),
    "bodies.categories.questions": (
        "[[bodies.categories.questions]]",
        "What the category asks besides place, words and photos (GeoReport v2: attributes).",
    ),
    "bodies.categories.questions.values": (
        "[[bodies.categories.questions.values]]",
        "One choice of a list. A plain text in `values = [...]` stands for a choice whose key is its name.",
    ),
    "bodies.categories.questions.texts.LANGUAGE": (
        "[bodies.categories.questions.texts.LANGUAGE]",
        "The question's words in another of the site's languages.",
    ),
}


def commands() -> str:
    """A section for each command."""
    from streetmend.cli.listing import all_commands

    return "".join(_command(one) for one in all_commands())


def _command(one: Any) -> str:
    said = [f"## `{one.name}`\n\n```\n{one.usage}\n```\n\n{one.help}\n\n"]
    if one.options:
        said.append("| option | what it does |\n| --- | --- |\n")
        said += [f"| `{option.written}` | {_cell(option.meaning)} |\n" for option in one.options]
        said.append("\n")
    return "".join(said)


def site_file() -> str:
    """A section for each table of the file, a row for each key."""
    from streetmend.bodies.sitefile.keys import all_keys

    said: list[str] = []
    for table, keys in groupby(all_keys(), key=lambda key: key.table):
        written, what = TABLES[table]
        said.append(f"## `{written}`\n\n{what}\n\n| key | default | meaning |\n| --- | --- | --- |\n")
        said += [f"| `{key.name}` | {_default(key)} | {_cell(key.meaning)} |\n" for key in keys]
        said.append("\n")
    return "".join(said)


def _default(key: Any) -> str:
    if key.required:
        return "must be given"
    if key.default in (None, "", [], {}):
        return "none"
    return f"`{json.dumps(key.default, ensure_ascii=False)}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def pages() -> Iterator[tuple[Path, str, str]]:
    """Each page, the name of its markers, and what must stand between them."""
    yield COMMANDS, "commands", commands()
    yield SITE_FILE, "keys", site_file()


def with_made(text: str, name: str, made: str) -> str:
    """The page with what must stand between its markers. Raises ValueError where there are none."""
    between = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
    if not between.search(text):
        raise ValueError(f"the page has no marker <!-- {name} -->")
    return between.sub(lambda match: f"{match[1]}\n{made}{match[2]}", text)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    import django

    django.setup()
    for page, name, made in pages():
        page.write_text(with_made(page.read_text(encoding="utf-8"), name, made), encoding="utf-8")
