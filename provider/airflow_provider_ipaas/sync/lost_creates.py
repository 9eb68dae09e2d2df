"""Creates whose answer was lost: find out what they made, then link it or create it again.

What was sent is kept with the claim, so an edit made since, on either side, is found again as an edit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ipaas.mapping import CollectionMapping, Showing

from .applying import Written
from .canary import alike
from .context import Sync, batches, parse_stamp
from .keys import email_key, name_key
from .model import DIRECTIONS, OTHER, SOURCE_OF, Claim, Direction, Item, Link, Record, Side
from .salesforce_reads import literal, quote, rows_by_external_id

API_USER = "salesforce_user"  # fact of a run: the id of the user behind the connection
# Claims tell the service's time to the second before the request is sent.
_EARLIER = timedelta(minutes=1)


@dataclass(slots=True)
class LostCreates:
    """The creates without a known outcome whose sources this run takes up, by what they may have made."""

    sources: set[tuple[Side, str]] = field(default_factory=set)
    keys: set[tuple[Side, str]] = field(default_factory=set)  # side of the target, e-mail or name as sent
    user: str = ""  # who sends our creates to Salesforce
    since: datetime | None = None  # the first of those sent to Salesforce, by its clock

    @classmethod
    def load(cls, sync: Sync) -> LostCreates:
        """Read the open claims; there are few, and none as a rule."""
        lost = cls(user=str(sync.run.facts.get(API_USER) or ""))
        for direction in DIRECTIONS:
            side = SOURCE_OF[direction]
            claims = {
                claim.source_id: claim for claim in sync.ledger.open_claims(sync.scope, sync.collection, direction)
            }
            linked = sync.ledger.links(sync.scope, sync.collection, side, claims)
            items = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, claims)
            waiting = sync.ledger.unresolved(sync.scope, sync.collection, direction, claims)
            for source_id, claim in claims.items():
                item = items.get(source_id)
                counted = item is not None and item.role in sync.counted_roles
                if source_id not in linked and (counted or source_id in waiting):
                    lost._add(side, claim, _sent_key(sync, direction, claim.sent))
        return lost

    def _add(self, side: Side, claim: Claim, sent_key: str | None) -> None:
        self.sources.add((side, claim.source_id))
        self.keys.add((OTHER[side], sent_key or ""))
        if side == "ipaas" and claim.sent_at is not None:
            self.since = min(self.since or claim.sent_at, claim.sent_at)

    def may_have_made(self, item: Item, matches: Iterable[str]) -> bool:
        """Tell a record that is like what was sent, that our user made since, or that matches the source of such a create."""
        key = item.email_key if item.collection == "contact" else item.name_key
        if key and (item.side, key) in self.keys:
            return True
        if item.side == "salesforce" and self._is_made_since(item.record or {}):
            return True
        return any((OTHER[item.side], record_id) in self.sources for record_id in matches)

    def _is_made_since(self, row: Record) -> bool:
        """Tell a record that our user has made since: a flow may have changed every field that was sent."""
        ours = bool(self.user) and row.get("CreatedById") == self.user
        return ours and self.since is not None and _is_since(row, self.since)


def _sent_key(sync: Sync, direction: Direction, sent: Showing) -> str | None:
    contact = sync.collection == "contact"
    if direction == "to_ipaas":
        value = sync.mapping.ipaas_create_body(sent).record.get("email_address" if contact else "name")
    else:
        value = sync.mapping.salesforce_body(sent).get("Email" if contact else "Name")
    return email_key(value) if contact else name_key(value)


def was_sent(item: Item) -> dict[str, Any]:
    """Return the changes that the lost create carried: those of its claim, else those planned now."""
    payload = item.payload or {}
    return dict(payload.get("sent") or payload.get("changes") or {})


def as_created(mapping: CollectionMapping, item: Item, shown: Showing) -> bool:
    """Tell whether nothing has changed since the lost create: the source says what was sent, and so does the target.

    What the target shows beyond that, somebody has added. One that lacks some of it may have been made by somebody else.
    """
    sent = was_sent(item)
    fillable = (rule.key for rule in mapping.fields if rule.kind != "constant" and not rule.on_create_only)
    added = any(shown.get(key) is not None and sent.get(key) is None for key in fillable)
    same = sent == (item.payload or {}).get("changes") and shows(mapping, item.direction, sent, shown)
    return same and not added and not _not_shown(sent, shown)


def _not_shown(sent: Showing, shown: Showing) -> set[str]:
    """Name the fields of which nothing arrived: the service did not keep them, or somebody else made the record."""
    return {key for key, value in sent.items() if value is not None and shown.get(key) is None}


def shows(mapping: CollectionMapping, direction: Direction, sent: Showing, shown: Showing) -> bool:
    """Tell whether a record shows what a create has sent; what the service did not keep at all does not count."""
    return all(
        shown.get(key) is None or _agree(mapping, direction, key, value, shown.get(key)) for key, value in sent.items()
    )


def likeness(mapping: CollectionMapping, direction: Direction, sent: Showing, shown: Showing) -> int | None:
    """Say how well a lost create explains a record, None for not at all.

    What the record shows of it counts for it; what only one of the two has counts against it.
    """
    if not shows(mapping, direction, sent, shown):
        return None
    both = sum(1 for key, value in sent.items() if value is not None and shown.get(key) is not None)
    added = sum(1 for key, value in shown.items() if value is not None and sent.get(key) is None)
    return both - len(_not_shown(sent, shown)) - added


def agreeing(mapping: CollectionMapping, direction: Direction, sent: Showing, shown: Showing) -> int:
    """Count the values that a record shows as they were sent, whatever else it shows."""
    return sum(
        _agree(mapping, direction, key, value, shown.get(key)) for key, value in sent.items() if value is not None
    )


def link_as_sent(sync: Sync, item: Item, target_id: str, shown: Showing) -> Written:
    """Link what an earlier attempt created, as agreed on what was sent then; the next run sees what changed since.

    One that shows no more than half of what was sent may be another that a person has linked: nothing is agreed then, and
    what differs is a conflict.
    Nor is anything agreed on a field that it does not show at all: the next run sends its value again.
    """
    sent = was_sent(item)
    keys = {rule.key for rule in sync.mapping.fields} - _not_shown(sent, shown)
    source = {key: sent.get(key) for key in keys}
    target = {key: _kept(sync.mapping, item.direction, key, sent, shown) for key in keys}
    to_ipaas = item.direction == "to_ipaas"
    pair = (item.record_id, target_id) if to_ipaas else (target_id, item.record_id)
    showings = (source, target) if to_ipaas else (target, source)
    link = Link(sync.scope, sync.collection, *pair, settled_by=sync.run.run_key)
    if _is_another(sync.mapping, item.direction, sent, shown):
        text = f"{target_id} was linked with it meanwhile; the next run compares the two."
    else:
        link.salesforce_showing, link.ipaas_showing = showings
        text = f"An earlier attempt created {target_id}; the next run writes what has changed since."
    sync.ledger.add_link(link)
    return Written(item, "superseded", target_id, text=text)


def _is_another(mapping: CollectionMapping, direction: Direction, sent: Showing, shown: Showing) -> bool:
    told = [key for key, value in sent.items() if value is not None and shown.get(key) is not None]
    alike_in = sum(_agree(mapping, direction, key, sent[key], shown[key]) for key in told)
    return bool(told) and alike_in * 2 <= len(told)


def _kept(mapping: CollectionMapping, direction: Direction, key: str, sent: Showing, shown: Showing) -> Any:
    """Return what the target showed of a field right after the create, as far as it can be told."""
    value = sent.get(key)
    if value is None:
        return None
    if shown.get(key) is None or _agree(mapping, direction, key, value, shown.get(key)):
        return shown.get(key)
    return (mapping.to_ipaas if direction == "to_ipaas" else mapping.to_salesforce)(key, value).value


def _agree(mapping: CollectionMapping, direction: Direction, key: str, source: Any, target: Any) -> bool:
    here, there = (source, target) if direction == "to_ipaas" else (target, source)
    if mapping.agree(key, here, there):
        return True
    sent = (mapping.to_ipaas if direction == "to_ipaas" else mapping.to_salesforce)(key, source).value
    return target is not None and alike(sent, target)  # in the service's own form


@dataclass(slots=True)
class Findings:
    """What became of lost creates in Salesforce: made records, creates to be sent again, and what stays unknown."""

    made: list[tuple[Item, str]] = field(default_factory=list)
    again: list[Item] = field(default_factory=list)
    unknown: list[Written] = field(default_factory=list)


def find_in_salesforce(sync: Sync, items: list[Item], fields: set[str], external_id_field: str | None) -> Findings:
    """Find out about creates whose answer was lost: by the external-id field, else by user, time and content."""
    findings = Findings()
    if not items:
        return findings
    if external_id_field is not None:
        rows = rows_by_external_id(sync, fields, [item.record_id for item in items])
        found = {str(row[external_id_field]): str(row["Id"]) for row in rows}
        findings.made = [(item, found[item.record_id]) for item in items if item.record_id in found]
        findings.again = [item for item in items if item.record_id not in found]
        return findings
    now = sync.salesforce.server_now()
    fence = sync.salesforce.latest_date_covered(sync.sobject, now - timedelta(minutes=30), now)
    claimed = {item.record_id: parse_stamp((item.payload or {}).get("claimed_at")) for item in items}
    since = {record_id: moment or now - timedelta(days=1) for record_id, moment in claimed.items()}
    candidates = _made_by_us(sync, items, min(since.values()))
    equal = {item.record_id: _equal(sync, item, candidates, since[item.record_id]) for item in items}
    explained = {record_id for ids in equal.values() if len(ids) == 1 for record_id in ids}
    for item in items:
        # A flow or a person may have changed every field that was sent: what nothing else explains may be it.
        other = [i for i, row in candidates.items() if i not in explained and _is_since(row, since[item.record_id])]
        _judge(findings, item, equal[item.record_id], other, pending=_is_pending(claimed[item.record_id], fence))
    return findings


def _judge(findings: Findings, item: Item, equal: list[str], other: list[str], *, pending: bool) -> None:
    if item.external_id in (*equal, *other):
        equal = [str(item.external_id)]  # a person has said which
    if len(equal) == 1:
        findings.made.append((item, equal[0]))
    elif equal or other:
        text = f"Any of these could be the one that was created: {', '.join((equal or other)[:5])}."
        findings.unknown.append(Written(item, "uncertain", text=text))
    elif pending:
        text = "The request may still be under way in Salesforce."
        findings.unknown.append(Written(item, "uncertain", text=text))
    else:
        findings.again.append(item)


def _is_pending(claimed: datetime | None, fence: datetime) -> bool:
    return claimed is not None and fence <= claimed


def _made_by_us(sync: Sync, items: list[Item], since: datetime) -> dict[str, Record]:
    """Return the unlinked records that our user has created since then, by id: few, as a rule those that are sought."""
    names = {name for item in items for name in sync.mapping.salesforce_body(was_sent(item))}
    soql = (
        f"SELECT {', '.join(sorted({*names, 'Id', 'CreatedDate'}))} FROM {sync.sobject} "  # noqa: S608 (names from the mapping)
        f"WHERE CreatedById = {quote(sync.salesforce.user_id)} AND CreatedDate >= {literal(since - _EARLIER)}"
    )
    found: dict[str, Record] = {}
    for rows in batches(sync.salesforce.query(soql)):
        by_id = {str(row["Id"]): row for row in rows}
        linked = sync.ledger.links(sync.scope, sync.collection, "salesforce", by_id)
        found |= {record_id: row for record_id, row in by_id.items() if record_id not in linked}
    return dict(sorted(found.items()))


def _equal(sync: Sync, item: Item, rows: dict[str, Record], since: datetime) -> list[str]:
    """Return the records that show what was sent for an item."""
    sent = sync.mapping.salesforce_body(was_sent(item))
    body = {name: value for name, value in sent.items() if isinstance(value, str)}
    return [
        record_id
        for record_id, row in rows.items()
        if _is_since(row, since)
        and any(row.get(name) is not None for name in body)
        and all(row.get(name) is None or alike(row[name], value) for name, value in body.items())
    ]


def _is_since(row: Record, moment: datetime) -> bool:
    created = parse_stamp(row.get("CreatedDate"))
    return created is None or created >= moment - _EARLIER
