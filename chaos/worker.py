"""`python -m chaos.worker ALGORITHM MARGIN`: one worker of a storm: ours, or one that is known to do it wrong.

"ours" and "resend" are the product's worker (the second is told that the endpoint knows repeats, which is not so: it resends
blindly). "fixmystreet" is a loop as FixMyStreet has it: a flag in the row, every answer without a number is tried again.
"""

from __future__ import annotations

import os
import sys


def main() -> int:
    algorithm, margin = sys.argv[1], int(sys.argv[2])
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "streetmend.settings")
    import django

    django.setup()
    if algorithm == "fixmystreet":
        from chaos.naive import loop

        return loop()
    from streetmend.exchange.worker import run

    return run(margin_seconds=margin, asking_seconds=10 * margin)


if __name__ == "__main__":
    sys.exit(main())
