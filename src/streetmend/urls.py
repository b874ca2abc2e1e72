"""Which door answers which path."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from streetmend.ops import views as ops

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", ops.healthz),
    path("readyz", ops.readyz),
    path("metrics", ops.metrics),
    path("admin/", admin.site.urls),
    path("", include("streetmend.open311.urls")),
    path("", include("streetmend.web.urls")),
]

handler400 = "streetmend.web.errors.bad_request"
handler403 = "streetmend.web.errors.forbidden"
handler404 = "streetmend.web.errors.not_found"
handler500 = "streetmend.web.errors.failed"
