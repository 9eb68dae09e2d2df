"""An explanation laid out for logs: who it is, its fate in each direction, and a line per field."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Sequence

from .explain import Cell, Explanation, Fate, FieldLine
from .explain_words import DECISIONS, NAMES
from .ids import OBJECT
from .model import DIRECTIONS

HEAD = ("Field", "Salesforce", "As mapped", "iPaaS.com", "Before", "Decision and reason")
LINE_LENGTH = 40  # of a value in a log; the command and the page show more
_RECORD = {"account": "Company", "contact": "Customer"}
_WAYS = {"to_ipaas": "to iPaaS.com", "to_salesforce": "to Salesforce"}
_WOULD = {
    "created": "would be created",
    "updated": "would be updated",
    "unchanged": "nothing to write",
    "skipped": "would be skipped",
    "parked": "would be parked",
    "failed": "would fail",
}


def table(found: Explanation, length: int = LINE_LENGTH) -> str:
    """Return the lines of one explanation, values cut at *length* characters."""
    lines = [title(found), *(f"  {text}" for text in fate_lines(found)), *(f"  {note}" for note in found.notes)]
    if found.fields:
        rows = [HEAD, *(row(line, length) for line in found.fields)]
        widths = [max(_width(line[column]) for line in rows) for column in range(len(HEAD) - 1)]
        lines += [f"  {_padded(line, widths)}" for line in rows]
    return "\n".join(lines)


def title(found: Explanation) -> str:
    """Say which record or pair it is."""
    here = f"{OBJECT[found.collection]} {found.salesforce_id or 'none'}"
    there = f"{_RECORD[found.collection]} {found.ipaas_id or 'none'}"
    if not (found.salesforce_id and found.ipaas_id):
        return f"{here if found.salesforce_id else there}, not linked"
    return f"{here} = {there}, " + ("not linked yet" if found.link is None else f"link {found.link}")


def fate_lines(found: Explanation) -> list[str]:
    """Say what becomes of the record in each direction."""
    return [f"{_WAYS[way]}: {_fate(found.fates[way])}" for way in DIRECTIONS if way in found.fates]


def _fate(fate: Fate) -> str:
    said = _WOULD.get(fate.outcome, fate.outcome) + (f" ({fate.reason})" if fate.reason else "") + "."
    message = f" {fate.message}" if fate.message else ""
    return f"{said}{message}{f' Next step: {fate.next_step}' if fate.next_step else ''}"


def row(line: FieldLine, length: int) -> tuple[str, ...]:
    """Return the cells of one field."""
    source = line.salesforce if line.mapped_to == "ipaas" else line.ipaas
    mapped = (
        "as it is" if line.mapped.value == source.value else f"{shown(line.mapped, length)} to {NAMES[line.mapped_to]}"
    )
    return (
        f"{line.key} ({line.salesforce_field} {_ARROWS[line.direction]} {line.ipaas_field})",
        shown(line.salesforce, length),
        "-" if line.mapped.value is None else mapped,
        shown(line.ipaas, length),
        before(line.salesforce_before, line.ipaas_before, length),
        f"{DECISIONS[line.decision]}: {line.reason}",
    )


_ARROWS = {"both": "<->", "to_ipaas": "->", "to_salesforce": "<-"}


def before(here: Cell, there: Cell, length: int) -> str:
    """Show what both sides showed when they last agreed: once, where that was the same."""
    if here == there:
        return shown(here, length)
    return f"Salesforce {shown(here, length)}, iPaaS.com {shown(there, length)}"


def shown(cell: Cell, length: int) -> str:
    """Show a value in quotes, one line of printable text; what is no value stands in brackets."""
    if cell.value is None:
        return f"({cell.blank or 'blank'})"
    text = cell.value if isinstance(cell.value, str) else ", ".join(f"{k}: {v}" for k, v in cell.value.items())
    return json.dumps(cut(_printable(text), length), ensure_ascii=False)


def cut(text: str, length: int) -> str:
    """Cut a text and say how long it is; never between a letter and its accent."""
    if len(text) <= length:
        return text
    end = length
    while end > 1 and (unicodedata.combining(text[end]) or text[end] in "\u200d\ufe0f" or text[end - 1] == "\u200d"):
        end -= 1
    return f"{text[:end]}… ({len(text)} characters)"


def _printable(text: str) -> str:
    """Replace what would move a cursor, break a line or turn the direction of what follows."""
    lines = text.replace("\r\n", "\n").replace("\n", " / ")
    return "".join(char if char.isprintable() or char == "\u200d" else "\ufffd" for char in lines)


def _width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _padded(cells: Sequence[str], widths: Iterable[int]) -> str:
    *head, last = cells
    padded = [cell + " " * (width - _width(cell)) for cell, width in zip(head, widths, strict=True)]
    return "  ".join([*padded, last])
