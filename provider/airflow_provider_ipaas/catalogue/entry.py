"""What one error code means: its cause, what the sync does about it, and what a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# Where a code comes from. *transport*: the way to either service; *sync*: why this project lets a record wait.
Service = Literal["salesforce", "login", "ipaas", "transport", "sync"]
# documented: by the service's own pages; observed: in answers that others have published; inferred: from the two.
Sure = Literal["documented", "observed", "inferred"]
# Nothing; without what looks like a value; as it is (an administrator has written it for people).
Shows = Literal["", "masked", "whole"]


class Handling(StrEnum):
    """What the sync does when it meets a code."""

    RETRY = "retry"
    RETRY_RECORD = "retry record"
    RENEW = "renew token"
    RESTART = "restart"
    GO_ON = "go on"
    ABSENT = "take for absent"
    FIND_OUT = "find out first"
    FAIL_RECORD = "fail record"
    FAIL_OR_STOP = "fail record or stop"
    PARK_DUPLICATE = "park duplicate"
    SKIP = "skip"
    STOP = "stop"
    STOP_CLEANLY = "stop cleanly"
    PARK = "park"


MEANING: dict[Handling, str] = {
    Handling.RETRY: (
        "Repeats the call a few times with growing pauses (as long as the service asks, up to a minute). If it lasts, the "
        "run stops and parks what it did not write (`not_attempted`); the next run goes on. A create is not repeated when it "
        "may have been done: see *find out first*."
    ),
    Handling.RETRY_RECORD: (
        "Tries the record twice more after a pause, without the others and in smaller groups; then parks it (`row_locked`) for "
        "the next run."
    ),
    Handling.RENEW: "Gets a new token once and repeats the call; if that is refused too, the run stops.",
    Handling.RESTART: "Runs the query again and goes on where it stopped.",
    Handling.GO_ON: "Goes on without what the call would have told or done.",
    Handling.ABSENT: "Takes the record, or the link that was looked up, for not there.",
    Handling.FIND_OUT: (
        "Does not repeat the create: parks the record (`uncertain_create`) and looks for what was made first; one found is "
        "linked, none is created, several wait for a person. A read or an update is simply repeated."
    ),
    Handling.FAIL_RECORD: (
        "*failed*, listed under `errors` with both ids; the others go on. Tried again after an edit, a mapping change, by "
        "`record_ids`, or after 20, 60, 120, ... minutes, at most daily; until its code changes it counts as parked "
        "(`refused_before`). A call of many records that is refused whole is cut in halves until the bad one stands alone."
    ),
    Handling.FAIL_OR_STOP: (
        "Where it meets one record among others: *fail record*. Where it meets the whole first batch, it is about the "
        "connection or the mapping: the run stops and no record is marked."
    ),
    Handling.PARK_DUPLICATE: "Parks the record (`possible_duplicate`) with the code; every run looks at it again.",
    Handling.SKIP: "Counts the record as skipped; nothing is created in place of the one that is gone.",
    Handling.STOP: (
        "The run stops with this error; no record is marked, what was not written is parked (`not_attempted`), and the "
        "next run starts from there."
    ),
    Handling.STOP_CLEANLY: (
        "Stops calling at once and parks what is left (`api_budget`); a later run goes on exactly there."
    ),
    Handling.PARK: "Parks the record; every run looks at it again.",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the catalogue.

    *cause* is a sentence (a clause, for the login, that completes "Salesforce refused the login, ..."); it may hold
    `{fields}` and `{limit}`, *next_step* `{connection}`, `{host}` and `{address}`. *said* is a piece of the service's
    message, in lower case, that tells this row from others with the same code; *flow* is the way to log in that it is for.
    *statuses* are the HTTP statuses it comes with. *shows* says what of the service's own message people are shown.
    """

    service: Service
    codes: tuple[str, ...]
    handling: Handling
    cause: str
    next_step: str
    said: str = ""
    flow: str = ""
    statuses: tuple[int, ...] = ()
    sure: Sure = "documented"
    shows: Shows = ""

    @property
    def code(self) -> str:
        """The first code, which names the row."""
        return self.codes[0]

    @property
    def is_fallback(self) -> bool:
        """Whether this row stands for codes that the catalogue does not list."""
        return self.code == UNLISTED or self.code.endswith("-*")

    def sentence(self) -> str:
        """Return the cause as a sentence of its own."""
        text = self.cause.format(fields="a field", limit="", host="the address")
        first = text[0] if text.startswith("iPaaS") else text[0].upper()
        return f"{first}{text[1:].rstrip('.')}."

    def advice(
        self, *, connection: str = "the connection", host: str = "it", address: str = "its address in the connection"
    ) -> str:
        """Return the next step with its places filled in."""
        return self.next_step.format(connection=connection, host=host, address=address)


# The code of the row that stands for whatever a service says that is not listed.
UNLISTED = "*"


def row(
    service: Service,
    codes: str,
    handling: Handling,
    cause: str,
    next_step: str,
    *,
    said: str = "",
    flow: str = "",
    statuses: tuple[int, ...] = (),
    sure: Sure = "documented",
    shows: Shows = "",
) -> Entry:
    """Return a row; *codes* are written with blanks between them."""
    return Entry(
        service=service,
        codes=tuple(codes.split()),
        handling=handling,
        cause=cause,
        next_step=next_step,
        said=said,
        flow=flow,
        statuses=statuses,
        sure=sure,
        shows=shows,
    )
