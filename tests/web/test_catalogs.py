"""Every sentence of the interface is there in every language, and the compiled catalogs are those that people wrote."""

from __future__ import annotations

import re

import pytest

from tests.support.messages import LANGUAGES, compiled, po_file, read, sentences

#: what is the same word in Norwegian
SAME = {"Open311"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_left_untranslated(language):
    catalog = read(language)
    missing = []
    for sentence in sentences():
        message = catalog.get(sentence.text)
        strings = message.string if message else ""
        if not strings or not all([strings] if isinstance(strings, str) else strings):
            missing.append(sentence.text)
    assert missing == [], "run `make messages`, then write them in the catalog"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalog_keeps_sentences_that_nobody_says(language):
    said = {sentence.text for sentence in sentences()}
    kept = {
        message.id if isinstance(message.id, str) else message.id[0]
        for message in read(language)
        if message.id
    }
    assert kept - said == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_filled_in_is_filled_in_in_every_language(language):
    holes = re.compile(r"%\(\w+\)[sd]|%[sd]")
    for message in read(language):
        if not message.id:
            continue
        wanted = set(holes.findall(message.id if isinstance(message.id, str) else message.id[-1]))
        for string in [message.string] if isinstance(message.string, str) else message.string:
            assert set(holes.findall(string)) <= wanted, message.id
        last = message.string if isinstance(message.string, str) else message.string[-1]
        assert set(holes.findall(last)) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalog_is_the_written_one(language):
    assert po_file(language).with_suffix(".mo").read_bytes() == compiled(language), "run `make messages`"
