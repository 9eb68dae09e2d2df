"""What records are matched and compared by."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from typing import Any

# What a plain, case-insensitive LIKE can't be trusted with: letters that case-folding makes of a ligature, a sharp s or
# a dotted capital I, and everything beyond plain letters and digits.
_UNSURE = re.compile(r"[fs]+[filst]|(?<=\u02bc)n|[a-z](?=[^\x00-\x7f])|[^a-z0-9]+")

_NO_WORD = re.compile(r"[^a-z0-9]+")


def email_key(value: object) -> str | None:
    """Return the e-mail trimmed and case-folded, None for a blank."""
    return str(value).strip().casefold() or None if value is not None else None


def name_key(value: object) -> str | None:
    """Return the name case-folded with runs of blanks and punctuation as one blank, None for a blank."""
    if value is None:
        return None
    plain = str(value)
    if plain.isascii():  # most names, and the quick way
        return " ".join(_NO_WORD.sub(" ", plain.lower()).split()) or plain.lower().strip() or None
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFC", str(value)).casefold()).strip()
    words = "".join(char if _is_letter(char) else " " for char in text).split()
    return " ".join(words) or text or None


def _is_letter(char: str) -> bool:
    """Accents and vowel signs of their own belong to their letter; they are no punctuation."""
    return char.isalnum() or unicodedata.category(char).startswith("M")


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
    pattern = re.sub("%+", "%", f"%{_UNSURE.sub('%', name_key(name) or '')}%")
    return pattern if len(pattern.replace("%", "")) >= 2 else None
