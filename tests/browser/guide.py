"""A guide that is followed in a test: each name that the test uses has to stand in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"


@dataclass(frozen=True, slots=True)
class Guide:
    """The text of one section, as people read it."""

    text: str

    @classmethod
    def read(cls, file: str, section: str) -> Guide:
        """Read a section of a file below docs."""
        whole = (DOCS / file).read_text("utf-8")
        found = re.search(rf"^## {re.escape(section)}$(.*?)(?=^## |\Z)", whole, re.M | re.S)
        if found is None:
            raise AssertionError(f"{file} has no section {section}.")
        return cls(" ".join(re.sub(r"[*`]", "", found[1]).split()))

    def __call__(self, words: str) -> str:
        """Return *words*, which the section has to say."""
        if words not in self.text:
            raise AssertionError(f"The guide does not say {words!r}.")
        return words
