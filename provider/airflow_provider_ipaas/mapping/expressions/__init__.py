"""Expressions of a mapping: one line of Jinja syntax over values, without attributes, loops, clock or side effects."""

from __future__ import annotations

from airflow_provider_ipaas.mapping.expressions.compiling import Expression, ExpressionRefused, compile_expression
from airflow_provider_ipaas.mapping.expressions.limits import ExpressionFailed

__all__ = ["Expression", "ExpressionFailed", "ExpressionRefused", "compile_expression"]
