"""The addresses to which our mails are answered: each is of one mail, and nobody can make up another.

Behind a plus sign stands what the mail was about and a signature of it. Mail systems may fold a local part to small letters, so
that nothing else stands in it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings

from streetmend.reports.models import Delivery, Notice

#: 128 bits
_SIGNATURE_BYTES = 16
_MARK = r"([a-z])([0-9]{1,15})-([0-9]{1,6})-([a-z2-7]{26})"


class About(StrEnum):
    """What a mail of ours was: a delivery to a body, or a notice to a person."""

    DELIVERY = "d"
    NOTICE = "n"


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands in an address: which mail it is of, and which sending of it; the signature says whether that is ours."""

    about: About
    number: int
    sending: int
    signature: str
    #: the whole address, in small letters
    address: str

    def is_genuine(self, secret: str) -> bool:
        """Whether we made it, for the row that has `secret` as its own."""
        return hmac.compare_digest(self.signature, _sign(self.about, self.number, self.sending, secret))


def address_for_delivery(delivery: Delivery, sending: int) -> str:
    """Where answers to the mail of a delivery go, and its bounces; "" where nothing is read.

    `sending`: how many tries there were before this mail was made; an older one's bounce says nothing of this one.
    """
    return _address(About.DELIVERY, delivery.pk, sending, secret_of_delivery(delivery))


def address_for_notice(notice: Notice) -> str:
    """Where answers to a notice go, and its bounces; "" where nothing is read."""
    return _address(About.NOTICE, notice.pk, 0, secret_of_notice(notice))


def secret_of_delivery(delivery: Delivery) -> str:
    """What a signature rests on besides the number, which a restored copy may give away once more."""
    return str(delivery.mark)


def secret_of_notice(notice: Notice) -> str:
    """As `secret_of_delivery`."""
    return notice.message_id


def marks_in(text: str) -> Iterator[Mark]:
    """The marks in the addresses of ours that stand in the text, genuine or not, each once."""
    if not settings.REPLY_ADDRESS:
        return
    local, _, domain = settings.REPLY_ADDRESS.rpartition("@")
    pattern = rf"(?<![\w.+-]){re.escape(local)}\+{_MARK}@{re.escape(domain)}(?![\w-]|\.\w)"
    seen = set()
    for found in re.finditer(pattern, text, re.IGNORECASE | re.ASCII):
        about, number, sending, signature = (part.lower() for part in found.groups())
        if about in list(About) and found[0].lower() not in seen:
            seen.add(found[0].lower())
            yield Mark(About(about), int(number), int(sending), signature, found[0].lower())


def _address(about: About, number: int, sending: int, secret: str) -> str:
    if not settings.REPLY_ADDRESS:
        return ""
    local, _, domain = settings.REPLY_ADDRESS.rpartition("@")
    return f"{local}+{about}{number}-{sending}-{_sign(about, number, sending, secret)}@{domain}"


def _sign(about: About, number: int, sending: int, secret: str) -> str:
    said = f"reply address {about} {number} {sending} {secret}"
    digest = hmac.new(settings.SECRET_KEY.encode(), said.encode(), hashlib.sha256).digest()
    return base64.b32encode(digest[:_SIGNATURE_BYTES]).decode().rstrip("=").lower()
