"""One worker of a storm, in a process of its own: ours, or one that is known to do it wrong.

"ours" and "resend" are the product's worker (the second is told that the endpoint knows repeats, which is not so: it resends
blindly). "fixmystreet" is a loop as FixMyStreet has it: a flag in the row, every answer without a number is tried again.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
django.setup()

from chaos.naive import loop  # noqa: E402 - Django must be ready first
from streetmend.exchange.worker import run  # noqa: E402


def work(algorithm: str, margin: int, log: str) -> None:
    """Until it is killed; what it says goes to the file."""
    kept = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for stream in (1, 2):
        os.dup2(kept, stream)
    os.close(kept)
    if algorithm == "fixmystreet":
        loop()
    else:
        run(margin_seconds=margin, asking_seconds=10 * margin)
