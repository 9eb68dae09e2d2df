"""One simulated world: both services, a ledger, users, and runs of the sync core task by task."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from airflow_provider_ipaas.errors import IPaaSSyncError, RequestLimitExceeded
from airflow_provider_ipaas.sync import apply_salesforce, salesforce_reads, write_salesforce
from airflow_provider_ipaas.sync.canary import canary_key
from airflow_provider_ipaas.sync.context import Sync, SyncSettings
from airflow_provider_ipaas.sync.first_contact import GO
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.model import Link, Run
from airflow_provider_ipaas.sync.rebuild import FIRST_CONTACT
from airflow_provider_ipaas.sync.report import report
from tests.support.rig import STEPS

from . import happenings
from .audit import Audit, named, told_of
from .clock import START, Clock
from .config import Config, cleared_keys, mapping_of
from .fields import COLLECTION, KIND, SOBJECT
from .ipaas import SYSTEM_ID, Company
from .ledger import MemoryLedger
from .makers import SCOPE, Makers
from .oracle import Oracle, Place
from .ports import IPaaSModel, SalesforceModel
from .process import Crash, LedgerHandle, Process, Script
from .runs import Log, Planned, Turns
from .salesforce import Org
from .users import Users

RETRIES = 2
DAY_S = 86_400
PAUSE_S = 20 * 60
DEEP_CHECK_S = 2 * 3600  # where only a slice of what shows no change is read whole


class World:
    """Applies operations one after the other; `oracle.violations` holds what must not be."""

    def __init__(self, config: Config, *, tracing: bool = False) -> None:
        self.config = config
        # Few records here look like many where records are sent as jobs.
        apply_salesforce.IDS_PER_LOOK_UP = 1 if config.bulk else 200
        salesforce_reads.IDS_PER_QUERY = 2 if config.bulk else 400
        write_salesforce.BATCH_SIZE = 2 if config.bulk else 200
        self.clock = Clock(salesforce_s=config.salesforce_s, ipaas_s=config.ipaas_s, worker_s=config.worker_s)
        self.oracle = Oracle(clears=cleared_keys(config.policy), tracing=tracing)
        self.oracle.linked = self._linked
        self.oracle.waits_for_go = self.waits_for_go
        self.oracle.in_contact = lambda of: self.ledger.fact(SCOPE, f"{FIRST_CONTACT}:{of}") is not None
        self.oracle.forgotten = self._forgotten
        self.org = Org(
            self.clock,
            self.oracle.watch,
            lambda sobject, name: self.users.fresh(sobject, name),
            external_id_field=config.external_id_field,
            normalise_phones=config.normalise_phones,
        )
        self.company = Company(self.clock, self.oracle.watch, config.reading)
        self.users = Users(self.org, self.company, self.oracle)
        self.ledger = MemoryLedger(self.clock.worker)
        self.ledger.on_watermark = self._watermark
        self.copies: list[dict[Any, Any]] = []
        self.restored = False
        self.agreed: set[tuple[str, str, str]] = set()  # pairs and fields of which a ledger has known what they showed
        self.ledgers = 0  # how often another ledger took the place of the present one
        self.read_until = START  # by Salesforce's clock, by any run
        self.runs: list[Planned] = []
        self.fences: dict[str, datetime] = {}
        self.happened: Counter[str] = Counter()  # what of the operations and faults took effect
        self.made = self.faults = self.overlaps = 0  # runs, faults in them, and how often two went on at once
        self.last_writes = 0  # in the last round of runs, when nobody edited any more
        self.audit = Audit(self)
        self.makers = Makers(self)
        self.settings = self._make_settings()
        if not config.canaries:
            self._pass_canaries()

    def use(self, ledger: Any) -> None:
        """Work with another ledger, an empty one."""
        self.ledger = ledger
        if not self.config.canaries:
            self._pass_canaries()

    # Operations

    def apply(self, op: list[Any]) -> None:
        """Carry out one operation: a run or something about runs, else something that users do."""
        self.oracle.note(f"{op}")
        before = happenings.traces(self)
        method = getattr(self, f"do_{op[0]}", None)
        if method is not None:
            method(*op[1:])
        else:
            self.users.do(*op)
        if happenings.traces(self) != before:
            self.happened[happenings.name_of(op)] += 1

    def do_burst(self, ops: list[list[Any]]) -> None:
        """Let users do several things within one second."""
        for op in ops:
            self.apply(op)

    def do_wait(self, seconds: float) -> None:
        """Let time pass; not longer than the look-back window while something has never been read."""
        known = all(self.oracle.in_contact(collection) for collection in ("account", "contact")) and not self.org.hidden
        self.clock.advance(seconds if known else min(seconds, DAY_S))

    def do_run(self, *told: Any) -> Planned:
        planned = self._planned(*told)
        self._run(planned)
        return planned

    def do_two(self, first: list[Any], second: list[Any], seed: int) -> None:
        """Make two runs at once: at any call the other one may get its turn."""
        self.overlaps += 1
        both = [self._planned(*first), self._planned(*second)]
        turn = Turns(seed)
        for run in both:
            run.turn = turn
            turn.add(lambda run=run: self._run(run))
        turn.play()

    def do_zombie(self, told: list[Any], number: int, seed: int) -> None:
        """Let a task that was given up go on beside its own retry."""
        self.overlaps += 1
        run = self._planned(*told)
        name = list(STEPS)[number]
        run.twin = name
        run.twin_seed = seed
        self._run(run)

    def do_clear(self) -> None:
        """Clear the tasks of the last run: it runs again under its id, from the extracts on."""
        if self.runs:
            last = self.runs[-1]
            again = Planned(last.collection, last.run_id, last.params, Script(), again=last.summary is None)
            self._run(again)

    def do_task(self, number: int) -> None:
        """Run one task of the last run once more, as after a lost heartbeat; a run that is reported does nothing."""
        if self.runs:
            last = self.runs[-1]
            again = Planned(last.collection, last.run_id, last.params, Script(), org_id=last.org_id)
            name = list(STEPS)[number]
            error = self._task(again, Log(self.oracle), name)
            if error is None and name.startswith("extract"):
                # What the extract has opened again.
                self._run(Planned(last.collection, last.run_id, last.params, Script(), org_id=last.org_id, again=True))

    def do_tug(self, side: str, collection: str, record: int, field: int) -> None:
        """Let an automation set a field to and fro, with a run after each time."""
        for turn in range(6):
            self.users.do("set", side, collection, record, field, turn % 2)
            self.clock.advance(PAUSE_S)
            self.do_run(collection, {}, [], [], 0, 0)

    def do_commit(self) -> None:
        """Let open transactions end: rows appear under the stamps of when they were written."""
        late = sum(transaction.started < self.read_until for transaction in self.org.transactions)
        self.happened["a row appears under a stamp that was read past"] += late
        self.org.commit()

    def do_snapshot(self) -> None:
        """Copy the ledger, once it knows both collections: what an empty one misses is another question."""
        if all(self.oracle.in_contact(collection) for collection in ("account", "contact")):
            self.copies.append(self.ledger.snapshot())

    def do_lose(self) -> None:
        """Lose the ledger, while everything is still in the window of a first run."""
        if self.clock.true - START < timedelta(days=5):
            self.restored = True
            self.ledgers += 1
            self.ledger.restore({})
            self.agreed.clear()
            self.oracle.watermarks.clear()
            if not self.config.canaries:
                self._pass_canaries()

    def do_restore(self) -> None:
        """Put an older copy of the ledger in place of the present one."""
        if self.copies:
            self.restored = True
            self.ledgers += 1
            self.ledger.restore(self.copies[-1])
            self.agreed.clear()
            self._note_agreed()
            self.oracle.watermarks.clear()

    def do_wrong_org(self, collection: str) -> None:
        """Run with credentials of another org: nothing may be written."""
        if self.ledger.pinned("salesforce:sf") is None:
            return
        self.oracle.checked["V10"] += 1
        before = self.oracle.api_writes, len(self.company.external)
        planned = self._planned(collection, {}, [], [], 0, 0)
        planned.org_id = "00D000000000009EAA"
        self._run(planned)
        if before != (self.oracle.api_writes, len(self.company.external)):
            self.oracle.violate("V10", "a run with another org's credentials has written")

    # Runs

    def _planned(
        self,
        collection: str,
        params: dict[str, Any],
        calls: list[list[Any]],
        ledger: list[list[Any]],
        seed: int,
        abandoned: int,
    ) -> Planned:
        script = Script({n: tuple(fault) for n, *fault in calls}, dict(ledger), seed, bool(abandoned))
        run_id = f"r{len(self.runs) + 1}"
        planned = Planned(collection, run_id, self._with_ids(collection, params), script)
        self.runs.append(planned)
        return planned

    def _with_ids(self, collection: str, params: dict[str, Any]) -> dict[str, Any]:
        """Turn the numbers of records in `record_ids` into ids."""
        if "record_ids" not in params:
            return params
        here = sorted(i for i, row in self.org.rows.items() if row["sobject"] == SOBJECT[collection])
        there = sorted(self.company.records[KIND[collection]])
        ids = here + there
        chosen = [ids[number % len(ids)] for number in params["record_ids"]] if ids else []
        return {**params, "record_ids": list(dict.fromkeys(chosen))}

    def _run(self, run: Planned) -> None:
        """Run all tasks as the DAG does: an error stops what depends on it, the report comes whatever happened."""
        self.made += 1
        before = dict(self.oracle.api_creates)
        for updates in self.oracle.api_updates.values():
            updates.clear()
        log = Log(self.oracle)
        try:
            self._tasks(run, log)
        except Crash:
            self.oracle.note("   the run is abandoned")
        run.conflicts = log.conflicts
        self.faults += run.script.hits
        self.happened.update(run.script.hit)
        self.happened.update(happenings.of_run(run))
        self.audit.check(run, before)
        self._note_agreed()

    def _tasks(self, run: Planned, log: Log) -> None:
        names = list(STEPS)
        if run.script.seed & 1:  # the two extracts are parallel tasks
            names[0], names[1] = names[1], names[0]
        for name in names:
            if self._is_skipped(name, run.errors):
                continue
            error = self._twins(run, log, name) if run.twin == name else self._task(run, log, name)
            if error is not None:
                run.errors[name] = error
        process = self._process(run)
        try:
            run.summary = report(self._sync(run, log, process))
        except (IPaaSSyncError, Crash) as error:
            run.errors["report"] = error
        self.oracle.note(f"   {run.run_id} {run.collection} {told_of(run.summary)} {named(run.errors)}")

    @staticmethod
    def _is_skipped(name: str, errors: dict[str, BaseException]) -> bool:
        """Tell a task whose upstream failed; one upsert does not wait for the other's success."""
        return bool(errors) and not name.startswith("extract") and name != "upsert_salesforce"

    def _twins(self, run: Planned, log: Log, name: str) -> BaseException | None:
        """Run one task twice at once."""
        turn = run.turn = Turns(run.twin_seed)
        errors: list[BaseException | None] = []
        for _ in range(2):
            turn.add(lambda: errors.append(self._task(run, log, name)))
        turn.play()
        return errors[-1]

    def _task(self, run: Planned, log: Log, name: str) -> BaseException | None:
        """Run one task with its retries."""
        error: BaseException | None = None
        for _ in range(1 + RETRIES):
            process = self._process(run)
            try:
                sync = self._sync(run, log, process)
                try:
                    STEPS[name](sync)
                except RequestLimitExceeded:
                    sync.ledger.update_run(sync.run.run_key, facts={"stopped": "api_budget"})
                    raise
                return None
            except Crash as crash:
                if run.script.abandoned:
                    raise
                error = crash
            except IPaaSSyncError as failure:
                error = failure
                if not failure.transient:
                    break
            self.oracle.note(f"   {name} failed: {type(error).__name__} {error}"[:200])
            self.clock.advance(30)
        return error

    def _process(self, run: Planned) -> Process:
        return Process(run.script, self.clock, lambda fault: self.apply(list(fault[1])), run.turn)

    def _sync(self, run: Planned, log: Log, process: Process) -> Sync:
        """Build what one task works with, the way an operator does."""
        config, collection = self.config, run.collection
        watched = process.turn is not None or bool(run.script.ledger)
        ledger: Any = LedgerHandle(process, self.ledger) if watched else self.ledger
        key = f"{collection}:{run.run_id}"
        mapping = mapping_of(collection, config.policy)
        started = ledger.start_run(
            Run(key, collection, run.run_id, collection, params=run.params, mapping_fingerprint=mapping.fingerprint)
        )
        made = self.makers.of_run(key)
        salesforce = SalesforceModel(
            process, self.org, made, org_id=run.org_id, page_is_fresh=config.page_is_fresh, covered=self._covered
        )
        ipaas = IPaaSModel(process, self.company, made)
        return Sync(
            collection=collection,  # type: ignore[arg-type]
            run=started,
            params=run.checked,
            settings=self.settings,
            mapping=mapping,
            ledger=ledger,
            connect_salesforce=lambda: salesforce,
            connect_ipaas=lambda: ipaas,
            log=log,  # type: ignore[arg-type]
            clock=self.clock.worker,
            parent_mapping=mapping_of("account", config.policy) if collection == "contact" else None,
        )

    def _make_settings(self) -> SyncSettings:
        return SyncSettings(
            salesforce_conn_id="sf",
            ipaas_conn_id="ip",
            system_id=SYSTEM_ID,
            profile_fingerprint="profile",
            external_ids_on_write=self.config.ids_on_write,
            first_contact=self.config.first_contact,
            limits=ChangeLimits(changed_records=0) if self.config.brakes else ChangeLimits(),
            relationships=self.config.reading.relationships,
            deep_check=timedelta(seconds=DEEP_CHECK_S),
            small_listing=0 if self.config.sliced else 1000,
            bulk_threshold=2 if self.config.bulk else 0,
        )

    def _pass_canaries(self) -> None:
        for collection in ("account", "contact"):
            sync: Any = type("", (), {"collection": collection, "settings": self.settings})
            for service, op in (("ipaas", "create"), ("ipaas", "update"), ("ipaas", "external_id")):
                self.ledger.set_fact(SCOPE, canary_key(sync, service, op), True)  # type: ignore[arg-type]
            for op in ("create", "update"):
                self.ledger.set_fact(SCOPE, canary_key(sync, "salesforce", op), True)

    # What the checks want to know

    def _link(self, place: Place) -> Link | None:
        side, collection, record_id = place
        for link in self.ledger.all_links(SCOPE, collection):
            if record_id == (link.salesforce_id if side == "salesforce" else link.ipaas_id):
                return link
        return None

    def _linked(self, place: Place) -> str | None:
        link = self._link(place)
        if link is None:
            return None
        return link.ipaas_id if place[0] == "salesforce" else link.salesforce_id

    def _forgotten(self, place: Place, key: str) -> bool:
        """Tell a field of a pair on which nothing was agreed yet, or not since the ledger was lost."""
        link = self._link(place)
        if link is None:
            return True
        group = self.users.merged_into(link.salesforce_id)
        return not any((salesforce_id, link.ipaas_id, key) in self.agreed for salesforce_id in group)

    def _note_agreed(self) -> None:
        for collection in ("account", "contact"):
            for link in self.ledger.all_links(SCOPE, collection):
                self.agreed |= {(link.salesforce_id, link.ipaas_id, key) for key in link.salesforce_showing or ()}

    def _covered(self, sobject: str, fence: datetime) -> None:
        of = COLLECTION[sobject]
        self.fences[of] = max(fence, self.fences.get(of, fence))
        self.read_until = self.clock.salesforce()

    def _watermark(self, key: tuple[str, str], value: datetime, run_key: str) -> None:
        collection, side = key
        items = self.ledger.items_by_id(
            run_key, collection, side, [i for (of, kind, i) in self.oracle.cells if (of, kind) == (side, collection)]
        )
        undecided = [i for i, item in items.items() if item.role == "seen" and item.state != "done"]
        if undecided:
            self.oracle.violate("V5", f"the watermark of {key} moves while {undecided} have no fate")
        self.oracle.watermark(key, value, self.clock.ipaas() if side == "ipaas" else self.fences.get(collection))

    def alive_in(self, side: str, collection: str, record_id: str) -> bool:
        if side == "salesforce":
            row = self.org.rows.get(record_id)
            return row is not None and not row["IsDeleted"]
        kind = KIND[collection]
        return record_id in self.company.records[kind] and (kind, record_id) not in self.company.inactive

    def collections(self) -> tuple[str, ...]:
        """Return the collections that have a record, or had a run."""
        contacts = any(run.collection == "contact" for run in self.runs) or self.company.records["customer"]
        contacts = contacts or any(row["sobject"] == "Contact" for row in self.org.rows.values())
        return ("account", "contact") if contacts else ("account",)

    def waits_for_go(self, collection: str) -> bool:
        """Tell a collection whose first contact nobody has confirmed: nothing but links may be made."""
        going = self.ledger.fact(SCOPE, f"{GO}:{collection}") is not None
        return self.config.first_contact == "link_only" and not going

    def alive(self, place: Place) -> bool:
        return self.alive_in(*place)

    def may_be_linked(self, here: Place, there: Place) -> bool:
        """Tell a link that has a reason: one was made for the other, a person said so, or they shared an e-mail."""
        group = self.users.merged_into(here[2])
        reasons = ((self.oracle.partners.get(("salesforce", here[1], i)), i) for i in group)
        if any(made == there[2] or self.oracle.partners.get(there) == i for made, i in reasons):
            return True
        if any((i, there[2]) in self.users.linked for i in group):
            return True
        if any(self._was_sent(here[1], i, there[2]) for i in group) and any(
            self.oracle.names.get(("salesforce", here[1], i), set()) & self.oracle.names.get(there, set())
            for i in group
        ):
            return True  # by name and content, for a create of unknown outcome: the contract's search
        emails = (self.oracle.emails.get(("salesforce", here[1], i), set()) for i in group)
        return any(own & self.oracle.emails.get(there, set()) for own in emails)

    def _was_sent(self, collection: str, salesforce_id: str, ipaas_id: str) -> bool:
        """Tell a pair for one of which a create has begun, whatever came of it."""
        return any(
            entry.op in ("create", "resolve_create") and entry.source_id in (salesforce_id, ipaas_id)
            for entry in self.ledger._table("journal").values()
            if entry.collection == collection
        )

    def was_baseline(self, collection: str, record_id: str) -> bool:
        """Tell a record that was there before the first contact; after a restore that may be any."""
        return self.restored or record_id in self.oracle.before_contact
