"""The town, its addresses, and a walk through the form as a browser without JavaScript goes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.support.town import WEST, Town, make_town

Walk = Callable[..., Any]


@pytest.fixture
def client() -> Client:
    """A browser whose reader prefers English."""
    return Client(headers={"Accept-Language": "en"})


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


def draft_in(url: str) -> str:
    found = re.search(r"draft=([\w-]+)", url)
    assert found, url
    return found[1]


@pytest.fixture
def begin(client: Client) -> Walk:
    """The first step, sent for a place; gives the draft."""

    def begin_at(place: tuple[float, float] = WEST, **more: str) -> str:
        answer = client.post("/report/where", {"lat": place[0], "long": place[1], **more})
        assert answer.status_code == 303, answer.content.decode()
        return draft_in(answer.headers["Location"])

    return begin_at


@pytest.fixture
def fill(client: Client, begin: Walk) -> Walk:
    """The steps up to the check; gives the draft."""

    def fill_in(
        *,
        title: str = "Lykta er mørk",
        category: str = "Gatelys",
        photo: bytes | None = None,
        place: tuple[float, float] = WEST,
        **answers: str,
    ) -> str:
        draft = begin(place)
        answer = client.post("/report/what", {"draft": draft, "title": title, "category": category})
        assert answer.status_code == 303, answer.content.decode()
        sent: dict[str, Any] = {
            "draft": draft,
            **{f"answer.{code}": value for code, value in answers.items()},
        }
        if photo is not None:
            sent["photos"] = SimpleUploadedFile("my house.jpg", photo, "image/jpeg")
        answer = client.post("/report/details", sent)
        assert answer.status_code == 303, answer.content.decode()
        return draft

    return fill_in
