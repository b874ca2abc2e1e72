"""Texts that say nearly the same share a name under which they are counted; texts that do not, do not."""

from __future__ import annotations

import pytest

from streetmend.reports.services.alike import alike_names

SPAM = "Cheap watches here! Buy the best gold watches at our shop in town today, call us now and pay nothing at all"


@pytest.mark.parametrize(
    "other",
    [
        SPAM,
        SPAM.upper(),
        SPAM.replace("!", " 5551234 ???"),
        f"  {SPAM}\n\n",
        SPAM.replace("gold", "g0ld").replace("at all", ""),
        SPAM + " 17",
    ],
)
def test_B_81_small_differences_do_not_hide_what_is_alike(other):
    assert set(alike_names(SPAM)) & set(alike_names(other))


@pytest.mark.parametrize(
    "other",
    [
        "Lykta over benken er mørk",
        "The best hole in the road is in front of our shop in town",
        "",
        "17",
        "!?",
        "日本語",
    ],
)
def test_B_81_what_is_about_something_else_is_not_alike(other):
    assert not set(alike_names(SPAM)) & set(alike_names(other))
    assert len(set(alike_names(other))) == len(alike_names(other))


def test_B_81_texts_of_signs_are_told_apart_and_known_again():
    assert alike_names("17") == alike_names(" 17\n")
    assert not set(alike_names("17")) & set(alike_names("18"))
