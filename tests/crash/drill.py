"""The drill: let a run pass undisturbed, then let it die at each of its crash points and see that nothing differs."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from tests.crash.ground import STEPS, Ground, Photo
from tests.crash.killing import Kill
from tests.crash.state import services, told

Pair = tuple[str, str]  # a step and a point that is passed in it
RUN = "drill"
# Runs that may write after the one that was killed, before one has to find nothing to do.
FURTHER = 1


@dataclass(frozen=True)
class Scenario:
    """One run that passes some of the crash points.

    *prepare* makes the world before it; *meanwhile* is what others do before a step of it; *params* are its own, *then*
    those of the runs after it. *whole*: steps in which it dies at everything it passes there, not only at what no scenario
    before it passes. *red*: steps that fail. *stops*: the run must not write to either service.
    """

    name: str
    prepare: Callable[[Ground], None]
    collection: str = "account"
    params: Mapping[str, Any] | Callable[[Ground], Mapping[str, Any]] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)
    steps: Sequence[str] = STEPS
    meanwhile: Mapping[str, Callable[[Ground], None]] = field(default_factory=dict)
    whole: Set[str] = frozenset()
    red: Set[str] = frozenset()
    stops: bool = False


@dataclass(frozen=True)
class Course:
    """How a scenario goes when nobody dies: where it passes, photos before each step, and what stands in the end."""

    scenario: Scenario
    params: dict[str, Any]
    passed: Counter[Pair]
    photos: dict[str, Photo]
    end: dict[str, Any]

    def kills(self, pairs: Iterable[Pair], *, again: bool) -> list[Kill]:
        """Return the ways to die at these points: before and after the call.

        *again*: also after the last of several commits or calls of a service within the step, when some are done.
        """
        found = [Kill(step, point, when) for step, point in pairs for when in ("before", "after")]  # type: ignore[arg-type]
        if again:
            many = [pair for pair in pairs if self.passed[pair] > 1 and not _is_statement(pair[1])]
            found += [Kill(*pair, "after", self.passed[pair]) for pair in many]
        return found


def _is_statement(point: str) -> bool:
    """Tell a call of the ledger that changes nothing more for a service than the one before it."""
    return ": ledger." in point and "ledger.transaction" not in point


def record(ground: Ground, scenario: Scenario) -> Course:
    """Let a scenario pass undisturbed."""
    ground.clear()
    scenario.prepare(ground)
    params = dict(scenario.params(ground) if callable(scenario.params) else scenario.params)
    before = services(ground)
    photos: dict[str, Photo] = {}
    states: dict[str, str] = {}
    passed: Counter[Pair] = Counter()
    for step in scenario.steps:
        if step in scenario.meanwhile:
            scenario.meanwhile[step](ground)
        photos[step] = ground.photograph()
        done = _run(ground, scenario, params, steps=(step,), states=states)
        states = done["states"]
        passed.update((at, point) for at, point in done["passed"])
        assert (states[step] == "failed") == (step in scenario.red), (step, done)
    if scenario.stops:
        assert services(ground) == before
    _finish(ground, scenario)
    return Course(scenario, params, passed, photos, told(ground))


def survive(ground: Ground, course: Course, kill: Kill, *, retried: bool) -> None:
    """Let a run die, go on with it, and hold the end against the undisturbed course.

    *retried*: the scheduler tries the task again; otherwise what depends on it is skipped, and the next run takes over.
    Raises AssertionError where a record is lost, there twice or otherwise, or where it does not come to rest.
    """
    scenario = course.scenario
    ground.put_back(course.photos[kill.step])
    before = services(ground)
    states = dict.fromkeys(scenario.steps[: scenario.steps.index(kill.step)], "success")
    dead = _run(ground, scenario, course.params, steps=(kill.step,), states=states, kill=kill)
    assert dead["status"] == -signal.SIGKILL, dead
    ground.let_requests_end()
    ground.pass_time(minutes=1)
    if retried:
        for steps in _together(scenario, scenario.steps[scenario.steps.index(kill.step) :]):
            if steps[0] != kill.step and steps[0] in scenario.meanwhile:
                scenario.meanwhile[steps[0]](ground)
            states = _run(ground, scenario, course.params, steps=steps, states=states, try_number=2)["states"]
    else:
        rest = scenario.steps[scenario.steps.index(kill.step) + 1 :]
        _run(ground, scenario, course.params, steps=rest, states={**states, kill.step: "failed"})
    if scenario.stops:
        assert services(ground) == before, "it wrote though it had to stop"
    _finish(ground, scenario)
    if found := differences(course.end, told(ground)):
        raise AssertionError("\n".join(found))


def differences(end: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Say what is missing and what is there too often, compared with the undisturbed course."""
    found = []
    for what, rows in end.items():
        gone, left = list(rows), []
        for row in now[what]:
            gone.remove(row) if row in gone else left.append(row)
        found += [f"{what}: lost {row}" for row in gone] + [f"{what}: too much {row}" for row in left]
    return found


def _together(scenario: Scenario, steps: Sequence[str]) -> list[list[str]]:
    """Cut steps into those that one worker may do, since nobody does anything in between."""
    groups: list[list[str]] = []
    for step in steps:
        if not groups or step in scenario.meanwhile:
            groups.append([])
        groups[-1].append(step)
    return groups


def _run(ground: Ground, scenario: Scenario, params: dict[str, Any], **more: Any) -> dict[str, Any]:
    done = ground.run(scenario.collection, RUN, params, **more)
    assert "broken" not in done, done["broken"]
    return done


def _finish(ground: Ground, scenario: Scenario) -> None:
    """Run until a run writes nothing; it may take `FURTHER` runs to get there."""
    for number in range(FURTHER + 1):
        ground.pass_time(minutes=15)
        before = services(ground)
        done = ground.run(scenario.collection, f"after-{number}", dict(scenario.then))
        assert done["status"] == 0
        assert "broken" not in done, done["broken"]
        if services(ground) == before:
            return
    raise AssertionError(f"the run after the last one still writes: {done}")
