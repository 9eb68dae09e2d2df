"""Run Airflow with the DAGs of the clone against the local sandbox until Ctrl-C. See `make airflow`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
from rich.console import Console

from _airflow_api import ApiError
from _processes import StartError
from _stack import STATE, Stack


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080, help="port of Airflow; the next free one when it is taken")
    parser.add_argument("--fresh", action="store_true", help="forget the runs and settings of the last time")
    options = parser.parse_args()
    console = Console()
    try:
        with running(console, port=options.port, fresh=options.fresh) as stack:
            stack.stay()
    except KeyboardInterrupt:
        return 0
    except (StartError, ApiError, requests.RequestException) as error:
        console.print(f"[bold red]{type(error).__name__}[/]", highlight=False)
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 1
    return 0


@contextmanager
def running(
    console: Console, *, port: int, fresh: bool, schedules: bool = True, state: Path = STATE
) -> Iterator[Stack]:
    """Start everything and say how to use it; stop everything at the end."""
    with Stack.build("home", console, schedules=schedules, triggerer=True, port=port, state=state) as stack:
        stack.start(fresh=fresh)
        console.print("\nEverything is running. The sandbox starts from the same records each time.")
        stack.print_access()
        console.print("\nStop with Ctrl-C.")
        yield stack


if __name__ == "__main__":
    sys.exit(main())
