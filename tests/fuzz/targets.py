"""All targets. A reader of something new gets a target in the module of its kind; a new kind gets a module here.

Not here yet: the expressions of mappings, which the product does not have. Their target draws texts, checks them with
`typed`, and asserts what an expression may not do: leave its sandbox, read a file, run longer than its limit.
"""

from __future__ import annotations

from . import answers, connections, mappings, queries
from .target import Target

TARGETS: list[Target] = [*queries.TARGETS, *mappings.TARGETS, *answers.TARGETS, *connections.TARGETS]
