"""A Nominatim server is asked; whatever it does, the page goes on."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from streetmend.fetch import Fetcher
from streetmend.geocode import Found, geocoder
from streetmend.geocode.nominatim import Nominatim
from streetmend.geocode.remote import MOST_BYTES, Remote
from tests.support.servers import Server, answering, serving

PLACE = {"lat": "60.001", "lon": "4.001", "display_name": "12, Storgata, Byen, Landet",
         "address": {"house_number": "12", "road": "Storgata", "city": "Byen"}}  # fmt: skip


@pytest.fixture
def ask(clock):
    """A geocoder that asks the given server."""

    def make(server: Server) -> Remote:
        return Remote(
            server.url("/geo"),
            Nominatim(),
            make=lambda: Fetcher(allow=["127.0.0.0/8"]),
            clock=clock,
            language=lambda: "nb",
        )

    return make


def saying(answer: Any, asked: list[str] | None = None):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def handle(connection):
        head = connection.request().decode("latin-1")
        if asked is not None:
            asked.append(head.split(" ")[1])
        connection.answer(body, "200 OK", "Content-Type: application/json")

    return handle


def test_words_become_places_with_the_address_as_it_is_written(ask):
    asked: list[str] = []
    with serving(saying([PLACE, {"lat": "60.2", "lon": "4.2", "display_name": "Torget"}], asked)) as server:
        found = ask(server).search("Storgata  12 & æ", limit=5)
    assert found == [Found("Storgata 12, Byen", 60.001, 4.001), Found("Torget", 60.2, 4.2)]
    url = urlsplit(asked[0])
    assert url.path == "/geo/search"
    query = parse_qs(url.query)
    assert query["q"] == ["Storgata 12 & æ"]
    assert (query["limit"], query["accept-language"], query["format"]) == (["5"], ["nb"], ["jsonv2"])


def test_a_place_becomes_its_address_if_one_is_near(ask):
    asked: list[str] = []
    with serving(saying(PLACE, asked)) as server:
        assert ask(server).reverse(60.0012, 4.0011) == Found("Storgata 12, Byen", 60.001, 4.001)
        assert ask(server).reverse(60.01, 4.0) is None
    assert "lat=60.00120&lon=4.00110" in asked[0]


def test_the_same_question_is_asked_once_an_hour(ask, clock):
    with serving(saying([PLACE])) as server:
        nominatim = ask(server)
        for _ in range(3):
            assert len(nominatim.search("Storgata")) == 1
        assert server.connections == 1
        clock.advance(hours=2)
        nominatim.search("Storgata")
        assert server.connections == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"<html>", b"null", b"{}", b"[1]", b"[" * 100_000, b'[{"lat": "95", "lon": "4"}]', b'[{"lat": "x"}]',
        b'[{"lat": "nan", "lon": "4"}]', b'[{"lat": "1e999", "lon": "4"}]', b'{"error": "Unable to geocode"}',
        b"\xff\xfe", b'[{"lat": 60, "lon": 4, "address": []}]',
    ],
)  # fmt: skip
def test_what_is_no_answer_finds_nothing(ask, answer):
    with serving(saying(answer)) as server:
        assert ask(server).search("Storgata") == []
        assert ask(server).reverse(60, 4) is None


def test_names_that_a_server_made_up_are_cleaned(ask):
    place = {
        "lat": 60,
        "lon": 4,
        "address": {"road": "Stor\u0000ga\u202eta\n" + "x" * 5000, "house_number": 5},
    }
    with serving(saying([place])) as server:
        label = ask(server).search("x")[0].label
    assert label.startswith("Storga")
    assert len(label) <= 300
    assert not set(label) & {"\0", "\n", "\u202e"}


@pytest.mark.parametrize("words", ["", "   ", "\x00", "\ud800", "%" * 5000, "a\r\nHost: x"])
def test_B_01_B_03_whatever_is_looked_for_is_asked_for_safely(ask, words):
    asked: list[str] = []
    with serving(saying([], asked)) as server:
        assert ask(server).search(words) == []
    assert all(len(path) < 4000 and path.startswith("/geo/search?") for path in asked)


def test_F_67_a_server_that_is_down_is_not_asked_again_for_half_a_minute(ask, clock, caplog):
    with serving(answering(b"busy", "503 Service Unavailable")) as server:
        nominatim = ask(server)
        for number in range(6):
            assert nominatim.search(f"Storgata {number}") == []
        assert server.connections == 3
        clock.advance(seconds=31)
        nominatim.search("Storgata 7")
        assert server.connections == 4
    assert "503" in caplog.text
    assert "Storgata" not in caplog.text, "what people look for stands in no log"


def test_F_67_a_server_that_says_nothing_or_too_much_is_given_up(ask):
    done = threading.Event()
    with serving(lambda connection: (connection.request(), done.wait(30))) as server:
        assert ask(server).search("Storgata") == []
        done.set()
    with serving(saying([{**PLACE, "display_name": "x" * MOST_BYTES}])) as server:
        assert ask(server).search("Storgata") == []


def test_B_55_a_server_on_an_internal_address_must_be_allowed(settings, caplog):
    with serving(saying([PLACE])) as server:
        settings.GEOCODER, settings.OUTBOUND_ALLOW = server.url(), []
        assert geocoder().search("Storgata") == []
        assert server.connections == 0
        settings.OUTBOUND_ALLOW = ["127.0.0.0/8"]
        assert [found.label for found in geocoder().search("Storgata 12")] == ["Storgata 12, Byen"]
