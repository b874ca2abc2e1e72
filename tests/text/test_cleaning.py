"""Text is cleaned once, at the door: legal in XML 1.0, in NFC, measured in code points."""

import io
import unicodedata
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from streetmend import text
from streetmend.text import TextMissing, TextTooLong, clean_text, is_blank, make_legal, split_description

EVERY_CODE_POINT = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\u202a\u202e\u202c\u2067\u2069\u200d\u0301")
)


def line(value: str) -> str:
    return clean_text(value, field="title", max_length=200)


def lines(value: str) -> str:
    return clean_text(value, field="detail", max_length=10_000, multiline=True)


def test_B_01_nul_is_removed():
    assert line("Hull\x00 i veien") == "Hull i veien"
    assert lines("\x00Hull\x00\ni veien\x00") == "Hull\ni veien"


def test_B_02_control_characters_are_removed_and_the_text_goes_through_two_xml_parsers():
    dirty = "".join(f"{chr(control)}." for control in range(0x20)) + "\x7f."
    clean = 9 * "." + "\t.\n..." + "\n." + 19 * "."  # the carriage return is a newline
    assert lines(dirty) == clean
    assert line(dirty) == clean.replace("\t", " ").replace("\n", " ")
    xml = f"<title>{escape(lines(dirty))}</title>".encode()
    assert ElementTree.parse(io.BytesIO(xml)).getroot().text == clean
    assert etree.fromstring(xml).text == clean


@pytest.mark.parametrize("code_point", [0xFFFE, 0xFFFF, 0xFDD0, 0xFDEF, 0x1FFFE, 0x10FFFF])
def test_B_04_noncharacters_are_replaced(code_point):
    assert line(f"a{chr(code_point)}b") == "a\ufffdb"


@pytest.mark.parametrize("end", ["\r\n", "\r", "\x85", "\u2028", "\u2029", "\n"])
def test_B_05_every_kind_of_line_end_is_a_newline_in_body_text_and_a_space_in_a_title(end):
    assert lines(f"one{end}two") == "one\ntwo"
    assert line(f"one{end}two") == "one two"


def test_B_05_other_c1_controls_become_spaces():
    assert lines("one\x80\x9ftwo") == "one  two"
    assert line("one\x80\x9ftwo") == "one two"


@pytest.mark.parametrize("control", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
def test_B_06_bidi_controls_are_stripped_from_one_line_text(control):
    assert line(f"exe{control}gpj") == "exegpj"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("\u2067שלום\u2069 ok", "\u2067שלום\u2069 ok"),
        ("\u202bשלום \u202aabc\u202c\u202c", "\u202bשלום \u202aabc\u202c\u202c"),
        ("open \u202efdp.exe", "open fdp.exe"),
        ("closed\u202c only\u2069", "closed only"),
        ("\u202aover\u2066lap\u202c\u2069", "over\u2066lap\u2069"),
        ("\u202eopened here\nclosed there\u202c", "opened here\nclosed there"),
    ],
)
def test_B_06_body_text_keeps_only_bidi_controls_that_are_closed_in_their_line(written, kept):
    assert lines(written) == kept


def test_B_07_a_letter_of_a_title_has_at_most_four_marks():
    assert line("q" + "\u0323" * 500 + "x" + "\u0323" * 3) == "q" + "\u0323" * 4 + "x" + "\u0323" * 3


def test_B_07_joiners_do_not_hide_a_tower_of_marks():
    assert line("q" + "\u0323\u200d" * 250) == "q" + "\u0323\u200d" * 2


def test_B_07_zero_width_characters_that_join_nothing_leave_a_title():
    assert line("\ufeffSto\u200brga\u2060ta\u00ad 5") == "Storgata 5"


@pytest.mark.parametrize(
    "kept",
    [
        "👩🏽‍❤️‍💋‍👨 1️⃣ 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "𝕳𝖚𝖑𝖑 𐐷",
        "حفرة في الطريق می‌خواهم",
        "Mangler brustein: støver på tørre dager",
        "กำลังซ่อมน้ำ",
    ],
)
def test_B_08_emoji_astral_and_right_to_left_text_stays_as_it_is(kept):
    assert line(kept) == unicodedata.normalize("NFC", kept)
    assert lines(kept) == unicodedata.normalize("NFC", kept)


def test_B_08_decomposed_letters_are_composed():
    assert line("pa\u030a tørre dager") == "på tørre dager"


def test_B_08_length_is_counted_in_code_points_after_cleaning():
    assert len(line("🕳" * 200)) == 200
    assert len(line("a\u030a" * 200 + "\r\n")) == 200
    with pytest.raises(TextTooLong) as caught:
        line("🕳" * 201)
    assert (caught.value.field, caught.value.limit, caught.value.length) == ("title", 200, 201)
    assert "200" in caught.value.message
    assert "title" in caught.value.message


@pytest.mark.parametrize("value", ["x" * 1_000_000, "\x00" * 1_000_000, "x\n" * 10_001, "\u0323" * 4_000_000])
def test_B_11_text_far_over_its_limit_is_refused_with_the_limit_named(value):
    with pytest.raises(TextTooLong) as caught:
        lines(value)
    assert caught.value.limit == 10_000


@pytest.mark.parametrize(
    "blank",
    [
        "",
        "   ",
        "\t\r\n ",
        "\u3164",
        "\u200b\u200b",
        "\u3164 \u200b\u2800\ufeff",
        "\u115f\u1160\uffa0",
        "\x00\x01",
        "\ufe0f\u200d",
        "\u2067\u2069",
    ],
)
def test_B_12_text_that_shows_nothing_is_missing(blank):
    assert is_blank(make_legal(blank))
    assert lines(blank) == ""
    assert line(blank) == ""
    with pytest.raises(TextMissing) as caught:
        clean_text(blank, field="description", max_length=200, required=True)
    assert caught.value.field == "description"
    assert str(caught.value) == "description is required"


def test_text_that_shows_something_is_not_blank():
    assert not is_blank("\u200b.\u200b")
    assert clean_text("0", field="title", max_length=1, required=True) == "0"


def test_body_text_keeps_its_lines_and_loses_only_white_space_at_ends():
    assert lines("\n\n  one  \n\n\ttwo \n\n") == "  one\n\n\ttwo"


@given(EVERY_CODE_POINT)
def test_cleaning_clean_text_changes_nothing(value):
    for clean in (line, lines, make_legal):
        once = clean(value)
        assert clean(once) == once


@given(EVERY_CODE_POINT)
def test_clean_text_is_legal_xml_and_utf8_and_nfc(value):
    for cleaned in (line(value), lines(value)):
        xml = f"<t>{escape(cleaned)}</t>".encode()
        assert (etree.fromstring(xml).text or "") == cleaned
        assert (ElementTree.fromstring(xml).text or "") == cleaned
        assert unicodedata.is_normalized("NFC", cleaned)
    assert "\n" not in line(value)
    assert not is_blank(line(value)) or line(value) == ""


@given(st.text(st.characters(exclude_categories=("C", "Z", "M"))))
def test_ordinary_text_is_only_normalized(value):
    visible = "x" + value + "x"
    assert line(visible) == unicodedata.normalize("NFC", visible)


class TestSplittingADescription:
    def test_the_first_line_is_the_title_and_the_rest_the_detail(self):
        assert split_description("Mangler brustein\r\nDet støver veldig.\n\nHver dag.") == (
            "Mangler brustein",
            "Det støver veldig.\n\nHver dag.",
        )

    def test_one_short_line_is_a_title_alone(self):
        assert split_description("  Mangler   brustein ") == ("Mangler brustein", "")

    def test_empty_lines_before_the_title_do_not_count(self):
        assert split_description("\n \u200b\nHole\nDeep") == ("Hole", "Deep")

    def test_a_long_first_line_is_cut_at_a_word_and_nothing_is_lost(self):
        words = " ".join(f"word{n}" for n in range(60))
        title, detail = split_description(f"{words}\nsecond line")
        assert len(title) <= text.TITLE_LENGTH
        assert title.endswith("word29") or words.startswith(title + " ")
        assert f"{title} {detail}" == f"{words}\nsecond line"

    def test_B_11_a_line_without_spaces_is_cut_at_the_limit(self):
        assert split_description("x" * 450) == ("x" * 200, "x" * 250)

    def test_a_cut_does_not_part_a_letter_from_its_marks(self):
        title, detail = split_description("x" * 199 + "q\u0323\u0323" + "y" * 100)
        assert title + detail == "x" * 199 + "q\u0323\u0323" + "y" * 100
        assert not unicodedata.combining(detail[0])

    def test_B_12_a_description_that_shows_nothing_is_missing(self):
        with pytest.raises(TextMissing) as caught:
            split_description(" \u3164 \n")
        assert caught.value.field == "description"

    def test_B_11_a_description_longer_than_title_and_detail_is_refused(self):
        with pytest.raises(TextTooLong):
            split_description("word " * 2100)

    @given(EVERY_CODE_POINT)
    def test_title_and_detail_are_clean_and_within_their_limits(self, value):
        if is_blank(make_legal(value)):
            return
        title, detail = split_description(value)
        assert title
        assert line(title) == title
        assert lines(detail) == detail
