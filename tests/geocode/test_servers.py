"""Every kind of geocoder that is asked over the network: how it is asked, and how its answer is read."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from streetmend.fetch import Fetcher
from streetmend.geocode import Found
from streetmend.geocode.chosen import remote
from streetmend.geocode.remote import Remote
from tests.support.servers import answering, serving


def feature(lat: float, long: float, **told: str) -> dict[str, Any]:
    return {"type": "Feature", "geometry": {"type": "Point", "coordinates": [long, lat]}, "properties": told}


PHOTON = {
    "features": [
        feature(60.001, 4.001, street="Storgata", housenumber="12", city="Byen"),
        feature(60.2, 4.2, name="Torget", city="Byen"),
        feature(60.3, 4.3, name="Byen", city="Byen"),
    ]
}
PELIAS = {
    "features": [
        feature(60.001, 4.001, street="Storgata", housenumber="12", locality="Byen", label="x"),
        feature(60.2, 4.2, name="Torget", locality="Byen"),
        feature(60.3, 4.3, name="Byen", locality="Byen"),
    ]
}
KARTVERKET = {
    "adresser": [
        {"adressetekst": name, "poststed": "BYEN", "representasjonspunkt": {"lat": lat, "lon": long}}
        for name, lat, long in (("Storgata 12", 60.001, 4.001), ("Torget", 60.2, 4.2), ("", 60.3, 4.3))
    ]
}
FOUND = [
    Found("Storgata 12, Byen", 60.001, 4.001),
    Found("Torget, Byen", 60.2, 4.2),
    Found("Byen", 60.3, 4.3),
]
DOWNING_STREET = {
    "NAME1": "Downing Street", "POPULATED_PLACE": "London", "GEOMETRY_X": 530047, "GEOMETRY_Y": 179951,
}  # fmt: skip
OS = {"results": [{"GAZETTEER_ENTRY": DOWNING_STREET}]}

KINDS = {
    "photon": (PHOTON, "/api", {"q": "Storgata", "limit": "8"}),
    "pelias": (PELIAS, "/v1/search", {"text": "Storgata", "size": "8", "lang": "nb", "api_key": "k3y"}),
    "kartverket": (KARTVERKET, "/sok", {"sok": "Storgata", "treffPerSide": "8"}),
}


def made(kind: str, url: str, clock: Any) -> Remote:
    found = remote(
        f"{kind}+{url}#key=k3y",
        make=lambda: Fetcher(allow=["127.0.0.0/8"]),
        clock=clock,
        language=lambda: "nb",
    )
    assert found is not None
    return found


def remembering(answer: Any, heads: list[str]):
    def handle(connection):
        heads.append(connection.request().decode("latin-1"))
        connection.answer(json.dumps(answer).encode(), "200 OK", "Content-Type: application/json")

    return handle


@pytest.mark.parametrize("kind", KINDS)
def test_words_become_places_whatever_the_server_speaks(kind, clock):
    answer, path, query = KINDS[kind]
    heads: list[str] = []
    with serving(remembering(answer, heads)) as server:
        found = made(kind, server.url("/geo"), clock).search("Storgata")
    assert found == FOUND
    asked = urlsplit(heads[0].split(" ")[1])
    assert asked.path == f"/geo{path}"
    assert {name: parse_qs(asked.query)[name] for name in query} == {
        name: [value] for name, value in query.items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_the_nearest_address_within_150_metres_is_the_places_own(kind, clock):
    with serving(remembering(KINDS[kind][0], [])) as server:
        asked = made(kind, server.url("/geo"), clock)
        assert asked.reverse(60.0011, 4.0011) == FOUND[0]
        assert asked.reverse(60.1, 4.1) is None


def test_the_british_grid_becomes_degrees_and_the_key_goes_in_a_header(clock):
    heads: list[str] = []
    with serving(remembering(OS, heads)) as server:
        asked = made("osnames", server.url("/geo"), clock)
        (found,) = asked.search("Downing Street")
        again = asked.reverse(found.lat, found.long)
    assert found.label == "Downing Street, London"
    assert (found.lat, found.long) == (pytest.approx(51.5033, abs=2e-3), pytest.approx(-0.1276, abs=2e-3))
    assert again == found
    assert "k3y" not in heads[0].splitlines()[0]
    assert "key: k3y" in heads[0].lower()
    point = parse_qs(urlsplit(heads[1].split(" ")[1]).query)["point"][0]
    assert [float(part) for part in point.split(",")] == pytest.approx([530047, 179951], abs=2)


@pytest.mark.parametrize("kind", [*KINDS, "osnames"])
@pytest.mark.parametrize(
    "answer", [b"", b"<html>", b"[]", b'{"features": [{}]}', b'{"results": 1}', b"[" * 5000]
)
def test_F_67_an_answer_that_makes_no_sense_means_that_nothing_is_known(kind, answer, clock):
    with serving(answering(answer)) as server:
        asked = made(kind, server.url("/geo"), clock)
        assert asked.search("Storgata") == []
        assert asked.reverse(60.0, 4.0) is None


@pytest.mark.parametrize("kind", [*KINDS, "osnames"])
def test_F_67_a_server_that_is_gone_is_not_asked_again_for_a_while(kind, clock):
    with serving(answering(b"busy", "503 Busy")) as server:
        asked = made(kind, server.url("/geo"), clock)
        for words in ("Storgata", "Torget", "Byen"):
            assert asked.search(words) == []
        before = server.connections
        assert asked.search("Elva") == []
        assert server.connections == before
        clock.advance(seconds=31)
        asked.search("Elva")
        assert server.connections == before + 1


def test_what_is_no_server_is_a_file(clock):
    assert remote("addresses.csv", make=Fetcher, clock=clock, language=str) is None
    assert remote("photon+addresses.csv", make=Fetcher, clock=clock, language=str) is None
