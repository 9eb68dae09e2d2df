"""The look-ups behind matching: what the run captured and the ledger has seen, turned into candidates."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_provider_ipaas.mapping import CollectionMapping

from .context import Sync
from .match import Candidates, Match, confirm, match_by_email, match_by_external_id, match_by_name
from .model import OTHER, Item, Seen, Side


def ineligible(mapping: CollectionMapping, item: Item) -> str | None:
    """Return why a record is not taken over to the other side, None when it is."""
    record = item.record or {}
    if item.side == "salesforce" and record.get("IsPersonAccount"):
        return "person_account"
    held = mapping.judge(item.side, record) if record else None
    if held is not None and held.kind == "filtered":
        return "filtered"
    if item.side != "salesforce" or item.collection != "contact":
        return None
    if not record.get("AccountId"):
        return "contact_without_account"
    return None if item.email_key else "contact_without_email"


class MatchIndex:
    """Verdicts on the unlinked records of one batch, each link confirmed from the other side."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self._there: dict[str, Item] = {}
        self._verdicts: dict[str, Match] = {}

    def load(self, side: Side, items: list[Item]) -> None:
        """Find the verdicts on the unlinked *items* of one side, with a handful of queries."""
        self._there, self._verdicts = {}, {}
        items = [item for item in items if item.record is not None and not item.missing]
        if not items:
            return
        view = _View(self.sync, side, items)
        self._there = view.there
        self._verdicts = {
            item.record_id: view.match(item, eligible=ineligible(self.sync.mapping, item) is None) for item in items
        }
        named = {verdict.ids[0]: None for verdict in self._verdicts.values() if verdict.verdict == "link"}
        opposite = [view.there[record_id] for record_id in named if record_id in view.there]
        if not opposite:
            return
        back = _View(self.sync, OTHER[side], opposite)
        returned = {item.record_id: back.match(item, eligible=True) for item in opposite}
        for record_id, verdict in self._verdicts.items():
            if verdict.verdict == "link" and verdict.ids[0] in returned:
                self._verdicts[record_id] = confirm(record_id, verdict, returned[verdict.ids[0]])

    def match(self, item: Item) -> Match:
        """Return the verdict on an unlinked record."""
        return self._verdicts.get(item.record_id, Match("none"))

    def opposite(self, record_id: str) -> Item | None:
        """Return the captured record that a verdict names."""
        return self._there.get(record_id)


class _View:
    """What is known of the records that could be the same as those of one batch, seen from their side."""

    def __init__(self, sync: Sync, side: Side, items: list[Item]) -> None:
        self.sync = sync
        self.side: Side = side
        self.other: Side = OTHER[side]
        self.there: dict[str, Item] = {}
        self._linked: set[str] = set()
        self._same: dict[str, set[str]] = {}
        self._found: dict[str, dict[str, list[str]]] = {}
        keys = ("email_key",) if sync.collection == "contact" else ("name_key", "number_key")
        if sync.collection == "contact":
            self._load_same_side(items)
        for key in keys:
            self._load(key, [value for item in items if (value := getattr(item, key))])
        self._load("external_id", [item.record_id for item in items])
        self._load_named({item.external_id for item in items if item.external_id})

    def _load_same_side(self, items: list[Item]) -> None:
        """Who else of this side has the same e-mail; those that would be skipped don't count."""
        emails = [item.email_key for item in items if item.email_key]
        rows, known = self._rows(self.side, "email_key", emails)
        linked = self._links(self.side, {i for group in (*rows.values(), *known.values()) for i in group})
        for email in {*rows, *known}:
            eligible = {i for i, item in rows.get(email, {}).items() if ineligible(self.sync.mapping, item) is None}
            self._same[email] = (eligible | known.get(email, set())) - linked

    def _load(self, key: str, values: list[str]) -> None:
        """Load the records opposite that have one of these values."""
        rows, known = self._rows(self.other, key, values)
        for found in rows.values():
            self.there |= found
        self._found[key] = {value: [*rows.get(value, {}), *known.get(value, ())] for value in {*rows, *known}}
        self._linked |= self._links(self.other, {i for ids in self._found[key].values() for i in ids})

    def _load_named(self, ids: set[str]) -> None:
        """Load the records opposite that this batch's records carry the ids of."""
        stored = self.sync.ledger.items_by_id(self.sync.run.run_key, self.sync.collection, self.other, ids)
        self.there |= {i: item for i, item in stored.items() if item.record is not None and not item.missing}
        self._linked |= self._links(self.other, ids)

    def _rows(self, side: Side, key: str, values: list[str]) -> tuple[dict[str, dict[str, Item]], dict[str, set[str]]]:
        """Return captured records by value, and the ids of further ones that the ledger has seen (iPaaS.com only)."""
        sync = self.sync
        captured = sync.ledger.items_by_key(sync.run.run_key, sync.collection, side, key, values)  # type: ignore[arg-type]
        rows = {
            value: {item.record_id: item for item in items if item.record is not None and not item.missing}
            for value, items in captured.items()
        }
        if side != "ipaas":
            return rows, {}
        seen: dict[str, list[Seen]] = sync.ledger.seen_by(sync.scope, sync.collection, "ipaas", key, values)  # type: ignore[arg-type]
        ids = {row.record_id for group in seen.values() for row in group}
        # What this run captured speaks for itself: it may be gone, or have another e-mail by now.
        stored = sync.ledger.items_by_id(sync.run.run_key, sync.collection, side, ids)
        overruled = {i for i, item in stored.items() if item.missing or item.record is not None}
        return rows, {value: {row.record_id for row in group} - overruled for value, group in seen.items()}

    def _links(self, side: Side, ids: Iterable[str]) -> set[str]:
        return set(self.sync.ledger.links(self.sync.scope, self.sync.collection, side, ids))

    def match(self, item: Item, *, eligible: bool) -> Match:
        """Return the verdict on an unlinked record, as far as its own side can tell."""
        carriers = self._found["external_id"].get(item.record_id, ())
        by_id = match_by_external_id(
            Candidates(
                # An external id that names a record which is not there decides nothing.
                carried=item.external_id if item.external_id in self.there else None,
                carriers=tuple(dict.fromkeys(carriers)),
                linked=frozenset(self._linked),
            )
        )
        if by_id is not None or not eligible:
            return by_id or Match("none")
        if self.sync.collection == "account":
            alike = [i for key in ("name_key", "number_key") for i in self._alike(key, item)]
            return match_by_name(Candidates(alike=self._free(alike)))
        if item.email_key is None:
            return Match("none")
        alike = self._alike("email_key", item)
        return match_by_email(
            Candidates(
                alike_here=tuple(sorted(self._same.get(item.email_key, set()) - {item.record_id})),
                alike=self._free(alike),
                elsewhere=tuple(dict.fromkeys(record_id for record_id in alike if record_id in self._linked)),
            )
        )

    def _alike(self, key: str, item: Item) -> list[str]:
        value = getattr(item, key)
        return self._found[key].get(value, []) if value else []

    def _free(self, ids: list[str]) -> tuple[str, ...]:
        """Return the unlinked ones; of Contacts those that would be skipped count only where there is no other."""
        reasons = {
            i: ineligible(self.sync.mapping, self.there[i]) if i in self.there else None
            for i in ids
            if i not in self._linked
        }
        eligible = tuple(i for i, reason in reasons.items() if reason is None)
        return eligible or tuple(i for i, reason in reasons.items() if reason != "person_account")
