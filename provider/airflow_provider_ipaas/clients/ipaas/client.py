"""One company of iPaaS.com: read, find, create, update and link companies and customers."""

from __future__ import annotations

import builtins
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients._lanes import in_lanes
from airflow_provider_ipaas.clients.ipaas import answers
from airflow_provider_ipaas.clients.ipaas.account import Account
from airflow_provider_ipaas.clients.ipaas.answers import NotAnAnswer
from airflow_provider_ipaas.clients.ipaas.faults import SERVICE
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.ipaas.tables import TableNames
from airflow_provider_ipaas.clients.ipaas.wire import Call, Wire
from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError, ServiceError, UnknownOutcome
from airflow_provider_ipaas.sync.ports import IPaaSPort, Kind, Record

T = TypeVar("T")
R = TypeVar("R")


class IPaaSClient:
    """A client of one company; safe to use from several threads. Close it, or use it in a `with`."""

    def __init__(
        self,
        settings: IPaaSSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        on_secret: Callable[[str], object] = str,
    ) -> None:
        self.settings = settings
        self._profile = settings.profile
        self._wire = Wire(settings, clock=clock, sleep=sleep, on_secret=on_secret)
        self._tables = TableNames(self._wire, settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections kept open."""
        self._wire.close()

    @property
    def profile(self) -> Profile:
        """The effective API profile."""
        return self._profile

    @property
    def system_id(self) -> str:
        """The subscription id of Salesforce, as used in every external id."""
        return self.settings.system_id

    @property
    def calls(self) -> int:
        """API calls sent so far, login calls not counted, repeated ones counted each time."""
        return self._wire.calls

    @property
    def account(self) -> Account:
        """What is around the company: who logs in, companies, subscriptions, tables, documents of the API."""
        return Account(self._wire, self._tables, self._profile)

    @property
    def lanes(self) -> int:
        """How many calls `parallel` keeps under way at most."""
        return self.settings.max_concurrency

    def server_now(self) -> datetime:
        """Return the service's clock (UTC, aware), never the worker's."""
        return self._wire.server_now()

    def parallel(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Exception]]:
        """Run *call* for each item, at most `lanes` at once; yield results in the items' order, errors as values."""
        return in_lanes(call, items, self.lanes)

    def list(self, kind: Kind) -> Iterator[Record]:
        """Stream every row, page by page; one that moves to a near page meanwhile comes once.

        Rows may be shorter than what `get` answers.
        """
        return self._pages(kind, {})

    def find(self, kind: Kind, value: str) -> builtins.list[Record]:
        """Look records up by e-mail (customer) or name (company), compared again on this side, case-folded."""
        wanted = _folded(value)
        if not wanted:
            return []
        query, names = self._profile.query, self._profile.field_names
        parameter, field = (
            (query.customer_email, names.customer_email)
            if kind == "customer"
            else (query.company_name, names.company_name)
        )
        typed = value.strip()
        # A service that compares exactly finds a mixed-case e-mail under another spelling only when asked in that one.
        spellings = dict.fromkeys((typed, typed.lower()) if kind == "customer" else (typed,))
        for spelling in spellings:
            rows = self._pages(kind, {query.action: query.equals, parameter: spelling})
            if found := [row for row in rows if _folded(row.get(field)) == wanted]:
                return found
        return []

    def get(self, kind: Kind, record_id: str) -> Record | None:
        """Read one whole record; None when it does not exist (404)."""
        paths = self._profile.paths
        template = paths.customer if kind == "customer" else paths.company
        call = Call("GET", "customers", template, f"read the {kind}", ids={"id": record_id}, record_id=record_id)
        return self._wire.send(call, _whole_record, missing=None)

    def create(self, kind: Kind, body: Record) -> Record:
        """Create a record and return it as the service shows it; never repeated blindly: raises `UnknownOutcome`."""
        paths = self._profile.paths
        template = paths.customer_create if kind == "customer" else paths.company_create
        sent = self._without_server_fields(body)
        call = Call("POST", "customers", template, f"create the {kind}", effect="create", body=sent)
        answer = self._wire.send(call, _created)
        if self._is_whole(answer) and answer.get("id"):
            return answer
        return self._read_created(kind, sent, answer.get("id"))

    def update(self, kind: Kind, record_id: str, body: Record) -> Record | None:
        """PUT a record; return it as the answer shows it, or None when the answer carries no whole record."""
        paths = self._profile.paths
        template = paths.customer_update if kind == "customer" else paths.company_update
        call = Call(
            self._profile.update_method,
            "customers",
            template,
            f"update the {kind}",
            effect="put",
            ids={"id": record_id},
            body=self._without_server_fields(body),
            record_id=record_id,
        )
        answer = self._wire.send(call, _updated)
        same = str(answer.get("id", "")).casefold() == record_id.casefold()
        return answer if same and self._is_whole(answer) else None

    def external_id_of(self, kind: Kind, record_id: str) -> str | None:
        """Return the Salesforce id stored for an iPaaS.com record; `DELETED:` links count as none."""
        if self._profile.external_ids_on_read == "nested":
            record = self.get(kind, record_id)
            return self.nested_external_id(record) if record else None
        ids = {"id": record_id, "system_id": self.system_id, "table_name": self._tables.name(kind)}
        what = f"look up the external id of the {kind}"
        call = Call("GET", "customers", self._profile.paths.external_id_of, what, ids=ids, record_id=record_id)
        return self._wire.send(call, _lookup, missing=None)

    def record_with_external_id(self, kind: Kind, external_id: str) -> str | None:
        """Return the iPaaS.com id that carries this Salesforce id, or None."""
        body = {"table_name": self._tables.name(kind), "system_id": int(self.system_id), "external_id": external_id}
        template = self._profile.paths.record_with_external_id
        call = Call("POST", "customers", template, f"look up the {kind} with an external id", body=body)
        return self._wire.send(call, _lookup, missing=None)

    def set_external_id(self, kind: Kind, record_id: str, external_id: str) -> None:
        """Create or update the stored external id."""
        body = {
            "table_name": self._tables.name(kind),
            "system_id": int(self.system_id),
            "external_id": external_id,
            "internal_id": record_id,
        }
        template = self._profile.paths.set_external_id
        what = f"store the external id of the {kind}"
        self._wire.send(
            Call("POST", "customers", template, what, effect="put", body=body, record_id=record_id), _anything
        )

    def nested_external_id(self, record: Mapping[str, Any]) -> str | None:
        """Return the Salesforce id that a record's own array carries; `DELETED:` links count as none."""
        items = record.get(self._profile.arrays.external_ids)
        for item in items if isinstance(items, builtins.list) else ():
            ours = isinstance(item, Mapping) and str(item.get("system_id", "")) == self.system_id
            if ours and (live := answers.live_external_id(item.get("external_id"))):
                return live
        return None

    def relationships(self, customer_id: str) -> builtins.list[Record]:
        """Return the relationships of a customer; none while the profile has them off."""
        if self._profile.relationships == "off":
            return []
        what = "read the relationships of the customer"
        call = Call(
            "GET", "customers", self._profile.paths.relationships, what, ids={"id": customer_id}, record_id=customer_id
        )
        return self._wire.send(call, _rows, missing=[])

    def relate(self, customer_id: str, company_id: str) -> None:
        """Relate a customer to a company; never repeated blindly: raises `UnknownOutcome`."""
        if self._profile.relationships == "off":
            raise ConfigurationError(
                f"Connection `{self.settings.connection}`: relationships are off in the API profile.",
                next_step='Set `{"relationships": "on"}` in `api_profile` once the endpoint is known to work.',
            )
        names = self._profile.relationship_fields
        body = {
            names.customer_id: customer_id,
            names.related_to_id: company_id,
            names.related_to_type: self._profile.relationship_type,
        }
        what = "relate the customer to its company"
        call = Call(
            "POST", "customers", self._profile.paths.relate, what, effect="create", body=body, record_id=customer_id
        )
        self._wire.send(call, _anything)

    def check(self) -> str:
        """Log in and read one page of companies; return what was seen, for people."""
        first = next(self.list("company"), None)
        seen = "at least one company" if first else "no company yet"
        scope = f"company {self.settings.company_id}" if self.settings.company_id else "the API key's company"
        return f"Reached {self.settings.base_url} for {scope}: {seen}."

    def _pages(self, kind: Kind, filters: Mapping[str, str]) -> Iterator[Record]:
        paging = self._profile.paging
        # Rows move by a few places while pages are read: the latest pages tell what was yielded already.
        latest: deque[set[str]] = deque(maxlen=_REMEMBERED_PAGES)
        total: int | None = None
        stale = 0
        for read in range(1, paging.max_pages + 1):
            rows, told = self.page(kind, paging.first_page + read - 1, filters)
            total = told if told is not None else total
            fresh = {row["id"]: row for row in rows if not any(row["id"] in page for page in latest)}
            latest.append(set(fresh))
            yield from fresh.values()
            if not rows or total is None or read >= total:
                return
            stale = 0 if fresh else stale + 1
            if stale > 1:
                raise ServiceError(
                    f"iPaaS.com repeats the same page of its {_PLURAL[kind]} (page {read} of {total}).",
                    next_step="Check `query.page_number` and `paging` in the connection's `api_profile`.",
                    service=SERVICE,
                )
        raise ServiceError(
            f"iPaaS.com lists more than {paging.max_pages} pages of {_PLURAL[kind]}; reading stopped.",
            next_step="Raise `paging.max_pages` in the connection's `api_profile` if there are that many.",
            service=SERVICE,
        )

    def page(
        self, kind: Kind, number: int, filters: Mapping[str, str] | None = None
    ) -> tuple[builtins.list[Record], int | None]:
        """Return the rows of one page and how many pages there are; None when the answer doesn't tell."""
        paths, query, paging = self._profile.paths, self._profile.query, self._profile.paging
        template = paths.customers if kind == "customer" else paths.companies
        size = {query.page_size: str(paging.page_size)} if query.page_size else {}
        params = {**(filters or {}), query.page_number: str(number), **size}
        call = Call("GET", "customers", template, f"list the {_PLURAL[kind]}", params=params)
        return self._wire.send(call, self._read_page, missing=([], None))

    def _read_page(self, answer: Answer) -> tuple[builtins.list[Record], int | None]:
        if answer.status == 204:
            return [], None
        rows = answers.read_rows(answer.text)
        if any(not row.get("id") for row in rows):
            raise NotAnAnswer("a list with a row that has no id")
        header = answer.headers.get(self._profile.paging.header)
        total = answers.read_total_pages(header, self._profile.paging)
        if header is not None and total is None:
            raise NotAnAnswer(f"a header {self._profile.paging.header} that does not tell the number of pages")
        return rows, total

    def _without_server_fields(self, body: Record) -> Record:
        return {name: value for name, value in body.items() if name not in self._profile.server_fields}

    def _is_whole(self, record: Mapping[str, Any]) -> bool:
        return all(isinstance(record.get(name), builtins.list) for name in self._profile.nested_arrays)

    def _read_created(self, kind: Kind, sent: Record, record_id: str | None) -> Record:
        """Read back what a create made; raise `UnknownOutcome` when it can't be told which record that is."""
        try:
            found = record_id or self._find_created(kind, sent)
            record = self.get(kind, found) if found else None
        except IPaaSSyncError as error:
            raise UnknownOutcome(
                f"iPaaS.com accepted a new {kind}, but it could not be read back: {error.message}",
                service=SERVICE,
                record_id=record_id,
            ) from error
        if record is None:
            raise UnknownOutcome(
                f"iPaaS.com accepted a new {kind} without saying which, and it was not found again.",
                service=SERVICE,
                record_id=record_id,
            )
        return record

    def _find_created(self, kind: Kind, sent: Record) -> str | None:
        """Find the record a create made: by the external id it carries, else by e-mail or name if there is just one."""
        ours = self.nested_external_id(sent)
        if ours and (by_link := self.record_with_external_id(kind, ours)):
            return by_link
        names = self._profile.field_names
        value = sent.get(names.customer_email if kind == "customer" else names.company_name)
        found = self.find(kind, value) if isinstance(value, str) else []
        if len(found) != 1:
            return None
        candidate = str(found[0]["id"])
        return candidate if self.external_id_of(kind, candidate) in (None, ours) else None


_REMEMBERED_PAGES = 50
_PLURAL = {"customer": "customers", "company": "companies"}


def _folded(value: object) -> str:
    return value.strip().casefold() if isinstance(value, str) else ""


def _whole_record(answer: Answer) -> Record | None:
    if answer.status == 204:
        return None
    record = answers.read_record(answer.text)
    if "id" not in record:
        raise NotAnAnswer("a record without an id")
    return record


def _created(answer: Answer) -> Record:
    """Read a create's answer: a record, only an id, or nothing at all (then `{}`)."""
    if not answer.text.strip():
        return {}
    parsed = answers.read_json(answer.text)
    if isinstance(parsed, dict):
        return answers.with_text_id(parsed)
    if isinstance(parsed, str | int) and not isinstance(parsed, bool) and str(parsed).strip():
        return {"id": str(parsed).strip()}
    return {}


def _updated(answer: Answer) -> Record:
    """Read an update's answer: a record, or `{}` for anything that is none but no fault either."""
    text = answer.text.strip()
    if not text or text[0] not in '{["<':
        return {}
    parsed = answers.read_json(text)
    return answers.with_text_id(parsed) if isinstance(parsed, dict) else {}


def _lookup(answer: Answer) -> str | None:
    return answers.read_lookup(answer.text)


def _rows(answer: Answer) -> list[Record]:
    return [] if answer.status == 204 else answers.read_rows(answer.text)


def _anything(answer: Answer) -> None:
    """Accept any answer that is whole: neither a proxy's web page nor cut JSON must pass for success."""
    if answer.text.lstrip()[:1] in tuple('{[<"'):
        answers.read_json(answer.text)


def _fits_the_port(client: IPaaSClient) -> IPaaSPort:
    return client
