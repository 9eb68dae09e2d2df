"""For whom the API makes a record: what its body says, else the claims of the run, and whether there was one already."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .config import mapping_of
from .fields import COLLECTION, KIND
from .ipaas import SYSTEM_ID
from .oracle import OTHER
from .ports import Record
from .salesforce import EXTERNAL_ID, ORG_ID

if TYPE_CHECKING:
    from .world import World

SCOPE = f"{ORG_ID}/{SYSTEM_ID}"


class Makers:
    """Makes what the ports create records through."""

    def __init__(self, world: World) -> None:
        self.world = world

    def of_run(self, run_key: str) -> Callable[..., Any]:
        """Return what ports create records through: it finds out for whom, and tells the oracle."""

        def make(side: str, kind: str, body: Record, work: Callable[[], Any], source: str | None = None) -> Any:
            of = COLLECTION[kind]
            self.world.oracle.creating = source = source or self._source(side, of, body, run_key)
            result = work()
            self.world.oracle.creating = None
            made = result["id"] if side == "ipaas" else result.id if result.created else None
            if made is not None:
                found = lambda i: self.world.alive_in(side, of, i) and not self._is_beyond_search(side, of, i, source)  # noqa: E731
                self.world.oracle.made(side, of, made, source, alive=found)
            return result

        return make

    def _source(self, side: str, collection: str, body: Record, run_key: str) -> str | None:
        """Find for whom a record is made: its body says so, or the claims of the run do."""
        if side == "salesforce" and body.get(EXTERNAL_ID):
            return str(body[EXTERNAL_ID])
        if side == "ipaas" and body.get("external_ids"):
            return str(body["external_ids"][0]["external_id"])
        mapping = mapping_of(collection, self.world.config.policy)
        direction = "to_salesforce" if side == "salesforce" else "to_ipaas"
        found = []
        for claim in self.world.ledger.open_claims(SCOPE, collection, direction):
            if claim.run_key != run_key:
                continue
            if side == "salesforce":
                sent = {n: v for n, v in mapping.salesforce_body(claim.sent).items() if v is not None}
                same = sent == {n: v for n, v in body.items() if n != "AccountId"}
            else:
                same = _plain(mapping.ipaas_create_body(claim.sent).record) == _plain(body)
            if same:
                found.append(claim.source_id)
        fresh = [source for source in found if (side, collection, source) not in self.world.oracle.created]
        return next(iter(fresh or found), None)

    def _is_beyond_search(self, side: str, collection: str, record_id: str, source: str | None) -> bool:
        """Tell what a lost create has made and nobody can find as such any more.

        In iPaaS.com the contract's search goes by external id, then by e-mail or name: somebody has changed that. In
        either service another record was merged into it, and it is that one's partner's now. In Salesforce without the
        external-id field our user does not see it any more.
        """
        key = "name" if collection == "account" else "email"
        place = (side, collection, record_id)
        if self.world.oracle.linked(place) not in (None, source):
            return True
        if side == "salesforce" and not self.world.config.external_id_field and record_id in self.world.org.hidden:
            return True
        past = self.world.oracle.past
        # A lost ledger takes along what only it knew: an external id that was not stored yet, and what was sent.
        renamed = (place, key) in past and (side == "ipaas" or self.world.restored)
        renamed = renamed or (self.world.restored and ((OTHER[side], collection, str(source)), key) in past)
        ipaas_id, salesforce_id = (record_id, source) if side == "ipaas" else (str(source), record_id)
        stored = self.world.company.external.get((KIND[collection], ipaas_id)) == salesforce_id
        stored = stored or (side == "salesforce" and self.world.config.external_id_field)
        return renamed and self.world.oracle.linked(place) is None and not stored


def _plain(body: Record) -> Record:
    """Return the plain fields that were mapped; a placeholder says nothing."""
    return {n: v for n, v in body.items() if isinstance(v, str) and n != "first_name"}
