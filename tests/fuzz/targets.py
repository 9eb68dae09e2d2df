"""All targets. A reader of something new gets a target in the module of its kind; a new kind gets a module here."""

from __future__ import annotations

from . import answers, connections, expressions, mappings, queries
from .target import Target

TARGETS: list[Target] = [
    *queries.TARGETS,
    *mappings.TARGETS,
    *expressions.TARGETS,
    *answers.TARGETS,
    *connections.TARGETS,
]
