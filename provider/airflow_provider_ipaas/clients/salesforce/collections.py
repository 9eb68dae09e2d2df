"""Read and write up to 200 (reads: 2,000) records in one call, with a fate per record, in order."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow_provider_ipaas.catalogue import Handling, about
from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce import soql
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE, readable, refusal_of
from airflow_provider_ipaas.clients.salesforce.query import plain
from airflow_provider_ipaas.clients.salesforce.wire import Call, NotAnAnswer, Wire, read_json
from airflow_provider_ipaas.errors import ServiceError, UnknownOutcome
from airflow_provider_ipaas.sync.ports import Record, WriteError, WriteResult

log = logging.getLogger(__name__)

MAX_WRITES = 200
MAX_READS = 2_000
_LOCK_ATTEMPTS = 3
_PLURALS = {"Account": "Accounts", "Contact": "Contacts"}


def retrieve(wire: Wire, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
    """Read rows by id, aligned with *ids*; None for one that is deleted or not visible."""
    _check_size(ids, MAX_READS)
    if not ids:
        return []
    wanted = [soql.id18(record_id) for record_id in ids]
    body = {"ids": wanted, "fields": list(dict.fromkeys(["Id", *fields]))}
    call = Call("POST", f"composite/sobjects/{soql.name(sobject)}", f"read {_plural(sobject)} by id", body=body)
    return wire.send(call, lambda answer: _read_rows(answer, wanted))


def _read_rows(answer: Answer, wanted: Sequence[str]) -> list[Record | None]:
    rows = read_json(answer)
    if not isinstance(rows, list) or len(rows) != len(wanted):
        raise NotAnAnswer("JSON that is no list of the records asked for")
    for row, record_id in zip(rows, wanted, strict=True):
        if row is not None and not (isinstance(row, dict) and soql.same_id(str(row.get("Id") or ""), record_id)):
            raise NotAnAnswer("a list of other records than those asked for")
    return [None if row is None else plain(row) for row in rows]


def create(wire: Wire, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
    """Create records; a lost answer raises UnknownOutcome."""
    bodies = [_with_type(sobject, record) for record in records]
    return _write(wire, Call("POST", "composite/sobjects", f"create {_plural(sobject)}", effect="create"), bodies)


def update(wire: Wire, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
    """Update records, each with its `Id`."""
    bodies = []
    for record in records:
        rest = {name: value for name, value in record.items() if name.lower() != "id"}
        bodies.append({**_with_type(sobject, rest), "id": soql.id18(_own_id(record))})
    return _write(wire, Call("PATCH", "composite/sobjects", f"update {_plural(sobject)}", effect="idempotent"), bodies)


def upsert(wire: Wire, sobject: str, external_id_field: str, records: Sequence[Record]) -> list[WriteResult]:
    """Upsert records by an external-id field that each of them carries."""
    field = soql.name(external_id_field)
    for record in records:
        if record.get(field) in (None, ""):
            raise ValueError(f"A record to upsert carries no {field}.")
    bodies = [_with_type(sobject, record) for record in records]
    call = Call(
        "PATCH", f"composite/sobjects/{soql.name(sobject)}/{field}", f"upsert {_plural(sobject)}", effect="idempotent"
    )
    return _write(wire, call, bodies)


def _own_id(record: Record) -> str:
    found = next((value for name, value in record.items() if name.lower() == "id"), None)
    if not isinstance(found, str):
        raise ValueError("A record to update carries no Id.")
    return found


def _with_type(sobject: str, record: Record) -> Record:
    return {"attributes": {"type": soql.name(sobject)}, **record}


def _plural(sobject: str) -> str:
    return _PLURALS.get(sobject, f"{sobject} records")


def _check_size(items: Sequence[Any], most: int) -> None:
    if len(items) > most:
        raise ValueError(f"At most {most:,} records fit into one call, not {len(items):,}.")


def _write(wire: Wire, call: Call, bodies: Sequence[Record]) -> list[WriteResult]:
    """Make the write; then send again, a few times and after a wait, only the records that met a lock.

    They go in smaller groups from attempt to attempt, two and then four, one after the other: a short call holds its own
    locks for less time, and one that waits for a lock keeps fewer records waiting. More groups would cost the org calls.
    """
    _check_size(bodies, MAX_WRITES)
    if not bodies:
        return []
    results = _send(wire, call, bodies)
    for attempt in range(1, _LOCK_ATTEMPTS):
        locked = [at for at, result in enumerate(results) if _is_locked(result)]
        if not locked:
            break
        size = -(-len(locked) // 2**attempt)
        groups = [locked[at : at + size] for at in range(0, len(locked), size)]
        log.info("%d records are locked; trying them again (attempt %d), %d at a time.", len(locked), attempt + 1, size)
        wire.sleep(wire.policy.backoff_s(attempt))
        if not _send_again(wire, call, bodies, groups, results):
            break
    return results


def _send_again(
    wire: Wire, call: Call, bodies: Sequence[Record], groups: Sequence[Sequence[int]], results: list[WriteResult]
) -> bool:
    """Send *groups* of positions again and put what is answered into *results*; False where a call failed."""
    for group in groups:
        try:
            again = _send(wire, call, [bodies[at] for at in group])
        except UnknownOutcome:
            if call.effect == "create":
                # Which of them exist now has to be found out: a refusal reported here might be none.
                raise
            return False
        except ServiceError as error:
            # The others are done, and the caller must hear of it; the locked ones stay refused.
            log.info("The locked records could not be tried again (%s).", error.code or type(error).__name__)
            return False
        for at, result in zip(group, again, strict=True):
            results[at] = replace(result, met_lock=True)
    return True


def _is_locked(result: WriteResult) -> bool:
    return any(map(_is_lock, result.errors))


def _is_lock(error: WriteError) -> bool:
    return about(SERVICE, error.code, error.message).handling is Handling.RETRY_RECORD


def _send(wire: Wire, call: Call, bodies: Sequence[Record]) -> list[WriteResult]:
    whole = Call(call.method, call.path, call.what, call.effect, body={"allOrNone": False, "records": list(bodies)})
    creates = call.effect == "create"
    return wire.send(whole, lambda answer: _read_results(answer, len(bodies), creates))


def _read_results(answer: Answer, expected: int, creates: bool) -> list[WriteResult]:
    items = read_json(answer)
    if not isinstance(items, list) or len(items) != expected:
        raise NotAnAnswer("JSON that is no list with a result for each record")
    return [_result(item, creates) for item in items]


def _result(item: Any, creates: bool) -> WriteResult:
    if not isinstance(item, Mapping) or not isinstance(item.get("success"), bool):
        raise NotAnAnswer("a list with an item that is no result")
    if not item["success"]:
        errors = [refusal_of(error) for error in item.get("errors") or () if isinstance(error, Mapping)]
        told = tuple(WriteError(error.code or "UNKNOWN", readable(error.message), error.fields) for error in errors)
        told = told or (WriteError("UNKNOWN", "Salesforce gave no reason."),)
        return WriteResult(None, False, errors=told, met_lock=any(map(_is_lock, told)))
    try:
        record_id = soql.id18(str(item.get("id")))
    except ValueError:
        raise NotAnAnswer("a result that says success but names no record") from None
    return WriteResult(record_id, True, created=creates or item.get("created") is True)
