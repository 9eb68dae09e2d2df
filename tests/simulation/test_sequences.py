"""Drawn sequences with fixed seeds, and those that broke a rule once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from . import regressions
from .config import Config
from .draw import draw
from .play import Outcome, play
from .regressions import kept
from .shrink import shrink

CHUNK = 25


def assert_holds(outcome: Outcome, told: str) -> None:
    assert not outcome.violations, f"{told}: {outcome.violations}"


@pytest.mark.parametrize("first", range(0, 300, CHUNK))
def test_nothing_is_lost_made_twice_or_overwritten(first: int) -> None:
    for seed in range(first, first + CHUNK):
        assert_holds(play(*draw(seed)), f"python -m tests.simulation.run --show {seed}")


def test_what_broke_a_rule_once_breaks_none_any_more() -> None:
    for sequence in kept():
        assert_holds(play(sequence.config, sequence.ops), f"{sequence.why}, seed {sequence.seed}")


def test_what_is_kept_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regressions, "FILE", tmp_path / "regressions.json")
    config, ops = draw(7)
    regressions.keep("V2 of a test", 7, config, ops)
    assert [(it.why, it.seed, it.config) for it in kept()] == [("V2 of a test", 7, config)]
    assert not play(kept()[0].config, kept()[0].ops).violations


def test_a_seed_gives_the_same_world_and_the_same_course_each_time() -> None:
    for seed in range(5):
        config, ops = draw(seed)
        assert (config, ops) == draw(seed)
        assert play(config, ops, tracing=True).trace == play(config, ops, tracing=True).trace


def test_a_kept_world_is_read_back_as_it_was() -> None:
    for seed in range(50):
        config, _ = draw(seed)
        assert Config.of(config.plain()) == config


def test_sequences_meet_faults_and_have_the_sync_write() -> None:
    """A simulation that does nothing finds nothing."""
    outcomes = [play(*draw(seed)) for seed in range(40)]
    assert sum(outcome.hits for outcome in outcomes) > 40
    assert sum(outcome.writes for outcome in outcomes) > 80
    assert sum(outcome.changes for outcome in outcomes) > 200


def test_a_sequence_is_made_small() -> None:
    ops = [["wait", n] for n in range(10)]
    random.Random(1).shuffle(ops)
    _, small = shrink(Config(), ops, lambda _, left: ["wait", 7] in left)
    assert small == [["wait", 7]]
