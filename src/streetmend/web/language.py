"""Which language a page speaks: the one chosen before, else the best of the browser's that the site has, else its first."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

#: what browsers say, and what is meant
_MEANT = {
    "no": "nb",
    "no-no": "nb",
    "no-nb": "nb",
    "no-nn": "nn",
    "no-bok": "nb",
    "no-nyn": "nn",
    "nb-no": "nb",
    "nn-no": "nn",
}
_LONGEST = 500


def choose(*, chosen: str, accepted: str, languages: Sequence[str]) -> str:
    """The language to speak: `chosen` (a cookie), else the best of `accepted` (an Accept-Language header), else the first.

    Only languages of the site that there are translations for can come out, whatever comes in.
    """
    there = [language for language in languages if language in dict(settings.LANGUAGES)] or [
        settings.LANGUAGE_CODE
    ]
    if chosen in there:
        return chosen
    for wanted, _quality in parse_accept_lang_header(accepted[:_LONGEST].lower()):
        if wanted == "*":
            break
        found = _supported(_MEANT.get(wanted, wanted))
        if found in there:
            return found
        if found == "nn" and "nb" in there:
            return "nb"
        if found == "nb" and "nn" in there:
            return "nn"
    return there[0]


def _supported(wanted: str) -> str:
    try:
        return get_supported_language_variant(wanted)
    except LookupError:
        return ""
