"""Static files: compressed beside what was collected, and a font that is asked for by one address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from streetmend.web.static import _packed

pytestmark = pytest.mark.django_db


def test_what_a_process_compresses_lies_where_no_other_one_reads_through_a_folder_as_it_starts(
    settings, tmp_path
):
    settings.DATA, settings.STATIC_ROOT = tmp_path, tmp_path / "static"
    packed = _packed(Path(str(finders.find("site.css"))))
    assert packed is not None
    assert packed.exists()
    assert not packed.is_relative_to(settings.STATIC_ROOT)


def test_the_font_is_asked_for_once_by_the_page_and_its_style_sheet(client, town):
    page = client.get("/").content.decode()
    (preloaded,) = re.findall(r'<link rel="preload" href="([^"]+)"', page)
    style = Path(str(finders.find("site.css"))).read_text(encoding="utf-8")
    assert preloaded in {f"/static/{name}" for name in re.findall(r'url\("([^"]+)"\)', style)}
    assert preloaded in client.get("/sw.js").content.decode()
