"""Everything one run of one collection works with, handed from step to step."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal, TypeVar

from airflow_provider_ipaas.mapping import CollectionMapping

from .budget import CallBudget
from .ids import OBJECT
from .keys import content_hash, email_key, name_key, number_key
from .ledger_port import LedgerPort
from .mass_change import ChangeLimits
from .model import Collection, Item, Record, Role, Run
from .params import RunParams
from .ports import IPaaSPort, Kind, SalesforcePort
from .schedule import RetrySchedule

T = TypeVar("T")
BATCH = 500

KIND: dict[Collection, Kind] = {"account": "company", "contact": "customer"}


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """What connections and the API profile say, as far as the sync core needs it."""

    salesforce_conn_id: str
    ipaas_conn_id: str
    poll_days: int = 7
    external_id_field: str | None = "iPaaS_Id__c"
    system_id: str = ""
    profile_fingerprint: str = ""
    list_rows: str = "auto"
    external_ids_on_write: str = "auto"
    external_ids_on_read: str = "auto"
    relationships: bool = False
    limits: ChangeLimits = field(default_factory=ChangeLimits)
    first_contact: Literal["create", "link_only"] = "create"
    retries: RetrySchedule = field(default_factory=RetrySchedule)
    deep_check: timedelta = timedelta(hours=24)  # every record of iPaaS.com is read whole at least once in it
    budget: CallBudget = field(default_factory=CallBudget)
    bulk_threshold: int = 2000  # so many creates in Salesforce go as jobs of Bulk API 2.0; 0: never
    small_listing: int = 1000  # of collections with no more records each is read whole in every run


@dataclass(slots=True)
class Sync:
    """One run of one collection: ports, mapping, params and the ledger. Clients are made on first use."""

    collection: Collection
    run: Run
    params: RunParams
    settings: SyncSettings
    mapping: CollectionMapping
    ledger: LedgerPort
    connect_salesforce: Callable[[], SalesforcePort]
    connect_ipaas: Callable[[], IPaaSPort]
    log: logging.Logger
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    # Where the run is on Contacts, the Accounts they need are the same engine over another mapping.
    parent_mapping: CollectionMapping | None = None
    is_parent: bool = False
    _clients: dict[str, object] = field(default_factory=dict)
    _noted: set[str] = field(default_factory=set)

    @property
    def salesforce(self) -> SalesforcePort:
        client = self._clients.get("salesforce")
        if client is None:
            client = self._clients["salesforce"] = self.connect_salesforce()
        return client  # type: ignore[return-value]

    @property
    def ipaas(self) -> IPaaSPort:
        client = self._clients.get("ipaas")
        if client is None:
            client = self._clients["ipaas"] = self.connect_ipaas()
        return client  # type: ignore[return-value]

    def note_once(self, what: str) -> bool:
        """Tell whether this task has not said that yet, and remember that it has."""
        fresh = what not in self._noted
        self._noted.add(what)
        return fresh

    def calls(self) -> dict[str, int]:
        """Return the calls that this task sent so far, by service."""
        return {name: client.calls for name, client in self._clients.items()}  # type: ignore[attr-defined]

    @property
    def scope(self) -> str:
        return self.run.scope

    @property
    def sobject(self) -> str:
        return OBJECT[self.collection]

    @property
    def kind(self) -> Kind:
        return KIND[self.collection]

    @property
    def counted_roles(self) -> tuple[Role, ...]:
        return ("parent",) if self.is_parent else ("seen",)

    def for_parents(self) -> Sync:
        """Return the same run seen as a sync of Accounts to iPaaS.com, for the parents of its Contacts."""
        if self.parent_mapping is None:
            raise ValueError("this run has no parents")
        return replace(
            self,
            collection="account",
            mapping=self.parent_mapping,
            # A go for Contacts is none for Accounts.
            params=replace(self.params, direction="to_ipaas", confirm_first_contact=False),
            is_parent=True,
        )

    def salesforce_item(self, record: Record, role: Role, facts: set[str]) -> Item:
        """Make the item of a Salesforce row; *facts* are the object's fields, as describe names them."""
        showing = self.mapping.show_salesforce(record)
        external = record.get(self.settings.external_id_field) if self.settings.external_id_field in facts else None
        deleted = bool(record.get("IsDeleted"))
        return Item(
            collection=self.collection,
            side="salesforce",
            record_id=str(record["Id"]),
            role=role,
            stamp=record.get("SystemModstamp"),
            record={key: value for key, value in record.items() if key != "attributes"},
            missing=("merged" if record.get("MasterRecordId") else "deleted") if deleted else "",
            master_id=record.get("MasterRecordId"),
            content_hash=content_hash(showing),
            email_key=email_key(record.get("Email")) if self.collection == "contact" else None,
            name_key=name_key(record.get("Name")) if self.collection == "account" else None,
            number_key=number_key(record.get("AccountNumber")) if self.collection == "account" else None,
            external_id=str(external) if external else None,
            captured_at=self.clock(),
        )

    def ipaas_item(self, record: Record, role: Role, external_id: str | None) -> Item:
        """Make the item of a whole record of iPaaS.com; *external_id* is the Salesforce id it carries."""
        showing = self.mapping.show_ipaas(record)
        return Item(
            collection=self.collection,
            side="ipaas",
            record_id=str(record["id"]),
            role=role,
            stamp=ipaas_stamp(record),
            record=record,
            content_hash=content_hash(showing),
            email_key=email_key(record.get("email_address")) if self.collection == "contact" else None,
            name_key=name_key(record.get("name")) if self.collection == "account" else None,
            number_key=number_key(record.get("account_number")) if self.collection == "account" else None,
            external_id=external_id,
            captured_at=self.clock(),
        )


def ipaas_stamp(record: Record) -> str | None:
    """Return the change stamp of a record of iPaaS.com: updated, else created; companies have none."""
    value = record.get("updated_datetime") or record.get("created_datetime")
    return str(value) if value else None


def parse_stamp(value: str | None) -> datetime | None:
    """Read either service's stamp as aware UTC; None for none or an unreadable one."""
    if not value:
        return None
    try:
        stamp = datetime.fromisoformat(value)
        return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def batches(items: Iterable[T], size: int = BATCH) -> Iterator[list[T]]:
    """Cut a stream into lists of at most *size*."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
