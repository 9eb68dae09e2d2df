"""Why a record did, or did not, sync: every field's values, what each side showed before, the decision and its reason.

The decisions are the plan's own (`merge`, `pairs`), taken down while it makes them: nothing is decided here a second time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from airflow_provider_ipaas.mapping import CollectionMapping, FieldRule, Showing, Translated, Value

from .explain_words import Words, absent
from .merge import FieldMerge, Sides
from .model import Collection, Direction, Item, Link, Record, Side
from .pairs import PairPlan

Decision = Literal["write_ipaas", "write_salesforce", "nothing", "wait", "park", "refuse", "not_sent"]
_WRITE: dict[Direction, Decision] = {"to_ipaas": "write_ipaas", "to_salesforce": "write_salesforce"}


@dataclass(frozen=True, slots=True)
class Cell:
    """What one side shows of a field; *blank* says in words what a value of None stands for."""

    value: Value = field(repr=False)
    blank: str = ""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field: both values now, the one in the other side's form (*mapped*), both before, the decision, the reason.

    *direction* is the rule's; *mapped_to* the side whose form *mapped* is in. Holds values: for logs of a preview and
    for people who ask, never for XCom.
    """

    key: str
    salesforce_field: str
    ipaas_field: str
    direction: str
    salesforce: Cell
    mapped: Cell
    mapped_to: Side
    ipaas: Cell
    salesforce_before: Cell
    ipaas_before: Cell
    decision: Decision
    reason: str


@dataclass(slots=True)
class Fate:
    """What became, or would become, of a record in its direction."""

    outcome: str
    reason: str = ""
    message: str = ""
    next_step: str = ""


@dataclass(slots=True)
class Explanation:
    """One record, or the pair it belongs to. *link* None: not linked; *fates* by direction; *notes* are sentences."""

    collection: Collection
    salesforce_id: str | None
    ipaas_id: str | None
    link: str | None = None
    fates: dict[Direction, Fate] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    fields: list[FieldLine] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def without_values(self) -> dict[str, Any]:
        """Return what may leave the ledger and the log: names, decisions and reasons."""
        found = asdict(self)
        found["fields"] = [{"field": f.key, "decision": f.decision, "reason": f.reason} for f in self.fields]
        return found

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Explanation:
        """Read what `as_dict` made."""
        cells = ("salesforce", "mapped", "ipaas", "salesforce_before", "ipaas_before")
        fields = [FieldLine(**{**line, **{name: Cell(**line[name]) for name in cells}}) for line in stored["fields"]]
        fates = {way: Fate(**fate) for way, fate in stored["fates"].items()}
        return cls(**{**stored, "fields": fields, "fates": fates})


class Explainer:
    """Takes the plan's decisions on records down, field by field; by (side, id) of either record of a pair."""

    def __init__(self, mapping: CollectionMapping) -> None:
        self.mapping = mapping
        self._found: dict[tuple[Side, str], Explanation] = {}

    def pair(self, salesforce: Item, ipaas: Item, link: Link | None, sides: Sides, plan: PairPlan) -> None:
        """Take down the plan of a pair."""
        found = Explanation(
            self.mapping.collection, salesforce.record_id, ipaas.record_id, link.state if link else None
        )
        unsent = _unsent(self.mapping, plan, ipaas.record, sides.salesforce)
        for decision in plan.decisions:
            rule = self.mapping.rule(decision.key)
            line = _pair_line(self.mapping, rule, decision, plan, sides, link, (salesforce, ipaas))
            found.fields.append(_not_sent(line) if line.decision == "write_ipaas" and line.key in unsent else line)
        if plan.to_ipaas and unsent == set(plan.to_ipaas):
            found.notes.append("Nothing of what goes to iPaaS.com can be sent: a run leaves the record as it is.")
        self._found["salesforce", salesforce.record_id] = self._found["ipaas", ipaas.record_id] = found

    def create(self, item: Item, plan: PairPlan) -> None:
        """Take down the plan of a record that is to be created on the other side."""
        self._found[item.side, item.record_id] = _created(self.mapping, item, plan)

    def knows(self, item: Item) -> bool:
        """Tell a record whose fields were taken down."""
        return (item.side, item.record_id) in self._found

    def of(self, item: Item) -> Explanation:
        """Return what was taken down of a record; of one that no field was compared of, the bare ids."""
        found = self._found.get((item.side, item.record_id))
        if found is None:
            own, other = item.record_id, item.target_id
            ids = (own, other) if item.side == "salesforce" else (other, own)
            found = Explanation(self.mapping.collection, *ids)
            found.fields = [_alone_line(self.mapping, rule, item) for rule in self.mapping.fields if item.record]
        return found


def _unsent(mapping: CollectionMapping, plan: PairPlan, current: Record | None, source: Showing) -> set[str]:
    """Return the changes that the record sent to iPaaS.com would not hold: a phone without an address to live on."""
    if not plan.to_ipaas:
        return set()
    if current is None:
        return set(plan.to_ipaas) - set(mapping.ipaas_create_body(plan.to_ipaas).sent)
    return set(plan.to_ipaas) - set(mapping.ipaas_update_body(current, plan.to_ipaas, source=source).sent)


def _not_sent(line: FieldLine) -> FieldLine:
    return replace(line, decision="not_sent", reason=f"{line.reason}; {Words.warning('phone_not_sent')}")


def _pair_line(
    mapping: CollectionMapping,
    rule: FieldRule,
    decision: FieldMerge,
    plan: PairPlan,
    sides: Sides,
    link: Link | None,
    items: tuple[Item, Item],
) -> FieldLine:
    key = rule.key
    here, there = sides.salesforce.get(key), sides.ipaas.get(key)
    going = decision.pending or (decision.fate if decision.fate in _WRITE else None)
    way: Direction = going or ("to_ipaas" if rule.writes_ipaas else "to_salesforce")
    translated = mapping.to_ipaas(key, here) if way == "to_ipaas" else mapping.to_salesforce(key, there)
    verdict, reason = _verdict(mapping, rule, decision, plan, translated, (here, there))
    shown_before = _before(link, key)
    return FieldLine(
        key,
        *ends(rule),
        rule.direction,
        Cell(here, "" if here is not None else absent("salesforce", rule, items[0].record)),
        Cell(translated.value, "" if translated.value is not None else "nothing"),
        "ipaas" if way == "to_ipaas" else "salesforce",
        Cell(there, "" if there is not None else absent("ipaas", rule, items[1].record)),
        *shown_before,
        verdict,
        reason,
    )


def _verdict(
    mapping: CollectionMapping,
    rule: FieldRule,
    decision: FieldMerge,
    plan: PairPlan,
    translated: Translated,
    now: tuple[Value, Value],
) -> tuple[Decision, str]:
    """Say what the plan does with one field, and why."""
    key, fate = decision.key, decision.fate
    said = Words(rule).why(decision.why)
    if fate == "park":
        return "park", said
    if decision.why == "broken":
        return ("wait" if decision.pending else "nothing"), said
    if fate == "pending":
        return "wait", f"{said}; {Words.not_written(decision.pending)}"
    if fate not in _WRITE:
        if decision.why == "unchanged" and not mapping.agree(key, *now):
            said += "; they differ in the same way as then"
        return "nothing", said
    way: Direction = fate
    if translated.problem:
        return "refuse", f"{said}; {translated.problem}"
    if key in plan.settled:
        return "not_sent", f"{said}; {Words.not_sent(translated.warnings)}"
    if key in plan.parked_fields:
        return "park", f"{said}; it keeps flipping between two values: two automations undo each other"
    if plan.parked:
        return "wait", f"{said}; the pair is parked ({plan.parked}: {', '.join(plan.parked_fields)})"
    if way in plan.problems or plan.unsendable:
        return "wait", f"{said}; the record is refused for {plan.problems.get(way) or plan.unsendable}"
    return _WRITE[way], said + "".join(f"; {Words.warning(name)}" for name in translated.warnings)


def _before(link: Link | None, key: str) -> tuple[Cell, Cell]:
    """Return what each side showed when both last agreed."""
    if link is None:
        return Cell(None, "not linked"), Cell(None, "not linked")
    here, there = link.salesforce_showing, link.ipaas_showing
    return tuple(  # type: ignore[return-value]
        Cell(None, "never compared") if shown is None or key not in shown else remembered(shown[key])
        for shown in (here, there)
    )


def remembered(value: Value) -> Cell:
    """Return what the ledger remembers of a field."""
    return Cell(value, "" if value is not None else "blank")


def _created(mapping: CollectionMapping, item: Item, plan: PairPlan) -> Explanation:
    own = item.side
    ids = (item.record_id, None) if own == "salesforce" else (None, item.record_id)
    found = Explanation(mapping.collection, *ids)
    way = item.direction
    unsent = _unsent(mapping, plan, None, {})
    for rule in mapping.fields:
        line = _alone_line(mapping, rule, item)
        decision, reason = line.decision, "a new record, and it has no value" if _is_blank(line) else line.reason
        if rule.key in plan.changes(way):
            decision, reason = _WRITE[way], "a new record gets every mapped value"
        elif rule.key in plan.settled:
            decision, reason = "not_sent", Words.not_sent(_translated(mapping, rule, item).warnings)
        elif (problem := plan.problems.get(way)) and problem.startswith(f"{rule.key}: "):
            decision, reason = "refuse", problem.partition(": ")[2]
        line = replace(line, decision=decision, reason=reason)
        found.fields.append(_not_sent(line) if rule.key in unsent else line)
    return found


def _alone_line(mapping: CollectionMapping, rule: FieldRule, item: Item) -> FieldLine:
    """Show a field of a record without a counterpart."""
    record: Record = item.record or {}
    own = item.side
    showing = mapping.show_salesforce(record) if own == "salesforce" else mapping.show_ipaas(record)
    value = showing.get(rule.key)
    cell = Cell(value, "" if value is not None else absent(own, rule, record))
    nobody = Cell(None, "no record")
    translated = _translated(mapping, rule, item)
    written = rule.writes_ipaas if own == "salesforce" else rule.writes_salesforce
    reason = "no record on the other side is compared" if written else Words.other_way(rule)
    return FieldLine(
        rule.key,
        *ends(rule),
        rule.direction,
        cell if own == "salesforce" else nobody,
        Cell(translated.value, "" if translated.value is not None else "nothing"),
        "ipaas" if own == "salesforce" else "salesforce",
        cell if own == "ipaas" else nobody,
        Cell(None, "not linked"),
        Cell(None, "not linked"),
        "nothing",
        reason,
    )


def _is_blank(line: FieldLine) -> bool:
    source = line.salesforce if line.mapped_to == "ipaas" else line.ipaas
    return source.value is None


def _translated(mapping: CollectionMapping, rule: FieldRule, item: Item) -> Translated:
    record = item.record or {}
    if item.side == "salesforce":
        return mapping.to_ipaas(rule.key, mapping.show_salesforce(record).get(rule.key))
    return mapping.to_salesforce(rule.key, mapping.show_ipaas(record).get(rule.key))


def ends(rule: FieldRule) -> tuple[str, str]:
    """Name both ends of a rule as people know them."""
    computed = "(expression)" if rule.expression is not None else "(constant)"
    here = computed if rule.salesforce is None else rule.salesforce
    there = computed if rule.ipaas is None else rule.ipaas
    if rule.kind == "address":
        here, there = f"{here} address", f"address {there}"
    elif rule.kind == "phone_on_address":
        there = f"phone of address {there}"
    elif rule.ipaas_custom:
        there = f"custom field {there}"
    return here, there


def fate_of(item: Item, outcome: str | None = None) -> Fate:
    """Return the fate that a plan gave an item."""
    return Fate(
        outcome or item.outcome or item.op or "not decided",
        item.reason or item.code or "",
        item.message or "",
        item.next_step or "",
    )
