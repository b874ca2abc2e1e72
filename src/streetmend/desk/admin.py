"""Which rows stand on the desk; Django imports this module when it starts."""

from __future__ import annotations

from streetmend.accounts.models import ApiKey, Person
from streetmend.areas.models import Area
from streetmend.bodies.models import Body, Category, Endpoint, Site
from streetmend.desk.bodies import Areas, Bodies, Categories, Endpoints, Sites
from streetmend.desk.keys import ApiKeys
from streetmend.desk.people import People
from streetmend.desk.reports import Deliveries, InboxRows, Notices, Photos, Reports, Updates
from streetmend.desk.site import desk
from streetmend.reports.models import Delivery, Inbox, Notice, Photo, Report, Update

desk.register(Report, Reports)
desk.register(Update, Updates)
desk.register(Photo, Photos)
desk.register(Delivery, Deliveries)
desk.register(Inbox, InboxRows)
desk.register(Notice, Notices)
desk.register(Site, Sites)
desk.register(Body, Bodies)
desk.register(Endpoint, Endpoints)
desk.register(Category, Categories)
desk.register(Area, Areas)
desk.register(Person, People)
desk.register(ApiKey, ApiKeys)
