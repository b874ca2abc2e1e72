"""An import of boundaries that dies half way leaves the old set as it was."""

from __future__ import annotations

import subprocess
import sys

import pytest

from streetmend.areas.models import Area
from streetmend.areas.queries import covering
from tests.support.town import WEST, make_town

#: dies like a process that was killed, in the middle of writing the second type
PROGRAM = """
import os, django
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
django.setup()
from datetime import UTC, datetime
from django.db import connection
from shapely import box
from streetmend.areas.services import NewArea, import_areas

written = 0
def die(execute, sql, params, many, context):
    global written
    result = execute(sql, params, many, context)
    written += sql.startswith("INSERT") and '"areas_area"' in sql
    if written == 2:
        os._exit(137)
    return result

new = [NewArea(area_type=kind, mapit_id=number, name="New", shape=box(3, 59, 5, 61), where="here")
       for kind, number in (("KOM", 900), ("WARD", 901))]
with connection.execute_wrapper(die):
    import_areas(areas=new, now=datetime.now(UTC))
"""


@pytest.mark.django_db(transaction=True)
def test_F_68_an_import_that_is_killed_half_way_changes_nothing(process_environment):
    make_town()
    before = set(Area.objects.values_list("mapit_id", "name"))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=process_environment, capture_output=True, check=False
    )
    assert done.returncode == 137, done.stderr.decode()
    assert set(Area.objects.values_list("mapit_id", "name")) == before
    assert [area.name for area in covering(*WEST)] == ["Vestby"]
