"""What reconcile found, made due: the next run of the collection reads it and treats it like any other record."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_provider_ipaas.catalogue import NEXT_STEP

from .context import Sync
from .drift import Finding
from .drift_report import Ids
from .model import DIRECTIONS, Direction, Unresolved
from .parked import EXTERNAL_ID_MISSING

REASON = "drift"


def make_due(sync: Sync, found: Sequence[tuple[Ids, Finding]]) -> None:
    """Let what was found wait in the ledger as due; what waits already keeps its reason, and owes the external id too."""
    wanted: dict[tuple[Direction, str], Unresolved] = {}
    for ids, finding in found:
        for direction in finding.repair:
            _add(sync, wanted, direction, ids, REASON)
        if finding.owes_external_id:
            row = _add(sync, wanted, "to_ipaas", ids, EXTERNAL_ID_MISSING)
            row.details = {**row.details, EXTERNAL_ID_MISSING: True}
    with sync.ledger.transaction():
        for direction in DIRECTIONS:
            rows = {source_id: row for (of, source_id), row in wanted.items() if of == direction}
            waiting = sync.ledger.unresolved(sync.scope, sync.collection, direction, rows)
            for source_id, before in waiting.items():
                before.details = {**before.details, **rows[source_id].details}
                rows[source_id] = before
            sync.ledger.save_unresolved(list(rows.values()))


def _add(
    sync: Sync, wanted: dict[tuple[Direction, str], Unresolved], direction: Direction, ids: Ids, reason: str
) -> Unresolved:
    source_id, target_id = ids if direction == "to_ipaas" else ids[::-1]
    key = (direction, str(source_id))
    if key not in wanted:
        now = sync.clock()
        wanted[key] = Unresolved(
            sync.scope,
            sync.collection,
            direction,
            str(source_id),
            reason,
            target_id=target_id,
            message="Found by reconcile.",
            next_step=NEXT_STEP[reason],
            mapping_fingerprint=sync.mapping.fingerprint,
            first_at=now,
            last_at=now,
            next_at=now,
        )
    return wanted[key]
