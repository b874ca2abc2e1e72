"""Questions of a kind of problem, as forms show them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from streetmend.bodies.values import Choice, QuestionInfo


@dataclass(frozen=True, slots=True)
class Shown:
    """A question with what was answered and what is wrong with it."""

    question: QuestionInfo
    field: str
    values: list[str]
    error: str
    #: the conditions as words: the other question and its answers
    conditions: list[tuple[str, str]]

    @property
    def only_if(self) -> str:
        """The conditions as JSON for the page's script; "" where there are none."""
        return json.dumps(self.question.only_if) if self.question.only_if else ""

    @property
    def value(self) -> str:
        """The answer, where there is one at most."""
        return self.values[0] if self.values else ""


def shown_questions(
    choice: Choice, answers: Mapping[str, Sequence[str]], errors: Mapping[str, str]
) -> list[Shown]:
    """What people are asked; `answers` are by the question's code, `errors` by the name of its field."""
    return [
        Shown(
            question,
            f"answer.{question.code}",
            [
                value[:16] if question.datatype == "datetime" else value
                for value in answers.get(question.code, [])
            ],
            errors.get(f"answer.{question.code}", ""),
            _conditions(question, choice),
        )
        for question in choice.questions
        if not question.automated
    ]


def _conditions(question: QuestionInfo, choice: Choice) -> list[tuple[str, str]]:
    by_code = {other.code: other for other in choice.questions}
    said = []
    for code, keys in question.only_if.items():
        if code in by_code:
            names = {value["key"]: value["name"] for value in by_code[code].values}
            said.append((by_code[code].text or code, ", ".join(names.get(key, key) for key in keys)))
    return said
