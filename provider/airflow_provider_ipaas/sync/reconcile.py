"""Compare everything linked on both sides, and everything that is not, in streamed pages; write to neither service.

Both services are streamed once. A record that shows what its link remembers costs nothing more; a pair that does not,
and a record that nothing explains, are read again by id, so what changes while pages are read is no drift. What is
held in memory does not grow with the records: a page, some suspects, and three bits for each link. A repair only makes
records due: the next run of the collection takes them up through the ordinary pipeline.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_provider_ipaas.errors import IPaaSSyncError

from .context import Sync
from .drift import Finding, Pair, judge_ipaas_alone, judge_pair, judge_salesforce_alone, showings_agree
from .drift_report import DriftReport, Ids
from .due import make_due
from .extract_salesforce import check_org, scope_of
from .keys import content_hash
from .model import Item, Link, Side
from .outlook import Outlook
from .rebuild import FIRST_CONTACT, REBUILT
from .reconcile_reads import count_rows, ipaas_by_id, ipaas_listed, salesforce_by_id, salesforce_listed
from .salesforce_reads import all_fields

# Suspects are read again in groups: so many ids fit into one query.
SUSPECTS = 400


class NothingToReconcile(IPaaSSyncError):
    """No run of the collection has been reported yet, or its rebuilt links are not confirmed."""


@dataclass(slots=True)
class Marks:
    """A bit for each link, by its number in the ledger."""

    _bits: bytearray = field(default_factory=bytearray)

    def add(self, link: Link) -> None:
        place, bit = divmod(link.id or 0, 8)
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1024 - len(self._bits)))
        self._bits[place] |= 1 << bit

    def __contains__(self, link: Link) -> bool:
        place, bit = divmod(link.id or 0, 8)
        return place < len(self._bits) and bool(self._bits[place] >> bit & 1)


def reconcile(sync: Sync, report: DriftReport) -> None:
    """Fill *report* with what is found; where an error ends it early, *report* has the part that was done.

    Raises NothingToReconcile before the first reported run, and ConfigurationError where a connection answers for
    another org than it was pinned to.
    """
    try:
        sync.run.scope = scope_of(check_org(sync), sync.settings.system_id)
        _check_ready(sync, report)
        _compare(sync, report)
    finally:
        report.api_calls = sync.calls()
    report.complete = True


def _compare(sync: Sync, report: DriftReport) -> None:
    Reconciler(sync, report, all_fields(sync)).run()


def _check_ready(sync: Sync, report: DriftReport) -> None:
    first = sync.ledger.fact(sync.scope, f"{FIRST_CONTACT}:{sync.collection}")
    if first is None:
        raise NothingToReconcile(
            f"No run of collection {sync.collection} has been reported yet: there is nothing to compare with.",
            next_step="Run the collection's sync DAG first.",
        )
    if sync.ledger.fact(sync.scope, f"{REBUILT}:{sync.collection}") is not None:
        raise NothingToReconcile(
            f"The links of collection {sync.collection} were rebuilt from external ids, and nobody has confirmed them.",
            next_step="Look at the failed run of the sync DAG, and trigger it with confirm_rebuild = true.",
        )
    run = sync.ledger.run(str(first[0]))
    report.sync_dag_id = run.dag_id if run else f"the sync DAG of collection {sync.collection}"


class Reconciler:
    """One comparison of one collection."""

    def __init__(self, sync: Sync, report: DriftReport, fields: set[str]) -> None:
        self.sync = sync
        self.report = report
        self.fields = fields
        self.outlook = Outlook.load(sync)
        self._met: dict[Side, Marks] = {"salesforce": Marks(), "ipaas": Marks()}
        self._suspected = Marks()
        self._pairs: list[Link] = []
        self._alone: dict[Side, list[str]] = {"salesforce": [], "ipaas": []}
        self._due: list[tuple[Ids, Finding]] = []

    def run(self) -> None:
        """Stream Salesforce, iPaaS.com and the links, in this order: what a page did not show, the links ask for."""
        for step in (self._salesforce, self._ipaas, self._links):
            step()
            self._flush()
        log = self.sync.log
        log.info("Compared %s %s: %d linked.", self.sync.sobject, self.sync.kind, self.report.linked)

    def _salesforce(self) -> None:
        sync, report = self.sync, self.report
        before = count_rows(sync)
        for items in salesforce_listed(sync, self.fields, self.outlook.salesforce.now):
            report.rows["salesforce"] += len(items)
            links = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in items])
            for item in items:
                link = links.get(item.record_id)
                if link is not None:
                    self._meet(link, item, moved=item.external_id not in (None, link.ipaas_id))
            self._look_at_alone("salesforce", [item for item in items if item.record_id not in links])
        # Records come and go meanwhile: only fewer rows than both counts are rows that were kept from us.
        report.counted = count_rows(sync)
        unread = min(before, report.counted) - report.rows["salesforce"]
        if unread > 0:
            report.add_unread(unread)
        sync.log.info("Salesforce: %d rows read, %d counted.", report.rows["salesforce"], report.counted)

    def _ipaas(self) -> None:
        sync, report = self.sync, self.report
        for items in ipaas_listed(sync):
            report.rows["ipaas"] += len(items)
            links = sync.ledger.links(sync.scope, sync.collection, "ipaas", [item.record_id for item in items])
            for item in items:
                link = links.get(item.record_id)
                if link is not None:
                    self._meet(link, item, moved=item.external_id != link.salesforce_id)
            self._look_at_alone("ipaas", [item for item in items if item.record_id not in links])
        sync.log.info("iPaaS.com: %d rows read.", report.rows["ipaas"])

    def _meet(self, link: Link, item: Item, *, moved: bool) -> None:
        """Note that a linked record is there; suspect the pair where it shows something else than its link says."""
        self._met[item.side].add(link)
        showing = link.salesforce_showing if item.side == "salesforce" else link.ipaas_showing
        if moved or link.state != "active" or showing is None or content_hash(showing) != item.content_hash:
            self._suspect(link)

    def _links(self) -> None:
        """Suspect every link of which a record was not met, and say what is in step without being equal."""
        report = self.report
        for links in self.sync.ledger.walk_links(self.sync.scope, self.sync.collection):
            report.linked += len(links)
            for link in links:
                if link in self._suspected:
                    continue
                if link not in self._met["salesforce"] or link not in self._met["ipaas"]:
                    self._suspect(link)
                elif not showings_agree(self.sync.mapping, link):
                    report.add((link.salesforce_id, link.ipaas_id), [Finding("differs_as_agreed")], linked=True)

    # Suspects are looked at again, afresh and by id

    def _suspect(self, link: Link) -> None:
        if link in self._suspected:
            return
        self._suspected.add(link)
        self._pairs.append(link)
        if len(self._pairs) >= SUSPECTS:
            self._judge_pairs()

    def _flush(self) -> None:
        self._judge_pairs()
        for side in self._alone:
            self._judge_alone(side)

    def _judge_pairs(self) -> None:
        sync = self.sync
        suspects, self._pairs = self._pairs, []
        if not suspects:
            return
        theirs = [link.ipaas_id for link in suspects]
        links = list(sync.ledger.links(sync.scope, sync.collection, "ipaas", theirs).values())
        here = salesforce_by_id(sync, self.fields, [link.salesforce_id for link in links])
        there = ipaas_by_id(sync, theirs)
        knows_here = self.outlook.known("salesforce", list(here.values()), [link.salesforce_id for link in links])
        knows_there = self.outlook.known("ipaas", list(there.values()), theirs)
        after = sync.ledger.links(sync.scope, sync.collection, "ipaas", theirs)
        for link in links:
            ids: Ids = (link.salesforce_id, link.ipaas_id)
            if link.ipaas_id not in after or after[link.ipaas_id].version != link.version:
                self._count(ids, [Finding("synced_meanwhile")], linked=True)
                continue
            pair = Pair(
                link,
                here.get(link.salesforce_id),
                there.get(link.ipaas_id),
                knows_here[link.salesforce_id],
                knows_there[link.ipaas_id],
            )
            self._count(ids, judge_pair(sync.mapping, pair), linked=True)
        self._repair()

    def _look_at_alone(self, side: Side, items: list[Item]) -> None:
        """Judge unlinked records as the page shows them; what looks like drift is looked at again."""
        for item, finding in zip(items, self._verdicts(side, items), strict=True):
            if finding.is_drift:
                self._alone[side].append(item.record_id)
            else:
                self._count(_ids(item), [finding], linked=False)
        if len(self._alone[side]) >= SUSPECTS:
            self._judge_alone(side)

    def _judge_alone(self, side: Side) -> None:
        sync = self.sync
        ids, self._alone[side] = self._alone[side], []
        if not ids:
            return
        by_id = salesforce_by_id(sync, self.fields, ids) if side == "salesforce" else ipaas_by_id(sync, ids)
        linked = sync.ledger.links(sync.scope, sync.collection, side, ids)
        items = [item for i, item in by_id.items() if not item.missing and i not in linked]
        for item, finding in zip(items, self._verdicts(side, items), strict=True):
            self._count(_ids(item), [finding], linked=False)
        self._repair()

    def _verdicts(self, side: Side, items: list[Item]) -> list[Finding]:
        known = self.outlook.known(side, items, [item.record_id for item in items])
        if side == "ipaas":
            return [judge_ipaas_alone(known[item.record_id]) for item in items]
        older = self.outlook.is_older
        return [
            judge_salesforce_alone(self.sync.mapping, item, known[item.record_id], is_older=older(item))
            for item in items
        ]

    # Counting and repairing

    def _count(self, ids: Ids, findings: Sequence[Finding], *, linked: bool) -> None:
        self._due += [(ids, finding) for finding in self.report.add(ids, findings, linked=linked)]

    def _repair(self) -> None:
        """Make due what was found so far: a comparison that ends early has repaired what it has counted."""
        found, self._due = self._due, []
        if found:
            make_due(self.sync, found)


def _ids(item: Item) -> Ids:
    return (item.record_id, None) if item.side == "salesforce" else (None, item.record_id)
