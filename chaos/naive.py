"""FixMyStreet's way to send, written anew in small: a flag in the row, and every answer without a number is tried again."""

from __future__ import annotations

import re
import time
import urllib.error
import urllib.request
from datetime import timedelta
from http.client import HTTPException
from urllib.parse import urlencode

from chaos.storm import DEADLINE

_NUMBER = re.compile(rb"<service_request_id>([^<]+)<")
_TOKEN = re.compile(rb"<token>([^<]+)<")
_AGAIN_SECONDS = 0.5


def loop() -> int:
    """Until it is killed."""
    from django.db import Error, connections, transaction

    from streetmend.clock import SystemClock
    from streetmend.exchange.addresses import report_url
    from streetmend.reports.models import Delivery

    while True:
        try:
            with transaction.atomic():
                rows = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                    state="waiting", next_at__lte=SystemClock().now()
                )
                delivery = rows.select_related("report", "endpoint").order_by("requested_at").first()
                if delivery is not None:
                    Delivery.objects.filter(pk=delivery.pk).update(state="sending")
            if delivery is None or delivery.endpoint is None:
                time.sleep(0.1)
                continue
            text = f"{delivery.report.title}\n\n{report_url(delivery.report_id)}\n"
            number = _post(delivery.endpoint.url, text)
            changes = (
                {"state": "accepted", "remote_id": number}
                if number
                else {"state": "waiting", "next_at": SystemClock().now() + timedelta(seconds=_AGAIN_SECONDS)}
            )
            Delivery.objects.filter(pk=delivery.pk).update(**changes)
        except Error:
            connections.close_all()
            time.sleep(0.2)


def _post(url: str, description: str) -> str:
    """The number in the answer; "" where there is none, for whatever reason."""
    form = {"service_code": "LIGHT", "lat": "60.0", "long": "4.0", "description": description}
    try:
        answer = _read(f"{url}requests.xml", urlencode(form).encode())
        if found := _NUMBER.search(answer):
            return found[1].decode()
        if token := _TOKEN.search(answer):
            polled = _NUMBER.search(_read(f"{url}tokens/{token[1].decode()}.xml", None))
            return polled[1].decode() if polled else ""
    except (urllib.error.URLError, HTTPException, OSError):
        return ""
    return ""


def _read(url: str, body: bytes | None) -> bytes:
    with urllib.request.urlopen(url, body, timeout=DEADLINE) as answer:
        content: bytes = answer.read(65536)
    return content
