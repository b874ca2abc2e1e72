"""Texts of all planes come out of every form as they went in, read by two parsers each."""

from __future__ import annotations

import csv
import io
import json
from html import unescape
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from streetmend.georeport.dialect import DEFAULT
from streetmend.georeport.types import Request
from streetmend.georeport.writing import WRITERS
from streetmend.open311 import feeds
from streetmend.text import TextError, clean_text, spreadsheet_safe

#: of every plane, and what is special in one form or another
ANY = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("<>&\"'],;=+-@\t\n\r\x00\x0b\x85\u2028\u202e\ufeff\ufffe\U0001f6b2\U0010ffff"),
    ),
    max_size=40,
)
NAMES: Any = SimpleNamespace(directory=SimpleNamespace(site=SimpleNamespace(name="Test <streets> & more")))


def cleaned(text: str, *, multiline: bool) -> str:
    """The text as the door lets it in."""
    try:
        return clean_text(text, field="text", max_length=10_000, multiline=multiline)
    except TextError:
        return "x"


@st.composite
def requests(draw: st.DrawFn) -> Request:
    """A request with cleaned texts."""
    title, detail = cleaned(draw(ANY), multiline=False) or "x", cleaned(draw(ANY), multiline=True)
    return Request(
        service_request_id="17",
        status="open",
        service_name=cleaned(draw(ANY), multiline=False) or "x",
        description=f"{title}: {detail}" if detail else title,
        requested_datetime="2024-05-01T12:00:00+02:00",
        lat=60.0,
        long=4.0,
        title=title,
        detail=detail or None,
        recipients=("Vestby",),
    )


def rows_of(text: str) -> list[list[str]]:
    """RFC 4180, read anew letter by letter."""
    rows, row, cell, quoted, at = [], [], "", False, 0
    while at < len(text):
        letter = text[at]
        if quoted:
            if letter != '"':
                cell += letter
            elif text[at + 1 : at + 2] == '"':
                cell, at = cell + '"', at + 1
            else:
                quoted = False
        elif letter == '"':
            quoted = True
        elif letter == ",":
            row, cell = [*row, cell], ""
        elif text[at : at + 2] == "\r\n":
            rows, row, cell, at = [*rows, [*row, cell]], [], "", at + 1
        else:
            cell += letter
        at += 1
    return rows


@settings(max_examples=150)
@given(requests())
def test_B_08_xml_and_json(request: Request) -> None:
    body = WRITERS["xml"].write_requests([request], DEFAULT)
    for root in (etree.fromstring(body), ElementTree.fromstring(body)):
        row = root.find("request")
        assert (row.findtext("title"), row.findtext("detail")) == (request.title, request.detail)
        assert (row.findtext("description"), row.findtext("service_name")) == (
            request.description,
            request.service_name,
        )
    body = WRITERS["json"].write_requests([request], DEFAULT)
    for (row,) in (json.loads(body), msgspec.json.decode(body)):
        assert (row["title"], row.get("detail"), row["service_name"]) == (
            request.title,
            request.detail,
            request.service_name,
        )
    body = feeds.write_geojson([request], DEFAULT, NAMES)
    for found in (json.loads(body), msgspec.json.decode(body)):
        assert found["features"][0]["properties"]["title"] == request.title


@settings(max_examples=150)
@given(requests())
def test_B_08_B_65_tables(request: Request) -> None:
    text = feeds.write_csv([request], DEFAULT, NAMES).decode()
    readings = [list(csv.reader(io.StringIO(text, newline=""))), rows_of(text)]
    assert readings[0] == readings[1]
    head, cells = readings[0]
    row = dict(zip(head, cells, strict=True))
    for name in ("title", "detail", "description", "service_name"):
        assert row[name] == spreadsheet_safe(getattr(request, name) or "")
        assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r"))
    assert (row["lat"], row["long"]) == ("60.0", "4.0")


@settings(max_examples=150)
@given(requests())
def test_B_02_B_08_feeds(request: Request) -> None:
    body = feeds.write_rss([request], DEFAULT, NAMES)
    for root in (etree.fromstring(body), ElementTree.fromstring(body)):
        item = root.find("channel/item")
        assert item.findtext("title") == request.title
        assert item.findtext("category") == request.service_name
        described = item.findtext("description")
        assert "<" not in described
        assert unescape(described) == request.description


@settings(max_examples=150)
@given(ANY, ANY)
def test_B_02_B_03_B_04_even_texts_that_no_door_let_in_leave_every_form_readable(
    title: str, detail: str
) -> None:
    request = Request(
        service_request_id="1", title=title, description=detail, service_name=title, recipients=(title,)
    )
    for write in (WRITERS["xml"].write_requests, feeds.write_rss):
        arguments = (DEFAULT, NAMES) if write is feeds.write_rss else (DEFAULT,)
        body = write([request], *arguments)
        etree.fromstring(body)
        ElementTree.fromstring(body)
    for body in (
        WRITERS["json"].write_requests([request], DEFAULT),
        feeds.write_geojson([request], DEFAULT, NAMES),
    ):
        json.loads(body.decode("utf-8"))
        msgspec.json.decode(body)
    text = feeds.write_csv([request], DEFAULT, NAMES).decode("utf-8")
    assert len(list(csv.reader(io.StringIO(text, newline="")))) == len(rows_of(text)) == 2
