"""What must hold at every moment, told by the changes of both services alone.

Every value that a user or a flow sets is an *edit*. The sync may replace it only after it has carried it over, or after
it has counted a conflict on it. What it does not map it must not touch, what has a value it must not blank, and for one
source record it creates once.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .fields import COLLECTION, UNMAPPED, Cell, Cells, ipaas_cells, salesforce_cells

Place = tuple[str, str, str]  # side, collection, record id
OTHER = {"salesforce": "ipaas", "ipaas": "salesforce"}
# What users type in these worlds, in any form a service gives it.
_VALUE = re.compile(
    r"\bw\d+\b|\bPool \d|@example\.com|\b555\d{7}\b|\(555\)|Main St|Floor 2|Door 1|\bC-\d+\b", re.IGNORECASE
)


@dataclass(slots=True)
class Edit:
    """A value that somebody else than the sync has set."""

    value: Cell
    number: int
    delivered: bool = False


@dataclass
class Oracle:
    """Hears of every change and collects violations."""

    clears: frozenset[tuple[str, str]] = frozenset()  # (collection, key) whose blanks the mapping carries over
    violations: list[str] = field(default_factory=list)
    checked: Counter[str] = field(default_factory=Counter)  # how often each rule was put to the test
    trace: list[str] = field(default_factory=list)
    tracing: bool = False
    edits: dict[tuple[Place, str], Edit] = field(default_factory=dict)
    cells: dict[Place, Cells] = field(default_factory=dict)
    blanked: set[tuple[Place, str]] = field(default_factory=set)  # by a user, after it had a value
    past: dict[tuple[Place, str], dict[Cell, int]] = field(default_factory=dict)  # former values, and until when
    agreed: dict[tuple[Place, str], Cell] = field(default_factory=dict)  # what the sync last brought both sides to
    partners: dict[Place, str] = field(default_factory=dict)  # of what the sync created and of its source: the other
    created: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)  # (side, collection, source) -> ids
    conflicts: dict[tuple[str, str, str], int] = field(default_factory=dict)
    watermarks: dict[Any, datetime] = field(default_factory=dict)
    api_writes: int = 0
    api_creates: dict[str, int] = field(default_factory=lambda: {"salesforce": 0, "ipaas": 0})
    api_updates: dict[str, set[Place]] = field(default_factory=lambda: {"salesforce": set(), "ipaas": set()})
    user_changes: int = 0
    flow_changes: int = 0  # of these, by flows that run as the API user
    before_contact: set[str] = field(default_factory=set)  # iPaaS.com records older than the first run
    emails: dict[Place, set[Cell]] = field(default_factory=dict)  # every e-mail a record ever had
    names: dict[Place, set[Cell]] = field(default_factory=dict)  # every name that one ever had
    creating: str | None = None  # the source of the record that the API is about to make
    _number: int = 0

    def __post_init__(self) -> None:
        # Replaced by ones that know the ledger.
        self.linked: Callable[[Place], str | None] = lambda place: None
        self.in_contact: Callable[[str], bool] = lambda collection: True
        self.forgotten: Callable[[Place, str], bool] = lambda place, key: False
        self.waits_for_go: Callable[[str], bool] = lambda collection: False

    def violate(self, rule: str, text: str) -> None:
        self.violations.append(f"{rule}: {text}")
        self.note(f"!! {rule}: {text}")

    def note(self, text: str) -> None:
        if self.tracing:
            self.trace.append(text)

    def overhear(self, text: str) -> None:
        """Hear what goes into a log, a summary or an error: no value of a record may be in it."""
        self.checked["V8"] += 1
        found = _VALUE.search(text)
        if found:
            self.violate("V8", f"a value is told: {found[0]!r} in {text!r}")

    def partner_of(self, place: Place) -> str | None:
        """Return the record opposite: the linked one, else what was created for it or what it was created for."""
        return self.linked(place) or self.partners.get(place)

    # Changes

    def watch(
        self, side: str, kind: str, record_id: str, before: dict[str, Any] | None, after: dict[str, Any], actor: str
    ) -> None:
        """Hear of a change: of a row of Salesforce or a record of iPaaS.com, by a user, a flow or the API."""
        collection = COLLECTION[kind]
        place = (side, collection, record_id)
        show = salesforce_cells if side == "salesforce" else ipaas_cells
        old = self.cells.get(place) or {}
        new = self.cells[place] = show(collection, after)
        self._number += 1
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        for key in changed if before is not None else ():
            self.past.setdefault((place, key), {})[old[key]] = self._number
        if self.tracing:
            shown = {key: value for key, value in changed.items() if value is not None or key in old}
            self.note(f"   {actor} {'makes' if before is None else 'writes'} {side} {kind} {record_id} {shown}")
        if new.get("email") is not None:
            self.emails.setdefault(place, set()).add(new["email"])
        if new.get("name") is not None:
            self.names.setdefault(place, set()).add(new["name"])
        if actor == "api":
            self._by_api(place, before, after, old, changed)
            return
        self.user_changes += 1
        self.flow_changes += actor == "flow"
        if before is None and side == "ipaas" and not self.in_contact(collection):
            self.before_contact.add(record_id)
        for key, value in changed.items():
            self._by_others(place, key, old.get(key), value)

    def _by_others(self, place: Place, key: str, old: Cell, value: Cell) -> None:
        if value is None and old is not None:
            self.blanked.add((place, key))
        elif value is not None:
            self.blanked.discard((place, key))
        if (place, key) in self.agreed and self.agreed[place, key] == value:
            self.edits.pop((place, key), None)  # taken back: it says again what both sides agreed on last
        elif value is not None or (place[1], key) in self.clears:
            self.edits[place, key] = Edit(value, self._number)
        else:
            self.edits.pop((place, key), None)

    def _by_api(
        self, place: Place, before: dict[str, Any] | None, after: dict[str, Any], old: Cells, changed: Cells
    ) -> None:
        side, collection, record_id = place
        self.api_writes += 1
        if self.waits_for_go(collection):
            self.violate("V10", f"{side} {record_id} was written before anybody said go")
        if before is None:
            self.api_creates[side] += 1
        else:
            self.api_updates[side].add(place)
            self._check_untouched(place, before, after)
        partner = self.creating if before is None else self.partner_of(place)
        source: Place | None = (OTHER[side], collection, partner) if partner is not None else None
        for key, value in changed.items():
            if before is not None:
                self._check_overwritten(place, source, key, old.get(key), value)
            edit = self.edits.get((source, key)) if source is not None else None
            if edit is not None and edit.value == value:
                edit.delivered = True
            self.edits.pop((place, key), None)
            self.blanked.discard((place, key))
        opposite = self.cells.get(source, {}) if source is not None else {}
        for key, value in self.cells[place].items():
            if source is not None and key in opposite and opposite[key] == value:
                self.agreed[place, key] = self.agreed[source, key] = value

    def _check_untouched(self, place: Place, before: dict[str, Any], after: dict[str, Any]) -> None:
        side, collection, record_id = place
        self.checked["V4"] += 1
        for name in UNMAPPED[side][collection]:
            if before[name] != after[name]:
                self.violate(
                    "V4", f"{side} {record_id}: {name}, which is not mapped, was {before[name]!r}, is {after[name]!r}"
                )
        if side != "ipaas":
            return
        lost = {item["id"] for item in before["addresses"]} - {item["id"] for item in after["addresses"]}
        if lost:
            self.violate("V4", f"ipaas {record_id}: addresses {sorted(lost)} are gone")
        if before["custom_fields"] and not after["custom_fields"]:
            self.violate("V4", f"ipaas {record_id}: its custom fields are gone")

    def _check_overwritten(self, place: Place, source: Place | None, key: str, old: Cell, value: Cell) -> None:
        side, collection, record_id = place
        self.checked["V1"] += 1
        clears = (collection, key) in self.clears
        if old is None and not clears:
            return
        if value is None and not clears:
            self.violate("V4", f"{side} {record_id}: {key} was {old!r} and was blanked")
            return
        edit = self.edits.get((place, key))
        if edit is None or edit.delivered:
            return
        # The contract's first contact: with nothing agreed before, as after a lost ledger, a value beats a blank, and
        # nobody can tell any more which of the two is younger.
        if edit.value is None and self.forgotten(place, key):
            return
        if source is not None:
            if self.past.get((source, key), {}).get(old, -1) > edit.number:
                return  # both said the same for a while, then the other one was edited
            pair = (record_id, source[2]) if side == "salesforce" else (source[2], record_id)
            if self.conflicts.get((key, *pair), -1) > edit.number:
                return
        self.violate("V1", f"{side} {record_id}: {key} was set to {old!r} by somebody and is {value!r} now, silently")

    def merged(self, winner: Place, loser: Place) -> None:
        """Hear of a merge: what the winner leaves blank, somebody has chosen to.

        One without a partner inherits the loser's: values that both have were agreed on before, or edited by then.
        """
        self.blanked |= {(winner, key) for key, value in self.cells[winner].items() if value is None}
        for (key, salesforce_id, ipaas_id), number in list(self.conflicts.items()):
            if salesforce_id == loser[2]:
                self.conflicts.setdefault((key, winner[2], ipaas_id), number)
        # A link follows to a winner without one, also when a create of unknown outcome was made for it.
        follows = self.linked(winner) is None and self.linked(loser) is not None
        if self.partner_of(winner) is not None and not follows:
            return
        for key, value in self.cells[winner].items():
            edit = self.edits.get((loser, key))
            if value != self.cells[loser].get(key):
                # It takes the loser's place in the link: what that one said, it has said, until now.
                self.past.setdefault((winner, key), {})[self.cells[loser].get(key)] = self._number
                continue
            if edit is None:
                self.edits.pop((winner, key), None)
            else:
                self.edits[winner, key] = edit

    # What the sync says

    def conflict(self, key: str, salesforce_id: str, ipaas_id: str) -> None:
        self._number += 1
        self.conflicts[key, salesforce_id, ipaas_id] = self._number

    def made(self, side: str, collection: str, record_id: str, source: str | None, *, alive: Any) -> None:
        """Hear that a create for a source record took effect; a second one while the first lives is a duplicate."""
        self.checked["V2"] += 1
        if source is None:
            self.violate("V2", f"{side} {record_id} was created for nobody knows whom")
            return
        ids = self.created.setdefault((side, collection, source), [])
        twins = [other for other in ids if other != record_id and alive(other)]
        if twins:
            self.violate("V2", f"{side} {record_id} was created for {source}, which had {twins} already")
        ids.append(record_id)
        self.partners[side, collection, record_id] = source
        self.partners[OTHER[side], collection, source] = record_id

    def watermark(self, key: Any, value: datetime, fence: datetime | None) -> None:
        self.checked["V5"] += 1
        old = self.watermarks.get(key)
        if old is not None and value < old:
            self.violate("V5", f"the watermark of {key} went back from {old} to {value}")
        if fence is not None and value > fence:
            self.violate("V5", f"the watermark of {key} is {value}, beyond the fence {fence}")
        self.watermarks[key] = value
