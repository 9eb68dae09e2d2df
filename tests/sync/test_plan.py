"""The plan, record by record: what is captured and known goes in; fates, planned writes, log lines and rows come out.

There is no service here: a plan that asked one would fail.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import pytest

from airflow_provider_ipaas.catalogue import NEXT_STEP
from airflow_provider_ipaas.mapping import CollectionMapping, IPaaSShape, load_mapping
from airflow_provider_ipaas.sync.context import Sync, SyncSettings
from airflow_provider_ipaas.sync.keys import content_hash
from airflow_provider_ipaas.sync.lost_creates import API_USER
from airflow_provider_ipaas.sync.model import Claim, Item, Link, Run, Unresolved
from airflow_provider_ipaas.sync.params import RunParams
from airflow_provider_ipaas.sync.parked import EXTERNAL_ID_MISSING
from airflow_provider_ipaas.sync.plan import Planner
from airflow_provider_ipaas.sync.plan_notes import PlanCounts
from airflow_provider_ipaas.sync.rebuild import FIRST_CONTACT
from airflow_provider_ipaas.sync.schedule import AWAITING, NO_TIME
from tests.simulation.ledger import MemoryLedger

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
BEFORE, AFTER = NOW - timedelta(minutes=5), NOW + timedelta(minutes=5)
STAMP = "2026-03-02T07:59:00.000+0000"
A, B, C = (f"00100000000000{n}AAA" for n in "123")
CONTACT = "003000000000001AAA"
US = "005000000000001AAA"


class Lines:
    """The log, with levels."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    def warning(self, text: str, *args: Any) -> None:
        self.told.append(("warning", text % args))

    def error(self, text: str, *args: Any) -> None:
        self.told.append(("error", text % args))

    def info(self, text: str, *args: Any) -> None:
        self.told.append(("info", text % args))


def no_service() -> NoReturn:
    raise AssertionError("the plan asks no service")


class Bench:
    """One run's plan over a ledger in dictionaries."""

    def __init__(self, collection: str = "account", params: dict[str, Any] | None = None, **settings: Any) -> None:
        self.ledger = MemoryLedger(lambda: NOW)
        self.log = Lines()
        self.collection: Any = collection
        run = self.ledger.start_run(Run("r", "dag", "r", self.collection, scope="s", facts={API_USER: US}))
        loaded = load_mapping(self.collection, placement=IPaaSShape())
        self.sync = Sync(
            collection=self.collection,
            run=run,
            params=RunParams.parse(params or {}, self.collection),
            settings=SyncSettings("sf", "ip", system_id="77", **settings),
            mapping=loaded,
            ledger=self.ledger,
            connect_salesforce=no_service,
            connect_ipaas=no_service,
            log=self.log,  # type: ignore[arg-type]
            clock=lambda: NOW,
        )

    def rules(self, **changes: dict[str, Any]) -> None:
        mapping = self.sync.mapping
        fields = tuple(replace(rule, **changes.get(rule.key, {})) for rule in mapping.fields)
        self.sync.mapping = CollectionMapping(mapping.collection, fields, mapping.shape)

    def met(self) -> None:
        """The first contact lies behind."""
        self.ledger.set_fact("s", f"{FIRST_CONTACT}:{self.collection}", "r0")

    def here(self, record_id: str, role: Any = "seen", *, external_id: str | None = None, **fields: Any) -> Item:
        row: dict[str, Any] = {"Id": record_id, "SystemModstamp": STAMP, **fields}
        if external_id:
            row["iPaaS_Id__c"] = external_id
        item = self.sync.salesforce_item(row, role, {"iPaaS_Id__c"})
        self.ledger.add_items("r", [item])
        return item

    def there(self, record_id: str, role: Any = "seen", *, external_id: str | None = None, **fields: Any) -> Item:
        item = self.sync.ipaas_item({"id": record_id, "addresses": [], **fields}, role, external_id)
        self.ledger.add_items("r", [item])
        return item

    def absent(self, side: Any, record_id: str, missing: Any, role: Any = "seen", **more: Any) -> None:
        self.ledger.add_items("r", [Item(self.collection, side, record_id, role=role, missing=missing, **more)])

    def link(self, salesforce: str = A, ipaas: str = "1", *, before: Any = None, **more: Any) -> None:
        """Link two records that showed *before* on both sides when they agreed."""
        shown = dict.fromkeys((rule.key for rule in self.sync.mapping.fields), None) | (before or {})
        link = Link("s", self.collection, salesforce, ipaas, dict(shown), dict(shown))
        for name, value in more.items():
            setattr(link, name, value)
        assert self.ledger.add_link(link) is not None

    def linked(self, salesforce: str = A) -> Link:
        return self.ledger.links("s", self.collection, "salesforce", [salesforce])[salesforce]

    def plan(self, **more: Any) -> PlanCounts:
        return Planner(self.sync, **more).run()

    def item(self, side: Any, record_id: str) -> Item:
        return self.ledger.items_by_id("r", self.collection, side, [record_id])[record_id]

    def fate(self, side: Any, record_id: str) -> tuple[str, str | None, str | None]:
        item = self.item(side, record_id)
        return item.state, item.outcome, item.reason

    def waiting(self, direction: Any, record_id: str) -> Unresolved | None:
        return self.ledger.unresolved("s", self.collection, direction, [record_id]).get(record_id)

    def waits(self, direction: Any, record_id: str, reason: str, **more: Any) -> None:
        row = Unresolved("s", self.collection, direction, record_id, reason, first_at=BEFORE, last_at=BEFORE, **more)
        self.ledger.save_unresolved([row])

    def parked(self, side: str, record_id: str, reason: str, text: str, target: str | None) -> None:
        """Check a parked record everywhere it is told of."""
        item = self.item(side, record_id)
        assert (item.state, item.outcome, item.reason, item.message) == ("done", "parked", reason, text)
        assert item.next_step == NEXT_STEP[reason]
        assert item.target_id == target
        row = self.waiting("to_ipaas" if side == "salesforce" else "to_salesforce", record_id)
        assert row is not None
        assert (row.reason, row.message, row.target_id) == (reason, text, target)
        line = f"Parked {side} {record_id} ({reason}): {text} Counterpart: {target or 'none'}."
        assert ("warning", f"{line} Next step: {NEXT_STEP[reason]}") in self.log.told


# Linked records


def test_an_edit_is_an_update_against_what_the_target_shows() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1"})
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", "counterpart", name="Acme", phone_number="1")
    counts = bench.plan()
    item = bench.item("salesforce", A)
    assert (item.state, item.op, item.role, item.target_id) == ("planned", "update", "seen", "1")
    assert item.payload == {"changes": {"phone": "2"}, "base": {"phone": "1"}}
    assert (item.link_to, item.link_version, item.outcome) == (None, bench.linked().version, None)
    assert bench.item("ipaas", "1").state == "done"
    assert bench.item("ipaas", "1").target_id == A
    assert (counts.updates, counts.creates) == (
        {"to_ipaas": 1, "to_salesforce": 0},
        {"to_ipaas": 0, "to_salesforce": 0},
    )
    assert counts.changes["to_ipaas"].records == 1
    assert dict(counts.changes["to_ipaas"].fields) == {"phone": 1}
    assert counts.matched == 0
    assert bench.log.told == []
    assert bench.waiting("to_ipaas", A) is None


def test_an_edit_opposite_goes_the_other_way() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1"})
    bench.here(A, "counterpart", Name="Acme", Phone="1")
    bench.there("1", name="Acme", phone_number="2")
    counts = bench.plan()
    item = bench.item("ipaas", "1")
    assert (item.state, item.op, item.target_id) == ("planned", "update", A)
    assert item.payload == {"changes": {"phone": "2"}, "base": {"phone": "1"}}
    assert counts.updates == {"to_ipaas": 0, "to_salesforce": 1}
    assert bench.fate("salesforce", A) == ("done", None, None)


def test_edits_of_both_sides_cross() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1", "fax": "1"})
    bench.here(A, Name="Acme", Phone="2", Fax="1")
    bench.there("1", name="Acme", phone_number="1", fax_number="2")
    bench.plan()
    assert bench.item("salesforce", A).payload == {"changes": {"phone": "2"}, "base": {"phone": "1"}}
    assert bench.item("ipaas", "1").payload == {"changes": {"fax": "2"}, "base": {"fax": "1"}}


def test_a_counterpart_that_has_news_is_counted() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme")
    bench.there("1", "counterpart", name="Acme", phone_number="2")
    bench.plan()
    assert bench.item("ipaas", "1").role == "seen"
    assert bench.item("ipaas", "1").op == "update"
    assert bench.fate("salesforce", A) == ("done", "unchanged", None)


def test_a_record_of_salesforce_alone_is_held_against_what_its_link_remembers() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1"})
    bench.here(A, Name="Acme", Phone="2")
    bench.plan()
    assert bench.item("salesforce", A).payload == {"changes": {"phone": "2"}, "base": {"phone": "1"}}
    assert bench.item("salesforce", A).target_id == "1"
    assert bench.ledger.items_by_id("r", "account", "ipaas", ["1"]) == {}


@pytest.mark.parametrize("side", ["salesforce", "ipaas"])
def test_a_record_in_step_is_unchanged(side: str) -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    record_id, target = (A, "1") if side == "salesforce" else ("1", A)
    _ = bench.here(A, Name="Acme") if side == "salesforce" else bench.there("1", name="Acme")
    bench.waits("to_ipaas" if side == "salesforce" else "to_salesforce", record_id, "superseded")
    bench.plan()
    assert bench.fate(side, record_id) == ("done", "unchanged", None)
    assert bench.item(side, record_id).target_id == target
    assert bench.waiting("to_ipaas" if side == "salesforce" else "to_salesforce", record_id) is None
    assert bench.ledger.seen("s", "account", side, [record_id])[record_id].fate == "unchanged"  # type: ignore[arg-type]


def test_an_edit_whose_counterpart_was_not_read_waits() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.there("1", name="Acme", phone_number="2")
    bench.plan()
    text = "Its counterpart was not read: the prerequisites of this run did not finish."
    bench.parked("ipaas", "1", "superseded", text, A)


def test_a_pair_that_another_run_has_written_since_waits() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"}, settled_at=AFTER)
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", "counterpart", name="Acme")
    bench.plan()
    bench.parked("salesforce", A, "superseded", "Another run has written this pair since it was read.", "1")


@pytest.mark.parametrize(("settled_at", "phone"), [(BEFORE, "2"), (AFTER, None)])
def test_one_that_was_read_since_or_shows_nothing_new_goes_on(settled_at: datetime, phone: str | None) -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"}, settled_at=settled_at)
    bench.here(A, Name="Acme", Phone=phone)
    bench.there("1", "counterpart", name="Acme")
    bench.plan()
    assert bench.item("salesforce", A).reason is None


def test_what_both_sides_changed_alike_is_agreed_and_remembered() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1"})
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", name="Acme", phone_number="2")
    version = bench.linked().version
    bench.plan()
    link = bench.linked()
    assert link.salesforce_showing is not None
    assert link.ipaas_showing is not None
    assert (link.salesforce_showing["phone"], link.ipaas_showing["phone"]) == ("2", "2")
    assert (link.salesforce_showing["name"], link.ipaas_showing["name"]) == ("Acme", "Acme")
    assert link.version == version + 1
    assert bench.fate("salesforce", A) == bench.fate("ipaas", "1") == ("done", "unchanged", None)
    assert bench.item("salesforce", A).link_version == link.version


def test_a_link_that_says_so_already_is_not_saved_again() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", "counterpart", name="Acme")
    version = bench.linked().version
    bench.plan()
    assert bench.linked().version == version


def test_a_conflict_is_logged_and_counted_where_it_is_written() -> None:
    bench = Bench()
    bench.rules(fax={"conflict": "ipaas_wins"})
    bench.link(before={"name": "Acme", "phone": "1", "fax": "1"})
    bench.here(A, Name="Acme", Phone="2", Fax="2")
    bench.there("1", name="Acme", phone_number="3", fax_number="3")
    bench.plan()
    assert bench.log.told == [
        ("warning", f"Conflict on phone: both sides changed; Salesforce wins. Salesforce {A}, iPaaS.com 1."),
        ("warning", f"Conflict on fax: both sides changed; iPaaS.com wins. Salesforce {A}, iPaaS.com 1."),
    ]
    assert (bench.item("salesforce", A).conflicts_resolved, bench.item("ipaas", "1").conflicts_resolved) == (1, 1)
    assert bench.item("salesforce", A).payload == {"changes": {"phone": "2"}, "base": {"phone": "3"}}
    assert bench.item("ipaas", "1").payload == {"changes": {"fax": "3"}, "base": {"fax": "2"}}


def test_a_conflict_without_a_write_is_counted_as_well() -> None:
    """The winner can't be sent: what is left is the count."""
    bench = Bench()
    whole = {"address_1": "1 Main St", "city": "Austin", "region": "TX", "postal_code": "73301", "country": "US"}
    bench.link(before={"name": "Acme"})
    bench.here(A, "counterpart", Name="Acme", BillingStreet="9 Side St")
    bench.there("1", name="Acme", addresses=[{"id": "7", **whole, "is_primary_billing": True}])
    bench.plan()
    item = bench.item("salesforce", A)
    assert (item.role, item.outcome, item.conflicts_resolved) == ("seen", "unchanged", 1)
    assert item.warnings == ("address_incomplete",)


@pytest.mark.parametrize("direction", ["both", "to_ipaas", "to_salesforce"])
def test_a_parked_conflict_holds_the_pair_where_it_is_written(direction: str) -> None:
    bench = Bench(params={"direction": direction})
    bench.rules(phone={"conflict": "park"}, website={"conflict": "park"})
    bench.link(before={"name": "Acme", "phone": "1"})
    bench.here(A, Name="Acme", Phone="2", Fax="9", Website="a.example")
    bench.there("1", name="Acme", phone_number="3", url="b.example")
    bench.plan()
    fields = {
        "phone": {"salesforce": "2", "ipaas": "3", "salesforce_before": "1", "ipaas_before": "1"},
        "website": {
            "salesforce": "a.example",
            "ipaas": "b.example",
            "salesforce_before": None,
            "ipaas_before": None,
        },
    }
    counted = 0
    for side, record_id, target, way in (("salesforce", A, "1", "to_ipaas"), ("ipaas", "1", A, "to_salesforce")):
        item = bench.item(side, record_id)
        if direction not in ("both", way):
            assert (item.state, item.role, item.outcome) == ("done", "counterpart", None)
            assert bench.waiting(way, record_id) is None
            continue
        bench.parked(side, record_id, "conflict", "Both sides changed: phone, website.", target)
        row = bench.waiting(way, record_id)
        assert row is not None
        assert row.details == {"fields": fields}
        counted += item.conflicts_parked
        assert item.conflicts_resolved == 0
    assert counted == 2
    assert not [line for _, line in bench.log.told if line.startswith("Conflict")]


def test_a_parked_record_whose_counterpart_was_not_read_is_parked_alone() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme", "phone": "1"}, flips={"phone": [h(v) for v in "abab"]})
    bench.here(A, Name="Acme", Phone="a")
    bench.plan()
    bench.parked("salesforce", A, "flip_flop", "Keeps flipping: phone.", "1")
    assert bench.item("salesforce", A).conflicts_parked == 0
    assert bench.waiting("to_salesforce", "1") is None


def h(value: str) -> str:
    return content_hash(value)


@pytest.mark.parametrize("asked", [A, "1"])
def test_who_asks_for_a_record_releases_what_kept_flipping(asked: str) -> None:
    bench = Bench(params={"record_ids": [asked]})
    bench.link(before={"name": "Acme", "phone": "1"}, flips={"phone": [h(v) for v in "abab"]})
    bench.here(A, Name="Acme", Phone="a")
    bench.there("1", name="Acme", phone_number="1")
    bench.plan()
    assert bench.item("salesforce", A).op == "update"
    assert bench.linked().flips == {}


def test_what_flips_stays_remembered_when_nobody_asks() -> None:
    bench = Bench()
    flips = {"fax": [h("a")]}
    bench.link(before={"name": "Acme"}, flips=flips, state="ipaas_deleted")
    bench.here(A, Name="Acme")
    bench.there("1", name="Acme")
    bench.plan()
    assert (bench.linked().state, bench.linked().flips) == ("active", flips)


def test_text_that_no_service_takes_is_refused() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme", Phone="a\x00b")
    bench.there("1", "counterpart", name="Acme")
    bench.plan()
    text = "Field phone: it contains a NUL character, which neither service accepts."
    item = bench.item("salesforce", A)
    assert (item.state, item.outcome, item.code, item.message) == ("done", "failed", "invalid_text", text)
    assert item.next_step == NEXT_STEP["invalid_text"]
    assert bench.log.told == [("error", f"Refused salesforce {A} (invalid_text): {text}")]
    row = bench.waiting("to_ipaas", A)
    assert row is not None
    assert (row.reason, row.code, row.attempts) == ("refused_before", "invalid_text", 1)


def test_a_refused_record_that_is_not_due_waits_on() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    item = bench.here(A, Name="Acme", Phone="2")
    bench.there("1", "counterpart", name="Acme")
    more = {"content_hash": item.content_hash, "mapping_fingerprint": bench.sync.mapping.fingerprint}
    bench.waits("to_ipaas", A, "refused_before", code="X", next_at=AFTER, **more)
    bench.plan()
    assert bench.fate("salesforce", A) == ("done", "parked", "refused_before")
    assert bench.item("salesforce", A).code == "X"


# One direction


def test_what_a_run_does_not_write_is_kept_for_a_later_one() -> None:
    bench = Bench(params={"direction": "to_salesforce"})
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", name="Acme", fax_number="2")
    bench.plan()
    item = bench.item("salesforce", A)
    assert (item.state, item.role, item.outcome, item.op) == ("done", "counterpart", None, None)
    row = bench.waiting("to_ipaas", A)
    assert row is not None
    assert row.reason == "direction_off"
    assert bench.item("ipaas", "1").op == "update"


def test_a_dry_run_remembers_nothing() -> None:
    bench = Bench(params={"dry_run": True})
    bench.rules(website={"conflict": "park"})
    bench.link(before={"name": "Acme"}, state="ipaas_deleted", flips={"fax": [h("a")]})
    bench.here(A, Name="New", Phone="2")
    bench.there("1", name="New")
    bench.link(B, "2", before={"name": "Other"})
    bench.here(B, Name="Other", Website="a.example")
    bench.there("2", name="Other", url="b.example")
    bench.link(C, "3", before={"name": "Third"})
    bench.here(C, Name="Third")
    bench.absent("ipaas", "3", "not_found", "counterpart")
    before = {i: (bench.linked(i).version, bench.linked(i).state) for i in (A, B, C)}
    bench.plan()
    assert {i: (bench.linked(i).version, bench.linked(i).state) for i in (A, B, C)} == before
    assert bench.item("salesforce", A).op == "update"
    assert bench.fate("salesforce", B) == ("done", "parked", "conflict")
    assert bench.fate("salesforce", C) == ("done", "skipped", "target_deleted")
    assert bench.waiting("to_ipaas", B) is None
    assert bench.ledger.seen("s", "account", "salesforce", [A, B, C]) == {}


def test_a_preview_counts_and_changes_nothing() -> None:
    bench = Bench()
    bench.met()
    bench.link(before={"name": "Acme"}, state="ipaas_deleted")
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", "counterpart", name="Acme")
    bench.here(B, Name="New")
    bench.here(C, Name="Bad", Phone="a\x00")
    counts = bench.plan(preview=True)
    assert (counts.creates["to_ipaas"], counts.updates["to_ipaas"]) == (1, 1)
    assert bench.item("salesforce", A).state == bench.item("salesforce", B).state == "captured"
    assert bench.linked().state == "ipaas_deleted"
    assert bench.log.told == []


# Deleted, merged, not visible


def test_a_deleted_source_is_listed() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.absent("salesforce", A, "deleted")
    bench.waits("to_ipaas", A, "superseded")
    bench.plan()
    assert bench.fate("salesforce", A) == ("done", "skipped", "source_deleted")
    assert bench.item("salesforce", A).target_id == "1"
    assert bench.item("salesforce", A).next_step == NEXT_STEP.get("source_deleted")
    assert bench.waiting("to_ipaas", A) is None


@pytest.mark.parametrize("is_linked", [True, False])
@pytest.mark.parametrize("asked", [True, False])
def test_a_record_that_is_not_there(*, asked: bool, is_linked: bool) -> None:
    bench = Bench(params={"record_ids": [A] if asked else [B]})
    if is_linked:
        bench.link(before={"name": "Acme"})
    bench.absent("salesforce", A, "not_found")
    bench.plan()
    item = bench.item("salesforce", A)
    if asked:
        assert (item.state, item.outcome, item.reason, item.code) == (
            "done",
            "failed",
            "record_not_found",
            "record_not_found",
        )
        assert item.message == f"salesforce has no record {A}."
        assert item.target_id == ("1" if is_linked else None)
    else:
        assert (item.outcome, item.reason) == ("skipped", "source_deleted")


def test_a_deleted_target_is_skipped_and_noted() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme", Phone="2")
    bench.absent("ipaas", "1", "not_found", "counterpart")
    bench.link(B, "2", before={"name": "Other"})
    bench.there("2", name="Other", phone_number="2")
    bench.absent("salesforce", B, "deleted", "counterpart")
    bench.plan()
    assert bench.fate("salesforce", A) == bench.fate("ipaas", "2") == ("done", "skipped", "target_deleted")
    assert (bench.linked(A).state, bench.linked(B).state) == ("ipaas_deleted", "salesforce_deleted")
    assert (bench.item("salesforce", A).target_id, bench.item("ipaas", "2").target_id) == ("1", B)


@pytest.mark.parametrize(("state", "reason"), [("active", "target_not_visible"), ("salesforce_deleted", "")])
def test_lost_visibility_is_no_delete(state: str, reason: str) -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"}, state=state)
    bench.there("1", name="Acme", phone_number="2")
    bench.absent("salesforce", A, "not_found", "counterpart")
    bench.plan()
    assert bench.linked().state == state
    if reason:
        text = f"Salesforce {A} is not visible to the integration user; that is no sign of a delete."
        bench.parked("ipaas", "1", reason, text, A)
    else:
        assert bench.fate("ipaas", "1") == ("done", "skipped", "target_deleted")


@pytest.mark.parametrize("state", ["salesforce_deleted", "ipaas_deleted"])
@pytest.mark.parametrize("policy", ["salesforce_wins", "park"])
def test_a_link_lives_again_when_both_records_are_there(state: str, policy: str) -> None:
    bench = Bench()
    bench.rules(phone={"conflict": policy})
    bench.link(before={"name": "Acme"}, state=state)
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", name="Acme", phone_number="3")
    bench.plan()
    assert bench.linked().state == "active"
    if policy == "salesforce_wins":
        assert bench.item("salesforce", A).link_version == bench.linked().version


def test_a_record_that_was_merged_into_a_linked_one_waits_for_a_person() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"}, state="merged")
    bench.absent("salesforce", A, "merged", master_id=B, payload={"merged_into": B, "ipaas_ids": ["1", "2"]})
    bench.plan()
    text = f"Merged into {B}, which is linked as well: iPaaS.com 1, 2 are duplicates."
    bench.parked("salesforce", A, "merged_duplicate", text, "1")


def test_a_merged_record_without_a_duplicate_is_gone() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"}, state="merged")
    bench.absent("salesforce", A, "merged", master_id=B, payload={"merged_into": B, "ipaas_ids": []})
    bench.plan()
    assert bench.fate("salesforce", A) == ("done", "skipped", "source_deleted")
    assert bench.item("salesforce", A).target_id == "1"


def test_an_external_id_that_is_owed_is_linked_again() -> None:
    bench = Bench()
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme")
    bench.there("1", "counterpart", name="Acme")
    bench.waits("to_ipaas", A, EXTERNAL_ID_MISSING)
    bench.plan()
    assert bench.item("salesforce", A).link_to == "1"
    row = bench.waiting("to_ipaas", A)
    assert row is not None
    assert row.reason == EXTERNAL_ID_MISSING


# Unlinked records


@pytest.mark.parametrize("side", ["salesforce", "ipaas"])
def test_a_new_record_is_a_create(side: str) -> None:
    bench = Bench()
    bench.met()
    item = (
        bench.here(A, Name="New", Phone="1") if side == "salesforce" else bench.there("1", name="New", phone_number="1")
    )
    counts = bench.plan()
    item = bench.item(side, item.record_id)
    way = "to_ipaas" if side == "salesforce" else "to_salesforce"
    assert (item.state, item.op, item.outcome) == ("planned", "create", None)
    assert item.payload == {"changes": {"name": "New", "phone": "1"}}
    assert counts.creates == {"to_ipaas": 0, "to_salesforce": 0} | {way: 1}
    assert counts.updates == {"to_ipaas": 0, "to_salesforce": 0}
    assert bench.ledger.seen("s", "account", side, [item.record_id]) == {}  # type: ignore[arg-type]


def test_a_match_is_linked_and_merged_as_a_first_contact() -> None:
    bench = Bench()
    bench.here(A, Name="Acme", Phone="1", external_id="1")
    bench.there("1", name="Acme", fax_number="2")
    counts = bench.plan()
    here, there = bench.item("salesforce", A), bench.item("ipaas", "1")
    assert (here.op, here.link_to, here.target_id) == ("update", "1", "1")
    assert here.payload is not None
    assert there.payload is not None
    assert (here.payload["changes"], there.payload["changes"]) == ({"phone": "1"}, {"fax": "2"})
    settled = here.payload["settled"]
    assert settled["salesforce"]["name"] == settled["ipaas"]["name"] == "Acme"
    assert not {"phone", "fax"} & {*settled["salesforce"], *settled["ipaas"]}
    assert (here.link_version, there.op, there.link_to) == (None, "update", None)
    assert counts.matched == 1


def test_a_match_in_step_is_only_linked() -> None:
    bench = Bench()
    bench.here(A, Name="Acme", external_id="1")
    bench.there("1", name="Acme")
    bench.plan()
    here, there = bench.item("salesforce", A), bench.item("ipaas", "1")
    assert (here.state, here.op, here.link_to) == ("planned", "link", "1")
    assert (there.state, there.op) == ("planned", "link")
    assert here.payload is not None
    assert here.payload["held"] is False


@pytest.mark.parametrize("seen", ["salesforce", "ipaas"])
def test_a_match_with_a_record_that_was_not_read_waits(seen: str) -> None:
    bench = Bench()
    bench.met()
    bench.here(A, "seen" if seen == "salesforce" else "candidate", Name="Acme", external_id="1")
    bench.there("1", "seen" if seen == "ipaas" else "candidate", name="Acme")
    side, record_id = ("salesforce", A) if seen == "salesforce" else ("ipaas", "1")
    planner = Planner(bench.sync)
    planner._index.opposite = lambda record_id: None  # type: ignore[method-assign]
    planner.run()
    bench.parked(side, record_id, "superseded", "The record it matches is gone or was not read.", None)


def test_the_same_name_opposite_is_shown_to_a_person() -> None:
    bench = Bench()
    bench.met()
    bench.here(A, Name="ACME, Inc.")
    bench.there("1", "candidate", name="Acme inc")
    bench.plan()
    text = "Same name or account number as an unlinked record: the other service has 1."
    bench.parked("salesforce", A, "possible_duplicate", text, "1")


def test_many_of_the_same_name_are_cut_short() -> None:
    bench = Bench()
    bench.met()
    bench.here(A, Name="Acme")
    for n in range(1, 8):
        bench.there(str(n), "candidate", name="Acme")
    bench.plan()
    text = "Same name or account number as an unlinked record: the other service has 1, 2, 3, 4, 5 and 2 more."
    bench.parked("salesforce", A, "possible_duplicate", text, "1")


def test_an_external_id_of_a_linked_record_is_taken() -> None:
    bench = Bench()
    bench.met()
    bench.link(B, "1", before={"name": "Acme"})
    bench.here(A, Name="Acme", external_id="1")
    bench.there("1", "candidate", name="Acme")
    bench.plan()
    text = "The record with the same external id is linked to another one: the other service has 1."
    bench.parked("salesforce", A, "match_already_linked", text, "1")


def contact(bench: Bench, record_id: str = CONTACT, **fields: Any) -> Item:
    return bench.here(record_id, **{"LastName": "Kim", "Email": "kim@example.com", "AccountId": A, **fields})


def test_an_e_mail_that_two_contacts_share_names_nobody() -> None:
    bench = Bench("contact")
    contact(bench)
    contact(bench, "003000000000002AAA")
    bench.plan()
    text = "The e-mail does not name one record on each side: another record of salesforce has the same."
    bench.parked("salesforce", CONTACT, "ambiguous_match", text, None)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [({"AccountId": None}, "contact_without_account"), ({"Email": None}, "contact_without_email")],
)
def test_contacts_that_are_not_taken_over_are_listed(fields: dict[str, Any], reason: str) -> None:
    bench = Bench("contact")
    contact(bench, **fields)
    bench.plan()
    assert bench.fate("salesforce", CONTACT) == ("done", "skipped", reason)
    assert bench.item("salesforce", CONTACT).next_step == NEXT_STEP.get(reason)


def test_a_contact_waits_for_its_account() -> None:
    bench = Bench("contact")
    contact(bench)
    bench.plan()
    bench.parked("salesforce", CONTACT, "parent_not_synced", "Its Account is not a Company of iPaaS.com yet.", None)


@pytest.mark.parametrize("how", ["linked", "this run", "matched"])
def test_a_contact_whose_account_is_a_company_goes_on(how: str) -> None:
    bench = Bench("contact")
    contact(bench)
    if how == "matched":
        bench.there("9", last_name="Kim", email_address="kim@example.com")
    if how != "this run":
        bench.ledger.add_link(Link("s", "account", A, "1"))
    bench.plan(parents_ready=frozenset([A] if how == "this run" else []))
    assert bench.item("salesforce", CONTACT).op == ("create" if how != "matched" else "update")


def test_a_matched_contact_waits_for_its_account_too() -> None:
    bench = Bench("contact")
    contact(bench)
    bench.there("9", "candidate", last_name="Kim", email_address="kim@example.com")
    bench.plan()
    bench.parked("salesforce", CONTACT, "parent_not_synced", "Its Account is not a Company of iPaaS.com yet.", None)


@pytest.mark.parametrize("is_company", [True, False])
def test_a_customer_matched_with_a_contact_that_was_read_beside_it(*, is_company: bool) -> None:
    bench = Bench("contact")
    bench.here(CONTACT, "candidate", LastName="Kim", Email="kim@example.com", AccountId=A)
    bench.there("9", last_name="Kim", email_address="kim@example.com")
    if is_company:
        bench.ledger.add_link(Link("s", "account", A, "1"))
    bench.plan()
    if is_company:
        assert (bench.item("ipaas", "9").op, bench.item("salesforce", CONTACT).link_to) == ("link", "9")
    else:
        bench.parked("ipaas", "9", "parent_not_synced", "Its Account is not a Company of iPaaS.com yet.", None)


# A first contact that waits for a go


def test_what_waits_for_a_go_is_counted_and_gets_no_line() -> None:
    bench = Bench(first_contact="link_only")
    bench.here(A, Name="New")
    counts = bench.plan()
    assert bench.fate("salesforce", A) == ("done", "parked", AWAITING)
    row = bench.waiting("to_ipaas", A)
    assert row is not None
    assert (row.reason, row.next_at) == (AWAITING, NO_TIME)
    assert bench.log.told == []
    assert counts.creates["to_ipaas"] == 0


def test_a_preview_of_what_waits_for_a_go_notes_nothing() -> None:
    bench = Bench(first_contact="link_only")
    bench.here(A, Name="New")
    bench.plan(preview=True)
    assert bench.item("salesforce", A).outcome is None
    assert bench.waiting("to_ipaas", A) is None


def test_a_match_whose_fields_wait_for_a_go_is_linked() -> None:
    bench = Bench(first_contact="link_only")
    bench.here(A, Name="Acme", Phone="1", external_id="1")
    bench.there("1", name="Acme", fax_number="2")
    counts = bench.plan()
    here, there = bench.item("salesforce", A), bench.item("ipaas", "1")
    assert (here.op, here.link_to, here.payload and here.payload["held"]) == ("link", "1", True)
    assert (there.op, there.payload and there.payload["held"]) == ("link", True)
    assert (counts.matched, counts.updates) == (1, {"to_ipaas": 0, "to_salesforce": 0})


@pytest.mark.parametrize(
    ("collection", "relationships", "direction", "account", "waits"),
    [
        ("contact", True, "both", A, True),
        ("contact", True, "to_ipaas", A, True),
        ("contact", True, "to_salesforce", A, False),
        ("contact", True, "both", None, False),
        ("contact", False, "both", A, False),
        ("account", True, "both", A, False),
    ],
)
def test_a_relationship_waits_for_the_go_as_well(
    collection: str, direction: str, account: str | None, *, relationships: bool, waits: bool
) -> None:
    """A pair that is in step has nothing else to wait for."""
    settings = {"relationships": relationships, "first_contact": "link_only"}
    bench = Bench(collection, {"direction": direction}, **settings)
    record_id = CONTACT if collection == "contact" else A
    bench.here(record_id, LastName="Kim", Name="Acme", Email="k@example.com", AccountId=account, external_id="9")
    bench.there("9", last_name="Kim", name="Acme", email_address="k@example.com", customer_number="C")
    bench.plan()
    item = bench.item("salesforce", record_id)
    assert ((item.payload or {}).get("held") is True) is waits
    assert item.link_to == "9"


def test_a_parent_is_written_to_ipaas_alone() -> None:
    bench = Bench()
    bench.sync.is_parent = True
    bench.here(A, "parent", Name="Acme", Phone="1", external_id="1")
    bench.there("1", "candidate", name="Acme", fax_number="2")
    bench.there("2", name="Beside it")
    bench.plan()
    here, there = bench.item("salesforce", A), bench.item("ipaas", "1")
    assert (here.role, here.op, here.payload and here.payload["changes"]) == ("parent", "update", {"phone": "1"})
    assert (there.role, there.state, there.op) == ("counterpart", "done", None)
    assert bench.item("ipaas", "2").state == "captured"


def test_a_parent_that_is_not_there_is_refused() -> None:
    bench = Bench()
    bench.sync.is_parent = True
    bench.absent("salesforce", A, "not_found", "parent")
    bench.plan()
    assert bench.fate("salesforce", A) == ("done", "failed", "record_not_found")


def test_a_preview_of_a_record_that_is_not_there_notes_nothing() -> None:
    bench = Bench(params={"record_ids": [A]})
    bench.absent("salesforce", A, "not_found")
    bench.plan(preview=True)
    assert bench.item("salesforce", A).outcome is None
    assert bench.waiting("to_ipaas", A) is None


def test_a_dry_run_keeps_nothing_for_a_direction_that_is_off() -> None:
    bench = Bench(params={"direction": "to_salesforce", "dry_run": True})
    bench.link(before={"name": "Acme"})
    bench.here(A, Name="Acme", Phone="2")
    bench.there("1", name="Acme")
    bench.met()
    bench.here(B, Name="New")
    bench.plan()
    assert bench.waiting("to_ipaas", A) is None
    assert bench.waiting("to_ipaas", B) is None
    assert bench.ledger.seen("s", "account", "salesforce", [A, B]) == {}


def test_a_run_that_writes_to_salesforce_alone_asks_for_no_company() -> None:
    bench = Bench("contact", {"direction": "to_salesforce"})
    contact(bench, "003000000000001AAA")
    bench.there("9", last_name="Kim", email_address="kim@example.com", first_name="Lee")
    bench.plan()
    assert bench.item("ipaas", "9").op == "update"


@pytest.mark.parametrize(("relationships", "warned"), [(False, True), (True, False)])
def test_a_contact_made_without_an_account_is_warned_of(*, relationships: bool, warned: bool) -> None:
    bench = Bench("contact", relationships=relationships)
    bench.met()
    bench.there("9", last_name="Kim", first_name="Lee", email_address="kim@example.com")
    bench.plan()
    item = bench.item("ipaas", "9")
    assert item.op == "create"
    assert ("contact_created_without_account" in item.warnings) is warned


def test_warnings_of_what_cannot_be_sent_come_along() -> None:
    bench = Bench()
    bench.met()
    bench.here(A, Name="New", BillingStreet="1 Main St")
    bench.plan()
    assert bench.item("salesforce", A).warnings == ("address_incomplete",)


def test_a_create_of_text_that_no_service_takes_is_refused() -> None:
    bench = Bench()
    bench.met()
    bench.here(A, Name="New", Phone="a\x00")
    counts = bench.plan()
    assert bench.fate("salesforce", A) == ("done", "failed", "invalid_text")
    assert counts.creates["to_ipaas"] == 0


def test_a_refused_create_that_is_not_due_waits_on() -> None:
    bench = Bench()
    bench.met()
    item = bench.here(A, Name="New")
    more = {"content_hash": item.content_hash, "mapping_fingerprint": bench.sync.mapping.fingerprint}
    bench.waits("to_ipaas", A, "refused_before", code="X", next_at=AFTER, **more)
    bench.plan()
    assert bench.fate("salesforce", A) == ("done", "parked", "refused_before")


@pytest.mark.parametrize(("params", "created"), [({}, False), ({"full": True}, True), ({"record_ids": ["1"]}, True)])
def test_what_was_there_before_the_first_contact_is_the_baseline(params: dict[str, Any], created: bool) -> None:
    bench = Bench(params=params)
    bench.there("1", name="Old")
    bench.there("2", name="Dated", created_datetime="2026-03-02T07:00:00+00:00")
    bench.plan()
    assert bench.item("ipaas", "2").op == "create", "one with a stamp was made in the window"
    if created:
        assert bench.item("ipaas", "1").op == "create"
    else:
        assert bench.fate("ipaas", "1") == ("done", "skipped", "before_first_contact")
        assert bench.ledger.seen("s", "account", "ipaas", ["1"])["1"].baseline


@pytest.mark.parametrize("contact_made", [True, False])
def test_a_new_record_whose_direction_is_off_is_kept_for_later(*, contact_made: bool) -> None:
    bench = Bench(params={"direction": "to_ipaas"})
    if contact_made:
        bench.met()
    bench.there("1", name="New")
    bench.plan()
    item = bench.item("ipaas", "1")
    assert (item.state, item.role, item.outcome, item.reason) == ("done", "counterpart", None, None)
    row = bench.waiting("to_salesforce", "1")
    if contact_made:
        assert row is not None
        assert row.reason == "direction_off"
        assert bench.ledger.seen("s", "account", "ipaas", ["1"]) == {}
    else:
        assert row is None
        assert bench.ledger.seen("s", "account", "ipaas", ["1"])["1"].fate == "skipped:before_first_contact"


def test_one_that_would_be_skipped_is_no_news_for_a_later_direction() -> None:
    bench = Bench("contact", {"direction": "to_salesforce"})
    contact(bench, AccountId=None)
    bench.plan()
    assert bench.waiting("to_ipaas", CONTACT) is None
    assert bench.ledger.seen("s", "contact", "salesforce", [CONTACT])[CONTACT].fate == "skipped:contact_without_account"


# Lost creates


def claim(bench: Bench, direction: Any, source_id: str, state: Any = "unknown", **sent: Any) -> None:
    row = Claim("s", bench.collection, direction, source_id, "r0", state, claimed_at=BEFORE, sent_at=BEFORE, sent=sent)
    assert bench.ledger.claim([row])


@pytest.mark.parametrize(
    ("state", "op"), [("unknown", "resolve_create"), ("sending", "resolve_create"), ("done", "create")]
)
def test_a_create_whose_outcome_is_not_known_is_looked_into(state: str, op: str) -> None:
    bench = Bench()
    bench.met()
    claim(bench, "to_ipaas", A, state, name="New")
    bench.here(A, Name="New", Phone="1")
    bench.there("5", "candidate", name="Other")
    counts = bench.plan()
    item = bench.item("salesforce", A)
    assert (item.op, item.payload) == (op, {"changes": {"name": "New", "phone": "1"}})
    assert counts.updates["to_ipaas"] == (op == "resolve_create")


def test_what_a_lost_create_may_have_made_is_held() -> None:
    bench = Bench()
    bench.met()
    claim(bench, "to_ipaas", A, name="New")
    bench.here(A, Name="New")
    bench.there("1", name="New")
    bench.plan()
    bench.parked("ipaas", "1", "uncertain_create", "An earlier attempt may have made it; this run finds out.", None)


@pytest.mark.parametrize(
    ("by", "created", "is_held"),
    [
        (US, "2026-03-02T07:59:00.000+0000", True),
        (US, "2026-03-02T07:00:00.000+0000", False),
        ("005000000000009AAA", "2026-03-02T07:59:00.000+0000", False),
    ],
)
@pytest.mark.parametrize("captured", [True, False])
def test_what_our_user_made_since_may_be_what_a_lost_create_has_made(
    by: str, created: str, *, is_held: bool, captured: bool
) -> None:
    """A flow may have changed every field; also in a run that has no business with the source."""
    bench = Bench()
    bench.met()
    claim(bench, "to_salesforce", "1", name="New")
    if captured:
        bench.there("1", name="New")
    else:
        bench.waits("to_salesforce", "1", "uncertain_create")
    bench.here(A, Name="Rewritten", CreatedById=by, CreatedDate=created)
    bench.plan()
    assert bench.fate("salesforce", A)[2] == ("uncertain_create" if is_held else None)


def test_one_that_is_held_waits_only_where_its_direction_is_written() -> None:
    bench = Bench(params={"direction": "to_ipaas"})
    bench.met()
    claim(bench, "to_ipaas", A, name="New")
    bench.here(A, Name="New")
    bench.there("1", name="New")
    bench.plan()
    item = bench.item("ipaas", "1")
    assert (item.state, item.role, item.outcome) == ("done", "counterpart", None)
    assert bench.waiting("to_salesforce", "1") is None
