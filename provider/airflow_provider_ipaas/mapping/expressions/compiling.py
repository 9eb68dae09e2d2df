"""One expression: parsed, held against an allow-list, its fields turned into plain names, then compiled by Jinja."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from functools import lru_cache
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import TemplateExpression
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment

from airflow_provider_ipaas.mapping.expressions import limits
from airflow_provider_ipaas.mapping.expressions.functions import FUNCTIONS
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed
from airflow_provider_ipaas.mapping.problems import meant

Path = tuple[str, ...]

_ALLOWED: tuple[type[nodes.Node], ...] = (
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Getattr, nodes.Getitem, nodes.Call, nodes.Filter),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
    *(nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand, nodes.Concat, nodes.CondExpr),
)
_ADVICE: dict[type[nodes.Node], str] = {
    nodes.Pow: "Powers are not available.",
    nodes.Dict: "Use a translation table (`translate:`) in the field instead.",
    nodes.Test: "Tests with `is` are not available: `not Phone` tells a blank, `==` compares.",
    nodes.Slice: "Use left(text, 3), right(text, 3) or mid(text, 2, 3).",
}
_OPERATORS = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "//": "divide", "%": "divide"}


class ExpressionRefused(Exception):
    """An expression that can't be used at all: what is wrong, and the mend."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; *paths* are the fields it reads, in the order it names them."""

    source: str
    paths: tuple[Path, ...]
    _run: Callable[[Mapping[str, Any]], Any]

    def evaluate(self, value_of: Callable[[Path], Any]) -> Any:
        """Work it out; *value_of* gives a field's value. Raises ExpressionFailed, which names no value."""
        names = {f"f{number}": limits.checked(_plain(value_of(path))) for number, path in enumerate(self.paths)}
        try:
            return limits.checked(self._run(names))
        except ExpressionFailed:
            raise
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError):
            # Python's own texts may hold values.
            raise ExpressionFailed("its values do not fit together (text where a number is needed, say)") from None


def _plain(value: Any) -> Any:
    """Let an expression see numbers as decimals, blanks as nothing, and nothing but plain values."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float):
        return Decimal(repr(value))
    return value if isinstance(value, bool | int | Decimal) or value is None else str(value)


class _Environment(SandboxedEnvironment):
    """Jinja without anything of its own: no filters, tests, globals, attributes; guarded arithmetic."""

    intercepted_binops = frozenset(_OPERATORS)

    def __init__(self) -> None:
        super().__init__(optimized=False, autoescape=False)
        self.filters = dict(FUNCTIONS)
        self.globals = dict(FUNCTIONS)
        self.tests = {}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:  # noqa: ARG002 (Jinja's)
        """Calculate with numbers only: `'a' * 10000000` and `'%9999999d' % x` are how texts explode."""
        for operand in (left, right):
            if isinstance(operand, bool) or not isinstance(operand, int | Decimal):
                hint = "; join text with ~" if operator == "+" else "; number(text) makes one of a text"
                raise ExpressionFailed(f"it can {_OPERATORS[operator]} numbers only{hint}")
        try:
            exact = operator == "/" or isinstance(left, Decimal) or isinstance(right, Decimal)
            pair = (Decimal(left), Decimal(right)) if exact else (left, right)
            return limits.checked_number(self.binop_table[operator](*pair))
        except (ZeroDivisionError, DecimalException):
            raise ExpressionFailed("it divides by zero, or the number is too large") from None

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:  # noqa: ARG002 (Jinja's)
        """No attribute is safe: the compiled code reads none."""
        return False

    def is_safe_callable(self, obj: Any) -> bool:
        """Only the shipped functions are."""
        return any(obj is function for function in FUNCTIONS.values())


_ENVIRONMENT = _Environment()


@lru_cache(maxsize=4096)
def compile_expression(source: str) -> Expression:
    """Compile an expression. Raises ExpressionRefused with what is wrong and the mend; runs nothing."""
    if len(source) > limits.MAX_SOURCE:
        mend = f"Keep it below {limits.MAX_SOURCE} characters; a translation table holds long lists."
        raise ExpressionRefused(f"the expression has {len(source)} characters.", mend)
    tree = _parsed(source)
    _check_size(tree)
    compiling = _Compiling()
    tree = compiling.rewritten(tree)
    body: list[nodes.Node] = [nodes.Assign(nodes.Name("result", "store"), tree, lineno=1)]
    template = nodes.Template(body, lineno=1)
    template.set_environment(_ENVIRONMENT)
    run = TemplateExpression(_ENVIRONMENT.from_string(template), undefined_to_none=True)
    return Expression(source, tuple(compiling.paths), run)


def _parsed(source: str) -> nodes.Expr:
    if "{{" in source or "{%" in source:
        raise ExpressionRefused("an expression is written without braces.", "Write `value | upper`, not `{{ value }}`.")
    try:
        parser = Parser(_ENVIRONMENT, source, state="variable")
        tree = parser.parse_expression()
        if not parser.stream.eos:
            extra = str(parser.stream.current.value)
            mend = "Write one expression; join texts with ~, and put function arguments in parentheses."
            raise ExpressionRefused(f"the expression should end before {extra!r}.", mend)
    except TemplateSyntaxError as error:
        mend = "Look for a missing quote, bracket or operator near it."
        raise ExpressionRefused(f"the expression can't be read: {error.message or 'a mistake'}.", mend) from None
    except (RecursionError, MemoryError):
        raise ExpressionRefused("the expression is nested too deeply.", "Make it simpler.") from None
    except (ValueError, OverflowError):
        raise ExpressionRefused("the expression holds a number that can't be read.", "Write it plainly.") from None
    return tree


def _check_size(tree: nodes.Node) -> None:
    waiting, count = [(tree, 1)], 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > limits.MAX_DEPTH or count > limits.MAX_NODES:
            mend = "Make it simpler; a translation table holds long lists."
            raise ExpressionRefused("the expression is too large or nested too deeply.", mend)
        waiting += [(child, depth + 1) for child in node.iter_child_nodes()]


class _Compiling:
    """Checks every node and puts a plain name in the place of every field: the compiled code reads no attribute."""

    def __init__(self) -> None:
        self.paths: dict[Path, str] = {}

    def rewritten(self, node: Any) -> Any:
        """Return the tree with its fields replaced; raise ExpressionRefused for what is not on the list."""
        if not isinstance(node, _ALLOWED):
            what = type(node).__name__
            raise ExpressionRefused(
                f"{what} is not available in expressions.", _ADVICE.get(type(node), "Leave it out.")
            )
        path = _path(node)
        if path is not None:
            return nodes.Name(self.paths.setdefault(path, f"f{len(self.paths)}"), "load")
        if isinstance(node, nodes.Getattr | nodes.Getitem):
            mend = "Read a field by its path, such as `Account.Name`; first(list) and left(text, 3) give parts."
            raise ExpressionRefused("attributes and items of values can't be read.", mend)
        if isinstance(node, nodes.Call | nodes.Filter):
            return self._call(node)
        if isinstance(node, nodes.Const):
            return _constant(node.value)
        if isinstance(node, nodes.CondExpr) and node.expr2 is None:
            node.expr2 = nodes.Const(None)
        for name, child in list(node.iter_fields()):
            if isinstance(child, list):
                setattr(node, name, [self.rewritten(each) for each in child])
            elif isinstance(child, nodes.Node):
                setattr(node, name, self.rewritten(child))
        return node

    def _call(self, node: nodes.Call | nodes.Filter) -> nodes.Node:
        name = node.name if isinstance(node, nodes.Filter) else getattr(node.node, "name", None)
        if name not in FUNCTIONS:
            what = f"{name!r} is no function" if name else "only functions can be called"
            raise ExpressionRefused(f"{what}.", meant(name or "", sorted(FUNCTIONS)))
        if node.dyn_args or node.dyn_kwargs:
            raise ExpressionRefused("arguments can't be unpacked with *.", "Write each argument.")
        node.args = [self.rewritten(each) for each in node.args]
        for pair in node.kwargs:
            pair.value = self.rewritten(pair.value)
        if isinstance(node, nodes.Filter):
            if node.node is None:
                raise ExpressionRefused(f"{name!r} has nothing on its left.", f"Write `value | {name}`.")
            node.node = self.rewritten(node.node)
        given = len(node.args) + isinstance(node, nodes.Filter)
        signature = inspect.signature(FUNCTIONS[name])
        try:
            signature.bind(*range(given), **{str(pair.key): None for pair in node.kwargs})
        except TypeError as error:
            raise ExpressionRefused(f"{name}: {error}.", f"It is called as {name}{shown(signature)}.") from None
        return node


def shown(signature: inspect.Signature) -> str:
    """Write a signature as people call it."""
    return "(" + ", ".join(str(each.replace(annotation=each.empty)) for each in signature.parameters.values()) + ")"


def _path(node: nodes.Node) -> Path | None:
    """Return the path of a field such as `Account.Name` or `custom['Segment']`; None for anything else."""
    parts: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        part = node.attr if isinstance(node, nodes.Getattr) else getattr(node.arg, "value", None)
        if not isinstance(part, str):
            return None
        parts.append(part)
        node = node.node
    return (node.name, *reversed(parts)) if isinstance(node, nodes.Name) else None


def _constant(value: Any) -> nodes.Expr:
    """Return a literal; one with a point is a decimal number, like those of the records."""
    point = isinstance(value, float)
    try:
        limits.checked(Decimal(repr(value)) if point else value)
    except ExpressionFailed as error:
        raise ExpressionRefused(f"{error}.", "Write a smaller value.") from None
    if not point:
        return nodes.Const(value)
    text = nodes.Const(format(Decimal(repr(value)), "f"))
    return nodes.Call(nodes.Name("number", "load"), [text], [], None, None)
