"""The site's own addresses, and the comparisons' beside them: all pass the same middleware."""

from django.urls import include, path

from bench import baseline, floor, pages

urlpatterns = [
    path("baseline/requests.<str:format>", baseline.Newest.as_view()),
    path("baseline/requests/<int:pk>.<str:format>", baseline.One.as_view()),
    path("floor/requests.json", floor.requests_json),
    path("floor/requests.xml", floor.requests_xml),
    path("static-file/requests.json", floor.same_size),
    path("static-file/requests.xml", floor.same_size),
    path("empty", pages.empty),
    path("", include("streetmend.urls")),
]
