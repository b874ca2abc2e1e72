"""The demo's town for a site that has nothing yet."""

from __future__ import annotations

from datetime import datetime

import msgspec

from streetmend.areas.geojson import Fields, read_areas
from streetmend.areas.queries import areas
from streetmend.areas.services import import_areas
from streetmend.bodies.models import Send
from streetmend.bodies.queries import bodies
from streetmend.bodies.services import apply_site_file, make_site
from streetmend.bodies.sitefile.reading import read_site_file
from streetmend.bodies.specs import BodySpec
from streetmend.demo.files import DATA


def set_up_where_empty(*, now: datetime) -> bool:
    """A site without areas and bodies has those of the demo's town, reached by e-mail; says whether it was so.

    Nobody answers at the addresses of the demo's endpoints, so there are none. `now`: UTC.
    """
    if areas() or bodies():
        return False
    make_site(now=now)
    shapes = read_areas((DATA / "areas.geojson").read_bytes(), Fields())
    import_areas(areas=shapes, now=now, generation="demo", source="areas.geojson")
    file = read_site_file((DATA / "site.toml").read_text(encoding="utf-8"), languages=("nb",))
    by_mail = [_by_mail(body) for body in file.bodies]
    site = file.site and msgspec.structs.replace(file.site, map=None)
    apply_site_file(file=msgspec.structs.replace(file, site=site, bodies=by_mail), now=now)
    return True


def _by_mail(body: BodySpec) -> BodySpec:
    email = body.email or "post@vikhavn.example"
    return msgspec.structs.replace(body, send=Send.EMAIL, email=email, endpoint=None, endpoints=[])
