"""Run many drawn sequences and say what did not hold: `python -m tests.simulation.run --sequences 10000 --seed 1`."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .config import Config
from .draw import Op, draw
from .quiet import settle
from .shrink import shrink
from .world import World


@dataclass
class Outcome:
    """What became of one sequence."""

    violations: list[str]
    trace: list[str]
    rounds: int = 0
    hits: int = 0
    runs: int = 0
    writes: int = 0
    changes: int = 0


def play(config: Config, ops: list[Op], *, tracing: bool = False) -> Outcome:
    """Play a sequence and let it come to rest."""
    world = World(config, tracing=tracing)
    rounds = 0
    try:
        for op in ops:
            world.apply(op)
            if world.oracle.violations:
                break
        else:
            rounds = settle(world).rounds
    except Exception as error:  # a bug of the core (or of the models) is a finding too
        import traceback

        last = traceback.extract_tb(error.__traceback__)[-3:]
        where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno} {f.name}" for f in reversed(last))
        world.oracle.violate("error", f"{type(error).__name__}: {error} at {where}")
    oracle = world.oracle
    return Outcome(
        oracle.violations,
        oracle.trace,
        rounds,
        world.stats["hits"],
        world.stats["runs"],
        oracle.api_writes,
        oracle.user_changes,
    )


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sequences", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=int)
    parser.add_argument("--whole", action="store_true")
    told = parser.parse_args()
    if told.show is not None:
        config, ops = draw(told.show)
        first = play(config, ops).violations
        if first and not told.whole:
            rule = first[0][:8]
            fails = lambda c, o: any(v.startswith(rule) for v in play(c, o).violations[:1])
            config, ops = shrink(config, ops, fails)
        print(config.plain())
        print("\n".join(play(config, ops, tracing=True).trace))
        return 0
    started = time.monotonic()
    kinds: Counter[str] = Counter()
    examples: dict[str, int] = {}
    rounds: Counter[Any] = Counter()
    total = Counter()
    for seed in range(told.seed, told.seed + told.sequences):
        outcome = play(*draw(seed))
        total.update(runs=outcome.runs, hits=outcome.hits, ops=1, writes=outcome.writes, changes=outcome.changes)
        if outcome.violations:
            import re
            kind = re.sub(r"\d+", "#", outcome.violations[0])[:110]
            kinds[kind] += 1
            examples.setdefault(kind, seed)
        else:
            rounds[outcome.hits, outcome.rounds] += 1
    spent = time.monotonic() - started
    print(f"{told.sequences} sequences in {spent:.1f} s: {told.sequences / spent:.0f}/s; {dict(total)}")
    print("rounds:", sorted(rounds.items()))
    for kind, count in kinds.most_common(40):
        print(f"{count:6} seed {examples[kind]:6}: {kind}")
    return 1 if kinds else 0


if __name__ == "__main__":
    sys.exit(main())
