"""The look-ups behind matching: what the run captured and the ledger has seen, turned into candidates."""

from __future__ import annotations

from collections import defaultdict

from .context import Sync
from .match import Candidates, Match, match_by_email, match_by_external_id, match_by_name
from .model import Item, Seen, Side


class MatchIndex:
    """Candidates for the unlinked records of one batch, loaded with a handful of queries."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self._here: dict[str, list[Item]] = {}
        self._alike: dict[str, list[str]] = {}
        self._carriers: dict[str, list[str]] = {}
        self._linked: dict[Side, set[str]] = {"salesforce": set(), "ipaas": set()}
        self._items: dict[tuple[Side, str], Item] = {}
        self._skip: dict[str, str] = {}

    def load(self, side: Side, items: list[Item]) -> None:
        """Load what the batch's unlinked records could be matched with."""
        self._here, self._alike, self._carriers = defaultdict(list), defaultdict(list), defaultdict(list)
        self._items, self._linked = {}, {"salesforce": set(), "ipaas": set()}
        if not items:
            return
        other: Side = "ipaas" if side == "salesforce" else "salesforce"
        ids = [item.record_id for item in items]
        self._load_same_side(side, items)
        self._load_opposite(other, items, ids)
        opposite = {i for group in (*self._alike.values(), *self._carriers.values()) for i in group}
        opposite |= {item.external_id for item in items if item.external_id}
        stored = self.sync.ledger.items_by_id(self.sync.run.run_key, self.sync.collection, other, opposite)
        self._items |= {(other, record_id): item for record_id, item in stored.items()}
        self._linked[other] |= set(self.sync.ledger.links(self.sync.scope, self.sync.collection, other, opposite))

    def _load_same_side(self, side: Side, items: list[Item]) -> None:
        """Who else of this side has the same e-mail (Contacts and Customers only)."""
        emails = [item.email_key for item in items if item.email_key]
        if not emails:
            return
        ids: dict[str, set[str]] = defaultdict(set)
        found = self.sync.ledger.items_by_key(self.sync.run.run_key, self.sync.collection, side, "email_key", emails)
        for email, rows in found.items():
            for row in rows:
                if row.record is not None and not row.missing and self.ineligible(row) is None:
                    ids[email].add(row.record_id)
        if side == "ipaas":
            for email, seen in self._seen_by("email_key", emails).items():
                ids[email] |= {row.record_id for row in seen}
        everyone = {record_id for group in ids.values() for record_id in group}
        linked = set(self.sync.ledger.links(self.sync.scope, self.sync.collection, side, everyone))
        self._linked[side] |= linked
        self._same = {email: group - linked for email, group in ids.items()}

    def _load_opposite(self, other: Side, items: list[Item], ids: list[str]) -> None:
        keys = ("email_key",) if self.sync.collection == "contact" else ("name_key", "number_key")
        for key in (*keys, "external_id"):
            values = ids if key == "external_id" else [value for item in items if (value := getattr(item, key))]
            target = self._carriers if key == "external_id" else self._alike
            for value, rows in self.sync.ledger.items_by_key(
                self.sync.run.run_key,
                self.sync.collection,
                other,
                key,
                values,
            ).items():
                alive = [row for row in rows if row.record is not None and not row.missing]
                for row in alive:
                    self._items[(other, row.record_id)] = row
                target[self._name(key, value)] += [row.record_id for row in alive]
            if other == "ipaas":
                for value, seen in self._seen_by(key, values).items():
                    target[self._name(key, value)] += [row.record_id for row in seen]

    @staticmethod
    def _name(key: str, value: str) -> str:
        return value if key in ("email_key", "external_id") else f"{key}:{value}"

    def _seen_by(self, key: str, values: list[str]) -> dict[str, list[Seen]]:
        return self.sync.ledger.seen_by(self.sync.scope, self.sync.collection, "ipaas", key, values)  # type: ignore[arg-type]

    def item(self, side: Side, record_id: str) -> Item | None:
        """Return the captured record opposite of *side*."""
        return self._items.get(("ipaas" if side == "salesforce" else "salesforce", record_id))

    def ineligible(self, item: Item) -> str | None:
        """Return why a Salesforce record is not taken over, None when it is (or comes from iPaaS.com)."""
        record = item.record or {}
        if item.side != "salesforce":
            return None
        if record.get("IsPersonAccount"):
            return "person_account"
        if item.collection != "contact":
            return None
        if not record.get("AccountId"):
            return "contact_without_account"
        return None if item.email_key else "contact_without_email"

    def match(self, item: Item, *, eligible: bool) -> Match:
        """Return the verdict on an unlinked record."""
        other: Side = "ipaas" if item.side == "salesforce" else "salesforce"
        linked = self._linked[other]
        by_id = match_by_external_id(
            Candidates(
                carried=item.external_id if item.external_id and self._exists(other, item.external_id) else None,
                carriers=tuple(dict.fromkeys(self._carriers.get(item.record_id, ()))),
                linked=frozenset(linked),
            )
        )
        if by_id is not None or not eligible:
            return by_id or Match("none")
        if self.sync.collection == "account":
            alike = [
                *self._alike.get(f"name_key:{item.name_key}", ()),
                *self._alike.get(f"number_key:{item.number_key}", ()),
            ]
            return match_by_name(Candidates(alike=self._free(other, alike)))
        if item.email_key is None:
            return Match("none")
        alike = self._alike.get(item.email_key, [])
        same = getattr(self, "_same", {}).get(item.email_key, set())
        return match_by_email(
            Candidates(
                alike_here=tuple(sorted(same - {item.record_id})),
                alike=self._free(other, alike),
                elsewhere=tuple(dict.fromkeys(record_id for record_id in alike if record_id in linked)),
            )
        )

    def _exists(self, side: Side, record_id: str) -> bool:
        """An external id that names a record which is not there decides nothing."""
        item = self._items.get((side, record_id))
        return item is not None and item.record is not None and not item.missing

    def _free(self, side: Side, ids: list[str]) -> tuple[str, ...]:
        """Return the unlinked ones; of Contacts those that would be skipped count only where there is no other."""
        free = list(dict.fromkeys(record_id for record_id in ids if record_id not in self._linked[side]))
        eligible = [i for i in free if (found := self._items.get((side, i))) is None or self.ineligible(found) is None]
        return tuple(eligible or [i for i in free if not self._is_person(side, i)])

    def _is_person(self, side: Side, record_id: str) -> bool:
        item = self._items.get((side, record_id))
        return item is not None and self.ineligible(item) == "person_account"
