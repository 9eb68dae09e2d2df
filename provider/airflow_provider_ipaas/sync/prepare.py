"""Between the extracts and the plan: read what the plan has to compare with, so that it can be pure.

Counterparts of changed linked records, records that could be the same as an unlinked one, and what became of deleted
and merged Salesforce records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_provider_ipaas.mapping import CollectionMapping

from .context import BATCH, Sync, batches
from .extract_ipaas import capture, read_many
from .extract_salesforce import missing_item, pin_org
from .fates import owe_external_ids
from .first_contact import awaiting, remember_go, waits_for_go
from .keys import content_hash
from .model import Item, Link, Role, Side
from .rebuild import FIRST_CONTACT, check_rebuild
from .salesforce_reads import object_fields, rows_by_email, rows_by_external_id, rows_by_id, rows_by_name


def prepare(sync: Sync) -> dict[str, int]:
    """Complete what the extracts captured; return counts for the log.

    Raises LedgerRebuilt while a rebuilt ledger is not confirmed.
    """
    if not sync.run.scope:
        pin_org(sync)
    check_rebuild(sync)
    remember_go(sync)
    _follow_merges(sync)
    return read_opposite(sync)


def read_opposite(sync: Sync) -> dict[str, int]:
    """Read what captured records are compared and matched with; return counts."""
    counterparts = _read_counterparts(sync)
    return {"counterparts": counterparts, "candidates": find_candidates(sync)}


def _follow_merges(sync: Sync) -> None:
    """Let the link of a merged Salesforce record follow to the winner where that one is free; note deletions.

    Links are never made anew: a record merged into a linked one is parked for a person.
    """
    if sync.params.dry_run:
        return
    for batch in _stream(sync, "salesforce", ("seen", "counterpart")):
        gone = [item for item in batch if item.missing in ("deleted", "merged")]
        links = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in gone])
        # Undeleted, it has to be looked at whatever its stamp: two changes may share a second.
        sync.ledger.forget_seen(sync.scope, sync.collection, "salesforce", links)
        for item in gone:
            if item.record_id in links:
                _follow(sync, item, links[item.record_id])


def _follow(sync: Sync, item: Item, link: Link) -> None:
    if item.missing == "deleted" or item.master_id is None:
        link.state = "salesforce_deleted"
        sync.ledger.save_link(link)
        return
    taken = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.master_id]).get(item.master_id)
    if taken is not None:
        _note_duplicate(sync, item, link, taken)
        return
    sync.log.info(
        "Merge followed: Salesforce %s was merged into %s; iPaaS.com %s is linked with the winner now.",
        item.record_id,
        item.master_id,
        link.ipaas_id,
    )
    link.salesforce_id, link.state = item.master_id, "active"
    link.settled_at, link.settled_by = sync.clock(), sync.run.run_key  # what another run has read is of another pair
    with sync.ledger.transaction():
        sync.ledger.save_link(link)
        owe_external_ids(sync, [(item.master_id, link.ipaas_id)])
    fields = object_fields(sync)
    winners = [sync.salesforce_item(row, "seen", fields) for row in rows_by_id(sync, fields, [item.master_id])]
    for winner in winners:
        winner.link_to = link.ipaas_id
    store(sync, winners)


def _note_duplicate(sync: Sync, item: Item, link: Link, taken: Link) -> None:
    """Park a record merged into a linked one, until a person has removed one of the two iPaaS.com records."""
    if link.state != "merged":
        link.state = "merged"
        sync.ledger.save_link(link)
    both = [link.ipaas_id, taken.ipaas_id]
    alive = all(record is not None for record in read_many(sync, both).values())
    item.role, item.target_id = "seen", link.ipaas_id
    item.payload = {"merged_into": item.master_id, "ipaas_ids": both if alive else []}
    sync.ledger.save_items(sync.run.run_key, [item])


def _read_counterparts(sync: Sync) -> int:
    """Read the other record of every linked one whose content is not what its link last agreed on.

    A record of iPaaS.com is listed by every run, so one that was not captured shows what it last showed: reading it
    once more is left to the upsert, right before the write.
    """
    count = 0
    held = awaiting(sync)  # then nothing is written to a pair that waits, so it need not be compared
    for batch in _stream(sync, "salesforce", ("seen",)):
        ids = [item.record_id for item in batch]
        links = sync.ledger.links(sync.scope, sync.collection, "salesforce", ids)
        waiting = sync.ledger.unresolved(sync.scope, sync.collection, "to_ipaas", ids)
        # What waits there shows something else than its link remembers.
        theirs = sync.ledger.unresolved(
            sync.scope, sync.collection, "to_salesforce", [link.ipaas_id for link in links.values()]
        )
        wanted = [
            link.ipaas_id
            for item in batch
            if (link := links.get(item.record_id)) is not None
            and (
                item.record_id in waiting
                or link.ipaas_id in theirs
                or not knows_both(sync.mapping, link)
                or sync.params.by_id
            )
            and not (held and waits_for_go(waiting.get(item.record_id)))
        ]
        count += read_ipaas(sync, wanted, "counterpart", missing="not_found")
    for batch in _stream(sync, "ipaas", ("seen",)):
        links = sync.ledger.links(sync.scope, sync.collection, "ipaas", [item.record_id for item in batch])
        wanted = [
            link.salesforce_id
            for item in batch
            if (link := links.get(item.record_id)) is not None
            and (moved(item, link) or not knows_both(sync.mapping, link) or sync.params.by_id)
        ]
        count += read_salesforce(sync, wanted, "counterpart", missing=True)
    return count


def moved(item: Item, link: Link) -> bool:
    """Tell whether a record shows something else than its link last agreed on."""
    showing = link.salesforce_showing if item.side == "salesforce" else link.ipaas_showing
    return showing is None or content_hash(showing) != item.content_hash


def knows_both(mapping: CollectionMapping, link: Link) -> bool:
    """Tell whether a living link knows what both sides last showed of every mapped field."""
    keys = {rule.key for rule in mapping.fields}
    return (
        link.state == "active" and keys <= set(link.salesforce_showing or {}) and keys <= set(link.ipaas_showing or {})
    )


def find_candidates(sync: Sync) -> int:
    """Read the records opposite, and on the same side, that an unlinked record could be the same as."""
    count = 0
    roles = sync.counted_roles
    for batch in _stream(sync, "salesforce", roles):
        count += _candidates_of_salesforce(sync, _unlinked(sync, batch))
    if sync.is_parent:
        return count
    creating = (
        sync.params.full or sync.params.by_id or sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}")
    )
    for batch in _stream(sync, "ipaas", roles):
        unlinked = _unlinked(sync, batch)
        # At first contact records without a stamp are the baseline: nothing is created, so no names are looked up.
        count += _candidates_of_ipaas(sync, unlinked, names=[i for i in unlinked if creating or i.stamp])
    return count


def _candidates_of_salesforce(sync: Sync, items: list[Item]) -> int:
    ids = [item.record_id for item in items]
    wanted: dict[str, None] = {item.external_id: None for item in items if item.external_id}
    wanted |= _ids(sync.ledger.seen_by(sync.scope, sync.collection, "ipaas", "external_id", ids).values())
    keys = ("email_key",) if sync.collection == "contact" else ("name_key", "number_key")
    for key in keys:
        values = [value for item in items if (value := getattr(item, key))]
        wanted |= _ids(sync.ledger.seen_by(sync.scope, sync.collection, "ipaas", key, values).values())  # type: ignore[arg-type]
    count = read_ipaas(sync, list(wanted), "candidate", missing=None)
    if sync.collection == "contact" and not sync.params.full:
        count += _read_by_email(sync, items)
    return count + _read_named(sync, "ipaas", wanted)


def _candidates_of_ipaas(sync: Sync, items: list[Item], names: list[Item]) -> int:
    if not items:
        return 0
    fields = object_fields(sync)
    count = read_salesforce(sync, [item.external_id for item in items if item.external_id], "candidate", missing=False)
    if sync.params.full:
        return count  # every Salesforce record is captured already
    rows = list(rows_by_external_id(sync, fields, [item.record_id for item in items]))
    count += store(sync, [sync.salesforce_item(row, "candidate", fields) for row in rows])
    if sync.collection == "contact":
        count += _read_by_email(sync, items)
        return count + _read_alike(sync, items)
    wanted = [item for item in names if item.record]
    by_name = [str((item.record or {}).get("name") or "") for item in wanted if item.name_key]
    numbers = [str((item.record or {}).get("account_number")) for item in wanted if item.number_key]
    keys = {(item.name_key, item.number_key) for item in wanted}
    name_keys = {name for name, _ in keys if name}
    number_keys = {number for _, number in keys if number}
    for rows in batches(rows_by_name(sync, fields, by_name, numbers)):
        found = [sync.salesforce_item(row, "candidate", fields) for row in rows]
        count += store(sync, [i for i in found if i.name_key in name_keys or i.number_key in number_keys])
    return count


def _read_alike(sync: Sync, items: list[Item]) -> int:
    """Read who else has the e-mail of a Customer, on both sides, and whom those name by external id."""
    emails = [item.email_key for item in items if item.email_key]
    alike = _ids(sync.ledger.seen_by(sync.scope, sync.collection, "ipaas", "email_key", emails).values())
    count = read_ipaas(sync, list(alike), "candidate", missing=None)
    found = sync.ledger.items_by_key(sync.run.run_key, sync.collection, "salesforce", "email_key", emails)
    return count + _read_named(sync, "salesforce", {i.record_id: None for rows in found.values() for i in rows})


def _read_named(sync: Sync, side: Side, ids: Iterable[str]) -> int:
    """Read whom candidates name by external id: one that belongs to another record is no candidate."""
    found = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, ids)
    named = [item.external_id for item in found.values() if item.external_id and not item.missing]
    if side == "ipaas":
        return read_salesforce(sync, named, "candidate", missing=False)
    return read_ipaas(sync, named, "candidate", missing=None)


def _read_by_email(sync: Sync, items: list[Item]) -> int:
    fields = object_fields(sync)
    emails = list(dict.fromkeys(item.email_key for item in items if item.email_key))
    count = 0
    for rows in batches(rows_by_email(sync, fields, emails)):
        count += store(sync, [sync.salesforce_item(row, "candidate", fields) for row in rows])
    return count


def read_salesforce(sync: Sync, ids: Sequence[str], role: Role, *, missing: bool) -> int:
    """Capture Salesforce records by id where the run has not read them whole yet; *missing*: say so of absent ones."""
    wanted = _not_whole(sync, "salesforce", ids)
    if not wanted:
        return 0
    fields = object_fields(sync)
    found = [sync.salesforce_item(row, role, fields) for row in rows_by_id(sync, fields, wanted)]
    if missing:
        present = {item.record_id for item in found}
        found += [missing_item(sync, record_id, "not_found") for record_id in wanted if record_id not in present]
    for item in found:
        item.role = role
    return store(sync, found)


def read_ipaas(sync: Sync, ids: Sequence[str], role: Role, *, missing: str | None) -> int:
    """Capture records of iPaaS.com by id where the run has not read them whole yet.

    Absent ones get an item that says so (*missing*), or are forgotten as something to match by (None).
    """
    wanted = _not_whole(sync, "ipaas", ids)
    count = 0
    for chunk in batches(wanted, BATCH):
        found = capture(sync, chunk, role)
        gone = [record_id for record_id in chunk if record_id not in {item.record_id for item in found}]
        if missing is None:
            sync.ledger.forget_seen(sync.scope, sync.collection, "ipaas", gone)
        else:
            found += [
                Item(sync.collection, "ipaas", i, role=role, missing="not_found", captured_at=sync.clock())
                for i in gone
            ]
        count += store(sync, found)
    return count


def store(sync: Sync, items: list[Item]) -> int:
    """Add items; one that the run only had as Id and stamp gets its content and is looked at again."""
    stored: dict[tuple[str, str], Item] = {}
    for side in ("salesforce", "ipaas"):
        ids = [item.record_id for item in items if item.side == side]
        found = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, ids) if ids else {}
        stored |= {(side, record_id): item for record_id, item in found.items()}
    fresh, again = [], []
    for item in items:
        before = stored.get((item.side, item.record_id))
        if before is None:
            fresh.append(item)
        elif before.record is None and item.record is not None and before.state != "planned":
            item.role, item.link_to = before.role, item.link_to or before.link_to
            again.append(item)
        elif item.link_to and before.link_to is None:
            before.link_to = item.link_to
            again.append(before)
    sync.ledger.add_items(sync.run.run_key, fresh)
    sync.ledger.save_items(sync.run.run_key, again)
    return len(fresh) + len(again)


def _not_whole(sync: Sync, side: str, ids: Sequence[str]) -> list[str]:
    wanted = list(dict.fromkeys(ids))
    stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, wanted) if wanted else {}  # type: ignore[arg-type]
    return [i for i in wanted if i not in stored or (stored[i].record is None and not stored[i].missing)]


def _unlinked(sync: Sync, batch: list[Item]) -> list[Item]:
    items = [item for item in batch if item.record is not None and not item.missing]
    if not items:
        return []
    links = sync.ledger.links(sync.scope, sync.collection, items[0].side, [item.record_id for item in items])
    return [item for item in items if item.record_id not in links]


def _stream(sync: Sync, side: str, roles: Sequence[Role]) -> Iterable[list[Item]]:
    return sync.ledger.items(
        sync.run.run_key,
        collection=sync.collection,
        side=side,  # type: ignore[arg-type]
        roles=roles,
        state="captured",
        batch=BATCH,
    )


def _ids(groups: Iterable[Iterable[object]]) -> dict[str, None]:
    return {seen.record_id: None for group in groups for seen in group}  # type: ignore[attr-defined]
