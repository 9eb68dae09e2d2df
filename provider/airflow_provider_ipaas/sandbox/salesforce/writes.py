"""Apply one record's write the way the platform does: check everything, then change, then run the flows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.sandbox.faults import Refusal
from airflow_provider_ipaas.sandbox.salesforce.duplicates import check_duplicate_rule
from airflow_provider_ipaas.sandbox.salesforce.errors import (
    SalesforceError,
    entity_is_deleted,
    no_such_column,
    unable_to_lock,
)
from airflow_provider_ipaas.sandbox.salesforce.geography import find_country, find_state
from airflow_provider_ipaas.sandbox.salesforce.ids import to_18
from airflow_provider_ipaas.sandbox.salesforce.locks import locks_of
from airflow_provider_ipaas.sandbox.salesforce.schema import FieldDef, ObjectDef
from airflow_provider_ipaas.sandbox.salesforce.store import API_USER, SalesforceStore
from airflow_provider_ipaas.sandbox.salesforce.table import Row
from airflow_provider_ipaas.sandbox.salesforce.values import clean

Payload = Mapping[str, Any]
_NO_ACCESS = "insufficient access rights on object id"


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """What the request says about all its records."""

    by: str = API_USER
    version: str = "64.0"
    allow_save: bool = False
    refusals: Sequence[Refusal] = ()
    held_by_others: frozenset[str] = frozenset()


class Writer:
    """Create, update and delete records as the user who is logged in."""

    def __init__(self, store: SalesforceStore, options: WriteOptions) -> None:
        self._store = store
        self.options = options

    def create(self, definition: ObjectDef, payload: Payload, index: int = 0) -> str:
        """Create a record and return its Id."""
        self._refuse(payload, index)
        if not definition.writable:
            raise SalesforceError(
                "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", f"entity type cannot be inserted: {definition.name}", fields=[]
            )
        if any(key.lower() == "id" for key in payload):
            raise SalesforceError(
                "INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", fields=["Id"]
            )
        values = self._values(definition, payload, creating=True)
        missing = [f.name for f in definition.fields.values() if f.required and values.get(f.name) is None]
        if missing:
            raise _missing(missing)
        self._lock({}, values)
        self._check(definition, values, {}, None)
        present = {name: value for name, value in values.items() if value is not None}
        record_id = self._store.insert(definition.name, present, by=self.options.by)
        self._store.run_flows(record_id)
        return record_id

    def update(self, definition: ObjectDef, record_id: str, payload: Payload, index: int = 0) -> None:
        """Change a record."""
        self._refuse(payload, index)
        row = self.existing(definition, record_id)
        if not definition.writable:
            raise SalesforceError("INSUFFICIENT_ACCESS_OR_READONLY", _NO_ACCESS, fields=[])
        values = self._values(definition, payload, creating=False)
        cleared = [name for name, value in values.items() if value is None and not definition.fields[name].nillable]
        if cleared:
            raise _missing(cleared)
        self._lock(row, values)
        self._check(definition, values, row, row["Id"])
        self._store.update(row["Id"], values, by=self.options.by)
        self._store.run_flows(row["Id"])

    def delete(self, definition: ObjectDef, record_id: str, index: int = 0) -> None:
        """Move a record to the recycle bin."""
        self._refuse({"Id": record_id}, index)
        row = self.existing(definition, record_id)
        if not definition.writable:
            raise SalesforceError("INSUFFICIENT_ACCESS_OR_READONLY", _NO_ACCESS, fields=[])
        self._lock(row, {})
        self._store.delete(row["Id"], by=self.options.by)

    def existing(self, definition: ObjectDef, record_id: str) -> Row:
        """Return the live record an id names."""
        full = to_18(record_id)
        if full is None or full[:3] != definition.prefix:
            raise SalesforceError(
                "MALFORMED_ID", f"{definition.label} ID: id value of incorrect type: {record_id}", fields=["Id"]
            )
        row = self._store.get(full)
        if row is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", fields=[])
        if row["IsDeleted"]:
            raise entity_is_deleted()
        return row

    # Checks

    def _lock(self, row: Row, values: Mapping[str, Any]) -> None:
        held = self._store.transactions.locked(str(row.get("Id")))
        if held or locks_of(row, values) & self.options.held_by_others:
            raise unable_to_lock()

    def _refuse(self, payload: Payload, index: int) -> None:
        for refusal in self.options.refusals:
            if refusal.meets(payload, index):
                raise SalesforceError(refusal.code, refusal.message, fields=refusal.fields)

    def _values(self, definition: ObjectDef, payload: Payload, *, creating: bool) -> dict[str, Any]:
        values: dict[str, Any] = {}
        forbidden: list[str] = []
        for key, value in payload.items():
            if key.lower() in {"attributes", "id"}:
                continue
            field = definition.by_lower.get(key.lower())
            if field is None:
                reference = definition.by_relationship.get(key.lower())
                if reference is None or not isinstance(value, Mapping | None):
                    raise no_such_column(key, definition.name)
                field, value = reference, self._parent(reference, value)
            if not (field.createable if creating else field.updateable):
                forbidden.append(field.name)
                continue
            values[field.name] = clean(self._store, field, value)
        if forbidden:
            raise SalesforceError(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                f"Unable to create/update fields: {', '.join(forbidden)}. Please check the security settings of this "
                "field and verify that it is read/write for your profile or permission set.",
                fields=forbidden,
            )
        return values

    def _parent(self, reference: FieldDef, value: Mapping[str, Any] | None) -> str | None:
        """Return the id of the parent that a nested object names by its external id."""
        if value is None:
            return None
        target = self._store.schema[reference.reference_to[0].lower()]
        keys = [key for key in value if key != "attributes"]
        field = target.by_lower.get(keys[0].lower()) if len(keys) == 1 else None
        if field is None or not (field.external_id or field.id_lookup):
            raise no_such_column(keys[0] if keys else "", target.name)
        wanted = str(value[keys[0]])
        matches = find_live(self._store, target, field, wanted)
        if len(matches) != 1:
            raise SalesforceError(
                "INVALID_FIELD",
                f"Foreign key external ID: {wanted.lower()} not found for field {field.name} in entity {target.name}",
                fields=[],
            )
        return matches[0]

    def _check(self, definition: ObjectDef, values: dict[str, Any], row: Row, record_id: str | None) -> None:
        if self._store.switches["state_country_picklists"]:
            _check_addresses(definition, values, row)
        self._check_unique(definition, values, record_id)
        result = {f.name: False for f in definition.fields.values() if f.type == "boolean"} | row | values
        for rule in self._store.validation_rules:
            if rule.sobject == definition.name and rule.condition(result):
                raise SalesforceError(
                    "FIELD_CUSTOM_VALIDATION_EXCEPTION", rule.message, fields=[rule.field] if rule.field else []
                )
        check_duplicate_rule(
            self._store,
            definition,
            values,
            record_id,
            allow_save=self.options.allow_save,
            version=self.options.version,
        )

    def _check_unique(self, definition: ObjectDef, values: Payload, record_id: str | None) -> None:
        for name, value in values.items():
            field = definition.fields[name]
            if not field.unique or value is None:
                continue
            for other in find_live(self._store, definition, field, value):
                if other != record_id:
                    raise SalesforceError(
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {name} duplicates value on record with id: {other[:15]}",
                        fields=[],
                    )


def upsert_row(
    store: SalesforceStore,
    writer: Writer,
    definition: ObjectDef,
    field: FieldDef,
    payload: Payload,
    value: str,
    index: int,
) -> tuple[str, bool]:
    """Create or update the record that an external id names; return its Id and whether it was created."""
    matches = find_live(store, definition, field, value)
    if len(matches) > 1:
        raise SalesforceError(
            "DUPLICATE_EXTERNAL_ID",
            f"{field.name}: more than one record found for external id field: [{', '.join(matches)}]",
            fields=[field.name],
        )
    if matches:
        writer.update(definition, matches[0], payload, index)
        return matches[0], False
    return writer.create(definition, {**payload, field.name: value}, index), True


def find_live(store: SalesforceStore, definition: ObjectDef, field: FieldDef, value: str) -> list[str]:
    """Return the ids of records that are not deleted and hold `value` in an indexed field, case aside."""
    table = store.tables[definition.name]
    if field.type == "id":
        full = to_18(value)
        return [full] if full in table.rows and not table.rows[full]["IsDeleted"] else []
    return [i for i in sorted(table.find(field.name, value)) if not table.rows[i]["IsDeleted"]]


def _missing(names: Sequence[str]) -> SalesforceError:
    return SalesforceError(
        "REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(names)}]", fields=list(names)
    )


def _check_addresses(definition: ObjectDef, values: dict[str, Any], row: Row) -> None:
    for prefix in ("Billing", "Shipping") if definition.name == "Account" else ("Mailing", "Other"):
        if not any(f"{prefix}{part}" in values for part in ("Country", "CountryCode", "State", "StateCode")):
            continue
        country = _pair(values, row, prefix, "Country")
        state = _pair(values, row, prefix, "State")
        found_country = find_country(*country) if any(country) else None
        if any(country) and found_country is None:
            raise _bad_place(definition.fields[f"{prefix}Country"], "country", "countries")
        found_state = None
        if any(state):
            found_state = find_state(found_country[0], *state) if found_country else None
            if found_state is None:
                raise _bad_place(definition.fields[f"{prefix}State"], "state", "states")
        for part, found in (("Country", found_country), ("State", found_state)):
            values[f"{prefix}{part}Code"], values[f"{prefix}{part}"] = found or (None, None)


def _pair(values: Payload, row: Row, prefix: str, part: str) -> tuple[str | None, str | None]:
    """Return (label, code) of what the address will say; what is written decides over what is stored."""
    label, code = f"{prefix}{part}", f"{prefix}{part}Code"
    if label in values or code in values:
        return values.get(label), values.get(code)
    return row.get(label), row.get(code)


def _bad_place(field: FieldDef, kind: str, kinds: str) -> SalesforceError:
    return SalesforceError(
        "FIELD_INTEGRITY_EXCEPTION",
        f"There's a problem with this {kind}, even though it may appear correct. "  # noqa: S608
        f"Please select a {kind} from the list of valid {kinds}.: {field.label}",
        fields=[field.name],
    )
