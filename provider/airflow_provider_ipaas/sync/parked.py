"""What people may ask about the records that wait: which ones, and which of them may be dropped."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, get_args

from airflow_provider_ipaas.catalogue import ENTRIES, NEXT_STEP, Handling, find
from airflow_provider_ipaas.errors import ConfigurationError

from .ids import split_record_ids
from .model import Collection, Direction

# iPaaS.com has to get the Salesforce id of a linked record still, whatever else the record waits for.
EXTERNAL_ID_MISSING = "external_id_missing"
# The fate of a record that a person dropped: counted as skipped until it changes.
DROPPED = "dropped"
# One statement takes this many ids, twice.
MAX_IDS = 400

# Reasons that records wait for, as the catalogue knows them.
WAITING_REASONS: tuple[str, ...] = tuple(
    code for entry in ENTRIES if entry.service == "sync" and entry.handling == Handling.PARK for code in entry.codes
)
# Both records of a pair wait, each in its own direction: they are replayed and dropped together.
PAIRED = ("conflict", "flip_flop")

# Why a record is not dropped.
UNKNOWN_CREATE = (
    "what became of its creation is not known: dropping it could make it twice; a run in its direction finds out"
)
PENDING = "its two records still differ: every run would note it again; a run in its direction takes it up"
OWES_ID = (
    "iPaaS.com has not got its Salesforce id yet, and the link could not be found again without it; the next run stores "
    f"it. Ask for the reason {EXTERNAL_ID_MISSING} by name to give that up"
)
OWES_MORE = "iPaaS.com has not got its Salesforce id yet; once a run has stored it, it can be dropped"
# Why a record is not replayed.
WAITS_FOR_GO = "nobody has said go; a run with confirm_first_contact takes it up"


def why_kept(reason: str, *, owes_id: bool, create_is_open: bool, asked: str | None) -> str | None:
    """Return why a record that waits for *reason* is not dropped, None when it may be; *asked*: the reason asked for."""
    if create_is_open or reason in ("uncertain_create", "create_in_progress"):
        return UNKNOWN_CREATE
    if reason == "direction_off":
        return PENDING
    if reason == EXTERNAL_ID_MISSING:
        return None if asked == reason else OWES_ID
    return OWES_MORE if owes_id else None


@dataclass(frozen=True, slots=True)
class Selection:
    """Some of the records that wait: those that fit everything given. *ids* may be of the source or of the target."""

    scope: str | None = None
    collection: Collection | None = None
    direction: Direction | None = None
    reason: str | None = None
    code: str | None = None
    ids: tuple[str, ...] = ()

    @classmethod
    def parse(cls, asked: Mapping[str, Any], *, scope: str | None = None) -> Selection:
        """Check what a person asked for: `record_ids`, `reason`, `code`, `collection`, `direction`; blanks are none.

        Raises ConfigurationError naming what is wrong, with what there is.
        """
        collection = _choice("collection", asked.get("collection"), get_args(Collection))
        return cls(
            scope=scope,
            collection=collection,  # type: ignore[arg-type]
            direction=_choice("direction", asked.get("direction"), get_args(Direction)),  # type: ignore[arg-type]
            reason=_reason(asked.get("reason")),
            code=_text("code", asked.get("code")),
            ids=_ids(asked.get("record_ids") or [], collection),
        )

    @property
    def is_narrow(self) -> bool:
        """Whether records were chosen by id, reason or code."""
        return bool(self.ids or self.reason or self.code)

    def said(self) -> str:
        """Say in words what is selected."""
        parts = [
            f"{name} {value}"
            for name, value in (
                ("collection", self.collection),
                ("direction", self.direction),
                ("reason", self.reason),
                ("code", self.code),
            )
            if value
        ]
        if self.ids:
            parts.append(
                f"ids {', '.join(self.ids[:5])}{f' and {len(self.ids) - 5} more' if len(self.ids) > 5 else ''}"
            )
        return ", ".join(parts) or "everything"


def parse_limit(value: object) -> int | None:
    """Check how many records are wanted at most; None for all."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    raise ConfigurationError(f"limit is {value!r}.", next_step="Give a whole number, 1 or more, or leave it empty.")


def _ids(values: object, collection: str | None) -> tuple[str, ...]:
    salesforce, ipaas = split_record_ids(values, collection)  # type: ignore[arg-type]
    if len(salesforce) + len(ipaas) > MAX_IDS:
        raise ConfigurationError(
            f"record_ids has {len(salesforce) + len(ipaas)} ids; {MAX_IDS} can be asked for at once.",
            next_step="Choose by reason or code, or ask in several parts.",
        )
    return (*salesforce, *ipaas)


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > 200:
        raise ConfigurationError(f"{name} is not a text of at most 200 characters.", next_step="Correct it.")
    return value.strip() or None


def _choice(name: str, value: object, choices: tuple[str, ...]) -> str | None:
    text = _text(name, value)
    if text is not None and text not in choices:
        raise ConfigurationError(f"{name} is {text!r}.", next_step=f"Use {' or '.join(choices)}, or leave it empty.")
    return text


def _reason(value: object) -> str | None:
    text = _text("reason", value)
    if text is None or text in WAITING_REASONS:
        return text
    known = f"Records wait for: {', '.join(WAITING_REASONS)}."
    if text in NEXT_STEP:
        raise ConfigurationError(
            f"Records do not wait for the reason {text}: those are skipped or failed.", next_step=known
        )
    if find(text):
        raise ConfigurationError(f"{text} is a code of a service, no reason.", next_step=f"Give it as code. {known}")
    near = difflib.get_close_matches(text.lower(), WAITING_REASONS, n=1)
    raise ConfigurationError(f"There is no reason {text!r}{f'; {near[0]} is near' if near else ''}.", next_step=known)
