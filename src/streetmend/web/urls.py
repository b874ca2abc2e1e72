"""The public site's addresses."""

from django.urls import path

from streetmend.web.views import (
    about,
    alerts,
    confirm,
    feeds,
    home,
    lists,
    maps,
    photos,
    report,
    sign_in,
    statistics,
)
from streetmend.web.views.flow import check, details, sent, what, where

urlpatterns = [
    path("", home.home, name="home"),
    path("report/where", where.where, name="where"),
    path("report/what", what.what, name="what"),
    path("report/details", details.details, name="details"),
    path("report/check", check.check, name="check"),
    path("report/sent/<str:token>", sent.sent, name="sent"),
    path("confirm/<str:secret>", confirm.confirm, name="confirm"),
    path("alerts", alerts.alerts, name="alerts"),
    path("alerts/<str:token>/end", alerts.end, name="end-alert"),
    path("reports", lists.reports, name="reports"),
    path("reports.atom", feeds.atom, name="reports-feed"),
    path("reports.geojson", feeds.geojson, name="reports-points"),
    path("reports.csv", feeds.table, name="reports-table"),
    path("reports/<int:report_id>", report.page, name="report"),
    path("reports/<int:report_id>/update", report.update, name="update"),
    path("reports/<int:report_id>/follow", report.follow_report, name="follow"),
    path("stats", statistics.stats, name="stats"),
    path("stats.csv", statistics.table, name="stats-table"),
    path("bodies/<int:body_id>", statistics.body, name="body"),
    path("sign-in", sign_in.ask, name="sign-in"),
    path("sign-in/<str:secret>", sign_in.use, name="use-sign-in"),
    path("sign-out", sign_in.sign_out, name="sign-out"),
    path("language", about.language, name="language"),
    path("about", about.about, name="about"),
    path("about/privacy", about.privacy, name="privacy"),
    path("about/accessibility", about.accessibility, name="accessibility"),
    path("colours.css", about.colours, name="colours"),
    path("map.svg", maps.picture, name="map"),
    path("photos/small/<str:name>", photos.small_photo, name="small-photo"),
    path("photos/<str:folder>/<str:name>", photos.photo, name="photo"),
]
