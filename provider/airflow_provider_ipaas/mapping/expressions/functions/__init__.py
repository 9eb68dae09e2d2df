"""Everything an expression may call: each function works as `name(value, ...)` and as `value | name(...)`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from airflow_provider_ipaas.mapping.expressions import limits
from airflow_provider_ipaas.mapping.expressions.functions import dates, lists, numbers, phones, places, text


def _bounded(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return limits.checked(function(*args, **kwargs))

    return call


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: _bounded(function)
    for room in (text, lists, numbers, dates, phones, places)
    for function in room.FUNCTIONS
}
