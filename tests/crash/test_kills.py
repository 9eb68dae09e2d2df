"""Workers are killed (SIGKILL) at every crash point: after the retry, or the next run, everything is as if nobody had died.

`--every-course` kills every scenario at all it passes, not only at what is assigned to it, retried and not.
"""

from __future__ import annotations

import pytest

from tests.crash.assigned import load, one_step_each
from tests.crash.drill import Course, Scenario, record, survive
from tests.crash.ground import Ground
from tests.crash.killing import Kill
from tests.crash.scenarios import SCENARIOS

pytestmark = pytest.mark.crash
ASSIGNED = {"sqlite": load(), "postgres": one_step_each(load())}
NAMES = [scenario.name.replace(" ", "-").replace(",", "") for scenario in SCENARIOS]


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=NAMES)
def test_a_worker_that_is_killed_anywhere_leaves_nothing_lost_and_nothing_twice(
    ground: Ground, scenario: Scenario, request: pytest.FixtureRequest
) -> None:
    database = request.node.callspec.params["ground"]
    pairs = ASSIGNED[database][scenario.name]
    every = request.config.getoption("--every-course", default=False)
    if not pairs and not every:
        return
    course = record(ground, scenario)
    known = {pair for listed in ASSIGNED["sqlite"].values() for pair in listed}
    assert set(course.passed) <= known, "run: python -m tests.crash.assigned"
    assert set(pairs) <= set(course.passed), "run: python -m tests.crash.assigned"
    if every:
        pairs = list(course.passed)
    # The DAG does not try its report again: the next run goes on.
    kills = [(kill, kill.step != "report") for kill in course.kills(pairs, again=every or database == "sqlite")]
    kills += [(kill, False) for kill, retried in kills if retried and (every or _is_lone(kill))]
    problems = [problem for kill, retried in kills if (problem := _survives(ground, course, kill, retried=retried))]
    request.node.user_properties += [
        (f"crash:{database}: kills", len(kills)),
        (f"crash:{database}: kills with something lost, twice or otherwise after them", len(problems)),
    ]
    assert problems == []


def _is_lone(kill: Kill) -> bool:
    """Tell a death that leaves a service and the ledger apart: it must be made good without a retry, too."""
    return kill.when == "after" and kill.nth == 1 and kill.point.split(": ")[1].split(".")[0] in ("ipaas", "salesforce")


def _survives(ground: Ground, course: Course, kill: Kill, *, retried: bool) -> str:
    try:
        survive(ground, course, kill, retried=retried)
    except AssertionError as error:
        return f"{kill}, {'retried' if retried else 'not retried'}: {error}"
    return ""
