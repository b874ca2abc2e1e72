"""The addresses of the Open311 server: one base for each dialect, and the page for people."""

from django.urls import path, re_path

from streetmend.georeport.dialect import SERVED
from streetmend.open311 import openapi, page, wire
from streetmend.open311.door import answer

# what programs ask comes first: each address that is tried before costs a part of a small answer's way
urlpatterns = [
    *(
        re_path(
            rf"^{base.lstrip('/')}(?P<path>[\s\S]*)$",
            answer,
            {"dialect": SERVED[name]},
            name=f"open311-{name}",
        )
        for name, base in wire.BASES.items()
    ),
    path("open311/", page.page, name="open311"),
    path("open311/openapi.json", openapi.document, name="openapi"),
    path("open311/reference", openapi.page, name="open311-reference"),
    path("open311/administrations", page.administrations, name="open311-administrations"),
]
