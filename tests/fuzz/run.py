"""Draw hostile values for every target until its time is up, and say what was found.

    python -m tests.fuzz.run --seconds 660
    python -m tests.fuzz.run --seconds 60 --only ipaas-answers

The values are new each time. A finding is shown with the smallest value that brings it about: mend it, and keep that value
in a test of its own. Exit status 1 when there was one.
"""

from __future__ import annotations

import argparse
import logging
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from .target import Target
from .targets import TARGETS

# Values of one round: Hypothesis learns within a round, and starts afresh with the next.
ROUND = 300
# No value may keep a reader busy for longer, in seconds of processor time: a busy machine is no finding.
LIMIT_S = 10


class TookTooLong(Exception):
    """A value that was still being read after `LIMIT_S`."""


@dataclass
class Course:
    """What became of one target."""

    name: str
    values: int = 0
    slowest_s: float = 0.0
    finding: str = ""


def play(target: Target, seconds: float, draw: random.Random) -> Course:
    """Draw values for a target, one round at least, until its time is up or something is found."""
    course = Course(target.name)
    end = time.monotonic() + seconds
    once = settings(
        max_examples=ROUND,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    while not course.values or time.monotonic() < end:
        number = draw.randrange(2**32)
        try:
            seed(number)(once(given(target.drawn)(watched(target.check, course))))()
        except Exception:
            course.finding = f"seed {number}\n{traceback.format_exc()}"
            break
    return course


def watched(check: Callable[[Any], None], course: Course) -> Callable[[Any], None]:
    """Count the values that a check is given, and end one that takes too long."""

    def counted(value: Any) -> None:
        course.values += 1
        started = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        try:
            check(value)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            course.slowest_s = max(course.slowest_s, time.process_time() - started)

    return counted


def out_of_time(_signal: int, _frame: FrameType | None) -> None:
    raise TookTooLong(f"a value was still being read after {LIMIT_S} s of processor time")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz.run", description="Draw hostile values for every reader."
    )
    parser.add_argument("--seconds", type=float, default=660, help="in all, shared by the targets")
    parser.add_argument("--only", nargs="*", metavar="TARGET", choices=[target.name for target in TARGETS])
    told = parser.parse_args(arguments)
    chosen = [target for target in TARGETS if not told.only or target.name in told.only]

    logging.disable(logging.CRITICAL)
    signal.signal(signal.SIGPROF, out_of_time)
    started = time.monotonic()
    courses = []
    for number, target in enumerate(chosen):
        left = told.seconds - (time.monotonic() - started)
        shares = sum(other.share for other in chosen[number:])
        course = play(target, left * target.share / shares, random.SystemRandom())
        courses.append(course)
        print(
            f"{course.name:24} {course.values:>9,} values, slowest {course.slowest_s:6.2f} s of processor time",
            flush=True,
        )
        if course.finding:
            print(course.finding, flush=True)
    found = [course.name for course in courses if course.finding]
    total = sum(course.values for course in courses)
    print(
        f"{total:,} values for {len(courses)} targets in {time.monotonic() - started:.0f} s; findings: {', '.join(found) or 'none'}"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
