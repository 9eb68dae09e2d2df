"""What records are matched and compared by."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

_NOT_WORD = re.compile(r"[\W_]+")


def email_key(value: object) -> str | None:
    """Return the e-mail trimmed and case-folded, None for a blank."""
    return str(value).strip().casefold() or None if value is not None else None


def name_key(value: object) -> str | None:
    """Return the name case-folded with runs of blanks and punctuation as one blank, None for a blank."""
    if value is None:
        return None
    text = str(value).strip()
    return _NOT_WORD.sub(" ", text.casefold()).strip() or text.casefold() or None


def number_key(value: object) -> str | None:
    """Return the account number trimmed and case-folded, None for a blank."""
    return email_key(value)


def content_hash(content: Any) -> str:
    """Return a short stable hash of JSON-able content; key order does not matter."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def like_pattern(name: str) -> str | None:
    """Return a SOQL LIKE pattern that every spelling with the same `name_key` fits, None where it would fit anything.

    Punctuation, blanks and letters whose case-folding differs from SOQL's become `%`: a superset, to be compared
    again by key.
    """
    key = name_key(name) or ""
    # Case-folding turns one letter into two here (sharp s), so a plain LIKE would miss the other spelling.
    loose = re.sub(r"ss|[^a-z0-9]+", "%", key)
    pattern = re.sub(r"%+", "%", f"%{loose}%")
    return pattern if len(pattern.replace("%", "")) >= 2 else None
