"""The site as a WSGI application."""

import os

from django.core.wsgi import get_wsgi_application

from streetmend.web.crowd import Crowd

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")

application = Crowd(get_wsgi_application())
