"""Which unlinked records belong together. Pure, and never a guess.

The external ids decide first; for Contact and Customer then the e-mail, where it names one record on each side. A
Company and an Account with the same name or account number are shown to a person, not linked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["link", "none", "ambiguous_match", "match_already_linked", "possible_duplicate"]


@dataclass(frozen=True, slots=True)
class Match:
    """The verdict on one unlinked record; *ids* are the records opposite that it is about."""

    verdict: Verdict
    ids: tuple[str, ...] = ()
    by: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known of the records that could be the same as one unlinked record.

    *carried*: the id opposite that this record itself carries as external id. *carriers*: records opposite that carry
    this record's id. *alike_here*: other unlinked records of this record's own side with the same e-mail (those that
    would be skipped don't count). *alike*: unlinked records opposite with the same e-mail, name or number. *elsewhere*:
    linked ones opposite with the same e-mail. *linked*: of the ids named by external ids, those linked already.
    """

    carried: str | None = None
    carriers: tuple[str, ...] = ()
    alike_here: tuple[str, ...] = ()
    alike: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()
    linked: frozenset[str] = frozenset()


def match_by_external_id(candidates: Candidates) -> Match | None:
    """Return the verdict of the external ids, None where there are none."""
    named = tuple(dict.fromkeys([*([candidates.carried] if candidates.carried else []), *candidates.carriers]))
    if not named:
        return None
    free = tuple(record_id for record_id in named if record_id not in candidates.linked)
    if len(named) > 1:
        return Match("ambiguous_match", named, "external id")
    if not free:
        return Match("match_already_linked", named, "external id")
    return Match("link", free, "external id")


def match_by_email(candidates: Candidates) -> Match:
    """Link two records only when the e-mail names exactly one unlinked record on each side."""
    if candidates.alike_here or len(candidates.alike) > 1:
        return Match("ambiguous_match", candidates.alike or candidates.elsewhere, "e-mail")
    if candidates.alike:
        return Match("link", candidates.alike, "e-mail")
    if candidates.elsewhere:
        return Match("match_already_linked", candidates.elsewhere, "e-mail")
    return Match("none")


def match_by_name(candidates: Candidates) -> Match:
    """Name the unlinked records opposite with the same name or account number, to be looked at by a person."""
    if candidates.alike:
        return Match("possible_duplicate", candidates.alike, "name or account number")
    return Match("none")


def confirm(record_id: str, verdict: Match, back: Match) -> Match:
    """Let a link stand only where the record it names has the same verdict: one that belongs to another is taken."""
    if back.verdict == "link" and back.ids == (record_id,):
        return verdict
    taken = back.verdict in ("link", "match_already_linked")
    return Match("match_already_linked" if taken else "ambiguous_match", verdict.ids, verdict.by)
