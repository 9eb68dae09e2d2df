"""What the emulated org's objects look like: fields, labels, lengths, and how `describe` shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

FieldType = Literal[
    "id",
    "string",
    "textarea",
    "phone",
    "email",
    "url",
    "picklist",
    "multipicklist",
    "reference",
    "boolean",
    "int",
    "double",
    "currency",
    "date",
    "datetime",
    "address",
]

_SOAP_TYPES: Mapping[str, str] = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
TEXT_TYPES = frozenset({"string", "textarea", "phone", "email", "url", "picklist", "multipicklist"})


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field of an sObject."""

    name: str
    label: str
    type: FieldType
    length: int = 0
    nillable: bool = True
    createable: bool = True
    updateable: bool = True
    defaulted_on_create: bool = False
    external_id: bool = False
    unique: bool = False
    id_lookup: bool = False
    name_field: bool = False
    filterable: bool = True
    sortable: bool = True
    compound: str | None = None
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    values: tuple[str, ...] = ()
    restricted: bool = False

    @property
    def custom(self) -> bool:
        """Say whether an administrator made this field."""
        return self.name.endswith("__c")

    @property
    def required(self) -> bool:
        """Say whether a create must carry a value."""
        return self.createable and not self.nillable and not self.defaulted_on_create

    @property
    def indexed(self) -> bool:
        """Say whether the store keeps an index of the lower-cased values."""
        return (
            self.external_id
            or self.id_lookup
            or self.name_field
            or (self.type == "reference" and self.name.endswith("Id") and self.relationship in {"Account", "Parent"})
            or self.name == "AccountNumber"
        ) and self.type != "id"

    def describe(self, *, restricted_on: bool) -> dict[str, Any]:
        """Return the field as `describe` shows it."""
        return {
            "aggregatable": self.filterable,
            "autoNumber": False,
            "byteLength": self.length * 3 if self.type in TEXT_TYPES else self.length,
            "calculated": False,
            "caseSensitive": False,
            "compoundFieldName": self.compound,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": False if self.type == "boolean" else None,
            "defaultedOnCreate": self.defaulted_on_create,
            "deprecatedAndHidden": False,
            "digits": 8 if self.type == "int" else 0,
            "externalId": self.external_id,
            "filterable": self.filterable,
            "groupable": self.filterable,
            "idLookup": self.id_lookup,
            "label": self.label,
            "length": self.length,
            "name": self.name,
            "nameField": self.name_field,
            "nillable": self.nillable,
            "picklistValues": [
                {"active": True, "defaultValue": False, "label": v, "validFor": None, "value": v} for v in self.values
            ],
            "precision": 18 if self.type in {"double", "currency"} else 0,
            "referenceTo": list(self.reference_to),
            "relationshipName": self.relationship,
            "restrictedPicklist": self.restricted or (restricted_on and bool(self.values)),
            "scale": 2 if self.type == "currency" else 15 if self.type == "double" else 0,
            "soapType": _SOAP_TYPES.get(self.type, "xsd:string"),
            "sortable": self.sortable,
            "type": self.type,
            "unique": self.unique,
            "updateable": self.updateable,
        }


@dataclass(frozen=True, slots=True)
class ObjectDef:
    """One sObject: its fields by canonical name and by lower-case name."""

    name: str
    label: str
    plural: str
    prefix: str
    fields: Mapping[str, FieldDef]
    writable: bool = True
    by_lower: Mapping[str, FieldDef] = field(init=False)
    by_relationship: Mapping[str, FieldDef] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_lower", {name.lower(): f for name, f in self.fields.items()})
        object.__setattr__(
            self, "by_relationship", {f.relationship.lower(): f for f in self.fields.values() if f.relationship}
        )

    def only(self, *, hidden: Iterable[str], fixed: Iterable[str], writable: bool) -> ObjectDef:
        """Return this object as a user sees it who lacks the `hidden` fields, and may not write the `fixed` ones."""
        drop, locked = ({name.lower() for name in names} for names in (hidden, fixed))
        fields = {name: f for name, f in self.fields.items() if name.lower() not in drop}
        fields |= {
            name: replace(f, createable=False, updateable=False) for name, f in fields.items() if name.lower() in locked
        }
        if not writable:
            fields = {name: replace(f, createable=False, updateable=False) for name, f in fields.items()}
        return ObjectDef(self.name, self.label, self.plural, self.prefix, fields, self.writable and writable)

    def summary(self) -> dict[str, Any]:
        """Return the entry of this object in describe global and the head of its own describe."""
        return {
            "activateable": False,
            "createable": self.writable,
            "custom": False,
            "customSetting": False,
            "deletable": self.writable,
            "deprecatedAndHidden": False,
            "feedEnabled": True,
            "keyPrefix": self.prefix,
            "label": self.label,
            "labelPlural": self.plural,
            "layoutable": True,
            "mergeable": self.writable,
            "name": self.name,
            "queryable": True,
            "replicateable": True,
            "retrieveable": True,
            "searchable": True,
            "triggerable": self.writable,
            "undeletable": self.writable,
            "updateable": self.writable,
        }


RATING = ("Hot", "Warm", "Cold")
SALUTATION = ("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")
_TYPE = ("Prospect", "Customer - Direct", "Customer - Channel", "Channel Partner / Reseller", "Technology Partner")
_INDUSTRY = ("Agriculture", "Banking", "Biotechnology", "Electronics", "Manufacturing", "Retail", "Technology", "Other")
_OWNERSHIP = ("Public", "Private", "Subsidiary", "Other")
_SOURCE = ("Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other")
_LANGUAGES = ("English", "German", "French", "Spanish", "Italian")
LONG_TEXT = 32_000


def _text(name: str, label: str, length: int, kind: FieldType = "string", **more: Any) -> FieldDef:
    return FieldDef(name, label, kind, length, **more)


def _picklist(name: str, label: str, values: tuple[str, ...]) -> FieldDef:
    return FieldDef(name, label, "picklist", 255 if name == "Type" else 40, values=values)


def _bool(name: str, label: str, **more: Any) -> FieldDef:
    return FieldDef(name, label, "boolean", nillable=False, defaulted_on_create=True, **more)


def _read_only(name: str, label: str, kind: FieldType, length: int = 0, **more: Any) -> FieldDef:
    return FieldDef(name, label, kind, length, createable=False, updateable=False, **more)


def _reference(name: str, label: str, to: str, relationship: str, **more: Any) -> FieldDef:
    return FieldDef(name, label, "reference", 18, reference_to=(to,), relationship=relationship, **more)


def _description(label: str) -> FieldDef:
    return FieldDef("Description", label, "textarea", LONG_TEXT, filterable=False, sortable=False)


def _address(prefix: str, *, codes: bool) -> list[FieldDef]:
    compound = f"{prefix}Address"

    def part(suffix: str, label: str, length: int, kind: FieldType = "string") -> FieldDef:
        return FieldDef(f"{prefix}{suffix}", f"{prefix} {label}", kind, length, compound=compound)

    fields = [
        part("Street", "Street", 255, "textarea"),
        part("City", "City", 40),
        part("State", "State/Province", 80),
        part("PostalCode", "Zip/Postal Code", 20),
        part("Country", "Country", 80),
    ]
    if codes:
        fields += [
            part("StateCode", "State/Province Code", 10, "picklist"),
            part("CountryCode", "Country Code", 10, "picklist"),
        ]
    return [
        *fields,
        part("Latitude", "Latitude", 0, "double"),
        part("Longitude", "Longitude", 0, "double"),
        part("GeocodeAccuracy", "Geocode Accuracy", 40, "picklist"),
        _read_only(compound, f"{prefix} Address", "address", filterable=False, sortable=False),
    ]


def _system(label: str) -> list[FieldDef]:
    fixed: dict[str, Any] = {"nillable": False, "defaulted_on_create": True}
    return [
        _read_only("Id", f"{label} ID", "id", 18, id_lookup=True, **fixed),
        _read_only("IsDeleted", "Deleted", "boolean", **fixed),
        _read_only("CreatedDate", "Created Date", "datetime", **fixed),
        replace(_reference("CreatedById", "Created By ID", "User", "CreatedBy"), createable=False, updateable=False),
        _read_only("LastModifiedDate", "Last Modified Date", "datetime", **fixed),
        replace(
            _reference("LastModifiedById", "Last Modified By ID", "User", "LastModifiedBy"),
            createable=False,
            updateable=False,
        ),
        _read_only("SystemModstamp", "System Modstamp", "datetime", **fixed),
        _read_only("LastActivityDate", "Last Activity", "date"),
        _read_only("LastViewedDate", "Last Viewed Date", "datetime"),
        _read_only("LastReferencedDate", "Last Referenced Date", "datetime"),
    ]


def _shared_custom(*, external_id: bool) -> list[FieldDef]:
    fields = [
        _bool("Active__c", "Active"),
        FieldDef("Languages__c", "Languages", "multipicklist", 4099, values=_LANGUAGES),
    ]
    if external_id:
        fields.append(_text("iPaaS_Id__c", "iPaaS Id", 64, external_id=True, unique=True, id_lookup=True))
    return fields


def _owner() -> FieldDef:
    return _reference("OwnerId", "Owner ID", "User", "Owner", nillable=False, defaulted_on_create=True)


def _account(*, codes: bool, external_id: bool, person_accounts: bool) -> list[FieldDef]:
    fields = [
        *_system("Account"),
        replace(
            _reference("MasterRecordId", "Master Record ID", "Account", "MasterRecord"),
            createable=False,
            updateable=False,
        ),
        _text("Name", "Account Name", 255, nillable=False, name_field=True),
        _picklist("Type", "Account Type", _TYPE),
        _reference("ParentId", "Parent Account ID", "Account", "Parent"),
        *_address("Billing", codes=codes),
        *_address("Shipping", codes=codes),
        _text("Phone", "Account Phone", 40, "phone"),
        _text("Fax", "Account Fax", 40, "phone"),
        _text("AccountNumber", "Account Number", 40),
        _text("Website", "Website", 255, "url"),
        _read_only("PhotoUrl", "Photo URL", "url", 255),
        _text("Sic", "SIC Code", 20),
        _picklist("Industry", "Industry", _INDUSTRY),
        FieldDef("AnnualRevenue", "Annual Revenue", "currency"),
        FieldDef("NumberOfEmployees", "Employees", "int"),
        _picklist("Ownership", "Ownership", _OWNERSHIP),
        _text("TickerSymbol", "Ticker Symbol", 20),
        _description("Account Description"),
        _picklist("Rating", "Account Rating", RATING),
        _text("Site", "Account Site", 80),
        _owner(),
        _text("Jigsaw", "Data.com Key", 20),
        _picklist("AccountSource", "Account Source", _SOURCE),
        _text("SicDesc", "SIC Description", 80),
        _text("DunsNumber", "D-U-N-S Number", 9),
        _text("NaicsCode", "NAICS Code", 8),
        _text("NaicsDesc", "NAICS Description", 120),
        *_shared_custom(external_id=external_id),
    ]
    if person_accounts:
        fields += [
            _read_only("IsPersonAccount", "Is Person Account", "boolean", nillable=False, defaulted_on_create=True),
            _text("PersonEmail", "Email", 80, "email"),
        ]
    return fields


def _contact(*, codes: bool, external_id: bool, person_accounts: bool) -> list[FieldDef]:
    phones = ("Phone", "Fax", "MobilePhone", "HomePhone", "OtherPhone", "AssistantPhone")
    labels = ("Business Phone", "Business Fax", "Mobile Phone", "Home Phone", "Other Phone", "Asst. Phone")
    fields = [
        *_system("Contact"),
        replace(
            _reference("MasterRecordId", "Master Record ID", "Contact", "MasterRecord"),
            createable=False,
            updateable=False,
        ),
        _reference("AccountId", "Account ID", "Account", "Account"),
        _text("LastName", "Last Name", 80, nillable=False),
        _text("FirstName", "First Name", 40),
        _picklist("Salutation", "Salutation", SALUTATION),
        _read_only("Name", "Full Name", "string", 121, nillable=False, name_field=True),
        *_address("Other", codes=codes),
        *_address("Mailing", codes=codes),
        *(_text(name, label, 40, "phone") for name, label in zip(phones, labels, strict=True)),
        _reference("ReportsToId", "Reports To ID", "Contact", "ReportsTo"),
        _text("Email", "Email", 80, "email", id_lookup=True),
        _text("Title", "Title", 128),
        _text("Department", "Department", 80),
        _text("AssistantName", "Assistant's Name", 40),
        _picklist("LeadSource", "Lead Source", _SOURCE),
        FieldDef("Birthdate", "Birthdate", "date"),
        _description("Contact Description"),
        _owner(),
        _bool("HasOptedOutOfEmail", "Email Opt Out"),
        _bool("HasOptedOutOfFax", "Fax Opt Out"),
        _bool("DoNotCall", "Do Not Call"),
        _text("EmailBouncedReason", "Email Bounced Reason", 255),
        FieldDef("EmailBouncedDate", "Email Bounced Date", "datetime"),
        _read_only("IsEmailBounced", "Is Email Bounced", "boolean", nillable=False, defaulted_on_create=True),
        _text("Jigsaw", "Data.com Key", 20),
        *_shared_custom(external_id=external_id),
    ]
    if person_accounts:
        fields.append(
            _read_only("IsPersonAccount", "Is Person Account", "boolean", nillable=False, defaulted_on_create=True)
        )
    return fields


def _user() -> list[FieldDef]:
    return [
        *_system("User"),
        _read_only("Username", "Username", "string", 80),
        _read_only("Name", "Full Name", "string", 121, name_field=True),
        _read_only("Email", "Email", "email", 128),
        _read_only("IsActive", "Active", "boolean"),
    ]


def _organization() -> list[FieldDef]:
    return [
        *_system("Organization"),
        _read_only("Name", "Name", "string", 80, name_field=True),
        _read_only("OrganizationType", "Edition", "picklist", 40),
        _read_only("IsSandbox", "Is Sandbox", "boolean"),
        _read_only("InstanceName", "Instance Name", "string", 5),
    ]


def _duplicate_rule() -> list[FieldDef]:
    return [
        *_system("Duplicate Rule"),
        _read_only("DeveloperName", "Object Name", "string", 80),
        _read_only("MasterLabel", "Rule Name", "string", 80, name_field=True),
        _read_only("SobjectType", "Object", "picklist", 40),
        _read_only("IsActive", "Active", "boolean"),
    ]


def build_schema(*, codes: bool, external_id: bool, person_accounts: bool) -> dict[str, ObjectDef]:
    """Return the objects of an org with or without its optional features, by lower-case name."""

    def make(name: str, plural: str, prefix: str, fields: list[FieldDef], writable: bool = True) -> ObjectDef:
        return ObjectDef(name, name, plural, prefix, {f.name: f for f in fields}, writable)

    options = {"codes": codes, "external_id": external_id, "person_accounts": person_accounts}
    objects = [
        make("Account", "Accounts", "001", _account(**options)),
        make("Contact", "Contacts", "003", _contact(**options)),
        make("User", "Users", "005", _user(), writable=False),
        make("Organization", "Organizations", "00D", _organization(), writable=False),
        make("DuplicateRule", "Duplicate Rules", "0Bm", _duplicate_rule(), writable=False),
    ]
    return {o.name.lower(): o for o in objects}
