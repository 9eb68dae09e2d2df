"""Who calls a command, for what is written down about it."""

from __future__ import annotations

import getpass
import os


def person(command: str) -> str:
    """Return the user of the operating system and the command."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container may run as a number that no user has.
        name = f"user {os.getuid()}"
    return f"{name} (airflow-ipaas {command})"
