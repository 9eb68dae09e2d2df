"""Which scenario dies at which crash point: the file `assigned.json`, made by `python -m tests.crash.assigned`.

The list in docs/crash-points.md is made with it.

Every point is assigned in every step that passes it, each to the first scenario that does, and to those that want the
step whole.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.crash.drill import Pair, record
from tests.crash.ground import CLONE, TASKS, Ground, Workers
from tests.crash.ledgers import SqliteShelf
from tests.crash.points import all_points
from tests.crash.scenarios import SCENARIOS

FILE = Path(__file__).with_name("assigned.json")
PAGE = CLONE / "docs" / "crash-points.md"
_LIST = re.compile(r"(?<=<!-- points -->\n).*(?=<!-- /points -->)", re.DOTALL)


def load() -> dict[str, list[Pair]]:
    """Return the pairs of step and point by the name of their scenario."""
    stored = json.loads(FILE.read_text("utf-8"))
    return {name: [(step, point) for step in steps for point in steps[step]] for name, steps in stored.items()}


def one_step_each(pairs: dict[str, list[Pair]]) -> dict[str, list[Pair]]:
    """Keep one step of each point, the last that passes it: there it is nearest to what is written."""
    chosen: dict[str, tuple[str, Pair]] = {}
    for name, listed in pairs.items():
        for step, point in listed:
            if point not in chosen or TASKS.index(step) > TASKS.index(chosen[point][1][0]):
                chosen[point] = (name, (step, point))
    return {name: [pair for owner, pair in chosen.values() if owner == name] for name in pairs}


def assign(passed: dict[str, Iterable[Pair]]) -> dict[str, dict[str, list[str]]]:
    """Give each pair to the first scenario that passes it, and to those that want its step whole."""
    order = {point.name: number for number, point in enumerate(all_points())}
    whole = {scenario.name: scenario.whole for scenario in SCENARIOS}
    taken: set[Pair] = set()
    made: dict[str, dict[str, list[str]]] = {}
    for name, pairs in passed.items():
        own = {pair for pair in pairs if pair not in taken or pair[0] in whole[name]}
        taken |= own
        made[name] = {
            step: sorted((point for at, point in own if at == step), key=lambda point: order.get(point, -1))
            for step in TASKS
            if any(at == step for at, _ in own)
        }
    return made


def with_list(page: str, pairs: dict[str, list[Pair]]) -> str:
    """Return the page with its list of points as they are now."""
    tasks: dict[str, set[str]] = {}
    for step, point in {pair for listed in pairs.values() for pair in listed}:
        tasks.setdefault(point, set()).add(step)
    lines = ["| function | call | in the tasks |", "|---|---|---|"]
    for point in all_points():
        place, call = point.name.split(": ")
        steps = ", ".join(step for step in TASKS if step in tasks.get(point.name, ()))
        lines.append(f"| `{place}` | `{call}` | {steps} |")
    table = "".join(f"{line}\n" for line in lines)
    return _LIST.sub(lambda _: table, page)


def main() -> None:
    """Let all scenarios pass undisturbed and write file and list anew."""
    with Sandbox.start() as sandbox, Workers() as workers, tempfile.TemporaryDirectory() as folder:
        ground = Ground(sandbox, SqliteShelf(Path(folder)), workers)
        passed = {scenario.name: record(ground, scenario).passed for scenario in SCENARIOS}
    FILE.write_text(json.dumps(assign(passed), indent=1) + "\n", "utf-8")
    PAGE.write_text(with_list(PAGE.read_text("utf-8"), load()), "utf-8")


if __name__ == "__main__":
    main()
