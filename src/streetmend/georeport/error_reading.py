"""The reasons in an error's body, in all the shapes that servers give them."""

from collections.abc import Iterator, Mapping
from itertools import islice

from streetmend.georeport.rows import scalar, word
from streetmend.georeport.trees import Tree
from streetmend.georeport.types import Error, Json

_WORDS = ("description", "message", "detail", "details", "error_description", "reason", "title")
_WRAPPERS = ("errors", "error")
_LONGEST = 2000
_MOST = 50


def find_errors(tree: Tree) -> tuple[Error, ...]:
    """Every reason that the answer gives; empty where it gives none.

    Read are the standard's lists of code and description, bare or wrapped; an ``error`` element or member
    that is only a text; objects with ``message`` or ``detail``; and lists of texts. A reason without a code
    has an empty one.
    """
    return tuple(islice(_errors(tree.value, ""), _MOST))


def _errors(value: Json, code: str) -> Iterator[Error]:
    if isinstance(value, list | tuple):
        for one in value:
            yield from _errors(one, code)
    elif isinstance(value, Mapping) and value:
        code = word(value.get("code")) or code
        wrapped = [value[name] for name in _WRAPPERS if isinstance(value.get(name), Mapping | list)]
        said = next((value[name] for name in (*_WORDS, *_WRAPPERS) if scalar(value.get(name))), None)
        for one in wrapped or [said] if said is not None or wrapped else _lists(value):
            yield from _errors(one, code)
    else:
        text = scalar(value)
        if text is not None:
            yield Error(code=code, description=text.strip()[:_LONGEST])


def _lists(value: Mapping[str, Json]) -> Iterator[Json]:
    """The members that hold several reasons, as ``{"code": 400, "detail": ["...", "..."]}``."""
    for name in _WORDS:
        if isinstance(value.get(name), list):
            yield value[name]
