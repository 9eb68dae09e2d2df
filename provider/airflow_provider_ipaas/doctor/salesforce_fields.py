"""The mapping held against the org: objects, fields, lengths, picklists, the external-id field."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airflow_provider_ipaas.doctor import values
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.description import Description, Field
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.salesforce import SalesforceExam
from airflow_provider_ipaas.doctor.uses import Use, uses, writes_salesforce, written
from airflow_provider_ipaas.errors import ServiceError
from airflow_provider_ipaas.mapping import CollectionMapping

ID_LENGTH = 64
_SHOWN = 12
_PICKLISTS = frozenset({"picklist", "multipicklist"})


class FieldsExam:
    """The objects of the mapping, as the API user sees them."""

    def __init__(self, salesforce: SalesforceExam, mappings: Callable[[], Sequence[CollectionMapping]]) -> None:
        self._salesforce = salesforce
        self._mappings = mappings

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of this room in their order."""
        needs = ("salesforce.objects", "mapping")
        return (
            Check("salesforce.objects", self._objects, ("salesforce.access", "mapping")),
            Check("salesforce.permissions", self._permissions, needs),
            Check("salesforce.fields", self._fields, needs),
            Check("salesforce.picklists", self._picklists, needs),
            Check("salesforce.external_id", self._external_id, needs),
        )

    def _objects(self, note: Notes) -> Iterator[Finding]:
        """Describe both objects; what the user does not see at all can't be looked into further."""
        for mapping in self._mappings():
            sobject = mapping.sobject
            mend = f"Give the integration user read access to {sobject} (a permission set, Object Settings)."
            try:
                found = self._salesforce.described(sobject)
            except ServiceError as error:
                if error.status != 404:
                    raise
                yield note.error(sobject, "The API user does not see this object.", mend)
                continue
            if found.queryable:
                yield note.ok(sobject, f"The API user sees it, with {len(found.fields)} fields.")
            else:
                yield note.error(sobject, "The API user may not query this object.", mend)

    def _permissions(self, note: Notes) -> Iterator[Finding]:
        for mapping in self._mappings():
            sobject = mapping.sobject
            if not writes_salesforce(mapping):
                yield note.ok(sobject, "The mapping does not write it; reading is all that is needed.")
                continue
            found = self._salesforce.described(sobject)
            lacking = [word for word, may in (("create", found.createable), ("edit", found.updateable)) if not may]
            if lacking:
                yield note.error(
                    sobject,
                    f"The API user may not {' or '.join(lacking)} it, and the mapping writes it.",
                    f"Give the integration user Read, Create and Edit on {sobject} (a permission set, Object Settings), "
                    'or go one way: direction="to_ipaas" for sync_dag and maintenance_dag.',
                )
            else:
                yield note.ok(sobject, "The API user may read, create and edit it.")

    def _fields(self, note: Notes) -> Iterator[Finding]:
        for mapping in self._mappings():
            found = self._salesforce.described(mapping.sobject)
            by_name: dict[str, list[Use]] = {}
            for use in uses(mapping):
                by_name.setdefault(use.name, []).append(use)
            wrong = [it for name, entries in by_name.items() if (it := self._field(note, found, name, entries))]
            yield from wrong
            yield from values.formulas(note, mapping, found)
            yield from values.lengths(note, mapping, found)
            yield from values.types(note, mapping, found)
            if not wrong:
                many = sum(any(use.creates for use in entries) for entries in by_name.values())
                yield note.ok(
                    mapping.sobject,
                    f"All {len(by_name)} fields that a sync reads are there, and the {many} that it writes can be written.",
                )

    def _field(self, note: Notes, found: Description, name: str, entries: list[Use]) -> Finding | None:
        use = next((it for it in entries if it.creates), entries[0])
        field, seen_in = self._resolve(found, name)
        if field is None:
            return note.error(use.subject, f"{_missing(seen_in)} ({use.mapped_as}).", _mend(use, "read and edit"))
        if "." in name:
            return None
        # A read-only object is one finding of its own, not one for each of its fields.
        lacking = [
            word
            for word, wanted, has, object_has in (
                ("created", any(it.creates for it in entries), field.createable, found.createable),
                ("edited", any(it.updates for it in entries), field.updateable, found.updateable),
            )
            if wanted and object_has and not has
        ]
        if not lacking:
            return None
        message = f"It can be read, but not {' or '.join(lacking)} ({use.mapped_as}, written to Salesforce)."
        return note.error(use.subject, message, _mend(use, "edit"))

    def _resolve(self, found: Description, name: str) -> tuple[Field | None, str]:
        """Follow a path such as `Account.Name`; return the field, None where it ends, and the object it ends at."""
        *parents, last = name.split(".")
        for relationship in parents:
            link = found.to_parent(relationship)
            if link is None or not link.parents:
                return None, found.name
            found = self._salesforce.described(link.parents[0])
        return found.field(last), found.name

    def _picklists(self, note: Notes) -> Iterator[Finding]:
        """Name what only takes listed values, for a value of iPaaS.com that is not listed is refused."""
        seen = False
        for use in written(self._mappings()):
            found = self._salesforce.described(use.sobject)
            field = found.field(use.name)
            if field is None:
                continue
            if use.rule and use.rule.table and field.values:
                seen = True
                yield from values.table(note, use, use.rule.table, field)
                continue
            codes = found.field(f"{use.name}Code") if use.rule and use.rule.kind == "address" else None
            if codes is not None:
                seen = True
                what = "countries" if use.name.endswith("Country") else "states"
                yield note.warning(
                    use.subject,
                    f"This org lists its {what} (State and Country picklists), and the mapping writes them "
                    f"({use.mapped_as}); another name is refused (FIELD_INTEGRITY_EXCEPTION).",
                    f"Let the addresses in iPaaS.com carry the {what} as Setup > State and Country/Territory Picklists "
                    "names them.",
                )
            elif field.restricted and field.type in _PICKLISTS:
                seen = True
                listed = ", ".join(field.values[:_SHOWN]) + (", ..." if len(field.values) > _SHOWN else "")
                yield note.warning(
                    use.subject,
                    f"It takes only the values of its list, and the mapping writes it ({use.mapped_as}): {listed}.",
                    "Let iPaaS.com hold only these values, or lift the restriction of the picklist in Setup.",
                )
        if not seen:
            yield note.ok("picklists", "The mapping writes no field that only takes listed values.")

    def _external_id(self, note: Notes) -> Iterator[Finding]:
        name = self._salesforce.patient.external_id_field
        for mapping in self._mappings():
            subject = f"{mapping.sobject}.{name}"
            if not writes_salesforce(mapping):
                yield note.ok(subject, "Nothing is created in Salesforce, so it is not needed.")
                continue
            found = self._salesforce.described(mapping.sobject)
            field = found.field(name)
            make = f"Text({ID_LENGTH}), External ID, Unique, readable and editable for the integration user"
            if field is None:
                yield note.warning(
                    subject,
                    "There is no such field, or the API user does not see it: creates can't be repeated safely after a "
                    "lost answer, and are looked for instead.",
                    f"Make it on {mapping.sobject}: {make}.",
                )
            elif not field.external_id or (found.createable and not field.createable):
                what = "is no External ID" if not field.external_id else "can't be written by the API user"
                yield note.error(subject, f"The field {what}, so every create fails.", f"Make it {make}.")
            elif not field.unique or 0 < field.length < ID_LENGTH:
                what = "not unique" if not field.unique else f"only {field.length} characters long"
                yield note.warning(subject, f"The field is {what}.", f"Make it {make}.")
            else:
                yield note.ok(subject, "External ID, unique and long enough: creates can be repeated safely.")


def _missing(sobject: str) -> str:
    return f"The field does not exist on {sobject}, or is hidden from the API user"


def _mend(use: Use, access: str) -> str:
    grant = f"Give the integration user {access} access to it (a permission set, field-level security)"
    if use.rule is None:
        return f"{grant}."
    return f"{grant}, or take it out of the mapping: `{use.rule.key}: {{enabled: false}}` in {use.file}."
