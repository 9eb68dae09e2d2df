"""Look for secrets where none may be: in files, databases and texts, verbatim, URL-encoded or in base64."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote, quote_plus


@lru_cache(maxsize=1024)
def spellings(secret: str) -> frozenset[bytes]:
    """Return the ways a secret may be spelt: as it is, escaped for URLs and JSON, and in base64 at any offset."""
    raw = secret.encode()
    found = {raw, quote(secret, safe="").encode(), quote_plus(secret).encode(), secret.replace("/", "\\/").encode()}
    for offset in range(3):
        # The characters at both ends depend on the neighbours, so they are cut off.
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * offset + raw)
            start = -(-offset * 8 // 6)
            found.add(encoded[start : (offset + len(raw)) * 8 // 6])
    return frozenset(found)


def leaks(content: bytes, secrets: Collection[str]) -> list[str]:
    """Return which secrets stand in *content*, by their beginning only."""
    return [f"{secret[:4]}… ({len(secret)} characters)" for secret in secrets if _stands_in(content, secret)]


def _stands_in(content: bytes, secret: str) -> bool:
    return any(spelling in content for spelling in spellings(secret))


def leaks_below(places: Iterable[Path], secrets: Collection[str], *, without: Collection[str] = ()) -> list[str]:
    """Return every leak in files below *places*, with the file; *without* names files that may hold secrets."""
    found = []
    for file in _files(places, without):
        found += [f"{file}: {leak}" for leak in leaks(file.read_bytes(), secrets)]
        if file.suffix in (".db", ".sqlite"):
            # A page may cut a value in two, so the rows are read as well.
            found += [f"{file}, {leak}" for leak in _leaks_in_rows(file, secrets)]
    return found


def _files(places: Iterable[Path], without: Collection[str]) -> Iterator[Path]:
    for place in places:
        for file in sorted([place] if place.is_file() else place.rglob("*")):
            if file.is_file() and file.name not in without:
                yield file


def _leaks_in_rows(file: Path, secrets: Collection[str]) -> list[str]:
    found = []
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = [name.decode() for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):
                text = b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
                found += [f"table {table}: {leak}" for leak in leaks(text, secrets)]
    return found
