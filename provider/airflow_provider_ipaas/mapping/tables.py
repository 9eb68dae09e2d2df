"""Translation tables: values of Salesforce and of iPaaS.com side by side, in the mapping file or in a CSV file beside it."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from airflow_provider_ipaas.mapping.problems import refuse_file
from airflow_provider_ipaas.mapping.source import read_text
from airflow_provider_ipaas.mapping.text import canonical, unsendable

Unmapped = Literal["refuse", "keep", "default", "skip"]

MAX_ROWS = 20_000
_FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. -]{0,99}\.csv")
_COLUMNS = ["salesforce", "ipaas"]


class NotTranslated(Exception):
    """A value that a table does not hold, where the table says that such a value is refused."""


@dataclass(frozen=True)
class Table:
    """Pairs (value of Salesforce, value of iPaaS.com); of several for one value the first counts."""

    pairs: tuple[tuple[str, str], ...]
    unmapped: Unmapped = "refuse"
    default_ipaas: str | None = None
    default_salesforce: str | None = None

    @cached_property
    def _to_ipaas(self) -> dict[str, str]:
        return dict(reversed(self.pairs))

    @cached_property
    def _to_salesforce(self) -> dict[str, str]:
        return {there: here for here, there in reversed(self.pairs)}

    def to_ipaas(self, text: str) -> str | None:
        """Look a value of Salesforce up; None where it is to be skipped. Raises NotTranslated."""
        return self._policy(self._to_ipaas.get(text), text, self.default_ipaas)

    def to_salesforce(self, text: str) -> str | None:
        """Look a value of iPaaS.com up; None where it is to be skipped. Raises NotTranslated."""
        return self._policy(self._to_salesforce.get(text), text, self.default_salesforce)

    def _policy(self, found: str | None, text: str, default: str | None) -> str | None:
        if found is not None:
            return found
        if self.unmapped == "refuse":
            raise NotTranslated("the translation table does not hold its value")
        return {"keep": text, "default": default, "skip": None}[self.unmapped]


def is_file_name(name: str) -> bool:
    """Tell the name of a CSV file beside the mapping file: no folders."""
    return bool(_FILE_NAME.fullmatch(name))


def read_pairs(path: Path) -> tuple[tuple[str, str], ...]:
    """Read a CSV file with the columns salesforce and ipaas; raise `ConfigurationError` naming file and line."""
    file = str(path)
    rows = csv.reader(io.StringIO(read_text(path)), strict=True)
    pairs: list[tuple[str, str]] = []
    try:
        heading = [name.strip() for name in next(rows, [])]
        if heading != _COLUMNS:
            refuse_file(file, "its first line is not `salesforce,ipaas`.", "Name the two columns so.", 1, 1)
        for row in rows:
            if not row:
                continue
            pair = tuple(canonical(cell) for cell in row)
            if len(pair) != 2 or None in pair or unsendable(row):
                mend = "Write two values, the one of Salesforce first; put a value with a comma in double quotes."
                refuse_file(file, "this line does not hold two values.", mend, rows.line_num, 1)
            pairs.append((str(pair[0]), str(pair[1])))
            if len(pairs) > MAX_ROWS:
                refuse_file(file, f"it has more than {MAX_ROWS} lines.", "Split the field, or map fewer values.")
    except csv.Error as error:
        refuse_file(file, f"it can't be read as CSV ({error}).", "Look for an open double quote.", rows.line_num, 1)
    _check_doubles(file, pairs)
    return tuple(pairs)


def _check_doubles(file: str, pairs: list[tuple[str, str]]) -> None:
    first: dict[str, int] = {}
    for number, (here, _) in enumerate(pairs):
        if first.setdefault(here, number) != number:
            mend = "Keep one of them."
            refuse_file(file, f"the value {here!r} of Salesforce is there twice.", mend, number + 2, 1)
