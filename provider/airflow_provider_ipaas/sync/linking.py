"""Links with their external ids: identity is stored in iPaaS.com before the ledger remembers it."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_provider_ipaas.errors import AuthenticationError, ServiceError

from .applying import Settler, Written, linked, refused
from .canary import CanarySurprise, canary_due, canary_passed
from .context import Sync
from .fates import pay_external_ids
from .first_contact import awaiting
from .model import Item, Link
from .rebuild import WRITES_BEGAN
from .shares import PAGE, WHOLE, Share


class LinkWriter:
    """Makes the links that a run planned, and the relationships that go with them."""

    def __init__(self, sync: Sync, settler: Settler) -> None:
        self.sync = sync
        self.settler = settler
        self._awaiting = awaiting(sync)

    def write(self, share: Share, size: int) -> None:
        """Store the Salesforce id in iPaaS.com, then link: a crash between the two is mended by the external id."""
        sync = self.sync
        for batch in share.batches(self._left(size if share == WHOLE else PAGE), size):
            sync.ledger.set_fact(sync.scope, f"{WRITES_BEGAN}:{sync.collection}", True)
            free = self._free(batch)
            if free and canary_due(sync, "ipaas", "external_id"):
                self._link_canary(free[0])
            for item, answer in sync.ipaas.parallel(self._store_external_id, free):
                self._link_made(item, answer)

    def any_left(self) -> bool:
        """Tell whether a planned link is not made yet."""
        return next(self._left(1), None) is not None

    def _left(self, size: int) -> Iterator[list[Item]]:
        sync = self.sync
        return sync.ledger.items(
            sync.run.run_key, collection=sync.collection, side="salesforce", linking=True, batch=size
        )

    def _free(self, batch: list[Item]) -> list[Item]:
        """Leave out pairs of which another run has linked one since the plan: that external id is not ours to replace."""
        sync = self.sync
        ours = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in batch])
        theirs = sync.ledger.links(sync.scope, sync.collection, "ipaas", [str(item.link_to) for item in batch])
        taken = [
            item
            for item in batch
            if (item.record_id in ours and ours[item.record_id].ipaas_id != item.link_to)
            or (item.link_to in theirs and theirs[str(item.link_to)].salesforce_id != item.record_id)
        ]
        for item in taken:
            item.link_to = None
        sync.ledger.save_items(sync.run.run_key, taken)
        text = "Another run has linked one of the two records since the plan."
        planned = [Written(item, "superseded", text=text) for item in taken if item.state == "planned"]
        if planned:
            self.settler.settle(planned)
        return [item for item in batch if item.link_to is not None]

    def _store_external_id(self, item: Item) -> None:
        if item.link_to is not None:
            self.sync.ipaas.set_external_id(self.sync.kind, item.link_to, item.record_id)
            if not self._awaiting:
                self.relate(item, item.link_to)

    def _link_canary(self, item: Item) -> None:
        """The first external id is read back: a wrong table name answers like a record without a link."""
        sync = self.sync
        if item.link_to is None:
            return
        try:
            self._store_external_id(item)
        except ServiceError as error:
            self._link_made(item, error)
            return
        if self.check_external_id(item.link_to, item.record_id):
            canary_passed(sync, "ipaas", "external_id")

    def check_external_id(self, ipaas_id: str, salesforce_id: str) -> bool:
        """Tell whether an external id just stored can be looked up; False where its record has gone meanwhile.

        Raises CanarySurprise when it cannot.
        """
        found = self.sync.ipaas.external_id_of(self.sync.kind, ipaas_id)
        if found is None and self.sync.ipaas.get(self.sync.kind, ipaas_id) is None:
            return False  # the link of a deleted record counts as none: this proves nothing
        if found != salesforce_id:
            raise CanarySurprise(
                f"canary: the external id stored for {self.sync.kind} {ipaas_id} cannot be looked up again "
                f"(found {found or 'none'}). The run stopped.",
                next_step=(
                    f"Correct table_names.{self.sync.kind} in the connection's api_profile (a wrong table name answers "
                    "like an unlinked record), and system_id of the connection."
                ),
            )
        return True

    def _link_made(self, item: Item, answer: object) -> None:
        sync = self.sync
        if isinstance(answer, AuthenticationError):
            raise answer  # no refusal of this pair: it is linked by the next run
        if isinstance(answer, ServiceError) and not answer.transient and answer.code:
            item.link_to = None
            if item.state == "planned":
                self.settler.settle([refused(item, answer)])
            sync.ledger.save_items(sync.run.run_key, [item])
            return
        if isinstance(answer, Exception):
            raise answer
        settled = (item.payload or {}).get("settled", {})
        with sync.ledger.transaction():
            existing = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id])
            if item.record_id not in existing and item.link_to is not None:
                link = Link(
                    sync.scope,
                    sync.collection,
                    item.record_id,
                    item.link_to,
                    settled.get("salesforce"),
                    settled.get("ipaas"),
                    settled_at=sync.clock(),
                    settled_by=sync.run.run_key,
                )
                sync.ledger.add_link(link)
            elif item.record_id in existing:
                pay_external_ids(sync, [item.record_id])
            item.link_to = None
            sync.ledger.save_items(sync.run.run_key, [item])

    def finish(self, items: list[Item]) -> None:
        """A match without a write is in step once its link stands."""
        sync = self.sync
        links = sync.ledger.links(sync.scope, sync.collection, "salesforce", [item.record_id for item in items])
        results = []
        for item in items:
            made = item.record_id in links and links[item.record_id].ipaas_id == item.target_id
            results.append(linked(item, made=made))
        if results:
            self.settler.settle(results)

    def relate(self, item: Item, customer_id: str) -> tuple[str, ...]:
        """Relate the Customer to its Company where the profile has relationships; one that is there is kept."""
        sync = self.sync
        account_id = (item.record or {}).get("AccountId")
        if sync.collection != "contact" or not account_id:
            return ()
        if not sync.settings.relationships:
            return ("relationship_off",) if item.op in ("create", "resolve_create") else ()
        company = sync.ledger.links(sync.scope, "account", "salesforce", [account_id]).get(account_id)
        if company is None:
            return ()
        present = {str(entry.get("related_to_id")) for entry in sync.ipaas.relationships(customer_id)}
        if company.ipaas_id not in present:
            sync.ipaas.relate(customer_id, company.ipaas_id)
        return ()


def store_external_ids(sync: Sync, done: list[tuple[Item, str]]) -> None:
    """Store the ids of records just created in Salesforce; what could not be stored stays owed and is raised."""

    def store(pair: tuple[Item, str]) -> None:
        sync.ipaas.set_external_id(sync.kind, pair[0].record_id, pair[1])

    stored: list[str] = []
    stop: Exception | None = None
    for pair, answer in sync.ipaas.parallel(store, done):
        if isinstance(answer, ServiceError) and not answer.transient and not isinstance(answer, AuthenticationError):
            sync.log.warning(
                "The external id of iPaaS.com %s could not be stored (%s); its link is in the ledger only.",
                pair[0].record_id,
                answer.code or answer.message,
            )
            stored.append(pair[1])
        elif isinstance(answer, Exception):
            stop = stop or answer
        else:
            stored.append(pair[1])
    pay_external_ids(sync, stored)
    _remember_external_ids(sync, done, set(stored))
    if stop is not None:
        raise stop


def _remember_external_ids(sync: Sync, done: list[tuple[Item, str]], stored: set[str]) -> None:
    seen = sync.ledger.seen(sync.scope, sync.collection, "ipaas", [item.record_id for item, _ in done])
    for item, record_id in done:
        if record_id in stored and item.record_id in seen:
            seen[item.record_id].external_id = record_id
    sync.ledger.save_seen(sync.scope, sync.collection, "ipaas", list(seen.values()))
