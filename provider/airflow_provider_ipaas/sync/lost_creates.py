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
from .context import Sync, parse_stamp
from .keys import email_key, name_key
from .model import DIRECTIONS, OTHER, SOURCE_OF, Claim, Direction, Item, Link, Side
from .salesforce_reads import literal, quote, rows_by_external_id


@dataclass(slots=True)
class LostCreates:
    """The creates without a known outcome whose sources this run takes up, by what they may have made."""

    sources: set[tuple[Side, str]] = field(default_factory=set)
    keys: set[tuple[Side, str]] = field(default_factory=set)  # side of the target, e-mail or name as sent

    @classmethod
    def load(cls, sync: Sync) -> LostCreates:
        """Read the open claims; there are few, and none as a rule."""
        lost = cls()
        for direction in DIRECTIONS:
            side = SOURCE_OF[direction]
            claims = {
                claim.source_id: claim for claim in sync.ledger.open_claims(sync.scope, sync.collection, direction)
            }
            linked = sync.ledger.links(sync.scope, sync.collection, side, claims)
            items = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, claims)
            for source_id, claim in claims.items():
                item = items.get(source_id)
                if source_id not in linked and item is not None and item.role in sync.counted_roles:
                    lost.sources.add((side, source_id))
                    lost.keys.add((OTHER[side], _sent_key(sync, direction, claim.sent) or ""))
        return lost

    def may_have_made(self, item: Item, matches: Iterable[str]) -> bool:
        """Tell a record that is like what was sent, or that matches the source of such a create."""
        key = item.email_key if item.collection == "contact" else item.name_key
        if key and (item.side, key) in self.keys:
            return True
        return any((OTHER[item.side], record_id) in self.sources for record_id in matches)


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


def renew_claims(sync: Sync, items: Iterable[Item], direction: Direction, server_now: datetime) -> None:
    """Note what is about to be created anew after a lost create left nothing: a later search has to look for this."""
    now = sync.clock()
    claims = [
        Claim(
            sync.scope,
            sync.collection,
            direction,
            item.record_id,
            sync.run.run_key,
            claimed_at=now,
            sent_at=server_now,
            sent=dict((item.payload or {}).get("changes", {})),
        )
        for item in items
    ]
    sync.ledger.save_claims(claims)


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


def link_as_sent(sync: Sync, item: Item, target_id: str, shown: Showing) -> Written:
    """Link what an earlier attempt created, as agreed on what was sent then; the next run sees what changed since.

    One that shows nothing of what was sent was made by nobody of us: a person has linked the two, and nothing is agreed.
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
    return bool(told) and not any(_agree(mapping, direction, key, sent[key], shown[key]) for key in told)


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
    return mapping.agree(key, here, there)


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
    for item in items:
        claimed = parse_stamp((item.payload or {}).get("claimed_at"))
        _look(sync, findings, item, claimed, fence, now)
    return findings


def _look(sync: Sync, findings: Findings, item: Item, claimed: datetime | None, fence: datetime, now: datetime) -> None:
    equal, similar = _created_by_us(sync, item, claimed or now - timedelta(days=1))
    if item.external_id in (*equal, *similar):
        equal = [str(item.external_id)]  # a person has said which
    if len(equal) == 1:
        findings.made.append((item, equal[0]))
    elif equal or similar:
        text = f"Any of these could be the one that was created: {', '.join((equal or similar)[:5])}."
        findings.unknown.append(Written(item, "uncertain", text=text))
    elif claimed is not None and fence <= claimed:
        text = "The request may still be under way in Salesforce."
        findings.unknown.append(Written(item, "uncertain", text=text))
    else:
        findings.again.append(item)


# One of these is enough to doubt: a flow or a person may have changed the others since.
_TELLING = ("Name", "LastName", "Email", "Phone", "AccountNumber", "Website")


def _created_by_us(sync: Sync, item: Item, since: datetime) -> tuple[list[str], list[str]]:
    """Return the unlinked records that our user created since then: with the content that was sent, and similar ones."""
    sent = sync.mapping.salesforce_body(was_sent(item))
    body = {key: value for key, value in sent.items() if isinstance(value, str)}
    tests = [f"{name} = {quote(body[name])}" for name in _TELLING if name in body]
    if not tests:
        return [], []
    soql = (
        f"SELECT {', '.join(sorted({*body, 'Id'}))} FROM {sync.sobject} "  # noqa: S608 (names come from the mapping)
        f"WHERE CreatedById = {quote(sync.salesforce.user_id)} "
        f"AND CreatedDate >= {literal(since - timedelta(minutes=1))} AND ({' OR '.join(tests)})"
    )
    rows = {str(row["Id"]): row for row in sync.salesforce.query(soql)}
    linked = sync.ledger.links(sync.scope, sync.collection, "salesforce", rows)
    equal: list[str] = []
    similar: list[str] = []
    for record_id, row in rows.items():
        same = all(row.get(name) is None or alike(row[name], value) for name, value in body.items())
        if record_id not in linked:
            (equal if same else similar).append(record_id)
    return sorted(equal), sorted(similar)
