"""Every open question about the service as a switch: its readings, its default, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SwitchValue = str | int


class SwitchError(ValueError):
    """A switch name that does not exist, or a value the switch does not take."""


@dataclass(frozen=True, slots=True)
class Switch:
    """One open question about the service, with its readings.

    `choices` names the readings; a switch without choices takes a text, or an integer within `bounds`.
    `harsh` and `mild` are the readings that are hardest and easiest on a client. `default` equals `harsh` unless
    `why` says otherwise.
    """

    name: str
    default: SwitchValue
    harsh: SwitchValue
    mild: SwitchValue
    doc: str
    choices: tuple[str, ...] = ()
    bounds: tuple[int, int] | None = None
    why: str = ""

    def check(self, value: object) -> SwitchValue:
        """Return the value in the switch's own type, or raise `SwitchError` naming what it takes."""
        if self.bounds is not None:
            return self._integer(value, *self.bounds)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str) or (self.choices and value not in self.choices) or not value:
            takes = " | ".join(self.choices) or "a non-empty text"
            raise SwitchError(f"Switch {self.name!r} takes {takes}, not {value!r}.")
        return value

    def _integer(self, value: object, low: int, high: int) -> int:
        if isinstance(value, str) and value.isdecimal():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise SwitchError(f"Switch {self.name!r} takes an integer from {low} to {high}, not {value!r}.")
        return value


def _either(
    name: str, harsh: str, mild: str, *more: str, doc: str, default: str | None = None, why: str = ""
) -> Switch:
    return Switch(name, default or harsh, harsh, mild, doc, choices=(harsh, mild, *more), why=why)


def _number(name: str, default: int, harsh: int, mild: int, low: int, high: int, *, doc: str, why: str = "") -> Switch:
    return Switch(name, default, harsh, mild, doc, bounds=(low, high), why=why)


_ANSWERS: Final = (
    _either(
        "create_status",
        "201",
        "200",
        "202",
        "204",
        default="200",
        doc="HTTP status of a create; 204 has no body.",
        why="the documented clients accept 200, 202 and 204 only, so 200 is inferred",
    ),
    _either(
        "create_answers",
        "empty",
        "record",
        "id_only",
        default="record",
        doc="Body of a create.",
        why="the API profile expects the record",
    ),
    _either(
        "put_answers",
        "empty",
        "record",
        default="record",
        doc="Body of a PUT; empty answers 204.",
        why="the API profile expects the record",
    ),
    _either("id_type", "number", "string", "guid", doc="How ids of records and addresses look in JSON and in paths."),
    _either("list_rows", "short", "whole", doc="Rows of a list: short lacks addresses, custom_fields, external_ids."),
    _either(
        "external_ids_on_read",
        "absent",
        "nested",
        default="nested",
        doc="Whether a single record carries external_ids; lists follow list_rows.",
        why="the vendor's own record model has the field",
    ),
    _either(
        "lookup_form",
        "bare",
        "quoted",
        "number",
        default="quoted",
        doc="Answer of an external-id lookup: JSON string, bare text, or a JSON number when all digits.",
        why="the vendor's client usually meets the quoted form",
    ),
    _either("empty_list", "not_found", "empty", doc="A list or filter that finds nothing: 404, or 200 with []."),
    _either("paging", "header", "none", doc="Lists come in pages with X-Pagination, or whole and without the header."),
    _either(
        "first_page", "1", "0", default="1", doc="The number of the first page.", why="the vendor's loop starts at 1"
    ),
    _either(
        "beyond_last_page",
        "repeats",
        "empty",
        "not_found",
        doc="A page number beyond the last: the last page again, [], or 404.",
    ),
    Switch("addresses_name", "addresses", "addresses", "addresses", "The name of a record's array of addresses."),
    _number("page_size", 100, 2, 1000, 1, 10_000, doc="Rows per page.", why="the documented default is not known"),
    _number("datetime_offset_min", -300, -300, 0, -720, 840, doc="Offset of stamps from UTC, in minutes."),
    _either("datetime_digits", "7", "6", "3", "0", doc="Digits of a second's fraction in stamps."),
    _either("company_stamps", "absent", "present", doc="Whether a company carries created_datetime, updated_datetime."),
    _either("updated_on_create", "null", "set", doc="updated_datetime of a customer that was never changed."),
    _either(
        "stamp_moves_on_address_edit",
        "false",
        "true",
        doc="Whether a change of addresses alone moves updated_datetime.",
    ),
    _either("stamp_moves_on_link", "true", "false", doc="Whether storing an external id moves updated_datetime."),
)

_WRITES: Final = (
    Switch(
        "create_paths",
        "singular",
        "singular",
        "singular",
        "Where a record is created: POST Customer and Customer/Company, or POST Customers and Customer/Companies.",
        choices=("singular", "plural"),
    ),
    Switch("update_method", "PUT", "PUT", "PUT", "The method that updates a record.", choices=("PUT", "PATCH")),
    _either(
        "put", "replaces", "merges", doc="PUT makes everything that is not sent null or empty, or leaves it alone."
    ),
    _either("null_in_put", "clears", "ignored", doc="What a null does where put=merges."),
    _either("unknown_fields", "refused", "ignored", doc="A field the record does not have: VALD-1003, or dropped."),
    _either(
        "server_fields",
        "refused",
        "ignored",
        doc="id, created_datetime, updated_datetime in the body of a write: VALD-1037, or dropped.",
    ),
    _either("value_types", "strict", "coerced", doc="A number where a text belongs: VALD-1003, or turned into text."),
    _either("nested_external_ids_on_write", "ignored", "stored", doc="external_ids in the body of a write."),
    _either(
        "address_ids",
        "required",
        "matched",
        doc="An address sent without its id: a new one (the stored one goes when put=replaces), or matched by its "
        "flags, else by its lines.",
    ),
    _either(
        "address_rules",
        "strict",
        "lenient",
        doc="VALD-1002 for an address without first_name, last_name, address_1, city, region, country, postal_code.",
    ),
    _either(
        "primary_flags",
        "refused",
        "demoted",
        "many",
        doc="Two primary addresses of a kind: BIZL-1002, the former one loses the flag, or both keep it.",
    ),
    _either(
        "country_form",
        "any",
        "iso2",
        "iso3",
        "name",
        default="any",
        doc="Countries taken; others are VALD-1046.",
        why="each single form would be a guess",
    ),
    _either("person_names", "both", "one", doc="A customer needs first and last name (VALD-1002), or one (VALD-1049)."),
    _either("email_rules", "strict", "lenient", doc="Whether an e-mail must look like one (VALD-1025)."),
    _either(
        "customer_number_rules", "strict", "lenient", doc="customer_number required and unique (BIZL-1006), or free."
    ),
    _either(
        "unique_company_name",
        "on",
        "off",
        default="off",
        doc="Two companies of one name: BIZL-1004.",
        why="no source hints at it for companies",
    ),
    _either(
        "normalise",
        "trim_phone",
        "off",
        "trim",
        default="off",
        doc="trim strips texts when storing; trim_phone also keeps digits and a leading + of phone numbers only.",
        why="not an unknown of the API; a trial of services that store their own form",
    ),
    _number(
        "max_text_length",
        0,
        100,
        0,
        0,
        100_000,
        doc="Longest text a field takes; 0 means any.",
        why="no length is documented",
    ),
    _either(
        "too_long",
        "truncated",
        "refused",
        default="refused",
        doc="A longer text: cut silently, or VALD-1020.",
        why="matters only with max_text_length",
    ),
)

_LINKS: Final = (
    _either("table_name_case", "exact", "insensitive", doc="How table names are compared."),
    Switch(
        "company_table_name",
        "Customer Company",
        "Customer Company",
        "Customer Company",
        "The table name of companies, as Lookup/Tables lists it.",
    ),
    _either(
        "wrong_table_on_write",
        "swallowed",
        "refused",
        doc="UpdateExternalId with an unknown table: answers 200 and stores nothing, or 404.",
    ),
    _either("inactive_records", "hidden", "shown", doc="Single reads of a deactivated record: 404, or the record."),
    _either(
        "deleted_links",
        "prefixed",
        "kept",
        doc="Lookups of a deleted record's link: with the prefix DELETED:, or as before.",
    ),
    _either("relationships", "off", "on", doc="Whether the relationship endpoints exist; 404 when off."),
    _either(
        "relationship_duplicates", "refused", "kept", doc="The same relationship twice: BIZL-1001, or stored twice."
    ),
)

_FILTERS: Final = (
    _either("filter_case", "exact", "insensitive", doc="How action=equals compares."),
    _either(
        "filter_fields",
        "seen",
        "more",
        doc="Fields that filter: EmailAddress and Name only, or also CustomerNumber, AccountNumber, Id.",
    ),
    _either(
        "unknown_filter",
        "ignored",
        "refused",
        doc="A filter on another field: ignored (every record comes back), or VALD-1010.",
    ),
)

_ERRORS: Final = (
    _either(
        "error_in",
        "reason_phrase",
        "body",
        default="body",
        doc="Where code and message are. reason_phrase leaves the body empty.",
        why="both places are documented; the other one is a switch away",
    ),
    _either(
        "error_shape", "wrapped", "flat", "text", doc="JSON of an error body: a list under errors, one object, or text."
    ),
    _either(
        "bizl_status",
        "400",
        "409",
        default="409",
        doc="HTTP status of BIZL errors.",
        why="clients go by the code; either status is a guess",
    ),
    _either("not_found_body", "empty", "code", doc="Whether a 404 says NFND-1005."),
    _number(
        "rate_limit",
        0,
        10,
        0,
        0,
        100_000,
        doc="Calls a second before 429; 0 means no limit.",
        why="no quota is documented",
    ),
    _either("rate_limit_retry_after", "absent", "sent", doc="Whether a 429 carries Retry-After (1 second)."),
)

_ACCESS: Final = (
    _number(
        "token_lifetime_s",
        3600,
        60,
        3600,
        1,
        86_400,
        doc="Life of an access token, in seconds by the service's clock.",
        why="one hour is documented",
    ),
    _number(
        "refresh_token_lifetime_s",
        86_400,
        1,
        86_400,
        1,
        31_536_000,
        doc="Life of a refresh token, in seconds.",
        why="not documented; a day lets both paths be tried",
    ),
    _either("refresh_rotation", "rotates", "kept", doc="Whether a refresh replaces the refresh token."),
    _either("refresh_scope", "login", "company", doc="Whether a refreshed token keeps the company of the old one."),
    _either("bad_login_status", "400", "401", doc="HTTP status of a login with wrong credentials."),
    _either("api_key_change_company", "refused", "allowed", doc="Whether ChangeCompany takes an API key."),
    _either(
        "client_header",
        "X-Client-Id",
        "off",
        "X-Company-Id",
        default="off",
        doc="A header that data calls must carry, with the company GUID; without it AUTH-1004.",
        why="the documented clients of outside callers send none",
    ),
    _either(
        "plan",
        "unpaid",
        "paid",
        "too_small",
        default="paid",
        doc="State of the company's plan: unpaid answers AUTZ-1004, too_small AUTZ-1001.",
        why="a state of the account, not a reading",
    ),
    _either(
        "stock_integration_active",
        "on",
        "off",
        default="off",
        doc="Whether iPaaS.com's own Salesforce integration polls: the subscription's poll marks move with the clock.",
        why="a state of the account, not a reading",
    ),
    _either(
        "swagger",
        "off",
        "on",
        default="on",
        doc="Whether each API serves its swagger document; 404 when off.",
        why="the vendor's own tool reads it",
    ),
)

SWITCHES: Final[Mapping[str, Switch]] = {
    switch.name: switch for switch in (*_ANSWERS, *_WRITES, *_LINKS, *_FILTERS, *_ERRORS, *_ACCESS)
}
# States and trials rather than readings of the API: a preset leaves them at their default.
NOT_PRESET: Final = frozenset(
    {
        "plan", "rate_limit", "max_text_length", "too_long", "country_form", "client_header",
        "stock_integration_active",
    }
)  # fmt: skip
