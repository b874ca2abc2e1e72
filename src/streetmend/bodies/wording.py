"""Texts with gaps, as operators write them for what a body leaves unsaid: `Thank you! {{description}}`.

The whole language: `{{name}}` stands for a value, with or without blanks inside the braces. There is nothing else in it: no
conditions, no code, no nesting; a value is never read as a text with gaps itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_GAP = re.compile(r"\{\{([^{}]*)\}\}")
_SPACE = re.compile(r"[ \t]+$", re.MULTILINE)
_LINES = re.compile(r"\n{3,}")


def gaps(text: str) -> tuple[str, ...]:
    """The names of the gaps, in their order, each as often as it stands there. Raises ValueError where braces do not close."""
    left = _GAP.sub("", text)
    if "{{" in left or "}}" in left:
        raise ValueError("a gap is written {{name}}; here two braces stand alone")
    return tuple(name.strip() for name in _GAP.findall(text))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its gaps filled; a gap without a value leaves nothing behind, no blank line either."""
    said = _GAP.sub(lambda gap: values.get(gap[1].strip(), ""), text)
    return _LINES.sub("\n\n", _SPACE.sub("", said)).strip()
