"""Play one sequence: its operations, then quiet; and say what did not hold."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .config import Config
from .quiet import settle
from .world import World

Op = list[Any]


@dataclass(slots=True)
class Outcome:
    """What became of one sequence. *rounds*: of runs that still had something to do once nobody edited any more."""

    violations: list[str]
    trace: list[str] = field(default_factory=list)
    rounds: int = 0
    hits: int = 0  # faults that took effect: of calls and processes, runs at once, lost and older ledgers
    runs: int = 0
    ops: int = 0
    writes: int = 0  # of the sync, to either service
    last_writes: int = 0  # of these, in the last round
    changes: int = 0  # by users and flows
    happened: Counter[str] = field(default_factory=Counter)  # operations, faults and fates
    checked: Counter[str] = field(default_factory=Counter)  # how often each rule was put to the test

    @property
    def rule(self) -> str:
        """Name the first rule that was broken, and roughly how; empty when none was."""
        if not self.violations:
            return ""
        return " ".join(word for word in self.violations[0].split()[:12] if not any(c.isdigit() for c in word[1:]))


def play(config: Config, ops: list[Op], *, tracing: bool = False) -> Outcome:
    """Play a sequence and let it come to rest."""
    return play_in(World(config, tracing=tracing), ops)


def play_in(world: World, ops: list[Op]) -> Outcome:
    rounds = played = 0
    try:
        for op in ops:
            world.apply(op)
            played += 1
            if world.oracle.violations:
                break
        else:
            rounds = settle(world)
    except Exception as error:
        # Whatever the core raises beside its own errors is a bug of it, or of the models.
        frames = reversed(traceback.extract_tb(error.__traceback__)[-3:])
        where = " < ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames)
        world.oracle.violate("error", f"{type(error).__name__}: {error} at {where}")
    oracle = world.oracle
    world.happened["a flow edits as the API user"] = oracle.flow_changes
    return Outcome(
        violations=oracle.violations,
        trace=oracle.trace,
        rounds=rounds,
        hits=world.faults + world.ledgers + world.overlaps,
        runs=world.made,
        ops=played,
        writes=oracle.api_writes,
        last_writes=world.last_writes,
        changes=oracle.user_changes,
        happened=world.happened,
        checked=oracle.checked,
    )
