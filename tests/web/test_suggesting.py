"""Words become kinds of problem: sixty sentences in each language, as people write them, against the town's categories."""

from __future__ import annotations

from pathlib import Path

import pytest

from streetmend.bodies.directory import united
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.values import CategoryInfo, Choice, fallbacks
from streetmend.demo.files import DATA
from streetmend.web.suggesting import suggested

PHRASES = Path(__file__).parent / "phrases"


def choices(language: str) -> list[Choice]:
    """The kinds of problem of the town's first municipality, in the language."""
    body = read_site_file((DATA / "site.toml").read_text(encoding="utf-8"), languages=["nb"]).bodies[0]
    made = []
    for number, spec in enumerate(body.categories, 1):
        texts = {
            code: {"name": said.name, "description": said.description} for code, said in spec.texts.items()
        }
        info = CategoryInfo(
            id=number, body_id=1, endpoint_id=None, name_id=number, name=spec.name, code=spec.code, group=spec.group,
            description=spec.description, keywords=tuple(spec.keywords), private=spec.private, active=True, position=number,
            texts=texts, questions=(),
        )  # fmt: skip
        made.append(united([info], fallbacks(language, "nb")))
    return made


def phrases(language: str) -> list[tuple[str, str]]:
    lines = (PHRASES / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [(name, words) for name, _, words in (line.partition(": ") for line in lines)]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_right_kind_is_among_the_first_three_for_nearly_every_sentence(language):
    known = choices(language)
    asked = phrases(language)
    assert len(asked) >= 60
    wrong = [
        (name, words, [choice.name for choice in suggested(words, known)])
        for name, words in asked
        if name not in [choice.name for choice in suggested(words, known)]
    ]
    assert len(wrong) <= 0.15 * len(asked), wrong


def test_a_dark_street_lamp_is_street_lighting_first():
    assert suggested("street lamp dark", choices("en"))[0].name == "Gatelys"


@pytest.mark.parametrize("words", ["", "   ", "a", "qwertyuiop zxcvbnm", "🙂", "%_\\", "x" * 5000])
def test_words_that_mean_nothing_suggest_nothing(words):
    assert suggested(words, choices("nb")) == []
