"""The ledger in dictionaries: what `SqlLedger` answers, a hundred times as fast. A test holds the two together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from operator import attrgetter
from typing import Any

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.sync.model import Claim, Item, JournalEntry, Link, Matches, Run, Seen, Tally, Unresolved

from .matching import matching

_RANK = {"seen": 0, "parent": 1, "counterpart": 2, "candidate": 3}


def _cloner(kind: type[Any]) -> Callable[[Any], Any]:
    """Return a copier of a dataclass; what its fields hold is shared, as nobody changes that in place."""
    values = attrgetter(*(field.name for field in fields(kind)))
    return lambda row: kind(*values(row))


_CLONE: dict[type[Any], Callable[[Any], Any]] = {kind: _cloner(kind) for kind in (Claim, Item, Run, Seen, Unresolved)}
_clone_claim, _clone_item, _clone_run = _CLONE[Claim], _CLONE[Item], _CLONE[Run]
_clone_seen, _clone_unresolved = _CLONE[Seen], _CLONE[Unresolved]
_plain_link = _cloner(Link)


def _clone_link(link: Link) -> Link:
    copy: Link = _plain_link(link)
    copy.flips = dict(link.flips)  # the one field that is changed in place
    return copy


Table = dict[Any, Any]


class MemoryLedger:
    """Implements `LedgerPort` for one thread; `snapshot` and `restore` are what a backup does."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._depth = 0
        self._failed = False
        self._before: dict[int, tuple[Table, Table]] = {}
        self._tables: dict[Any, Table] = {}
        self._serial = 0
        self.on_watermark: Callable[[Any, datetime, str], None] = lambda key, value, run_key: None

    # Tables and transactions

    def _table(self, *key: Any) -> Table:
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = {}
        return table

    def _change(self, *key: Any) -> Table:
        """Return a table about to be changed; a transaction remembers what it was."""
        table = self._table(*key)
        if self._depth:
            if self._failed:
                raise LedgerError("This transaction of the ledger has failed already.")
            if id(table) not in self._before:
                self._before[id(table)] = (table, dict(table))
        return table

    @property
    def in_transaction(self) -> bool:
        return self._depth > 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        except BaseException:
            self._failed = True
            raise
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._end()

    def _end(self) -> None:
        failed, self._failed, before = self._failed, False, self._before
        self._before = {}
        if failed:
            for table, old in before.values():
                table.clear()
                table.update(old)

    def snapshot(self) -> dict[Any, Table]:
        """Return a copy of everything; rows are replaced when they change, so sharing them is safe."""
        return {key: dict(table) for key, table in self._tables.items()}

    def restore(self, copy: dict[Any, Table]) -> None:
        self._tables = {key: dict(table) for key, table in copy.items()}

    # Runs and facts

    def start_run(self, run: Run) -> Run:
        table = self._change("run")
        if run.run_key not in table:
            table[run.run_key] = replace(run, started_at=run.started_at or self._clock(), facts=dict(run.facts))
        return _clone_run(table[run.run_key])

    def run(self, run_key: str) -> Run | None:
        stored = self._table("run").get(run_key)
        return _clone_run(stored) if stored else None

    def update_run(self, run_key: str, **given: Any) -> Run:
        table = self._change("run")
        stored = table.get(run_key)
        if stored is None:
            raise LedgerError(f"The ledger knows no run {run_key}.")
        values = {name: value for name, value in given.items() if value is not None}
        if "facts" in values:
            values["facts"] = {**stored.facts, **values["facts"]}
        table[run_key] = replace(stored, **values)
        return _clone_run(table[run_key])

    def restart_run(self, run_key: str) -> Run:
        table = self._change("run")
        stored = table.get(run_key)
        if stored is None:
            raise LedgerError(f"The ledger knows no run {run_key}.")
        if stored.phase == "reported":
            table[run_key] = replace(stored, phase="started", facts={}, summary=None)
        return _clone_run(table[run_key])

    def pin(self, connection_id: str, identity: str) -> str:
        return str(self._change("pin").setdefault(connection_id, identity))

    def pinned(self, connection_id: str) -> str | None:
        return self._table("pin").get(connection_id)

    def watermark(self, scope: str, collection: str, side: str) -> datetime | None:
        return self._table("watermark").get((scope, collection, side))

    def set_watermark(self, scope: str, collection: str, side: str, value: datetime, run_key: str) -> None:
        table = self._change("watermark")
        old = table.get((scope, collection, side))
        if old is None or value > old:
            self.on_watermark((collection, side), value, run_key)
            table[scope, collection, side] = value

    def fact(self, scope: str, key: str) -> tuple[Any, datetime] | None:
        return self._table("fact").get((scope, key))

    def set_fact(self, scope: str, key: str, value: Any) -> None:
        self._change("fact")[scope, key] = (value, self._clock())

    def drop_fact(self, scope: str, key: str) -> None:
        self._change("fact").pop((scope, key), None)

    # Links

    def links(self, scope: str, collection: str, side: str, ids: Iterable[str]) -> dict[str, Link]:
        table = self._table("link", scope, collection)
        if side == "salesforce":
            return {i: _clone_link(table[i]) for i in dict.fromkeys(ids) if i in table}
        by_ipaas = {link.ipaas_id: link for link in table.values()}
        return {i: _clone_link(by_ipaas[i]) for i in dict.fromkeys(ids) if i in by_ipaas}

    def all_links(self, scope: str, collection: str) -> list[Link]:
        """Return every link, for the checks."""
        return list(self._table("link", scope, collection).values())

    def count_links(self, scope: str, collection: str, *, active: bool = False) -> int:
        links = self._table("link", scope, collection).values()
        return sum(not active or link.state == "active" for link in links)

    def walk_links(self, scope: str, collection: str, batch: int = 500) -> Iterator[list[Link]]:
        found = sorted(self._table("link", scope, collection).values(), key=lambda link: link.salesforce_id)
        for at in range(0, len(found), batch):
            yield [_clone_link(link) for link in found[at : at + batch]]

    def add_link(self, link: Link) -> Link | None:
        table = self._change("link", link.scope, link.collection)
        if link.salesforce_id in table or any(link.ipaas_id == other.ipaas_id for other in table.values()):
            return None
        self._serial += 1
        stored = _clone_link(link)
        stored.id = self._serial
        table[link.salesforce_id] = stored
        return _clone_link(stored)

    def save_link(self, link: Link) -> bool:
        table = self._change("link", link.scope, link.collection)
        stored = next((other for other in table.values() if other.id == link.id), None)
        if stored is None or stored.version != link.version:
            return False
        others = [other for other in table.values() if other.id != link.id]
        if any(link.salesforce_id == o.salesforce_id or link.ipaas_id == o.ipaas_id for o in others):
            return False
        renewed = _clone_link(link)
        renewed.version += 1
        del table[stored.salesforce_id]
        table[link.salesforce_id] = renewed
        return True

    def put_links(self, links: Sequence[Link]) -> set[str]:
        done = [link for link in links if (self.add_link(link) if link.id is None else self.save_link(link))]
        return {link.salesforce_id for link in done}

    # Last seen

    def seen(self, scope: str, collection: str, side: str, ids: Iterable[str]) -> dict[str, Seen]:
        table = self._table("seen", scope, collection, side)
        return {i: _clone_seen(table[i]) for i in dict.fromkeys(ids) if i in table}

    def seen_by(self, scope: str, collection: str, side: str, key: str, values: Iterable[str]) -> dict[str, list[Seen]]:
        return _by_key(self._table("seen", scope, collection, side), key, values, _clone_seen)

    def save_seen(self, scope: str, collection: str, side: str, rows: Sequence[Seen]) -> None:
        table = self._change("seen", scope, collection, side)
        for row in rows:
            kept = _clone_seen(row)
            if (before := table.get(row.record_id)) is not None:
                kept.row_hash = row.row_hash or before.row_hash
                kept.read_at = row.read_at or before.read_at
            table[row.record_id] = kept

    def forget_seen(self, scope: str, collection: str, side: str, ids: Iterable[str]) -> None:
        table = self._change("seen", scope, collection, side)
        for record_id in ids:
            table.pop(record_id, None)

    def any_external_id(self, scope: str, collection: str, side: str) -> bool:
        return any(row.external_id is not None for row in self._table("seen", scope, collection, side).values())

    # Items of a run

    def add_items(self, run_key: str, items: Sequence[Item]) -> None:
        if not items:
            return
        self._known(run_key)
        distinct: dict[tuple[str, str, str], Item] = {}
        for item in items:
            key = (item.collection, item.side, item.record_id)
            before = distinct.get(key)
            lower = before is not None and _RANK[before.role] < _RANK[item.role]
            distinct[key] = replace(item, role=before.role) if before is not None and lower else item
        for (collection, side, record_id), item in distinct.items():
            table = self._change("item", run_key, collection, side)
            stored = table.get(record_id)
            if stored is not None and stored.state != "captured":
                continue
            fresh = _clone_item(item)
            if stored is not None and _RANK[stored.role] < _RANK[item.role]:
                fresh.role = stored.role
            table[record_id] = fresh

    def items(
        self,
        run_key: str,
        *,
        collection: str,
        side: str,
        roles: Sequence[str] | None = None,
        state: str | None = None,
        linking: bool = False,
        outcomes: Sequence[str] | None = None,
        batch: int = 500,
    ) -> Iterator[list[Item]]:
        after: tuple[bool, str, str] | None = None
        while True:
            page = []
            for item in self._table("item", run_key, collection, side).values():
                if roles is not None and item.role not in roles:
                    continue
                if state is not None and item.state != state:
                    continue
                if (linking and item.link_to is None) or (outcomes is not None and item.outcome not in outcomes):
                    continue
                place = (item.stamp is not None, item.stamp or "", item.record_id)
                if after is None or place > after:
                    page.append((place, item))
            if not page:
                return
            page.sort(key=lambda pair: pair[0])
            after = page[:batch][-1][0]
            yield [_clone_item(item) for _, item in page[:batch]]

    def items_by_id(self, run_key: str, collection: str, side: str, ids: Iterable[str]) -> dict[str, Item]:
        table = self._table("item", run_key, collection, side)
        return {i: _clone_item(table[i]) for i in dict.fromkeys(ids) if i in table}

    def items_by_key(
        self, run_key: str, collection: str, side: str, key: str, values: Iterable[str]
    ) -> dict[str, list[Item]]:
        return _by_key(self._table("item", run_key, collection, side), key, values, _clone_item)

    def save_items(self, run_key: str, items: Sequence[Item]) -> None:
        for item in items:
            table = self._change("item", run_key, item.collection, item.side)
            if item.record_id in table:
                table[item.record_id] = _clone_item(item)

    def count_items(
        self,
        run_key: str,
        *,
        collection: str,
        side: str,
        op: str | None = None,
        state: str | None = None,
        roles: Sequence[str] | None = None,
    ) -> int:
        return sum(
            (op is None or item.op == op)
            and (state is None or item.state == state)
            and (roles is None or item.role in roles)
            for item in self._table("item", run_key, collection, side).values()
        )

    def matches(self, scope: str, collection: str, run_key: str | None, *, examples: int = 10) -> Matches:
        links = self._table("link", scope, collection).values()
        pairs = {(link.salesforce_id, link.ipaas_id) for link in links if link.state == "active"}
        seen = self._table("seen", scope, collection, "salesforce").values()
        here = [row for row in seen if not row.fate.startswith("skipped:")]
        if run_key is not None:
            captured = list(self._table("item", run_key, collection, "salesforce").values())
            pairs |= {(row.record_id, row.link_to) for row in captured if row.link_to}
            here = [row for row in captured if not row.missing and row.role == "seen" and row.outcome != "skipped"]
        there = self._table("seen", scope, collection, "ipaas").values()
        there = [row for row in there if row.fate != "skipped:source_deleted"]
        return matching(collection, pairs, here, there, examples)

    def tally(self, run_key: str, collection: str, side: str, role: str) -> Tally:
        result = Tally()
        outcomes: Counter[str] = Counter()
        warnings: Counter[str] = Counter()
        reasons: dict[str, Counter[str]] = {"skipped": Counter(), "parked": Counter()}
        for item in self._table("item", run_key, collection, side).values():
            if item.role != role:
                continue
            result.conflicts_resolved += item.conflicts_resolved
            result.conflicts_parked += item.conflicts_parked
            warnings.update(item.warnings)
            if item.outcome is None:
                result.undecided += 1
                continue
            outcomes[item.outcome] += 1
            if item.outcome in reasons and item.reason is not None:
                reasons[item.outcome][item.reason] += 1
        result.outcomes, result.warnings = dict(outcomes), dict(warnings)
        result.skipped_by_reason, result.parked_by_reason = dict(reasons["skipped"]), dict(reasons["parked"])
        return result

    def drop_items(self, run_key: str) -> None:
        for key in [key for key in self._tables if key[:2] == ("item", run_key)]:
            self._change(*key).clear()

    # Waiting records

    def unresolved(self, scope: str, collection: str, direction: str, ids: Iterable[str]) -> dict[str, Unresolved]:
        table = self._table("unresolved", scope, collection, direction)
        return {i: _clone_unresolved(table[i]) for i in dict.fromkeys(ids) if i in table}

    def due(
        self,
        scope: str,
        collection: str,
        direction: str,
        now: datetime,
        batch: int = 500,
        *,
        mapping_fingerprint: str | None = None,
        reasons: Sequence[str] = (),
    ) -> Iterator[list[Unresolved]]:
        after: tuple[datetime, str] | None = None
        while True:
            page = []
            for row in self._table("unresolved", scope, collection, direction).values():
                changed = mapping_fingerprint is not None and row.mapping_fingerprint != mapping_fingerprint
                if not (row.next_at is None or row.next_at <= now or changed or row.reason in reasons):
                    continue
                place = (row.first_at, row.source_id)
                if after is None or place > after:
                    page.append((place, row))
            if not page:
                return
            page.sort(key=lambda pair: pair[0])
            after = page[:batch][-1][0]
            yield [_clone_unresolved(row) for _, row in page[:batch]]

    def save_unresolved(self, rows: Sequence[Unresolved]) -> None:
        for row in rows:
            table = self._change("unresolved", row.scope, row.collection, row.direction)
            stored = table.get(row.source_id)
            fresh = _clone_unresolved(row)
            fresh.first_at = stored.first_at if stored else row.first_at or row.last_at or self._clock()
            table[row.source_id] = fresh

    def all_unresolved(self, scope: str, collection: str, direction: str) -> list[Unresolved]:
        """Return everything that waits, for the checks."""
        return list(self._table("unresolved", scope, collection, direction).values())

    def clear_unresolved(self, scope: str, collection: str, direction: str, ids: Iterable[str]) -> None:
        table = self._change("unresolved", scope, collection, direction)
        for source_id in ids:
            table.pop(source_id, None)

    def oldest_unresolved(self, scope: str, collection: str, direction: str) -> datetime | None:
        table = self._table("unresolved", scope, collection, direction)
        return min((row.first_at for row in table.values()), default=None)

    # Claims and journal

    def claim(self, claims: Sequence[Claim]) -> set[str]:
        won = set()
        for claim in claims:
            table = self._change("claim", claim.scope, claim.collection, claim.direction)
            if claim.source_id not in table:
                table[claim.source_id] = _clone_claim(claim)
                won.add(claim.source_id)
        return won

    def claims(self, scope: str, collection: str, direction: str, ids: Iterable[str]) -> dict[str, Claim]:
        table = self._table("claim", scope, collection, direction)
        return {i: _clone_claim(table[i]) for i in dict.fromkeys(ids) if i in table}

    def open_claims(self, scope: str, collection: str, direction: str) -> list[Claim]:
        table = self._table("claim", scope, collection, direction)
        return [_clone_claim(table[i]) for i in sorted(table) if table[i].state != "done"]

    def take_claim(self, claim: Claim, run_key: str, now: datetime) -> bool:
        table = self._change("claim", claim.scope, claim.collection, claim.direction)
        stored = table.get(claim.source_id)
        if stored is None or (stored.run_key, stored.state) != (claim.run_key, claim.state):
            return False
        table[claim.source_id] = replace(stored, run_key=run_key, claimed_at=now)
        return True

    def save_claims(self, claims: Sequence[Claim]) -> None:
        for claim in claims:
            self._change("claim", claim.scope, claim.collection, claim.direction)[claim.source_id] = _clone_claim(claim)

    def drop_claims(self, scope: str, collection: str, direction: str, ids: Iterable[str]) -> None:
        table = self._change("claim", scope, collection, direction)
        for source_id in ids:
            table.pop(source_id, None)

    def journal(self, entries: Sequence[JournalEntry]) -> None:
        table = self._change("journal")
        for entry in entries:
            table[len(table)] = entry

    def prune(self, now: datetime) -> dict[str, int]:
        """Nothing that a simulation makes is old enough to go."""
        return {"journal": 0, "items": 0, "runs": 0}

    def _known(self, run_key: str) -> None:
        if run_key not in self._table("run"):
            raise LedgerError(f"The ledger knows no run {run_key}.")


def _by_key(table: Table, key: str, values: Iterable[str], clone: Callable[[Any], Any]) -> dict[str, list[Any]]:
    wanted = {value for value in values if value is not None}
    found: dict[str, list[Any]] = {}
    for record_id in sorted(table):
        value = getattr(table[record_id], key)
        if value in wanted:
            found.setdefault(value, []).append(clone(table[record_id]))
    return found
