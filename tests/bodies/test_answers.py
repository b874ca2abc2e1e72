"""Answers to questions of every datatype are kept in one form, or refused with a reason for each."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from streetmend.bodies.answers import check
from streetmend.bodies.values import QuestionInfo

OSLO = ZoneInfo("Europe/Oslo")


def asked(datatype: str, *keys: str, **more: object) -> QuestionInfo:
    values = tuple({"key": key, "name": key.upper()} for key in keys)
    plain = {"required": False, "variable": True, "position": 0, "automated": "", "text": "?", "hint": ""}
    return QuestionInfo(**{"code": "q", "datatype": datatype, "values": values, **plain, **more})  # type: ignore[arg-type]  # a test's shorthand


def kept(question: QuestionInfo, *said: str) -> list[str]:
    checked = check([question], {"q": said}, zone=OSLO)
    assert checked.errors == {}
    return checked.answers["q"]


def refused(question: QuestionInfo, *said: str) -> str:
    checked = check([question], {"q": said}, zone=OSLO)
    assert checked.answers == {}
    return checked.errors["q"]


def test_a_string_is_one_line_and_a_text_may_be_several():
    assert kept(asked("string"), "  one\ntwo ") == ["one two"]
    assert kept(asked("text"), "one\r\ntwo") == ["one\ntwo"]


@pytest.mark.parametrize(
    ("said", "number"), [("17", "17"), (" -3.5 ", "-3.5"), ("+4", "+4"), ("0,25", "0.25"), ("12,5", "12.5")]
)
def test_a_number_is_kept_with_a_point(said, number):
    assert kept(asked("number"), said) == [number]


@pytest.mark.parametrize(
    "said", ["seven", "1e400", "nan", "inf", "١٢", "６０", "1_000", "0x3c", "1.2.3", "9" * 400, "1,000"]
)
def test_B_15_B_37_what_is_no_number_is_refused(said):
    assert "number" in refused(asked("number"), said).lower()


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-05-17", "2026-05-17T00:00:00+02:00"),
        ("2026-05-17T10:30", "2026-05-17T10:30:00+02:00"),
        ("2026-01-17 10:30:05", "2026-01-17T10:30:05+01:00"),
        ("2026-05-17T10:30:00Z", "2026-05-17T10:30:00+00:00"),
        ("2026-05-17T10:30:00 02:00", "2026-05-17T10:30:00+02:00"),
    ],
)
def test_B_21_B_23_a_time_is_kept_with_its_offset(said, moment):
    assert kept(asked("datetime"), said) == [moment]


@pytest.mark.parametrize(
    "said", ["yesterday", "2026-02-30", "0000-01-01", "2026-W10-4", "20260310", "2026-05-17T25:00"]
)
def test_B_20_B_23_what_is_no_time_is_refused(said):
    assert "date" in refused(asked("datetime"), said)


def test_one_of_a_list_is_its_key():
    question = asked("singlevaluelist", "a", "b")
    assert kept(question, "b") == ["b"]
    assert refused(question, "B")
    assert refused(question, "a", "b")


def test_several_of_a_list_are_their_keys_each_once_in_their_order():
    question = asked("multivaluelist", "a", "b", "c")
    assert kept(question, "c", "a", "c") == ["c", "a"]
    assert refused(question, "a", "z")


def test_B_37_what_is_required_and_missing_is_told_with_everything_else_that_is_wrong():
    checked = check(
        [asked("string", code="must", required=True), asked("number", code="n"), asked("text", code="free")],
        {"n": ["x"], "must": [" \u3000"], "free": ["ok"]},
        zone=OSLO,
    )
    assert set(checked.errors) == {"must", "n"}
    assert checked.answers == {"free": ["ok"]}


def test_B_36_answers_that_nobody_asked_for_are_dropped():
    assert check([asked("string")], {"__proto__": ["x"], "q": ["y"]}).answers == {"q": ["y"]}


def test_B_87_a_required_list_without_choices_is_not_insisted_on():
    assert check([asked("singlevaluelist", required=True)], {}).errors == {}


def test_B_87_a_datatype_that_nobody_knows_is_text():
    assert kept(asked("colour"), "red\nblue") == ["red\nblue"]


def test_what_is_only_to_be_read_or_is_filled_in_later_takes_no_answer():
    checked = check(
        [asked("string", variable=False, required=True), asked("string", code="s", automated="server_set")],
        {"q": ["x"], "s": ["y"]},
    )
    assert (checked.answers, checked.errors) == ({}, {})


def test_B_11_an_answer_that_is_too_long_is_refused_with_the_limit():
    assert "500" in refused(asked("string"), "x" * 501)
    assert "10000" in refused(asked("text"), "x" * 10_001)


def conditional(code: str, **only_if: list[str]) -> QuestionInfo:
    return asked("string", code=code, required=True, only_if=only_if)


@pytest.mark.parametrize(
    ("given", "open_ones"),
    [
        ({}, set()),
        ({"a": ["x"]}, {"b"}),
        ({"a": ["y"], "b": ["z"]}, set()),
        ({"a": ["x"], "b": ["z"]}, {"c"}),
    ],
)
def test_a_question_is_asked_only_where_the_answers_before_it_lead_to_it(given, open_ones):
    questions = [asked("string", code="a"), conditional("b", a=["x"]), conditional("c", b=["z"])]
    assert set(check(questions, given).errors) == open_ones


def test_an_answer_to_what_is_not_asked_is_not_kept():
    questions = [asked("string", code="a"), conditional("b", a=["x"])]
    assert check(questions, {"a": ["y"], "b": ["told"]}).answers == {"a": ["y"]}


def test_questions_that_hang_on_each_other_are_never_asked():
    questions = [conditional("a", b=["x"]), conditional("b", a=["x"])]
    assert check(questions, {"a": ["x"], "b": ["x"]}) == ({}, {})


def test_a_choice_that_stops_the_report_says_what_to_do_instead():
    choices = ({"key": "fire", "name": "Brann", "stop": "Ring 110."},)
    stopping = replace(asked("singlevaluelist"), values=choices)
    assert refused(stopping, "fire") == "Ring 110."
