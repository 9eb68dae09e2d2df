"""Stop the sessions named on standard input once it ends, that is, when the program that started them is gone."""

from __future__ import annotations

import signal
import sys

from _processes import members, stop_sessions


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions = [int(line) for line in sys.stdin]
    if members(sessions):
        stop_sessions(sessions)


if __name__ == "__main__":
    main()
