"""The catalogue as a page for people: `docs/errors.md`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .entry import MEANING, UNLISTED, Entry, Service
from .lookup import ENTRIES

_INTRO = """\
# Errors

What each error code means, what the sync does when it meets it, and what a person can do. The code stands in the run
summary (`errors[].code`, `parked_by_reason`, `skipped_by_reason`), in the task's log and on the monitoring page, each with
the next step from this page. `airflow-ipaas errors CODE` prints one entry.

This page is printed from the table that the code itself uses: `airflow-ipaas errors --markdown > docs/errors.md`.

Codes that are not listed are handled safely and say so: a record refused with one fails alone, with the service's words
(without what looks like a value); a call refused with one is repeated only where its HTTP status says that this can help;
a create is never repeated when it may have been done.

*sure*: documented by the service, observed in answers that others have published, or inferred from the two.
"""

_SECTIONS: tuple[tuple[Service, str, str], ...] = (
    (
        "salesforce",
        "Salesforce",
        "Of the REST API: of single records first, then of whole calls. Without a status: in the result of one record, or 400.",
    ),
    (
        "login",
        "Logging in to Salesforce",
        "Of the OAuth endpoints, status 400 unless noted. The cause completes *Salesforce refused the login, ...*. A refusal "
        "that comes with a status of 500 or more is an outage, whatever it says: the grant is not lost.",
    ),
    (
        "ipaas",
        "iPaaS.com",
        "Wherever the body or the reason phrase of an answer holds one; without a status: 400. Only INTL, 429 and statuses "
        "of 500 or more are repeated.",
    ),
    ("transport", "On the way", "Codes of the clients' own, for either service."),
    ("sync", "Reasons", "Why a record is parked, skipped or failed without either service having refused it."),
)


def markdown() -> str:
    """Return the whole page."""
    return "\n".join([_INTRO, *_meanings(), *(line for section in _SECTIONS for line in _section(*section))])


def named(entry: Entry) -> str:
    """Return the codes of a row with what tells it from others: a piece of the message, a way to log in."""
    codes = ", ".join("any other" if code == UNLISTED else f"`{code}`" for code in entry.codes)
    told = [f"saying *{entry.said}*"] if entry.said else []
    told += [f"with `{entry.flow}`"] if entry.flow else []
    return " ".join([codes, *told])


def _meanings() -> Iterator[str]:
    yield "## What the sync does"
    yield ""
    yield from _table(("", "meaning"), [(f"*{handling}*", text) for handling, text in MEANING.items()])


def _section(service: Service, title: str, about: str) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield about
    yield ""
    heads: tuple[str, ...] = ("code", "status", "cause", "the sync", "you", "sure")
    if service in ("transport", "sync"):
        heads = ("code", "cause", "the sync", "you")
    yield from _table(heads, [_cells(entry, heads) for entry in ENTRIES if entry.service == service])


def _cells(entry: Entry, heads: Sequence[str]) -> tuple[str, ...]:
    cells = {
        "code": named(entry),
        "status": ", ".join(map(str, entry.statuses)),
        "cause": entry.sentence(),
        "the sync": f"*{entry.handling}*",
        "you": entry.advice(),
        "sure": "" if entry.is_fallback else entry.sure,
    }
    return tuple(cells[head] for head in heads)


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> Iterator[str]:
    yield _line(heads)
    yield _line(["---"] * len(heads))
    yield from (_line(cells) for cells in lines)
    yield ""


def _line(cells: Sequence[str]) -> str:
    escaped = [cell.replace("|", r"\|") for cell in cells]
    return f"| {' | '.join(escaped)} |"
