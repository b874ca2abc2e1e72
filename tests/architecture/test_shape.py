"""The rules that carry the architecture and that no import contract can state."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "streetmend"
DOORS = {"web", "desk", "open311", "ops", "exchange", "demo", "ui", "cli"}
TRANSLATORS = {"georeport", "open311", "exchange", "demo"}
SOCKETS = {
    "aiohttp",
    "http.client",
    "httpx",
    "imaplib",
    "requests",
    "smtplib",
    "socket",
    "ssl",
    "urllib.request",
    "urllib3",
}
#: the fetcher, the protocol's own client and testing endpoint, what hands mail to its relay and reads it, and the clock of both
OPENS_SOCKETS = (
    "fetch/",
    "georeport/client.py",
    "georeport/testing/",
    "exchange/mailing.py",
    "exchange/deadlines.py",
    "exchange/replies/imap.py",
)
TEXT_SUFFIXES = {".py", ".html", ".txt", ".xml", ".js", ".css", ".json", ".toml", ".md", ".po"}


def files(suffix: str) -> list[Path]:
    return [path for path in sorted(SOURCE.rglob(f"*{suffix}")) if "__pycache__" not in path.parts]


def part(path: Path) -> str:
    """The package (or module) directly below streetmend that a file belongs to."""
    return path.relative_to(SOURCE).parts[0]


def place(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def python_trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in files(".py"):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def test_a_door_holds_no_models():
    assert [place(p) for p in files("models.py") if part(p) in DOORS] == []
    assert [place(p) for p in files(".py") if "models" in p.parts and part(p) in DOORS] == []


def test_the_spine_holds_no_views():
    assert [place(p) for p in files("views.py") if part(p) not in DOORS] == []


def test_only_the_translators_say_the_words_of_georeport():
    words = re.compile(r"service_request|service_code", re.IGNORECASE)
    spoken = [
        place(path)
        for path in files("")
        if path.suffix in TEXT_SUFFIXES
        and part(path) not in TRANSLATORS
        and not place(path).startswith("src/streetmend/ui/templates/open311/")
        and words.search(path.read_text(encoding="utf-8"))
    ]
    assert spoken == []


def test_no_administration_is_named_outside_the_demo():
    # a time zone carries a town's name; fixmystreet_id is a word of the protocol in the translators
    names = re.compile(
        r"(?<!Europe/)\b(Oslo|Trondheim|Bergen|Stavanger|Asker|Bærum|Vikhavn|Vegvesen|Bymelding)\b|FixMyStreet",
        re.IGNORECASE,
    )
    named = [
        (place(path), match[0])
        for path in files("")
        if path.suffix in TEXT_SUFFIXES and part(path) != "demo"
        for match in names.finditer(path.read_text(encoding="utf-8"))
        if not (match[0].lower() == "fixmystreet" and part(path) in TRANSLATORS)
    ]
    assert named == []


def test_only_the_fetcher_opens_outbound_sockets():
    opened = [
        (place(path), name)
        for path, tree in python_trees()
        if part(path) not in {"demo", "cli"} and not str(path.relative_to(SOURCE)).startswith(OPENS_SOCKETS)
        for name in imports(tree)
        if name in SOCKETS or name.split(".")[0] in SOCKETS
    ]
    assert opened == []


def test_there_are_no_signals_and_no_save_of_our_own():
    found = [
        place(path)
        for path, tree in python_trees()
        if any(name.startswith(("django.db.models.signals", "django.dispatch")) for name in imports(tree))
        or any(isinstance(node, ast.FunctionDef) and node.name == "save" for node in ast.walk(tree))
    ]
    assert found == []


def test_files_and_functions_stay_small():
    too_long = []
    for path, tree in python_trees():
        if "migrations" in path.parts:
            continue
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > 400:
            too_long.append((place(path), lines))
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 60:
                    too_long.append((f"{place(path)}:{node.name}", length))
    assert too_long == []


@pytest.mark.parametrize("folder", ["src", "tests"])
def test_a_silenced_warning_names_its_code_and_its_reason(folder):
    silenced = re.compile(
        r"#\s*(type:\s*ignore|noqa)(?P<code>\[[\w, -]+\]|:\s*[A-Z]+\d+(,\s*[A-Z]+\d+)*)?(?P<rest>.*)"
    )
    bare = [
        f"{place(path)}:{number}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (match := silenced.search(line)) and not (match["code"] and len(match["rest"].strip(" -#")) > 10)
    ]
    assert bare == []


def test_tests_patch_nothing_of_ours():
    patched = re.compile(r"mock\.patch|monkeypatch\.setattr|from unittest import mock|import unittest\.mock")
    found = [
        place(path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and patched.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_test_is_skipped():
    skipped = re.compile(r"pytest\.(mark\.)?(skip|skipif|xfail|importorskip)\b|unittest\.skip")
    found = [
        place(path)
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and skipped.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
