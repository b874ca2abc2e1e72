"""Where the desk's own pages lie; Django's admin has its own below /admin/."""

from django.urls import path

from streetmend.desk import connections, deliveries

urlpatterns = [
    path("desk/connections", connections.everything, name="desk-connections"),
    path("desk/connections/mail", connections.mail, name="desk-mail"),
    path("desk/connections/<int:endpoint_id>", connections.one, name="desk-connection"),
    path("desk/deliveries/<int:delivery_id>", deliveries.one, name="desk-delivery"),
]
