"""An e-mail address is exactly one address that mail can be sent to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.text import EmailInvalid, TextMissing, clean_email

ADDRESS_LIKE = st.from_regex(r"\A[A-Za-zå.+'\"\r\n]{1,8}@[A-Za-zå0-9.\n-]{1,9}\.[a-zå]{2,3}\Z")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("kari@example.org", "kari@example.org"),
        (" Kari.Nordmann+hull@EXAMPLE.org\r\n", "Kari.Nordmann+hull@example.org"),
        ("post@blåbær.example", "post@xn--blbr-roah.example"),
        ("post@town.test", "post@town.test"),
    ],
)
def test_B_67_one_address_is_kept_with_its_domain_in_idna(written, kept):
    assert clean_email(written) == kept


@pytest.mark.parametrize(
    "written",
    [
        '"a b"@example.org',
        '"a\\ b"@example.org',
        "a@b",
        "a@test",
        "a@[127.0.0.1]",
        "a@example.org, b@example.org",
        "a@example.org;b@example.org",
        "Kari <a@example.org>",
        "a@example.org (work)",
        "@example.org",
        "a",
        "a@",
        "a@@example.org",
        "kåre@example.org",
        "a@exa\ud800mple.org",
        "a" * 65 + "@example.org",
        "a@" + ".".join(["x" * 60] * 5) + ".org",
        "x" * 320 + "@example.org",
        "x" * 1_000_000,
    ],
)
def test_B_67_everything_else_is_refused_with_the_field_named(written):
    with pytest.raises(EmailInvalid) as caught:
        clean_email(written, field="reporter_email")
    assert caught.value.field == "reporter_email"
    assert "reporter_email" in str(caught.value)


@pytest.mark.parametrize(
    "written",
    [
        "a@example.org\r\nBcc: b@example.org",
        "a\n@example.org",
        "a@example.org\x00",
        "a@example.org\x0b\x85b",
        "a\u2028@example.org",
    ],
)
def test_B_66_a_line_end_or_control_character_within_an_address_is_refused(written):
    with pytest.raises(EmailInvalid):
        clean_email(written)


@pytest.mark.parametrize("blank", ["", "  ", "\u200b"])
def test_B_12_no_address_is_missing(blank):
    with pytest.raises(TextMissing):
        clean_email(blank)


@given(st.text(st.characters(exclude_categories=())) | ADDRESS_LIKE)
def test_whatever_comes_out_is_ascii_of_one_line_and_comes_out_again(value):
    try:
        address = clean_email(value)
    except (EmailInvalid, TextMissing):
        return
    assert address.isascii()
    assert not set(address) & set("\r\n\x00 ,;<>")
    assert clean_email(address) == address
