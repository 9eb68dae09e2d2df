"""One simulated world: both services, a ledger, users, and runs of the sync core task by task."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from greenlet import getcurrent, greenlet

from airflow_provider_ipaas.errors import IPaaSSyncError, RequestLimitExceeded
from airflow_provider_ipaas.sync.brake import RunBraked
from airflow_provider_ipaas.sync.canary import canary_key
from airflow_provider_ipaas.sync.context import Sync, SyncSettings
from airflow_provider_ipaas.sync.first_contact import GO
from airflow_provider_ipaas.sync.mass_change import ChangeLimits
from airflow_provider_ipaas.sync.model import DIRECTIONS, Run
from airflow_provider_ipaas.sync.params import RunParams
from airflow_provider_ipaas.sync.rebuild import FIRST_CONTACT
from airflow_provider_ipaas.sync.report import OUTCOMES, report
from tests.support.rig import STEPS

from .clock import START, Clock
from .config import Config, cleared_keys, mapping_of
from .fields import COLLECTION, KIND, SOBJECT
from .ipaas import SYSTEM_ID, Company
from .ledger import MemoryLedger
from .oracle import Oracle, Place
from .ports import IPaaSModel, Record, SalesforceModel
from .process import Crash, LedgerHandle, Process, Script
from .salesforce import EXTERNAL_ID, ORG_ID, Org
from .users import Users

SCOPE = f"{ORG_ID}/{SYSTEM_ID}"
RETRIES = 2
DAY_S = 86_400


class Log:
    """Takes the log lines of the sync; those that tell of a conflict count."""

    def __init__(self, oracle: Oracle) -> None:
        self._oracle = oracle
        self.conflicts = 0

    def warning(self, text: str, *args: Any) -> None:
        if text.startswith("Conflict on"):
            key, _, salesforce_id, ipaas_id = args
            self.conflicts += 1
            self._oracle.conflict(key, salesforce_id, ipaas_id)
        if self._oracle.tracing:
            self._oracle.note(f"   log: {text % args if args else text}"[:300])

    info = debug = error = warning


@dataclass
class Planned:
    """One run about to be made."""

    collection: str
    run_id: str
    params: dict[str, Any]
    script: Script
    org_id: str = ORG_ID
    turn: Callable[[], None] | None = None
    errors: dict[str, BaseException] = field(default_factory=dict)
    summary: dict[str, Any] | None = None
    conflicts: int = 0
    twin: str = ""  # the task that is run twice at once
    twin_seed: int = 0

    @cached_property
    def checked(self) -> RunParams:
        return RunParams.parse(self.params, self.collection)  # type: ignore[arg-type]


class Turns:
    """Runs several things at once, in one thread: called between two calls, it may let another one go on."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._parent = getcurrent()
        self._tasks: list[greenlet] = []

    def add(self, work: Callable[[], None]) -> None:
        self._tasks.append(greenlet(work, self._parent))

    def play(self) -> None:
        while alive := [task for task in self._tasks if not task.dead]:
            alive[0].switch()

    def __call__(self) -> None:
        others = [task for task in self._tasks if not task.dead and task is not getcurrent()]
        if others and self._rng.random() < 0.3:
            self._rng.choice(others).switch()


class World:
    """Applies operations one after the other; `oracle.violations` holds what must not be."""

    def __init__(self, config: Config, *, tracing: bool = False) -> None:
        self.config = config
        self.clock = Clock(salesforce_s=config.salesforce_s, ipaas_s=config.ipaas_s, worker_s=config.worker_s)
        self.oracle = Oracle(clears=cleared_keys(config.policy), tracing=tracing)
        self.oracle.linked = self._linked
        self.oracle.waits_for_go = self.waits_for_go
        self.oracle.in_contact = lambda of: self.ledger.fact(SCOPE, f"{FIRST_CONTACT}:{of}") is not None
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
        self.runs: list[Planned] = []
        self.fences: dict[str, datetime] = {}
        self.stats = {"runs": 0, "hits": 0}
        self.told = {"salesforce": 0, "ipaas": 0}  # creates that summaries have told of
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
        method = getattr(self, f"do_{op[0]}", None)
        if method is not None:
            method(*op[1:])
        else:
            self.users.do(*op)

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
        both = [self._planned(*first), self._planned(*second)]
        turn = Turns(seed)
        for run in both:
            run.turn = turn
            turn.add(lambda run=run: self._run(run))
        turn.play()

    def do_zombie(self, told: list[Any], number: int, seed: int) -> None:
        """Let a task that was given up go on beside its own retry."""
        run = self._planned(*told)
        name = list(STEPS)[number]
        run.twin = name
        run.twin_seed = seed
        self._run(run)

    def do_clear(self) -> None:
        """Clear the tasks of the last run: it runs again under its id, from the extracts on."""
        if self.runs:
            last = self.runs[-1]
            self._run(Planned(last.collection, last.run_id, last.params, Script()))

    def do_task(self, number: int) -> None:
        """Run one task of the last run once more, as after a lost heartbeat; a run that is reported does nothing."""
        if self.runs:
            last = self.runs[-1]
            again = Planned(last.collection, last.run_id, last.params, Script(), org_id=last.org_id)
            name = list(STEPS)[number]
            error = self._task(again, Log(self.oracle), name)
            if error is None and name.startswith("extract"):
                self._run(again)  # what the extract has opened again

    def do_snapshot(self) -> None:
        """Copy the ledger, once it knows both collections: what an empty one misses is another question."""
        if all(self.oracle.in_contact(collection) for collection in ("account", "contact")):
            self.copies.append(self.ledger.snapshot())

    def do_lose(self) -> None:
        """Lose the ledger, while everything is still in the window of a first run."""
        if self.clock.true - START < timedelta(days=5):
            self.restored = True
            self.ledger.restore({})
            self.oracle.watermarks.clear()
            if not self.config.canaries:
                self._pass_canaries()

    def do_restore(self) -> None:
        """Put an older copy of the ledger in place of the present one."""
        if self.copies:
            self.restored = True
            self.ledger.restore(self.copies[-1])
            self.oracle.watermarks.clear()

    def do_wrong_org(self, collection: str) -> None:
        """Run with credentials of another org: nothing may be written."""
        if self.ledger.pinned("salesforce:sf") is None:
            return
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
        self.stats["runs"] += 1
        before = dict(self.oracle.api_creates)
        for updates in self.oracle.api_updates.values():
            updates.clear()
        log = Log(self.oracle)
        try:
            self._tasks(run, log)
        except Crash:
            self.oracle.note("   the run is abandoned")
        run.conflicts = log.conflicts
        self.stats["hits"] += run.script.hits
        self._check_run(run, before)

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
        self.oracle.note(f"   {run.run_id} {run.collection} {_counts(run.summary)} {_names(run.errors)}")

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
        made = self._maker(key, collection)
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
        )

    def _pass_canaries(self) -> None:
        for collection in ("account", "contact"):
            sync: Any = type("", (), {"collection": collection, "settings": self.settings})
            for service, op in (("ipaas", "create"), ("ipaas", "update"), ("ipaas", "external_id")):
                self.ledger.set_fact(SCOPE, canary_key(sync, service, op), True)  # type: ignore[arg-type]
            for op in ("create", "update"):
                self.ledger.set_fact(SCOPE, canary_key(sync, "salesforce", op), True)

    # What the checks want to know

    def _linked(self, place: Place) -> str | None:
        side, collection, record_id = place
        for link in self.ledger.all_links(SCOPE, collection):
            if side == "salesforce" and link.salesforce_id == record_id:
                return link.ipaas_id
            if side == "ipaas" and link.ipaas_id == record_id:
                return link.salesforce_id
        return None

    def _covered(self, sobject: str, fence: datetime) -> None:
        of = COLLECTION[sobject]
        self.fences[of] = max(fence, self.fences.get(of, fence))

    def _watermark(self, key: tuple[str, str], value: datetime, run_key: str) -> None:
        collection, side = key
        self.oracle.watermark(key, value, self.clock.ipaas() if side == "ipaas" else self.fences.get(collection))

    def _maker(self, run_key: str, collection: str) -> Callable[..., Any]:
        """Return what ports create records through: it finds out for whom, and tells the oracle."""

        def make(side: str, kind: str, body: Record, work: Callable[[], Any]) -> Any:
            of = COLLECTION[kind]
            self.oracle.creating = source = self._source(side, of, body, run_key)
            result = work()
            self.oracle.creating = None
            made = result["id"] if side == "ipaas" else result.id if result.created else None
            if made is not None:
                self.oracle.made(side, of, made, source, alive=lambda i: self._alive(side, of, i))
            return result

        return make

    def _source(self, side: str, collection: str, body: Record, run_key: str) -> str | None:
        """Find for whom a record is made: its body says so, or the claims of the run do."""
        if side == "salesforce" and body.get(EXTERNAL_ID):
            return str(body[EXTERNAL_ID])
        if side == "ipaas" and body.get("external_ids"):
            return str(body["external_ids"][0]["external_id"])
        mapping = mapping_of(collection, self.config.policy)
        direction = "to_salesforce" if side == "salesforce" else "to_ipaas"
        found = []
        for claim in self.ledger.open_claims(SCOPE, collection, direction):
            if claim.run_key != run_key:
                continue
            if side == "salesforce":
                sent = {n: v for n, v in mapping.salesforce_body(claim.sent).items() if v is not None}
                same = all(body.get(name) == value for name, value in sent.items())
            else:
                sent = mapping.ipaas_create_body(claim.sent).record
                same = all(body.get(n) == v for n, v in sent.items() if isinstance(v, str) and n != "first_name")
            if same:
                found.append(claim.source_id)
        fresh = [source for source in found if (side, collection, source) not in self.oracle.created]
        return next(iter(fresh or found), None)

    def _alive(self, side: str, collection: str, record_id: str) -> bool:
        if side == "salesforce":
            row = self.org.rows.get(record_id)
            return row is not None and not row["IsDeleted"]
        kind = KIND[collection]
        return record_id in self.company.records[kind] and (kind, record_id) not in self.company.inactive

    def _check_run(self, run: Planned, before: dict[str, int]) -> None:
        """Hold a run's summary against what the services have seen of it."""
        if run.summary is None:
            return
        for direction in DIRECTIONS:
            counts = run.summary[direction]
            if counts["seen"] != sum(counts[name] for name in OUTCOMES):
                self.oracle.violate("V6", f"{run.run_id} {direction} does not add up: {_counts(run.summary)}")
        if isinstance(run.errors.get("plan"), RunBraked) and run.turn is None:
            self._check_braked(run, before)
        faulty = bool(run.errors or run.script.hits or run.turn)
        self._check_created(run, before, faulty=faulty)
        if not faulty:
            self._check_numbers(run)

    def _check_braked(self, run: Planned, before: dict[str, int]) -> None:
        if before != self.oracle.api_creates or any(self.oracle.api_updates.values()):
            self.oracle.violate("V10", f"{run.run_id} was stopped by a brake and has written")

    def _check_created(self, run: Planned, before: dict[str, int], *, faulty: bool) -> None:
        """No run tells of more creates than there were; one without a fault tells of all its own."""
        if self.restored or run.turn is not None:
            return
        summary = run.summary or {}
        for direction, side in (("to_ipaas", "ipaas"), ("to_salesforce", "salesforce")):
            counts = summary[direction]
            created = 0 if summary["dry_run"] else counts["created"] + counts["parents"]["created"]
            self.told[side] += created
            made = self.oracle.api_creates[side]
            if self.told[side] > made or (not faulty and created < made - before[side]):
                self.oracle.violate(
                    "V7", f"{run.run_id} says {created} created {direction}, {made - before[side]} were"
                )

    def _check_numbers(self, run: Planned) -> None:
        summary = run.summary or {}
        dry = summary["dry_run"]
        for direction, side in (("to_ipaas", "ipaas"), ("to_salesforce", "salesforce")):
            counts = summary[direction]
            updated = counts["updated"] + counts["parents"]["updated"]
            changed = len(self.oracle.api_updates[side])
            if (0 if dry else updated) != changed:
                self.oracle.violate("V7", f"{run.run_id} says {updated} updated {direction}, {changed} were")
        told = sum(summary[direction]["conflicts"]["resolved"] for direction in DIRECTIONS)
        if run.collection == "account" and told != run.conflicts:
            self.oracle.violate("V7", f"{run.run_id} counts {told} conflicts resolved, {run.conflicts} were logged")

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
        return self._alive(*place)

    def may_be_linked(self, here: Place, there: Place) -> bool:
        """Tell a link that has a reason: one was made for the other, a person said so, or they shared an e-mail."""
        group = self.users.merged_into(here[2])
        reasons = ((self.oracle.partners.get(("salesforce", here[1], i)), i) for i in group)
        if any(made == there[2] or self.oracle.partners.get(there) == i for made, i in reasons):
            return True
        if any((i, there[2]) in self.users.linked for i in group):
            return True
        emails = (self.oracle.emails.get(("salesforce", here[1], i), set()) for i in group)
        return any(own & self.oracle.emails.get(there, set()) for own in emails)

    def was_baseline(self, collection: str, record_id: str) -> bool:
        """Tell a record that was there before the first contact; after a restore that may be any."""
        return self.restored or record_id in self.oracle.before_contact


def _counts(summary: dict[str, Any] | None) -> str:
    if summary is None:
        return "no summary"
    told = []
    for direction in DIRECTIONS:
        counts = summary[direction]
        shown = {name: counts[name] for name in ("seen", *OUTCOMES) if counts[name]}
        for name in ("parked_by_reason", "skipped_by_reason", "warnings", "parents"):
            reasons = {reason: number for reason, number in sorted(counts[name].items()) if number}
            shown |= {name: reasons} if reasons else {}
        told.append(f"{direction}: {shown}")
    return "; ".join(told)


def _names(errors: dict[str, BaseException]) -> str:
    return ", ".join(f"{name} {type(error).__name__}: {error}"[:160] for name, error in errors.items())
