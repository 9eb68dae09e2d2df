"""Lists: the equals filter and the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from starlette.responses import Response

from airflow_provider_ipaas.sandbox.ipaas.call import Call, answer
from airflow_provider_ipaas.sandbox.ipaas.errors import ApiError, not_found
from airflow_provider_ipaas.sandbox.ipaas.forms import id_text
from airflow_provider_ipaas.sandbox.ipaas.model import CUSTOMER, Kind, Record, fold
from airflow_provider_ipaas.sandbox.ipaas.render import row
from airflow_provider_ipaas.sandbox.ipaas.store import IPaaSStore
from airflow_provider_ipaas.sandbox.ipaas.switches import Switches

_SEEN: Final = {"customer": {"EmailAddress": "email_address"}, "company": {"Name": "name"}}
_MORE: Final = {
    "customer": {"EmailAddress": "email_address", "CustomerNumber": "customer_number", "Id": "id"},
    "company": {"Name": "name", "AccountNumber": "account_number", "Id": "id"},
}
_NOT_FILTERS: Final = frozenset({"trackingGuid", "pageNumber", "action"})


def records(call: Call, kind: Kind) -> Response:
    """Answer a list of companies or customers, filtered or whole."""
    table = call.store.tables[kind.name]
    wanted = _filter(call, kind)
    if wanted is None:
        return page(call, table.count(), lambda start, stop: [row(r, call.store) for r in table.listed(start, stop)])
    found = _matching(call.store, kind, *wanted)
    return page(call, len(found), lambda start, stop: [row(record, call.store) for record in found[start:stop]])


def page(call: Call, total: int, rows: Callable[[int, int | None], Sequence[Any]]) -> Response:
    """Answer one page of `total` rows, or all of them, as the switches want it."""
    switches = call.store.switches
    if total == 0:
        if switches.is_on("empty_list", "not_found"):
            raise not_found("nothing in the list")
        return answer(
            [], headers=None if switches.is_on("paging", "none") else _header(switches.number("first_page"), 0)
        )
    if switches.is_on("paging", "none"):
        return answer(rows(0, None))
    first, size = switches.number("first_page"), switches.number("page_size")
    pages = -(-total // size)
    number = _page_number(call, first)
    if number >= first + pages:
        beyond = switches.text("beyond_last_page")
        if beyond == "not_found":
            raise not_found(f"page {number}")
        if beyond == "empty":
            return answer([], headers=_header(number, pages))
        number = first + pages - 1
    start = (number - first) * size
    return answer(rows(start, start + size), headers=_header(number, pages))


def _header(number: int, pages: int) -> dict[str, str]:
    return {"X-Pagination": json.dumps({"current_Page": number, "total_Pages": pages})}


def _page_number(call: Call, first: int) -> int:
    text = call.query.get("pageNumber", str(first))
    if not text.isdecimal():
        raise ApiError("VALD-1004", f"The pageNumber {text!r} is not an integer.")
    return max(int(text), first)


def filter_fields(kind: Kind, switches: Switches) -> dict[str, str]:
    """Return the query parameters that filter a list, each with the field it compares."""
    return (_MORE if switches.is_on("filter_fields", "more") else _SEEN)[kind.name]


def _filter(call: Call, kind: Kind) -> tuple[str, str] | None:
    """Return the field and value to filter by; an unknown field is refused or ignored, as switched."""
    sent = [(name, value) for name, value in call.query.multi_items() if name not in _NOT_FILTERS]
    if not sent:
        return None
    action = call.query.get("action")
    if action != "equals":
        raise ApiError("VALD-1010", f"The action {action!r} is not one of the allowed values: equals.")
    known = filter_fields(kind, call.store.switches)
    filters = [(known[name], value) for name, value in sent if name in known]
    if len(filters) < len(sent) and call.store.switches.is_on("unknown_filter", "refused"):
        raise ApiError("VALD-1010", f"The filter field is not one of the allowed values: {', '.join(known)}.")
    return filters[0] if filters else None


def _matching(store: IPaaSStore, kind: Kind, field: str, value: str) -> list[Record]:
    if field == "id":
        found = [r for r in store.tables[kind.name].listed() if id_text(r.number, store.switches) == value]
    else:
        found = [record for record in store.tables[kind.name].having(field, value) if record.active]
        if store.switches.is_on("filter_case", "exact"):
            found = [record for record in found if record.values[field] == value]
        elif kind is CUSTOMER or field == "name":
            found = [record for record in found if fold(record.values[field]) == fold(value)]
    return found
