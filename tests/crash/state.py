"""What stands in both services and in the ledger, told by names: ids and stamps may differ from one course to another."""

from __future__ import annotations

from typing import Any

from airflow_provider_ipaas.sync.model import DIRECTIONS
from tests.behaviour import world
from tests.crash.ground import Ground
from tests.support.rig import SYSTEM_ID, Rig

KINDS = {"account": ("Account", "company"), "contact": ("Contact", "customer")}
# Who wrote it when, and what Salesforce makes of that.
_STAMPS = {
    "Id", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "OwnerId",
    "LastViewedDate", "LastReferencedDate", "LastActivityDate", "attributes", "iPaaS_Id__c",
}  # fmt: skip


def services(ground: Ground) -> dict[str, Any]:
    """Return everything in both services as it is, stamps included: equal twice, nothing was written in between."""
    store = ground.sandbox.ipaas
    return {
        "salesforce": {name: ground.sandbox.salesforce.rows(name) for name in ("Account", "Contact")},
        "ipaas": {
            kind: [
                {**world.raw(record, store), "active": record.active, "updated": record.updated, "of": record.number}
                for record in table
            ]
            for kind, table in store.tables.items()
        },
        "external_ids": [(link.table, link.internal, link.external_id) for link in store.links],
        "relationships": {key: list(rows) for key, rows in store.relationships.items()},
    }


def told(ground: Ground) -> dict[str, Any]:
    """Return what a person sees in both services and in the ledger, each record once per time it is there."""
    names = _names(ground.rig)
    return {**_told_salesforce(ground, names), **_told_ipaas(ground, names), **_told_ledger(ground.rig, names)}


def _names(rig: Rig) -> dict[str, str]:
    """Return the names of all records by id."""
    names = {
        row["Id"]: f"{row.get('Name') or row.get('LastName')}"
        for sobject in ("Account", "Contact")
        for row in rig.sandbox.salesforce.rows(sobject)
    }
    for kind, table in rig.sandbox.ipaas.tables.items():
        names |= {f"{kind} {r.number}": str(r.values.get("name") or r.values.get("last_name")) for r in table}
    return names


def _told_salesforce(ground: Ground, names: dict[str, str]) -> dict[str, Any]:
    found = {}
    for collection, (sobject, kind) in KINDS.items():
        rows = ground.sandbox.salesforce.rows(sobject)
        found[f"salesforce {collection}"] = _sorted(
            {
                **{key: value for key, value in row.items() if key not in _STAMPS},
                "AccountId": names.get(str(row.get("AccountId"))),
                "MasterRecordId": names.get(str(row.get("MasterRecordId"))),
                "carries": names.get(f"{kind} {row.get('iPaaS_Id__c')}"),
            }
            for row in rows
        )
    return found


def _told_ipaas(ground: Ground, names: dict[str, str]) -> dict[str, Any]:
    store = ground.sandbox.ipaas
    found: dict[str, Any] = {}
    for kind, table in store.tables.items():
        found[f"ipaas {kind}"] = _sorted(
            {
                **{key: _known(names, value) for key, value in record.values.items()},
                "addresses": _sorted({k: v for k, v in a.items() if k != "id"} for a in record.addresses),
                "active": record.active,
                "carries": names.get(link.external_id, link.external_id)
                if (link := store.links.by_internal(kind, int(SYSTEM_ID), record.number))
                else None,
            }
            for record in table
        )
    found["relationships"] = _sorted(
        (names.get(f"customer {number}"), names.get(f"company {row.related_to_id}"))
        for number, rows in store.relationships.items()
        for row in rows
    )
    return found


def _told_ledger(rig: Rig, names: dict[str, str]) -> dict[str, Any]:
    scope = world.scope(rig)
    links, waiting, claims = [], [], []
    for collection, (sobject, kind) in KINDS.items():
        ids = [row["Id"] for row in rig.sandbox.salesforce.rows(sobject)]
        numbers = [str(record.number) for record in rig.sandbox.ipaas.tables[kind]]
        for link in rig.ledger.links(scope, collection, "salesforce", ids).values():  # type: ignore[arg-type]
            showings = [
                {k: _known(names, v) for k, v in (s or {}).items()}
                for s in (link.salesforce_showing, link.ipaas_showing)
            ]
            links.append((names[link.salesforce_id], names.get(f"{kind} {link.ipaas_id}"), link.state, *showings))
        for direction in DIRECTIONS:
            sources = ids if direction == "to_ipaas" else numbers
            for row in rig.ledger.unresolved(scope, collection, direction, sources).values():  # type: ignore[arg-type]
                name = names[row.source_id if direction == "to_ipaas" else f"{kind} {row.source_id}"]
                waiting.append((direction, name, row.reason, row.code, sorted(row.details)))
            for claim in rig.ledger.open_claims(scope, collection, direction):  # type: ignore[arg-type]
                claims.append((direction, claim.source_id, claim.state))
    return {"links": _sorted(links), "waiting": _sorted(waiting), "claims": _sorted(claims)}


def _known(names: dict[str, str], value: Any) -> Any:
    return f"id of {names[value]}" if isinstance(value, str) and value in names else value


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=repr)
