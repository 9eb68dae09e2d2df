"""Make a failing sequence small: leave out operations, faults and odd settings as long as the same rule is broken."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from .config import Config

Op = list[Any]
Fails = Callable[[Config, list[Op]], bool]


def shrink(config: Config, ops: list[Op], fails: Fails, *, tries: int = 3000) -> tuple[Config, list[Op]]:
    """Return a smaller world and sequence that still fail, after at most *tries* attempts."""
    left = tries
    progress = True
    while progress and left > 0:
        progress = False
        for smaller_config, smaller in _smaller(config, ops):
            left -= 1
            if left <= 0:
                break
            if fails(smaller_config, smaller):
                config, ops, progress = smaller_config, smaller, True
                break
    return config, ops


def _smaller(config: Config, ops: list[Op]) -> Iterator[tuple[Config, list[Op]]]:
    size = len(ops) // 2
    while size:
        for at in range(0, len(ops), size):
            yield config, ops[:at] + ops[at + size :]
        size //= 2
    for at, op in enumerate(ops):
        for simpler in _simpler(op):
            yield config, [*ops[:at], simpler, *ops[at + 1 :]]
    plain = config.plain()
    for name in plain:
        if name != "reading":
            yield Config.of({k: v for k, v in plain.items() if k != name}), ops
    for name in plain.get("reading", {}):
        reading = {k: v for k, v in plain["reading"].items() if k != name}
        yield Config.of({**plain, "reading": reading}), ops


def _simpler(op: Op) -> Iterator[Op]:
    """Yield simpler forms of one operation."""
    if op[0] == "run":
        yield from (["run", *told] for told in _simpler_run(op[1:]))
    elif op[0] in ("two", "zombie"):
        yield from _simpler_overlap(op)
    elif op[0] == "burst":
        yield from (["burst", op[1][:at] + op[1][at + 1 :]] for at in range(len(op[1])))
    elif op[0] == "wait" and op[1] > 1:
        yield ["wait", 1]
    elif op[0] == "new" and op[4]:
        yield [*op[:4], 0, op[5]]
        for bit in range(12):
            if op[4] >> bit & 1:
                yield [*op[:4], op[4] & ~(1 << bit), op[5]]
    if op[0] in ("new", "edit") and op[5]:
        yield [*op[:5], 0]


def _simpler_overlap(op: Op) -> Iterator[Op]:
    """Yield one run alone instead of what goes on at once, then the same with simpler runs."""
    name, first, second, *rest = op
    yield ["run", *first]
    if name == "two":
        yield ["run", *second]
        yield from ([name, first, told, *rest] for told in _simpler_run(second))
    yield from ([name, told, second, *rest] for told in _simpler_run(first))


def _simpler_run(told: list[Any]) -> Iterator[list[Any]]:
    collection, params, calls, deaths, seed, abandoned = copy.deepcopy(told)
    for at in range(len(calls)):
        yield [collection, params, calls[:at] + calls[at + 1 :], deaths, seed, abandoned]
    if deaths:
        yield [collection, params, calls, [], seed, abandoned]
    if params:
        yield [collection, {}, calls, deaths, seed, abandoned]
    if abandoned:
        yield [collection, params, calls, deaths, seed, 0]
    if seed:
        yield [collection, params, calls, deaths, 0, abandoned]
