"""Let tasks of a real Airflow die: a DAG file of the tests gives `begin` to its tasks as `pre_execute`.

`kills.json` beside the DAG file says which try of which task dies where: a list of the fields of `Kill`, each with try.
Each death leaves a line in `deaths.jsonl`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.crash.killing import Kill, Watch, install


def begin(folder: Path, context: Any) -> None:
    """Arm this process where its try of its task is to die."""
    instance = context["ti"]
    for told in json.loads((folder / "kills.json").read_text("utf-8")):
        if (told.pop("try"), told["step"]) == (instance.try_number, instance.task_id):
            kill = Kill(**told)
            install(Watch(kill, instance.task_id, last_act=lambda: _leave(folder, kill, instance.try_number)))  # noqa: B023


def _leave(folder: Path, kill: Kill, try_number: int) -> None:
    with (folder / "deaths.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps([kill.step, try_number, kill.point, kill.when]) + "\n")
