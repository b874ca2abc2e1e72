"""The site's own addresses, and the comparison's beside them: both pass the same middleware."""

from django.urls import include, path

from bench import baseline

urlpatterns = [
    path("baseline/requests.json", baseline.requests_json),
    path("baseline/requests.xml", baseline.requests_xml),
    path("", include("streetmend.urls")),
]
