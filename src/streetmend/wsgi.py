"""The site as a WSGI application."""

import gc
import os
import sys
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from streetmend.web.crowd import Crowd

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")

_TURN_SECONDS = 0.001

application = Crowd(get_wsgi_application())


def settle() -> None:
    """All code that answers is loaded, and the collector of garbage looks at it no more: only at what answers leave behind.

    Otherwise it would go through all of the program again and again while a large answer is made, a fifth of its cost. And
    threads take turns five times as often as they would: who is turned away in a crowd waits for a turn of each at work.
    """
    sys.setswitchinterval(_TURN_SECONDS)
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
