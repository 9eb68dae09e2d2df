"""What the routes don't say of each call: what it is for, its body, its answer, its query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from airflow_provider_ipaas.sandbox.ipaas.model import COMPANY, CUSTOMER, Kind


@dataclass(frozen=True, slots=True)
class Operation:
    """One call. `body` and `answer` name shapes; `answers_list`: the answer is a list of them.

    `lists`: the kind of record whose list it is, with a filter. `role`: what the switches need to know.
    """

    summary: str
    answer: str
    body: str = ""
    answers_list: bool = False
    body_is_list: bool = False
    paged: bool = False
    lists: Kind | None = None
    query: tuple[str, ...] = ()
    role: str = ""


_CUSTOMERS: Final = "/customers/v2/Customer"
_EXTERNAL: Final = "/customers/v2/External"
_SUBSCRIPTIONS: Final = "/subscriptions/v2"
_SET_CUSTOM_FIELD: Final = Operation("Set one custom field.", "CustomFieldResponse", "CustomFieldSetRequest")


def _records(kind: Kind, name: str, listed: str, single: str) -> dict[tuple[str, str], Operation]:
    create = Operation(f"Create a {kind.label}.", f"{name}Response", f"{name}Request", role="create")
    return {
        ("GET", listed): Operation(
            f"List {kind.label} records.", f"{name}ListResponse", answers_list=True, paged=True, lists=kind
        ),
        ("POST", listed): create,
        ("POST", single): create,
        ("GET", f"{single}/{{id}}"): Operation(f"Read a {kind.label}.", f"{name}Response"),
        ("PUT", f"{single}/{{id}}"): Operation(
            f"Update a {kind.label}.", f"{name}Response", f"{name}Request", role="update"
        ),
    }


OPERATIONS: Final[Mapping[tuple[str, str], Operation]] = {
    **_records(COMPANY, "Company", f"{_CUSTOMERS}/Companies", f"{_CUSTOMERS}/Company"),
    **_records(CUSTOMER, "Customer", f"{_CUSTOMERS}s", _CUSTOMERS),
    ("GET", f"{_CUSTOMERS}/Category/{{id}}"): Operation("Read a customer category.", "CategoryResponse"),
    ("POST", f"{_CUSTOMERS}/Relationship"): Operation(
        "Relate a customer to something.", "RelationshipResponse", "RelationshipRequest"
    ),
    ("GET", f"{_CUSTOMERS}/{{id}}/Relationships"): Operation(
        "List a customer's relationships.", "RelationshipResponse", answers_list=True
    ),
    ("GET", f"{_EXTERNAL}/LookupExternal/{{id}}/{{system_id}}/{{table}}"): Operation(
        "Look up the external id of a record.", "", role="lookup"
    ),
    ("GET", f"{_EXTERNAL}/LookupSpaceport/{{system_id}}/{{table}}/{{external_id}}"): Operation(
        "Look up the record with an external id.", "", role="lookup"
    ),
    ("POST", f"{_EXTERNAL}/LookupSpecial"): Operation(
        "Look up the record with an external id of any characters.", "", "LookupSpecialRequest", role="lookup"
    ),
    ("GET", f"{_EXTERNAL}/Missing/{{system_id}}/{{table}}"): Operation(
        "List records without an external id.", "", answers_list=True, paged=True, role="missing"
    ),
    ("POST", f"{_EXTERNAL}/UpdateExternalId"): Operation(
        "Store an external id.", "UpdateExternalIdResponse", "UpdateExternalIdRequest"
    ),
    ("POST", "/customers/v2/CustomField/{api_name}"): _SET_CUSTOM_FIELD,
    ("PUT", "/customers/v2/CustomField/{api_name}"): _SET_CUSTOM_FIELD,
    ("GET", f"{_SUBSCRIPTIONS}/Lookup/Tables"): Operation("List table names.", "TableResponse", answers_list=True),
    ("GET", f"{_SUBSCRIPTIONS}/Subscriptions"): Operation(
        "List connected systems.", "SubscriptionListResponse", answers_list=True
    ),
    ("POST", f"{_SUBSCRIPTIONS}/Subscription/PersistentData/{{id}}"): Operation(
        "Store values of a connected system.",
        "PersistentData",
        "PersistentData",
        answers_list=True,
        body_is_list=True,
    ),
    ("GET", f"{_SUBSCRIPTIONS}/Subscription/{{id}}"): Operation(
        "Read a connected system.", "SubscriptionResponse", query=("include",)
    ),
    ("POST", "/sso/v2/Auth/Login"): Operation("Log in.", "LoginResponse", "LoginRequest"),
    ("POST", "/sso/v2/Auth/Refresh"): Operation("Prolong a login.", "LoginResponse", "RefreshRequest"),
    ("GET", "/sso/v2/User/ChangeCompany/{guid}"): Operation("Get a token for a company.", "LoginResponse"),
    ("GET", "/sso/v2/User/{id}/Companies"): Operation(
        "List the user's companies.", "UserCompanyResponse", answers_list=True, role="user"
    ),
}
