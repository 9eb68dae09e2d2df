"""How much a plan would change, counted from its updates and held against the limits of the connection. Pure.

An update counts for its direction, whether the pair was linked before or is matched by this very run. Creates have a
brake of their own (`max_creates`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from .model import Collection, Direction, Item

# Fewer blanked records than this never stop a run: a tenth of a handful of pairs would be every ordinary edit.
BLANK_FLOOR = 5
EXAMPLES = 5
FIELDS_NAMED = 5

_NAMES: dict[tuple[Direction, Collection], str] = {
    ("to_ipaas", "account"): "Companies in iPaaS.com",
    ("to_ipaas", "contact"): "Customers in iPaaS.com",
    ("to_salesforce", "account"): "Accounts in Salesforce",
    ("to_salesforce", "contact"): "Contacts in Salesforce",
}
Pair = tuple[str, str]  # Salesforce id, iPaaS.com id


@dataclass(frozen=True, slots=True)
class ChangeLimits:
    """What one run may change of the linked records without asking. Percentages are whole numbers; 100 is no limit."""

    changed_percent: int = 50
    changed_records: int = 200  # and more than this many: the brake needs both
    blanked_percent: int = 10  # per field


@dataclass(slots=True)
class Changes:
    """What a plan changes in one direction: counts, and ids to look at. Never values."""

    collection: Collection
    direction: Direction
    records: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    blanks: Counter[str] = field(default_factory=Counter)  # of those, where a value would be taken away
    examples: list[Pair] = field(default_factory=list)
    blanked: dict[str, list[Pair]] = field(default_factory=lambda: defaultdict(list))

    def add(self, item: Item) -> None:
        """Count one planned update."""
        payload = item.payload or {}
        changes, base = payload["changes"], payload["base"]
        pair = (item.record_id, str(item.target_id))
        pair = pair if item.side == "salesforce" else pair[::-1]
        self.records += 1
        self.fields.update(changes.keys())
        _keep(self.examples, pair)
        for key, value in changes.items():
            if value is None and base.get(key) is not None:
                self.blanks[key] += 1
                _keep(self.blanked[key], pair)

    def need_a_look(self, limits: ChangeLimits) -> bool:
        """Tell whether a limit could be passed at all, before anybody counts the linked records."""
        return self.records > limits.changed_records or any(n >= BLANK_FLOOR for n in self.blanks.values())


@dataclass(frozen=True, slots=True)
class Excess:
    """One limit that a plan passes: the reason that its records are parked with, and what would happen, in words."""

    reason: Literal["max_creates", "mass_change", "mass_blank"]
    text: str
    allow: str  # what to set to let one run pass
    settings: tuple[str, ...] = ()  # fields of the connection that allow it for good


def excesses(changes: Changes, linked: int, limits: ChangeLimits) -> list[Excess]:
    """Hold the changes of one direction against the limits; *linked*: pairs linked now or by this plan."""
    found: list[Excess] = []
    name = _NAMES[changes.direction, changes.collection]
    allow = "allow_mass_change = true"
    for key, count in sorted(changes.blanks.items(), key=lambda entry: (-entry[1], entry[0])):
        if count < BLANK_FLOOR or count * 100 <= limits.blanked_percent * linked:
            continue
        text = (
            f"would blank {key} on {count} of {linked} linked {name} ({_percent(count, linked)}; max_blanked_percent "
            f"allows {limits.blanked_percent} %), for example {_pairs(changes.blanked[key])}"
        )
        found.append(Excess("mass_blank", text, allow, ("max_blanked_percent",)))
    if changes.records > limits.changed_records and changes.records * 100 > limits.changed_percent * linked:
        text = (
            f"would change {changes.records} of {linked} linked {name} ({_percent(changes.records, linked)}; "
            f"max_changed_percent allows {limits.changed_percent} %, max_changed_records {limits.changed_records} whatever "
            f"their share), most of all {_fields(changes)}, for example {_pairs(changes.examples)}"
        )
        found.append(Excess("mass_change", text, allow, ("max_changed_percent", "max_changed_records")))
    return found


def summed(changes: Iterable[Changes]) -> str:
    """Say what the whole plan changes, per direction: `3 updates of Companies in iPaaS.com`."""
    return ", ".join(f"{c.records} updates of {_NAMES[c.direction, c.collection]}" for c in changes)


def _keep(pairs: list[Pair], pair: Pair) -> None:
    if len(pairs) < EXAMPLES:
        pairs.append(pair)


def _fields(changes: Changes) -> str:
    most = sorted(changes.fields.items(), key=lambda entry: (-entry[1], entry[0]))
    more = f" and {len(most) - FIELDS_NAMED} more fields" if len(most) > FIELDS_NAMED else ""
    return ", ".join(f"{key} ({count})" for key, count in most[:FIELDS_NAMED]) + more


def _pairs(pairs: list[Pair]) -> str:
    return ", ".join(f"{salesforce_id} = {ipaas_id}" for salesforce_id, ipaas_id in pairs)


def _percent(count: int, linked: int) -> str:
    return f"{100 * count // linked} %" if linked else "none was linked"
