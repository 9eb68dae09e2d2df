"""The vocabulary of a mapping: one rule per field, what fields show, and the shape iPaaS.com wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from airflow_provider_ipaas.mapping.tables import Table

Value = str | dict[str, str] | None
Showing = dict[str, Value]
Record = dict[str, Any]

Collection = Literal["account", "contact"]
Side = Literal["salesforce", "ipaas"]
Direction = Literal["both", "to_ipaas", "to_salesforce"]
BlankRule = Literal["keep", "clear", "clear_if_ours"]
ErrorRule = Literal["fail", "skip_field"]
LengthRule = Literal["refuse", "truncate"]
ConflictPolicy = Literal["salesforce_wins", "ipaas_wins", "newest_wins", "park"]
RuleKind = Literal["text", "address", "custom", "constant", "phone_on_address"]
ValueType = Literal["text", "email", "number", "boolean"]
Purpose = Literal["primary_billing", "primary_shipping"]

PLACEHOLDER = "-"


@dataclass(frozen=True, slots=True)
class IPaaSShape:
    """What the API profile and the connection say about the records of iPaaS.com.

    *company_address_first_name* None means the company's name. *server_fields* are never sent back.
    """

    addresses: Literal["nested", "off"] = "nested"
    address_required: tuple[str, ...] = ("address_1", "city", "region", "country", "postal_code")
    company_address_first_name: str | None = None
    company_address_last_name: str = PLACEHOLDER
    default_country: str | None = None
    server_fields: tuple[str, ...] = ("id", "created_datetime", "updated_datetime", "tracking_guid")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One mapped field.

    *salesforce* is an API name, a path like ``Account.Name``, or the prefix of an address (``Billing``).
    *ipaas* is a built-in field, the name of a custom field (*ipaas_custom*), or the purpose of an address.
    *expression* is worked out over the record of the side that has no field, like a constant; *to_ipaas* and
    *to_salesforce* are worked out over the one value that goes there.
    *file* and *line* say where the rule was last written, for messages; they are no part of the fingerprint.
    """

    key: str
    kind: RuleKind
    salesforce: str | None
    ipaas: str | None
    direction: Direction = "both"
    on_create_only: bool = False
    blank: BlankRule = "keep"
    conflict: ConflictPolicy = "salesforce_wins"
    value_type: ValueType = "text"
    ipaas_custom: bool = False
    constant: str | None = None
    placeholder: str | None = None
    expression: str | None = None
    to_ipaas: str | None = None
    to_salesforce: str | None = None
    table: Table | None = None
    on_error: ErrorRule = "fail"
    max_length: int | None = None
    too_long: LengthRule = "refuse"
    file: str = ""
    line: int = 0

    @property
    def converts(self) -> bool:
        """Tell a field whose two sides may say the same in different words."""
        return bool(self.to_ipaas or self.to_salesforce or self.table or self.max_length)

    @property
    def writes_ipaas(self) -> bool:
        return self.direction != "to_salesforce"

    @property
    def writes_salesforce(self) -> bool:
        return self.direction != "to_ipaas"


@dataclass(frozen=True, slots=True)
class Translated:
    """A value in the other side's form; None when there is nothing that can be sent, *warnings* say why.

    *problem* says what is wrong with a value for which the mapping has the record refused.
    """

    value: Value
    warnings: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """A record ready to send to iPaaS.com.

    *sent* holds what the written fields will show there, by key; a key of the changes that is missing was not sent.
    """

    record: Record
    warnings: tuple[str, ...] = ()
    sent: Showing = field(default_factory=dict)
