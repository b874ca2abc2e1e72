"""Which door answers which path."""

from django.urls import URLPattern, URLResolver, include, path

from streetmend.desk.site import desk
from streetmend.ops import views as ops

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("streetmend.open311.urls")),
    path("healthz", ops.healthz),
    path("readyz", ops.readyz),
    path("metrics", ops.metrics),
    path("admin/", desk.urls),
    path("", include("streetmend.desk.urls")),
    path("", include("streetmend.web.urls")),
]

handler400 = "streetmend.web.errors.bad_request"
handler403 = "streetmend.web.errors.forbidden"
handler404 = "streetmend.web.errors.not_found"
handler500 = "streetmend.web.errors.failed"
