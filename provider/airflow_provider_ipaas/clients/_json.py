"""JSON as services answer it, in bounds."""

from __future__ import annotations

import json
from typing import Any

# Answers have five levels or so. What is much deeper is made to exhaust whoever walks through it.
_MOST_LEVELS = 50


def parse_json(text: str | bytes) -> Any:
    """Parse JSON. Raises ValueError for anything that is none, or nested deeper than any answer is."""
    try:
        parsed = json.loads(text)
    except RecursionError:
        parsed, deep = None, True
    else:
        deep = _is_deeper(parsed, _MOST_LEVELS)
    if deep:
        raise ValueError("JSON nested too deeply")
    return parsed


def _is_deeper(node: Any, levels: int) -> bool:
    if isinstance(node, dict):
        node = node.values()
    elif not isinstance(node, list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in node if isinstance(item, dict | list))
