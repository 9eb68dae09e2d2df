"""Play many drawn sequences and say what did not hold.

    python -m tests.simulation.run --sequences 10000 --seed 1 --workers 2
    python -m tests.simulation.run --show 4711

A sequence that breaks a rule is made small, shown with what happened in it, and with `--keep` added to
`regressions.json`, which the tests play each time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

from .config import Config
from .draw import Op, draw
from .happenings import EXPECTED, RULES
from .play import Outcome, play
from .regressions import keep
from .shrink import shrink

ENOUGH = 10_000  # sequences in which everything has to happen
# One round finds out what a fault has left and goes on from there; what had to wait for that goes out in a second one.
MOST_ROUNDS = 2
_CHUNK = 250
_MOST_SHOWN = 20
_MOST_KEPT = 3


@dataclass
class Numbers:
    """What many sequences came to."""

    total: Counter[str] = field(default_factory=Counter)
    happened: Counter[str] = field(default_factory=Counter)
    checked: Counter[str] = field(default_factory=Counter)
    rounds: Counter[tuple[int, int]] = field(default_factory=Counter)  # (faults that took effect, rounds)
    slow: dict[tuple[int, int], list[int]] = field(default_factory=dict)  # more than that -> seeds
    broken: dict[str, list[int]] = field(default_factory=dict)  # rule -> seeds

    def add(self, seed: int, outcome: Outcome) -> None:
        names = ("runs", "hits", "ops", "writes", "changes", "last_writes")
        self.total.update({"sequences": 1, **{name: getattr(outcome, name) for name in names}})
        self.happened.update(outcome.happened)
        self.checked.update(outcome.checked)
        if outcome.violations:
            self.broken.setdefault(outcome.rule, []).append(seed)
            return
        place = min(outcome.hits, 3), outcome.rounds
        self.rounds[place] += 1
        # A chain of merges is followed one link a round.
        if outcome.rounds > max(MOST_ROUNDS, outcome.happened["merge"]):
            self.slow.setdefault(place, []).append(seed)

    def update(self, other: Numbers) -> None:
        for counter, more in (
            (self.total, other.total),
            (self.happened, other.happened),
            (self.checked, other.checked),
        ):
            counter.update(more)
        self.rounds.update(other.rounds)
        for place, seeds in other.slow.items():
            self.slow.setdefault(place, []).extend(seeds)
        for rule, seeds in other.broken.items():
            self.broken.setdefault(rule, []).extend(seeds)

    def shortcomings(self) -> list[str]:
        """Say what else than a broken rule makes these sequences no proof."""
        told = [f"converges late: seeds {seeds[:5]}" for seeds in self.slow.values()]
        if self.total["sequences"] >= ENOUGH:
            told += [f"never happened: {name}" for name in EXPECTED if not self.happened[name]]
            told += [f"never put to the test: {rule}" for rule in RULES if not self.checked[rule]]
        return told


def play_seeds(seeds: Iterable[int]) -> Numbers:
    """Draw and play sequences."""
    numbers = Numbers()
    for seed in seeds:
        numbers.add(seed, play(*draw(seed)))
    return numbers


def smallest(seed: int) -> tuple[Config, list[Op]]:
    """Return the sequence of a seed that breaks a rule, made small."""
    config, ops = draw(seed)
    rule = play(config, ops).rule
    return shrink(config, ops, lambda c, o: play(c, o).rule == rule) if rule else (config, ops)


def show(config: Config, ops: list[Op]) -> None:
    print("world:", config.plain() or "the defaults")
    print("\n".join(play(config, ops, tracing=True).trace))


def main() -> int:
    told = _arguments()
    if told.show is not None:
        show(*(draw(told.show) if told.whole else smallest(told.show)))
        return 0
    started = time.monotonic()
    numbers = Numbers()
    for part in _parts(told.seed, told.sequences, told.workers):
        numbers.update(part)
        if sys.stderr.isatty():
            print(f"\r{numbers.total['sequences']} of {told.sequences}", end="", file=sys.stderr)
    _tell(numbers, time.monotonic() - started, told.workers)
    for rule, seeds in list(numbers.broken.items())[: _MOST_KEPT if told.keep else 1]:
        config, ops = smallest(min(seeds))
        print(f"\nseed {min(seeds)}, made small:")
        show(config, ops)
        if told.keep:
            keep(rule, min(seeds), config, ops)
    return 1 if numbers.broken or numbers.shortcomings() else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sequences", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="of the first sequence; the others count up")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--show", type=int, metavar="SEED", help="play one sequence and tell what happens")
    parser.add_argument("--whole", action="store_true", help="with --show: as it was drawn, not made small")
    parser.add_argument("--keep", action="store_true", help="add what breaks a rule to regressions.json")
    return parser.parse_args()


def _parts(seed: int, sequences: int, workers: int) -> Iterator[Numbers]:
    last = seed + sequences
    chunks = [range(first, min(first + _CHUNK, last)) for first in range(seed, last, _CHUNK)]
    if workers == 1:
        yield from map(play_seeds, chunks)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(play_seeds, chunks)


def _tell(numbers: Numbers, seconds: float, workers: int) -> None:
    total = numbers.total
    rate = total["sequences"] / seconds
    print(f"\r{total['sequences']} sequences in {seconds:.0f} s, {rate:.0f} a second with {workers} worker(s)")
    print(
        f"{total['ops']} operations, {total['runs']} runs, {total['hits']} faults, {total['changes']} edits by others, "
        f"{total['writes']} writes"
    )
    print("what happened:")
    for name, count in sorted(numbers.happened.items()):
        print(f"  {count:>9}  {name}")
    print("rules put to the test: " + ", ".join(f"{rule} {numbers.checked[rule]} times" for rule in RULES))
    for hits in range(4):
        spread = {rounds: count for (of, rounds), count in sorted(numbers.rounds.items()) if of == hits}
        soon = (spread.get(0, 0) + spread.get(1, 0)) / max(1, sum(spread.values()))
        print(
            f"rounds of runs that still wrote, after {hits}{'+' * (hits == 3)} faults: {spread}, at most 1: {soon:.2%}"
        )
    print(f"writes once everything was in step: {total['last_writes']}")
    print(f"writes for each edit by others: {total['writes'] / max(1, total['changes']):.2f}")
    print(f"violations: {sum(map(len, numbers.broken.values()))}")
    for rule, seeds in sorted(numbers.broken.items(), key=lambda item: -len(item[1]))[:_MOST_SHOWN]:
        print(f"  {len(seeds)} times, first seeds {sorted(seeds)[:5]}: {rule}")
    for text in numbers.shortcomings():
        print(text)


if __name__ == "__main__":
    sys.exit(main())
