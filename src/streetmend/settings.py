"""Django's settings, all read from the environment (docs/reference/settings.md has a heading for each name).

A secret may come from a file: ``X_FILE`` names it. A value that cannot be understood stops the program with the name of the
setting, so that an operator never has to guess.
"""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from streetmend.database.config import database_config

T = TypeVar("T")

#: one more than the largest private key on P-256 (SEC 2, secp256r1)
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

#: Every environment variable that is read here, in order; the docs test compares it with the reference.
ENVIRONMENT: list[str] = []


def _read(name: str, default: str, parse: Callable[[str], T]) -> T:
    """The setting's value, from the environment or from the file that ``NAME_FILE`` names."""
    ENVIRONMENT.append(name)
    raw = os.environ.get(name)
    file = os.environ.get(f"{name}_FILE")
    try:
        if raw is None and file:
            raw = Path(file).read_text(encoding="utf-8").strip()
        return parse(default if raw is None else raw)
    except (OSError, ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(f"{name}: {error}") from error


def _base_url(raw: str) -> str:
    parts = urlsplit(raw.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{raw!r} is not an address like https://reports.example.org")
    return raw.strip().rstrip("/")


def _words(raw: str) -> list[str]:
    return [word for word in raw.replace(",", " ").split() if word]


def _networks(raw: str) -> list[str]:
    return [str(ip_network(word)) for word in _words(raw)]


def _positive(raw: str) -> int:
    number = int(raw) if raw.isascii() and raw.isdigit() else 0
    if number < 1:
        raise ValueError(f"{raw!r} is not a whole number above 0")
    return number


def _count(raw: str) -> int:
    number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 3 else -1
    if number < 0:
        raise ValueError(f"{raw!r} is not a whole number from 0 to 99")
    return number


def _reply_address(raw: str) -> str:
    """One address of ours; each mail's own sign goes behind a plus sign before its @."""
    address = raw.strip()
    local, _at, domain = address.rpartition("@")
    if not address:
        return ""
    if (
        not local
        or "+" in local
        or "." not in domain
        or not address.isascii()
        or set(address) & set(' <>",;')
    ):
        raise ValueError(f"{raw!r} is not an address like answers@reports.example.org")
    if len(local) > 16:
        raise ValueError(
            f"{local!r} has more than 16 characters; a sign of 47 goes behind it, and 64 are allowed"
        )
    return address


def _reply_mailbox(raw: str) -> str:
    parts = urlsplit(raw.strip())
    if not raw.strip():
        return ""
    if parts.scheme == "maildir" and not parts.netloc and parts.path.startswith("/"):
        return raw.strip()
    if parts.scheme in ("imaps", "imap") and parts.hostname and parts.username and parts.password is not None:
        _ = parts.port  # a port that is none raises here
        return raw.strip()
    raise ValueError("say maildir:///PATH, or imaps://USER:PASSWORD@HOST/FOLDER")


def _vapid_key(raw: str) -> int:
    """0, or the number of a private key on P-256: 32 bytes in base64url, as makers of VAPID keys print it."""
    if not raw.strip():
        return 0
    given = base64.b64decode(
        raw.strip().rstrip("=").translate(str.maketrans("-_", "+/")) + "=", validate=True
    )
    if len(given) != 32 or not 0 < (number := int.from_bytes(given, "big")) < _P256_ORDER:
        raise ValueError("this is no private key of 32 bytes in base64url")
    return number


def _tiles(raw: str) -> dict[str, str]:
    """`none`, or an address of tiles, a space, and the words that their owner wants to see on the map."""
    url, _space, attribution = raw.strip().partition(" ")
    if url in ("", "none"):
        return {"kind": "own", "url": "", "attribution": ""}
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https", ""):
        raise ValueError(f"{url!r} is no http or https address, and no file")
    if not attribution.strip():
        raise ValueError(
            "after the address, say whose map it is: URL, a space, and for example © OpenStreetMap"
        )
    told = {"url": url, "attribution": attribution.strip()}
    if parts.path.endswith(".pmtiles"):
        return {"kind": "pmtiles", **told}
    if not parts.scheme or not all(part in url for part in ("{z}", "{x}", "{y}")):
        raise ValueError("an address of tiles has {z}, {x} and {y} in it; one of an archive ends in .pmtiles")
    return {"kind": "xyz", **told}


def _secret_key(data: Path) -> Callable[[str], str]:
    """The given key, or the one kept in the data directory, made there at the first start."""

    def parse(raw: str) -> str:
        if raw:
            return raw
        file = data / "secret_key"
        if not file.exists():
            data.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:  # another process was first; its key is the site's key
                return file.read_text(encoding="ascii")
            with os.fdopen(descriptor, "w", encoding="ascii") as handle:
                handle.write(secrets.token_urlsafe(64))
        return file.read_text(encoding="ascii")

    return parse


DATA = _read("STREETMEND_DATA", "./var", lambda raw: Path(raw).expanduser().resolve())
SECRET_KEY = _read("STREETMEND_SECRET_KEY", "", _secret_key(DATA))
PORT = _read("PORT", "8000", _positive)
BASE_URL = _read("STREETMEND_BASE_URL", f"http://127.0.0.1:{PORT}", _base_url)
_base = urlsplit(BASE_URL)
ALLOWED_HOSTS = _read("STREETMEND_ALLOWED_HOSTS", _base.hostname or "", _words)
INSTANCE_ID = _read("STREETMEND_INSTANCE_ID", "", str.strip)
METRICS_KEY = _read("STREETMEND_METRICS_KEY", "", str.strip)
MAX_REQUESTS = _read("STREETMEND_MAX_REQUESTS", "1000", _positive)
OUTBOUND_ALLOW = _read("STREETMEND_OUTBOUND_ALLOW", "", _networks)
GEOCODER = _read("STREETMEND_GEOCODER", "none", str.strip)
TRUSTED_PROXIES = _read("STREETMEND_TRUSTED_PROXIES", "0", _count)
VAPID_KEY = _read("STREETMEND_VAPID_KEY", "", _vapid_key)
TILES = _read("STREETMEND_TILES", "none", _tiles)

DATABASES: dict[str, dict[str, Any]] = {
    "default": _read(
        "DATABASE_URL",
        f"sqlite:///{DATA / 'streetmend.sqlite3'}",
        database_config,
    )
}
_mail: dict[str, Any] = _read(
    "EMAIL_URL", f"filemail://{DATA / 'mail'}", lambda raw: dict(environ.Env.email_url_config(raw))
)
EMAIL_BACKEND = _mail["EMAIL_BACKEND"]
EMAIL_HOST = _mail.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _mail.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_mail.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_mail.get("EMAIL_USE_SSL"))
EMAIL_FILE_PATH = DATA / "mail" if EMAIL_BACKEND.endswith("filebased.EmailBackend") else None
EMAIL_TIMEOUT = 60
EMAIL_SUBJECT_PREFIX = ""

#: where answers to our mails and bounces of them go, and where they are read; both or none
REPLY_ADDRESS = _read("STREETMEND_REPLY_ADDRESS", "", _reply_address)
REPLY_MAILBOX = _read("STREETMEND_REPLY_MAILBOX", "", _reply_mailbox)
if bool(REPLY_ADDRESS) != bool(REPLY_MAILBOX):
    raise ImproperlyConfigured(
        "STREETMEND_REPLY_ADDRESS and STREETMEND_REPLY_MAILBOX: set both of them, or neither"
    )

MEDIA_ROOT = DATA / "photos"
MEDIA_URL = _read("STREETMEND_MEDIA_URL", "/photos/", str.strip)

DEBUG = False
SECURE = _base.scheme == "https"
# an own port keeps own cookies: a second demo on the same machine must not sign the first one out
_cookie = "__Host-streetmend" if SECURE else f"streetmend{PORT}"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "streetmend.accounts",
    "streetmend.areas",
    "streetmend.bodies",
    "streetmend.reports",
    "streetmend.desk",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "streetmend.web.middleware.headers",
    "streetmend.web.static.StaticFiles",
    "streetmend.web.middleware.CompressPages",
    "streetmend.web.doors.Sessions",
    "django.middleware.common.CommonMiddleware",
    "streetmend.web.doors.Forgery",
    "streetmend.web.doors.SignedIn",
    "streetmend.web.doors.Messages",
    "streetmend.web.doors.Frames",
    "streetmend.web.middleware.language",
]
ROOT_URLCONF = "streetmend.urls"
WSGI_APPLICATION = "streetmend.wsgi.application"
AUTH_USER_MODEL = "accounts.Person"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_UI = Path(__file__).parent / "ui"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_UI / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "streetmend.web.context.site",
            ],
            "builtins": ["streetmend.web.tags"],
        },
    }
]

# Moments are kept in UTC; the site's own zone is a row of the site file and is applied where something is shown.
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("nb", _("Norwegian Bokmål")), ("nn", _("Norwegian Nynorsk")), ("en", _("English"))]
LOCALE_PATHS = [_UI / "locale"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [_UI / "static"]
STATIC_ROOT = DATA / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "streetmend.web.static.FingerprintedStorage"},
}
# served from the package when nothing was collected, so that a checkout needs no extra step
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_NAME = f"{_cookie}-session"
CSRF_COOKIE_NAME = f"{_cookie}-csrf"
LANGUAGE_COOKIE_NAME = f"{_cookie}-language"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_REDIRECT_EXEMPT = [r"^open311/", r"^healthz$", r"^readyz$", r"^metrics$"]
CSRF_TRUSTED_ORIGINS = [BASE_URL]
X_FRAME_OPTIONS = "DENY"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
LOGIN_URL = "/sign-in"
CSRF_FAILURE_VIEW = "streetmend.web.errors.form_too_old"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# 10 MB a photo, 25 MB a request; the parsers cut while they stream (facts of size are told in the error)
MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_BODY_BYTES = 25 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "streetmend.web.uploads.Limits",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
# how long a repeated POST waits for the first one's answer before it gets 409
IN_FLIGHT_SECONDS = 5.0
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_PERMISSIONS = 0o640
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o750

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {"()": "streetmend.logs.OneLine", "format": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"streetmend": {"level": "INFO"}},
}
