"""Whatever stands below a base address is answered in the format that was asked for, never with a page."""

from __future__ import annotations

import pytest

from tests.support.town import make_town

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("base", ["/open311/v2/", "/open311/strict/v2/", "/open311/fixmystreet/v2/"])
@pytest.mark.parametrize(
    "name", ["%0D%0ASet-Cookie:x", "requests%0A", "%00", "%ED%A0%BD", "a%2Fb%0Ac", "..%2F"]
)
def test_lines_controls_and_halves_of_characters_in_an_address_are_not_found(
    transactional_db, get, base, name
):
    make_town()
    for fmt, kind in (("xml", "xml"), ("json", "application/json")):
        answer = get(f"{base}requests/{name}.{fmt}")
        assert answer.status in (200, 404)
        assert kind in answer.headers["content-type"]
        assert "set-cookie" not in answer.headers
