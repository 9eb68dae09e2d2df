"""The functions of expressions as a page for people: `docs/mapping-expressions.md`."""

from __future__ import annotations

import inspect

from airflow_provider_ipaas.mapping.expressions import limits
from airflow_provider_ipaas.mapping.expressions.compiling import shown
from airflow_provider_ipaas.mapping.expressions.functions import FUNCTIONS

_HEAD = f"""# Functions of mapping expressions

Where expressions stand in a mapping and what they see: [mapping collections](mapping.md#expressions). Each function is
called as `upper(value)` or as `value | upper`; with more arguments, `value | left(3)`.

This page is printed from the functions themselves: `airflow-ipaas mapping functions > docs/mapping-expressions.md`.

Beside functions there are `~` (joins texts), `+ - * / // %` (numbers only), `== != < <= > >=`, `in`, `and`, `or`, `not`,
`a if condition else b`, texts in quotes, numbers, and lists such as `['US', 'CA']`. There are no loops, no attributes, no
clock and no chance: the same values always give the same result. An expression has at most {limits.MAX_SOURCE:,} characters
and {limits.MAX_NODES} parts, nested at most {limits.MAX_DEPTH} deep; no text gets longer than {limits.MAX_TEXT:,} characters, no list longer
than {limits.MAX_ITEMS:,} values.
"""


def markdown() -> str:
    """Return the whole page."""
    lines, room = [_HEAD], ""
    for name, function in FUNCTIONS.items():
        heading = (inspect.getdoc(inspect.getmodule(inspect.unwrap(function))) or "").strip()
        if heading != room:
            room = heading
            lines.append(f"## {room}\n\n| function | gives |\n|---|---|")
        text = " ".join((inspect.getdoc(function) or "").split()).removeprefix("Return ")
        text = text.replace("Tell whether", "true where", 1) if text.startswith("Tell whether") else text
        lines.append(f"| `{name}{shown(inspect.signature(function))}` | {text[0].upper()}{text[1:]} |")
        if _is_last(name, room):
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _is_last(name: str, room: str) -> bool:
    names = list(FUNCTIONS)
    following = names[names.index(name) + 1 :]
    if not following:
        return True
    heading = inspect.getdoc(inspect.getmodule(inspect.unwrap(FUNCTIONS[following[0]])))
    return (heading or "").strip() != room
