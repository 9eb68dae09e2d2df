"""Find PostgreSQL's server programs, and whom to run them as."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
from pathlib import Path

from _processes import StartError

_HOW_TO_GET = (
    "A PostgreSQL server is needed here and there is no initdb. Install its server programs:\n"
    "  Debian, Ubuntu:  sudo apt-get install postgresql\n"
    "  Fedora:          sudo dnf install postgresql-server\n"
    "  macOS:           brew install postgresql@16\n"
    "or point PG_BINDIR at the directory that holds initdb."
)
# Where packages put the server programs without putting them on PATH; the newest version last.
_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)


def find_binaries() -> Path:
    """Return the directory of initdb and postgres; `StartError` says how to get them."""
    if chosen := os.environ.get("PG_BINDIR"):
        places = [chosen]
    else:
        on_path = shutil.which("initdb")
        found = (place for pattern in _PLACES for place in sorted(glob.glob(pattern), key=_version))
        places = [*([str(Path(on_path).resolve().parent)] if on_path else []), *reversed(list(found))]
    for place in places:
        if all(os.access(Path(place) / program, os.X_OK) for program in ("initdb", "postgres")):
            return Path(place)
    raise StartError(_HOW_TO_GET)


def account() -> pwd.struct_passwd | None:
    """Return whom to run the server as, None for ourselves: it refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise StartError(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody. Use another user."
    )


def _version(place: str) -> int:
    return int("".join(filter(str.isdigit, place)) or 0)
