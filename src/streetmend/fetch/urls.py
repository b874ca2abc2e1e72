"""Which URLs are called at all."""

import functools
import re
from collections.abc import Collection
from ipaddress import ip_address

from yarl import URL

from streetmend.fetch.errors import RequestInvalid

_LONGEST = 8000
_NAME = re.compile(r"(?!.*\.\.)[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?\.?", re.IGNORECASE)
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_UNSOUND = re.compile(r"[\x00-\x20\x7f\\]")


def checked_url(text: str, *, ports: Collection[int] | None, plain_http: bool) -> URL:
    """The URL, if it is http or https with a plain host and a permitted port, and carries no user or password.

    A host made of numbers must be an IPv4 address of four decimal ones: what `127.1` or `0x7f000001` means depends
    on who reads it. Raises RequestInvalid, naming what is wrong and never more of the URL than its host.
    """
    text = text.strip()
    if len(text) > _LONGEST or _UNSOUND.search(text):
        raise RequestInvalid("The address is too long or holds a character that no address may hold")
    try:
        url = URL(text)
    except ValueError as error:
        raise RequestInvalid("The address is not a URL") from error
    schemes = ("https", "http") if plain_http else ("https",)
    if url.scheme not in schemes:
        raise RequestInvalid(
            f"The address must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        )
    if url.user is not None or url.password is not None:
        raise RequestInvalid("The address may not hold a user name or a password")
    if not _is_host(url.raw_host or ""):
        raise RequestInvalid("The address names no valid host")
    if not url.port or (ports is not None and url.port not in ports):
        raise RequestInvalid(f"Port {url.port} is not permitted")
    return url


@functools.lru_cache(maxsize=4096)
def _is_host(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        return len(host) <= 253 and bool(_NAME.fullmatch(host)) and not _NUMBER.fullmatch(last)
    return "%" not in host
