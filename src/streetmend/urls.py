"""Which door answers which path."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from streetmend.ops import views as ops

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", ops.healthz),
    path("readyz", ops.readyz),
    path("metrics", ops.metrics),
    path("admin/", admin.site.urls),
]
