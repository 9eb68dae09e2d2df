"""Expressions of mappings: texts that look like some, hostile ones among them, over hostile values."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from airflow_provider_ipaas.mapping.expressions import ExpressionFailed, ExpressionRefused, compile_expression, limits
from airflow_provider_ipaas.mapping.expressions.functions import FUNCTIONS

from .target import Target
from .values import TEXTS

WORDS = [
    *(
        "value",
        "Account.Name",
        "custom['A b']",
        "f0",
        "none",
        "true",
        "1",
        "-1",
        "2.5",
        "1E5",
        "'a'",
        "'\\u0000'",
        "[1, 'b']",
    ),
    *(
        "value.__class__",
        "''.__class__.__mro__[1].__subclasses__()",
        "value['__init__'].__globals__",
        "self",
        "_",
        "__builtins__",
    ),
    *(
        "cycler",
        "joiner",
        "namespace",
        "lipsum(9)",
        "range(10 ** 9)",
        "dict(a=1)",
        "open('/etc/passwd')",
        "import os",
        "exec('1')",
    ),
    *("'a' * 10 ** 9", "9 ** 9 ** 9", "[value] * 10 ** 9", "'%99999999d' % 1", "'{:>99999999}'.format(1)", "(" * 500),
    *(
        "date('../../etc/passwd', 'UTC')",
        "value | attr('__class__')",
        "value | map('upper')",
        "{{ 7 }}",
        "{% for x in value %}",
    ),
    *(
        "(lambda: 1)()",
        "x for x in value",
        "value := 1",
        "value if",
        "not",
        "'\n'",
        "#",
        "{'a': 1}",
        "value is callable",
    ),
]
OPERATORS = [
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "~",
    "==",
    "<",
    "in",
    "not in",
    "and",
    "or",
    "|",
    "if value else",
    ".",
    ",",
]
VALUES: st.SearchStrategy[Any] = (
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats() | st.lists(st.text(max_size=5), max_size=5)
)
ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo", "/etc/localtime")
# Code and the data that comes with it may be read on the way; nothing else.
CLONE = Path(__file__).resolve().parents[2]
PLACES = (*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, *ZONES, CLONE)
OURS = tuple(str(Path(place).resolve()) for place in PLACES)
FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "subprocess.Popen",
    "socket.connect",
    "os.remove",
    "os.rename",
    "os.mkdir",
)
_heard: list[str] | None = None


def _listen(event: str, args: tuple[Any, ...]) -> None:
    if _heard is None:
        return
    if event == "open" and isinstance(args[0], str | bytes) and args[0]:
        path = str(Path(args[0].decode() if isinstance(args[0], bytes) else args[0]).resolve())
        if not path.startswith(OURS):
            _heard.append(f"open {path}")
    elif event in FORBIDDEN:
        _heard.append(event)


sys.addaudithook(_listen)


@contextmanager
def nothing_touched() -> Iterator[None]:
    """Check that nothing outside is opened, started or connected to."""
    global _heard
    _heard = heard = []
    try:
        yield
    finally:
        _heard = None
    assert heard == []


@st.composite
def sources(draw: st.DrawFn) -> str:
    """Draw a text that looks like an expression, more or less."""
    part = st.sampled_from(WORDS) | TEXTS.map(repr)
    call = st.builds("{}({})".format, st.sampled_from(sorted(FUNCTIONS)), st.lists(part, max_size=4).map(", ".join))
    parts = draw(st.lists(part | call, min_size=1, max_size=6))
    text = parts[0]
    for each in parts[1:]:
        text = f"{text} {draw(st.sampled_from(OPERATORS))} {each}"
    for _ in range(draw(st.integers(0, 3))):
        text = f"{draw(st.sampled_from(sorted(FUNCTIONS)))}({text})"
    return text


def check(drawn: tuple[str, Any]) -> None:
    source, value = drawn
    with nothing_touched():
        told, result = _outcome(source, value)
    assert all(told), "an error without a message or its mend"
    assert result is None or isinstance(result, str | bool | int | Decimal | list), type(result)
    limits.checked(result)


def _outcome(source: str, value: Any) -> tuple[tuple[str, ...], Any]:
    """Return what an expression is told off with, or what it gives."""
    try:
        return (), compile_expression(source).evaluate(lambda _: value)
    except ExpressionRefused as refused:
        return (refused.what, refused.mend), None
    except ExpressionFailed as failed:
        return (str(failed),), None


TARGETS = [Target("expressions", st.tuples(sources(), VALUES), check, share=2)]
