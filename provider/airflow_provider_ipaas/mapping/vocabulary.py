"""The fields of both services that a mapping may name, and what is special about them."""

from __future__ import annotations

from airflow_provider_ipaas.mapping.rules import Collection

# Words that people look for: what is meant by them has another name or place here.
_COMPUTED = (
    "Write `to_ipaas: ...` or `to_salesforce: ...` over `value`, or `salesforce: {expression: ...}` over the record."
)
_TABLE = "Write `translate: {values: {...}}` or `translate: {file: name.csv}` in the field."
INSTEAD: dict[str, str] = {
    **dict.fromkeys(("expression", "expressions", "formula", "template"), _COMPUTED),
    **dict.fromkeys(("lookup", "translation", "translations"), _TABLE),
    **dict.fromkeys(
        ("filter", "condition"), "Write `filters: {to_ipaas: ..., to_salesforce: ...}` at the top of the file."
    ),
}

IPAAS_FIELDS: dict[Collection, tuple[str, ...]] = {
    "account": (
        *("name", "account_number", "department", "description", "email_address", "fax_number", "phone_number"),
        *("tax_id_number", "url"),
    ),
    "contact": ("customer_number", "first_name", "last_name", "email_address", "company", "comment"),
}
IPAAS_RECORD: dict[Collection, str] = {"account": "Company", "contact": "Customer"}

IPAAS_NOT_MAPPABLE: dict[str, str] = {
    "id": "iPaaS.com gives the id itself; the sync keeps it as the link.",
    "created_datetime": "iPaaS.com sets it itself.",
    "updated_datetime": "iPaaS.com sets it itself.",
    "tracking_guid": "iPaaS.com sets it itself.",
    "external_ids": "The sync keeps the Salesforce id there.",
    "extension_fields": "Map a custom field: `ipaas: {custom_field: Name}`.",
    "custom_fields": "Name the custom field: `ipaas: {custom_field: Name}`.",
    "addresses": "Name its purpose: `ipaas: {address: primary_billing}` or `{address: primary_shipping}`.",
    "category_id": "Categories are not synced.",
    "parent_company_id": "The hierarchy of companies is not synced.",
}

ADDRESS_PREFIXES: dict[Collection, tuple[str, ...]] = {
    "account": ("Billing", "Shipping"),
    "contact": ("Mailing", "Other"),
}

_ADDRESS_FIELDS = ("Street", "City", "State", "PostalCode", "Country", "StateCode", "CountryCode")
_GEOCODE_FIELDS = ("Latitude", "Longitude", "GeocodeAccuracy")

_BOTH = ("Description", "Fax", "Jigsaw", "Name", "OwnerId", "Phone", "RecordTypeId", "CurrencyIsoCode")
_ACCOUNT = (
    *("AccountNumber", "AccountSource", "AnnualRevenue", "DunsNumber", "Industry", "NaicsCode", "NaicsDesc"),
    *("NumberOfEmployees", "Ownership", "ParentId", "Rating", "Sic", "SicDesc", "Site", "TickerSymbol", "Type"),
    *("Website", "Tradestyle", "YearStarted"),
)
_CONTACT = (
    *("AccountId", "AssistantName", "AssistantPhone", "Birthdate", "Department", "DoNotCall", "Email", "FirstName"),
    *("EmailBouncedDate", "EmailBouncedReason", "HasOptedOutOfEmail", "HasOptedOutOfFax", "HomePhone"),
    *("IndividualId", "LastName", "LeadSource", "MiddleName", "MobilePhone", "OtherPhone", "ReportsToId"),
    *("Salutation", "Suffix", "Title"),
)
_SYSTEM = (
    *("Id", "IsDeleted", "CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp"),
    *("LastActivityDate", "LastViewedDate", "LastReferencedDate", "MasterRecordId", "IsPersonAccount", "PhotoUrl"),
)


def _address_fields(collection: Collection) -> tuple[str, ...]:
    return tuple(
        prefix + part for prefix in ADDRESS_PREFIXES[collection] for part in (*_ADDRESS_FIELDS, *_GEOCODE_FIELDS)
    )


SALESFORCE_FIELDS: dict[Collection, tuple[str, ...]] = {
    "account": (*_BOTH, *_ACCOUNT, *_SYSTEM, *_address_fields("account")),
    "contact": (*_BOTH, *_CONTACT, *_SYSTEM, "IsEmailBounced", *_address_fields("contact")),
}

SALESFORCE_READ_ONLY: dict[Collection, frozenset[str]] = {
    "account": frozenset(_SYSTEM),
    "contact": frozenset({*_SYSTEM, "Name", "IsEmailBounced"}),
}

# What the services require of a new record: (side, field, why).
REQUIRED: dict[Collection, tuple[tuple[str, str, str], ...]] = {
    "account": (
        ("ipaas", "name", "iPaaS.com requires a name for every Company"),
        ("salesforce", "Name", "Salesforce requires Name for every Account"),
    ),
    "contact": (
        ("ipaas", "email_address", "iPaaS.com requires an e-mail address for every Customer"),
        ("ipaas", "last_name", "iPaaS.com requires a last name for every Customer"),
        ("salesforce", "LastName", "Salesforce requires LastName for every Contact"),
    ),
}
