"""The demo's site is set up in its data folder, by the same services as the commands use. A second time keeps what is there.

`python -m streetmend.demo.setup` runs in the demo's environment and says what it did as one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from streetmend.demo.files import DATA
from streetmend.demo.folder import Folder

if TYPE_CHECKING:
    from streetmend.bodies.specs import BodySpec, SiteFile

#: where the site file in the package says that the pretend administration is
WRITTEN_URL = "http://127.0.0.1:8001/"
STAFF_EMAIL = "desk@vikhavn.example"
_LAID_OUT = ("basemap.geojson", "addresses.csv.gz")


@dataclass(frozen=True, slots=True)
class SetUp:
    """What the set-up did: whether the site was new, how many reports it has, the path that signs a member of staff in, and the
    site's first language.
    """

    new: bool
    reports: int
    sign_in: str
    language: str


def set_up(*, folder: Folder, administration: str, reports: int, now: datetime) -> SetUp:
    """The folder holds the demo's site, whose bodies are reached at `administration`, with sample reports if it is new.

    Django is set up already, for this folder. Each step may be cut off and is made good the next time.
    """
    from django.core.management import call_command

    from streetmend.bodies.queries import site
    from streetmend.bodies.services import make_site

    before = folder.remembered()
    folder.remember(kind="demo")
    for name in _LAID_OUT:
        _lay_out(name, folder.path)
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    make_site(now=now)
    _draw_areas(now)
    known = before.get("administration", "")
    if not known:
        _apply(_first_file(administration), now)
    elif known != administration:
        _apply(_moved_file(known, administration), now)
    folder.remember(administration=administration)
    made, count = _fill(folder, reports, now)
    return SetUp(new=made, reports=count, sign_in=_sign_in(now), language=site().first_language)


def _lay_out(name: str, path: Path) -> None:
    """A copy of the package's file lies in the data folder, where the site looks for it."""
    target = path / name
    if not target.exists():
        fresh = target.with_name(f".{name}.new")
        shutil.copyfile(DATA / name, fresh)
        fresh.replace(target)


def _draw_areas(now: datetime) -> None:
    from streetmend.areas.geojson import Fields, read_areas
    from streetmend.areas.services import import_areas

    areas = read_areas((DATA / "areas.geojson").read_bytes(), Fields())
    import_areas(areas=areas, now=now, generation="demo", source="areas.geojson")


def _apply(file: SiteFile, now: datetime) -> None:
    from streetmend.bodies.services import apply_site_file

    apply_site_file(file=file, now=now)


def _first_file(administration: str) -> SiteFile:
    """The site file of the package, with the administration's address in it."""
    from streetmend.bodies.queries import site
    from streetmend.bodies.sitefile.reading import read_site_file

    text = (DATA / "site.toml").read_text(encoding="utf-8")
    return read_site_file(text.replace(WRITTEN_URL, administration), languages=site().languages)


def _moved_file(old: str, new: str) -> SiteFile:
    """The site as it is now, with the administration at another address; the keys stay, because none is in the file."""
    import msgspec

    from streetmend.bodies.sitefile.present import present_file
    from streetmend.bodies.specs import SiteFile

    def moved(body: BodySpec) -> BodySpec:
        endpoints = [
            msgspec.structs.replace(one, url=new + one.url.removeprefix(old), api_key="")
            for one in body.endpoints
            if one.url.startswith(old)
        ]
        return msgspec.structs.replace(body, endpoints=endpoints)

    return SiteFile(bodies=[moved(body) for body in present_file().bodies])


def _fill(folder: Folder, reports: int, now: datetime) -> tuple[bool, int]:
    """Whether sample reports were made now, and how many reports there are."""
    from streetmend.demo.sample.writing import count_reports, write_sample

    there = count_reports()
    if there or not reports:
        return False, there
    write_sample(count=reports, now=now, journal=folder.journal)
    return True, count_reports()


def _sign_in(now: datetime) -> str:
    from urllib.parse import quote

    from django.conf import settings
    from django.db import transaction

    from streetmend.accounts.models import Role
    from streetmend.accounts.services import SHOWN_LIFETIME, make_staff, new_sign_in_link

    with transaction.atomic():
        person, _ = make_staff(email=STAFF_EMAIL, role=Role.ADMIN, now=now)
        secret = new_sign_in_link(person=person, now=now, lifetime=SHOWN_LIFETIME)
    return f"{settings.BASE_URL}/sign-in/{quote(secret, safe='')}"


def main() -> None:
    """Set up the site of this process's environment, and say what was done."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parent", type=int)
    parser.add_argument("--administration", required=True)
    parser.add_argument("--reports", type=int, required=True)
    asked = parser.parse_args()

    from streetmend.processes import end_with

    end_with(asked.parent)
    import django

    django.setup()
    from django.db import DatabaseError

    from streetmend.clock import SystemClock

    try:
        done = set_up(
            folder=Folder(Path(os.environ["STREETMEND_DATA"])),
            administration=asked.administration,
            reports=asked.reports,
            now=SystemClock().now(),
        )
    except (DatabaseError, OSError) as error:
        raise SystemExit(f"{type(error).__name__}: {error}") from error
    print(json.dumps(asdict(done)))  # noqa: T201  the parent reads it


if __name__ == "__main__":
    main()
