"""The site's own colours: refused where something could not be read, and everything that depends on them follows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streetmend.bodies.colours import (
    DEFAULTS,
    LEAST,
    contrast,
    custom_properties,
    readable_on,
    unreadable,
)

COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def test_contrast_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")
    assert contrast("#123456", "#123456") == 1


def test_the_colours_of_the_product_can_be_read():
    assert list(unreadable(DEFAULTS)) == []


@pytest.mark.parametrize(
    ("colours", "names"),
    [
        ({"brand": "#0a5c4a"}, []),
        ({"brand": "#ffcc00"}, ["brand", "brand"]),
        ({"link": "#88aaff"}, ["link", "link"]),
        ({"paper": "#333333"}, ["paper", "paper", "paper", "paper"]),
        ({"paper": "#000000", "ink": "#ffffff", "link": "#ffffff"}, ["ink", "link", "paper", "paper"]),
        ({"signal": "#ffffff", "line": "#000000"}, []),
    ],
)
def test_what_could_not_be_read_is_named(colours, names):
    assert sorted(name for name, _ in unreadable(colours)) == names


@given(colour=COLOUR)
def test_what_is_written_on_a_colour_can_be_read_whatever_the_colour(colour):
    assert contrast(readable_on(colour), colour) >= LEAST


def test_a_brand_colours_its_signs_and_what_is_written_on_them(client, db):
    found = custom_properties({"brand": "#0a5c4a", "signal": "#ffe000"})
    assert found == {
        "brand": "#0a5c4a", "sign": "#0a5c4a", "on-brand": "#ffffff", "on-sign": "#ffffff", "sign-2": "#ffffff",
        "hi": "#ffe000", "on-hi": "#17262b",
    }  # fmt: skip
