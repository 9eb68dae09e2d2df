"""Mapping files into a `CollectionMapping`."""

from __future__ import annotations

from pathlib import Path

from airflow_provider_ipaas.mapping.collection import CollectionMapping
from airflow_provider_ipaas.mapping.rules import Collection, FieldRule, IPaaSShape

_ACCOUNT = (
    FieldRule("name", "text", "Name", "name"),
    FieldRule("account_number", "text", "AccountNumber", "account_number"),
    FieldRule("phone", "text", "Phone", "phone_number"),
    FieldRule("fax", "text", "Fax", "fax_number"),
    FieldRule("website", "text", "Website", "url"),
    FieldRule("description", "text", "Description", "description"),
    FieldRule("billing_address", "address", "Billing", "primary_billing"),
    FieldRule("shipping_address", "address", "Shipping", "primary_shipping"),
)
_CONTACT = (
    FieldRule("customer_number", "text", "Id", "customer_number", direction="to_ipaas", on_create_only=True),
    FieldRule("first_name", "text", "FirstName", "first_name", placeholder="-"),
    FieldRule("last_name", "text", "LastName", "last_name"),
    FieldRule("email", "text", "Email", "email_address", value_type="email"),
    FieldRule("company", "text", "Account.Name", "company", direction="to_ipaas"),
    FieldRule("mailing_address", "address", "Mailing", "primary_shipping"),
    FieldRule("phone", "phone_on_address", "Phone", "primary_shipping"),
)


def load_mapping(
    collection: Collection,
    mapping_dir: str | Path | None = None,
    *,
    default_mappings: bool = True,
    placement: IPaaSShape,
) -> CollectionMapping:
    """Load the rules of a collection: the defaults, overlaid by the file of that collection in *mapping_dir*."""
    rules = _ACCOUNT if collection == "account" else _CONTACT
    if placement.addresses == "off":
        rules = tuple(rule for rule in rules if rule.kind not in ("address", "phone_on_address"))
    return CollectionMapping(collection, rules, placement)
