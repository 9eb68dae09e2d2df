"""What must hold once nobody edits any more: runs come to rest, both sides agree, and nothing is forgotten."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.sync.canary import CanarySurprise
from airflow_provider_ipaas.sync.model import DIRECTIONS, Link, Unresolved
from airflow_provider_ipaas.sync.rebuild import LedgerRebuilt
from airflow_provider_ipaas.sync.slices import LISTED

from .fields import KIND, MAPPED, SOBJECT, Cell, Field, is_complete, primary
from .oracle import Place
from .world import DEEP_CHECK_S, PAUSE_S, SCOPE, World

ROUNDS = 6
# What a person or time has to settle; everything else has to be gone by itself.
MAY_WAIT = frozenset(
    {
        "ambiguous_match",
        "match_already_linked",
        "possible_duplicate",
        "parent_not_synced",
        "refused_before",
        "flip_flop",
        "conflict",
        "merged_duplicate",
        "uncertain_create",
    }
)


def settle(world: World) -> int:
    """Let edits and faults end, run both collections until a round writes nothing; return the rounds before it.

    The round that a person has to look at before saying go is none of them.
    """
    world.oracle.note("-- settling")
    world.do_commit()
    world.org.flows.clear()
    world.org.run_delayed()
    world.users.do("show")
    world.users.do("give")
    said_go = False
    for number in range(ROUNDS + 1):
        before = _written(world)
        for collection in world.collections():
            # What a listed row hides is seen within the period of the deep check.
            world.clock.advance(DEEP_CHECK_S if world.config.sliced else PAUSE_S)
            # A person looks on: what waits for a word gets it.
            allowed: dict[str, Any] = {"allow_mass_change": True} if world.config.brakes else {}
            if number and world.waits_for_go(collection):
                allowed["confirm_first_contact"] = said_go = True
            run = world.do_run(collection, allowed, [], [], number, 0)
            if any(isinstance(error, LedgerRebuilt) for error in run.errors.values()):
                run = world.do_run(collection, {**allowed, "confirm_rebuild": True}, [], [], number, 0)
            for name, error in run.errors.items():
                # A lost ledger knows no deleted records: what it makes anew for one can't carry the external id.
                if not (world.restored and isinstance(error, CanarySurprise)):
                    world.oracle.violate("V7", f"{run.run_id}: {name} fails without a fault: {error!r}")
        world.oracle.checked["V3"] += 1
        world.last_writes = sum(_written(world)) - sum(before)
        quiet = _written(world) == before and not _still_moving(world) and not _still_put_off(world)
        if quiet and not _still_waiting_for_go(world):
            check_at_rest(world)
            return number - said_go
    if _written(world) != before:
        world.oracle.violate("V3", f"runs still write after {ROUNDS} rounds without an edit")
    for row in _still_moving(world):
        world.oracle.violate("V3", f"{row.source_id} still waits {row.direction}: {row.reason}")
    return ROUNDS + 1


def _still_waiting_for_go(world: World) -> bool:
    return any(world.waits_for_go(collection) for collection in world.collections())


def _still_put_off(world: World) -> bool:
    """Tell whether a run has put off reading records whose turn has come: what their rows hide is not seen yet."""
    facts = (world.ledger.fact(SCOPE, f"{LISTED}:{collection}") for collection in world.collections())
    return any(fact is not None and fact[0]["put_off"] for fact in facts)


def _written(world: World) -> tuple[int, int]:
    return world.oracle.api_writes, world.company.linked


def _still_moving(world: World) -> list[Unresolved]:
    """Return what waits and should not any more."""
    return [
        row
        for collection in world.collections()
        for direction in DIRECTIONS
        for row in world.ledger.all_unresolved(SCOPE, collection, direction)
        if row.reason not in MAY_WAIT and not _is_purged(world, row) and not _is_taken(world, row)
    ]


def check_at_rest(world: World) -> None:
    """Check every pair of linked records, and that every other record has its fate."""
    for collection in world.collections():
        links = world.ledger.all_links(SCOPE, collection)
        for link in links:
            _check_pair(world, collection, link)
        for record_id in world.org.alive(SOBJECT[collection]):
            if not any(link.salesforce_id == record_id for link in links):
                _check_salesforce_alone(world, collection, record_id)
        for record_id in world.company.alive(KIND[collection]):
            if not any(link.ipaas_id == record_id for link in links):
                _check_ipaas_alone(world, collection, record_id)


def _is_purged(world: World, row: Unresolved) -> bool:
    """Tell a record that nobody can see any more, or whose target; that it was deleted for good, nobody can tell either."""
    if row.reason == "source_not_visible":
        return row.source_id not in world.org.rows
    return row.reason == "target_not_visible" and row.target_id not in world.org.rows


def _is_taken(world: World, row: Unresolved) -> bool:
    """Tell an external id that a person has given to another record meanwhile: that one waits for a person, and this."""
    holder = world.company.holder(KIND[row.collection], row.source_id)
    return row.reason == "external_id_missing" and holder not in (None, row.target_id)


def _check_pair(world: World, collection: str, link: Link) -> None:
    here: Place = ("salesforce", collection, link.salesforce_id)
    there: Place = ("ipaas", collection, link.ipaas_id)
    if not (world.alive(here) and world.alive(there)):
        return
    if link.state != "active":
        if link.state != "merged":
            world.oracle.violate("V1", f"{link.salesforce_id} and {link.ipaas_id} live, their link is {link.state}")
        return
    if not world.may_be_linked(here, there):
        world.oracle.violate("V2", f"{link.salesforce_id} and {link.ipaas_id} were linked for no reason")
    if _waits(world, collection, link) or here[2] in world.org.restamped & world.users.once_hidden:
        return  # never visible at poll time under a stamp of its own
    for field in MAPPED[collection]:
        _check_field(world, field, here, there)


def _waits(world: World, collection: str, link: Link) -> bool:
    waiting = world.ledger.unresolved(SCOPE, collection, "to_ipaas", [link.salesforce_id])
    return bool(waiting or world.ledger.unresolved(SCOPE, collection, "to_salesforce", [link.ipaas_id]))


def _check_field(world: World, field: Field, here: Place, there: Place) -> None:
    oracle, key = world.oracle, field.key
    ours, theirs = oracle.cells[here][key], oracle.cells[there][key]
    if ours == theirs or _cannot_be_sent(world, field, ours, there):
        return
    for place, value, other in ((here, ours, theirs), (there, theirs, ours)):
        if value is None and (here[1], key) not in oracle.clears and (place, key) in oracle.blanked:
            opposite = there if place is here else here
            edit = oracle.edits.get((opposite, key))
            if edit is None or edit.delivered or oracle.past.get((place, key), {}).get(edit.value, -1) > edit.number:
                return
            if oracle.conflicts.get((key, here[2], there[2]), -1) > edit.number:
                return  # it lost a conflict that was counted; then the winner's value was emptied  # emptied by a user: a blank is not carried over, and does not come back by itself
            oracle.violate("V1", f"{place}: {key} is blank, though {other!r} was set opposite")
            return
    oracle.violate("V3", f"{key}: {here[2]} says {ours!r}, {there[2]} says {theirs!r}")


def _cannot_be_sent(world: World, field: Field, ours: Cell, there: Place) -> bool:
    """Tell what iPaaS.com has no place for: an address that lacks a part, a phone without an address."""
    if field.kind == "address":
        return ours is not None and not is_complete(ours)
    if field.kind == "address_phone":
        return primary(world.company.records[KIND[there[1]]][there[2]], field.ipaas) is None
    return False


def _is_orphan(world: World, collection: str, record_id: str) -> bool:
    """Tell a record that the sync made for one that is gone, or has another partner since.

    A delete is not synced, and undone by nobody but a person.
    """
    source = world.oracle.partners.get(("ipaas", collection, record_id), "")
    made = record_id in world.oracle.created.get(("ipaas", collection, source), ())
    place = ("salesforce", collection, source)
    return made and not (world.alive(place) and world.oracle.linked(place) is None)


def _check_salesforce_alone(world: World, collection: str, record_id: str) -> None:
    row = world.org.rows[record_id]
    if collection == "contact" and not (row["AccountId"] and row["Email"]):
        return  # skipped, and listed as such
    if world.ledger.unresolved(SCOPE, collection, "to_ipaas", [record_id]):
        return
    if record_id in world.users.once_hidden:
        return  # what is not visible at poll time, and older than the window when it is again, nobody has promised
    world.oracle.violate("V1", f"Salesforce {collection} {record_id} is neither linked nor waits nor may be skipped")


def _check_ipaas_alone(world: World, collection: str, record_id: str) -> None:
    if world.ledger.unresolved(SCOPE, collection, "to_salesforce", [record_id]):
        return
    if _is_orphan(world, collection, record_id):
        return
    seen = world.ledger.seen(SCOPE, collection, "ipaas", [record_id]).get(record_id)
    if seen is not None and seen.fate == "skipped:before_first_contact" and world.was_baseline(collection, record_id):
        return
    fate = seen.fate if seen else None
    world.oracle.violate("V1", f"iPaaS.com {collection} {record_id} is neither linked nor waits (last seen: {fate})")
