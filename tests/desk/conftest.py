"""The town with a few reports, and people who are signed in."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.test import Client
from PIL import Image

from streetmend.accounts.models import Role
from streetmend.accounts.services import make_staff, new_sign_in_link, person_with_email
from streetmend.photos.store import store
from streetmend.reports.models import Report
from streetmend.reports.services import Told, submit
from tests.support.town import WEST, Town, make_town

SignIn = Callable[[str], Client]


@pytest.fixture
def town(db: None) -> Town:
    return make_town()


@pytest.fixture
def sign_in(db: None) -> SignIn:
    """A browser in which a person of the role ("" for none) is signed in, by a link as everybody is."""

    def sign_in_as(role: str, email: str = "") -> Client:
        now = datetime.now(UTC)
        address = email or f"{role or 'resident'}@test.example"
        person = person_with_email(email=address, now=now)
        if role:
            person, _ = make_staff(email=address, role=Role(role), now=now)
        client = Client(headers={"Accept-Language": "en"})
        answer = client.post(f"/sign-in/{new_sign_in_link(person=person, now=now)}")
        assert answer.status_code == 302
        return client

    return sign_in_as


@pytest.fixture
def report(town: Town) -> Report:
    return make_report()


def make_report() -> Report:
    """A public report with a photo, by somebody who shows their name."""
    image = Image.new("RGB", (60, 40), "red")
    out = io.BytesIO()
    image.save(out, "JPEG")
    return submit(
        lat=WEST[0],
        long=WEST[1],
        title="Lykta er mørk",
        detail="Den over benken.",
        category_name="Gatelys",
        told=Told(email="kari@test.example", name="Kari", phone="12345678", show_name=True),
        photos=[store(out.getvalue(), width=60, height=40)],
        now=datetime.now(UTC),
        confirmed=True,
    ).report
