"""What OpenAPI says of the Open311 server, taken at its word: schemathesis makes requests of it, and each answer is as promised.

Every check of schemathesis counts but two: that valid data is accepted and invalid data refused. The document cannot say that lat
needs long, nor that a text must be a date of some year; what such requests get is tested by name elsewhere.
"""

from __future__ import annotations

import os
from typing import Any

from chaos.part import Found, Trial
from chaos.parts.questions import set_up

SEEDED = True
MINUTES = 45
CASES = 10_000
_ROWS = 30


def run(trial: Trial) -> Found:
    """`CASES` requests, spread over all operations."""
    os.environ["STREETMEND_ALLOWED_HOSTS"] = "localhost,127.0.0.1"
    set_up(trial)
    import schemathesis
    from django.core.handlers.wsgi import WSGIHandler

    schema = schemathesis.openapi.from_wsgi("/open311/openapi.json", WSGIHandler())
    operations = [found.ok() for found in schema.get_all_operations()]
    left = int(CASES * trial.size)
    figures: dict[str, int] = {}
    violations: list[str] = []
    for number, operation in enumerate(operations):
        # what one cannot use up, as there are few ways to ask it, goes to those behind it
        each = max(left // (len(operations) - number), 1)
        figures[operation.label], why = _asked(operation, each, trial.seed)
        left -= figures[operation.label]
        violations += [f"{operation.label}: {why[:1000]}"] * bool(why)
    return Found({"cases": figures}, tuple(violations[:_ROWS]))


def _asked(operation: Any, cases: int, seed: int) -> tuple[int, str]:
    """How many requests were made, and what was wrong with the first that failed."""
    import hypothesis
    from schemathesis.core.failures import Failure, FailureGroup
    from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

    made = 0

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=cases,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        nonlocal made
        made += 1
        # the transport does not unpack
        headers = {"Accept-Encoding": "identity"}
        case.call_and_validate(
            headers=headers, excluded_checks=[positive_data_acceptance, negative_data_rejection]
        )

    try:
        ask()
    except (Failure, FailureGroup) as error:
        return made, str(error)
    return made, ""
