"""Write the secrets that docker-compose.airflow.yml asks for into .env. See `make env`.

Each is random and made once: a value that is there is never changed, a name that is missing is added.
"""

from __future__ import annotations

import argparse
import os
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography.fernet import Fernet

CLONE = Path(__file__).resolve().parent.parent


def _hex() -> str:
    # Hexadecimal stays as it is inside a URL and in a shell.
    return secrets.token_hex(24)


MAKERS: dict[str, Callable[[], str]] = {
    "POSTGRES_PASSWORD": _hex,
    "LEDGER_PASSWORD": _hex,
    "REDIS_PASSWORD": _hex,
    "ADMIN_PASSWORD": _hex,
    "API_SECRET_KEY": _hex,
    # HS512 wants a key of 64 bytes or more.
    "JWT_SECRET": lambda: secrets.token_hex(64),
    "FERNET_KEY": lambda: Fernet.generate_key().decode(),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=CLONE / ".env", help="default: .env in the clone")
    file: Path = parser.parse_args().file
    try:
        added = complete(file)
    except (OSError, ValueError) as error:
        print(f"{file} was left as it is: {error}", file=sys.stderr)
        return 1
    print(f"{file}: {'added ' + ', '.join(added) if added else 'every secret is there'}; only you can read it.")
    return 0


def complete(file: Path) -> list[str]:
    """Add what is missing and return the names; the file is mode 0600 afterwards.

    Raises ValueError for a name without a value: Compose would refuse it, and a value made here might not be what the
    databases already have.
    """
    text = file.read_text("utf-8") if file.exists() else ""
    known = read(text)
    if empty := [name for name in MAKERS if known.get(name) == ""]:
        raise ValueError(f"{', '.join(empty)} without a value; give one, or delete the line to have one made.")
    missing = [name for name in MAKERS if name not in known]
    before = text if not text or text.endswith("\n") else f"{text}\n"
    _replace(file, before + "".join(f"{name}={MAKERS[name]()}\n" for name in missing))
    return missing


def read(text: str) -> dict[str, str]:
    """Return what the lines NAME=VALUE of an environment file say; quotes around a value are not part of it."""
    found = {}
    for line in text.splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if separator and not name.startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = value[1:-1]
            found[name.strip()] = value
    return found


def _replace(file: Path, text: str) -> None:
    """Write the file in one step: a full disk must not cost the passwords of existing databases."""
    # What mkstemp makes is mode 0600 from the beginning.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text)
            new.flush()
            os.fsync(new.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


if __name__ == "__main__":
    sys.exit(main())
