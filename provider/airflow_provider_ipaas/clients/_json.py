"""JSON as services answer it, in bounds."""

from __future__ import annotations

import json
from typing import Any

# Answers have five levels or so. What is much deeper is made to exhaust whoever walks through it.
_MOST_LEVELS = 50
_NESTS = frozenset((dict, list))  # exactly these are made of JSON, and looking one up is quick


def parse_json(text: str | bytes) -> Any:
    """Parse JSON. Raises ValueError for anything that is none, or nested deeper than any answer is."""
    try:
        parsed = json.loads(text)
    except RecursionError:
        raise ValueError("JSON nested too deeply") from None
    level: list[Any] = [parsed] if parsed.__class__ in _NESTS else []
    for _ in range(_MOST_LEVELS):
        if not level:
            return parsed
        level = [
            item
            for node in level
            for item in (node.values() if node.__class__ is dict else node)
            if item.__class__ in _NESTS
        ]
    raise ValueError("JSON nested too deeply")
