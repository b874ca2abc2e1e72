"""Texts that seem to tell of a person are pointed out before they are sent, and sent nevertheless if somebody wants that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.web.personal import Personal, personal_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Ring meg på 99 88 77 66.", [(Personal.PHONE, "99 88 77 66")]),
        ("Ring +47 998 87 766!", [(Personal.PHONE, "+47 998 87 766")]),
        ("99887766", [(Personal.PHONE, "99887766")]),
        ("(0047 22 33 44 55)", [(Personal.PHONE, "0047 22 33 44 55")]),
        ("skriv til kari.nordmann@example.org", [(Personal.EMAIL, "kari.nordmann@example.org")]),
        ("Bilen EK 12345 står der", [(Personal.PLATE, "EK 12345")]),
        ("Bilen AB12345, eier 99887766", [(Personal.PLATE, "AB12345"), (Personal.PHONE, "99887766")]),
        ("ABC 123", [(Personal.PLATE, "ABC 123")]),
    ],
)
def test_what_looks_personal_is_found(text, found):
    assert list(personal_in(text)) == found


@pytest.mark.parametrize(
    "text",
    [
        "Storgata 12, nr. 4-6, siden 12.05.2024 kl. 14.30",
        "Hullet er 120 x 40 x 15 cm",
        "Ved 59.916848, 10.728148",
        "Mast 1234 og 5678/90",
        "1601 Fredrikstad",
        "E6 ved avkjøring 37, fv. 118",
        "Rapport 2024-11-24",
    ],
)
def test_what_streets_are_told_of_by_is_not_personal(text):
    assert list(personal_in(text)) == []


@given(text=st.text(max_size=500))
def test_any_text_can_be_looked_at(text):
    for _, words in personal_in(text):
        assert words in text


def test_the_check_points_it_out_and_sends_it_nevertheless(client, town, fill):
    draft = fill(title="Ring 99 88 77 66")
    page = client.get(f"/report/check?draft={draft}").content.decode()
    assert "This looks like a telephone number:" in page
    assert "<bdi>99 88 77 66</bdi>" in page
    answer = client.post("/report/check", {"draft": draft, "email": "kari@example.org"})
    assert answer.status_code == 303


def test_a_report_that_nobody_else_reads_is_not_pointed_at(client, town, fill):
    draft = fill(title="Ring 99 88 77 66", category="Forsøpling")
    assert "looks like" not in client.get(f"/report/check?draft={draft}").content.decode()
