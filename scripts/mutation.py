"""Change the decisions of the sync core in small ways, one at a time, and see that a test fails each time.

    python scripts/mutation.py                 # every change
    python scripts/mutation.py merge windows   # those of some modules
    python scripts/mutation.py --survivors     # those that no test noticed the last time; print the ones left

Exits with 1 when tests notice less than 85 % of the changes. mutmut wants the sources in `src`, so it works in a copy.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "build" / "mutation"
PACKAGE = "airflow_provider_ipaas"
# What decides: the plan and what it asks, the merge, the windows with the watermark.
MUTATED = ("match", "merge", "pairs", "plan", "plan_notes", "windows")
# Their fast tests; the drawn sequences are among them.
TESTS = (
    *(f"tests/sync/test_{name}.py" for name in ("match", "merge", "merge_table", "plan", "windows")),
    # A part of the drawn sequences: what they do not notice, the others hardly ever do.
    *(
        f"tests/simulation/test_sequences.py::test_nothing_is_lost_made_twice_or_overwritten[{at}]"
        for at in (0, 25, 50, 75)
    ),
    "tests/simulation/test_sequences.py::test_what_broke_a_rule_once_breaks_none_any_more",
)
LEAST = 0.85
MUTMUT = (sys.executable, "-m", "mutmut")
NOTICED = ("killed", "timeout", "segfault")

SETTINGS = """
[tool.mutmut]
source_paths = ["src"]
only_mutate = {files}
pytest_add_cli_args_test_selection = {tests}
track_dependencies = false
use_git_change_detection = false
timeout_multiplier = 3.0
timeout_constant = 5.0

[tool.pytest.ini_options]
addopts = "--import-mode=importlib -p no:cacheprovider"
pythonpath = ["."]
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", metavar="module", help="of the sync core; default: all")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--survivors", action="store_true", help="try only what no test noticed the last time")
    told = parser.parse_args()
    if not told.survivors:
        shutil.rmtree(COPY / "mutants", ignore_errors=True)
    _copy(told.modules or MUTATED)
    names = _survivors() if told.survivors else []
    done = subprocess.run([*MUTMUT, "run", "--max-children", str(told.workers), *names], cwd=COPY, check=False)
    if done.returncode:
        return done.returncode
    subprocess.run([*MUTMUT, "export-cicd-stats"], cwd=COPY, check=True, stdout=subprocess.DEVNULL)
    for name in _survivors():
        subprocess.run([*MUTMUT, "show", name], cwd=COPY, check=True)
    return _judge(json.loads((COPY / "mutants" / "mutmut-cicd-stats.json").read_text("utf-8")))


def _copy(modules: Sequence[str]) -> None:
    """Bring the copy up to date; a file that is the same keeps its age, by which mutmut knows it."""
    for source, target in ((ROOT / "provider" / PACKAGE, COPY / "src" / PACKAGE), (ROOT / "tests", COPY / "tests")):
        wanted = {path.relative_to(source) for path in source.rglob("*") if path.is_file() and path.suffix != ".pyc"}
        for name in wanted:
            _copy_file(source / name, target / name)
        for path in [path for path in target.rglob("*") if path.is_file() and path.relative_to(target) not in wanted]:
            path.unlink()
    files = [f"src/{PACKAGE}/sync/{name}.py" for name in modules]
    (COPY / "pyproject.toml").write_text(SETTINGS.format(files=files, tests=list(TESTS)), "utf-8")
    shutil.rmtree(COPY / "mutants" / "tests", ignore_errors=True)


def _copy_file(source: Path, target: Path) -> None:
    if target.exists() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _survivors() -> list[str]:
    told = subprocess.run([*MUTMUT, "results"], cwd=COPY, check=True, capture_output=True, text=True).stdout
    return [name for name, status in re.findall(r"(\S+): (.+)", told) if status not in NOTICED]


def _judge(stats: dict[str, int]) -> int:
    noticed = sum(stats[name] for name in NOTICED)
    score = noticed / stats["total"]
    print(f"{noticed} of {stats['total']} changes noticed by a test: {score:.1%} (at least {LEAST:.0%} wanted)")
    return 0 if score >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
