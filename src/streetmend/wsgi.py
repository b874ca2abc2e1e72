"""The site as a WSGI application."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")

application = get_wsgi_application()


def settle() -> None:
    """All code that answers is loaded, and the collector of garbage looks at it no more: only at what answers leave behind.

    Otherwise it would go through all of the program again and again while a large answer is made, a fifth of its cost.
    """
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
