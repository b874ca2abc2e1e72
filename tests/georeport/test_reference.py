"""The page about the package names everything it offers, and its examples run."""

import re
from pathlib import Path

import pytest

from streetmend.georeport import calls, errors, outcomes, reading, testing, types, writing
from streetmend.georeport.client import Client
from streetmend.georeport.dialect import Dialect
from streetmend.georeport.testing import PretendEndpoint, serving
from streetmend.georeport.types import Service

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "georeport.md").read_text(encoding="utf-8")
FENCE = re.compile(r"```python\n(.*?)```", re.DOTALL)
EXAMPLES = FENCE.findall(PAGE)
NAMED = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", FENCE.sub("", PAGE)))))


def public(module: object, kind: type | None = None) -> set[str]:
    """Names of what a module makes itself."""
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_")
        and getattr(value, "__module__", "") == getattr(module, "__name__", "")
        and (kind is None or (isinstance(value, type) and issubclass(value, kind)))
    }


def lower(names: set[str]) -> set[str]:
    return {name for name in names if name.islower()}


@pytest.mark.parametrize(
    ("what", "names"),
    [
        ("types", public(types)),
        ("errors", public(errors, Exception)),
        ("calls", lower(public(calls))),
        ("readers", {name for name in reading.__all__ if name.startswith("read_")}),
        ("writers", {name for name in vars(writing.Writer) if name.startswith("write_")}),
        ("kinds", {kind.name for kind in outcomes.Kind}),
        ("habits", set(Dialect.__struct_fields__)),
        ("client", {name for name in vars(Client) if not name.startswith("_")}),
        ("behaviours", lower(set(testing.__all__))),
    ],
)
def test_everything_that_is_offered_is_named(what, names):
    assert len(names) > 4, f"nothing was found of {what}"
    assert names - NAMED == set()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.splitlines()[-1].strip()[:30])
def test_the_examples_run(example, capsys):
    endpoint = PretendEndpoint(
        services=[Service(service_code="POT", service_name="Pothole")],
        jurisdiction_id="town.example",
        key="secret",
    )
    with serving(endpoint) as server:
        exec(compile(example, "georeport.md", "exec"), {"url": server.url})
    if "print" in example:
        assert "POT Pothole" in capsys.readouterr().out
        assert [entry.new.description for entry in endpoint.ledger.entries()] == ["A deep hole"]
