"""Problems of a mapping file, with their place, gathered into one error a person can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from airflow_provider_ipaas.errors import ConfigurationError

_SHOWN = 20


class Refused(Exception):
    """A part of a file that can't work: the part at fault, what is wrong, and the mend."""

    def __init__(self, part: tuple[str | int, ...], what: str, mend: str) -> None:
        super().__init__(what)
        self.part, self.what, self.mend = part, what, mend


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing that is wrong in a file, and its mend; line and column count from 1, 0 means the file as a whole."""

    file: str
    line: int
    column: int
    what: str
    mend: str

    def __str__(self) -> str:
        place = f", line {self.line}, column {self.column}" if self.line else ""
        return f"{self.file}{place}: {self.what}"


def refuse(problems: Iterable[Problem]) -> NoReturn:
    """Raise one `ConfigurationError` that lists the problems in the order of the file."""
    found = sorted(set(problems))
    if len(found) == 1:
        raise ConfigurationError(str(found[0]), next_step=found[0].mend)
    shown = [f"{problem} {problem.mend}" for problem in found[:_SHOWN]]
    if len(found) > _SHOWN:
        shown.append(f"... and {len(found) - _SHOWN} more.")
    raise ConfigurationError("\n".join(shown), next_step=f"Mend the {len(found)} problems above.")


def refuse_file(file: str, what: str, mend: str, line: int = 0, column: int = 0) -> NoReturn:
    refuse([Problem(file, line, column, what, mend)])


def meant(word: str, known: Sequence[str]) -> str:
    """Say which of the known words is closest, or list them all."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"Did you mean {folded[close[0]]!r}?"
    return f"Known are: {', '.join(known)}."
