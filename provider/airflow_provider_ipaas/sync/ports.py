"""What the sync core asks of the two services: the clients fit these protocols, and so do in-memory models."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol, TypeVar

Record = dict[str, Any]
Kind = Literal["company", "customer"]
T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class WriteError:
    """One refusal of one record: the service's code, its message, and the fields it names."""

    code: str
    message: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The fate of one record of a batch write; *id* is None when it was refused."""

    id: str | None
    success: bool
    created: bool = False
    errors: tuple[WriteError, ...] = ()
    met_lock: bool = False  # at its first attempt at least


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """What describe says of one Salesforce field."""

    name: str
    label: str
    type: str
    length: int
    createable: bool
    updateable: bool
    external_id: bool
    unique: bool
    calculated: bool = False
    nillable: bool = True
    defaulted_on_create: bool = False
    values: tuple[str, ...] = ()  # of a picklist, the active ones


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What describe says of one Salesforce object, fields by API name."""

    name: str
    fields: dict[str, FieldFacts] = field(default_factory=dict)


class SalesforcePort(Protocol):
    """One authenticated Salesforce org. Every method may raise `ServiceError` subclasses."""

    @property
    def org_id(self) -> str:
        """The 18-character id of the org behind the token."""

    @property
    def user_id(self) -> str:
        """The 18-character id of the API user."""

    @property
    def calls(self) -> int:
        """API calls sent so far, token calls not counted."""

    @property
    def usage(self) -> tuple[int, int] | None:
        """Calls of the org in the last 24 hours, used and allowed, as the last answer told; None where none did."""

    def server_now(self) -> datetime:
        """Return the org's clock (UTC, aware), never the worker's."""

    def describe(self, sobject: str) -> ObjectFacts: ...

    def latest_date_covered(self, sobject: str, start: datetime, end: datetime) -> datetime:
        """Return the fence: up to when every committed change is visible (`updated` resource)."""

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[Record]:
        """Stream the rows of a query page by page (`queryAll` when *include_deleted*)."""

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
        """Read rows by id, at most 2,000 per call, aligned with *ids*; None for one that is deleted or not visible."""

    def create(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        """Create at most 200 records; never repeated blindly: raises `UnknownOutcome` when the answer was lost."""

    def update(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        """Update at most 200 records, each with its `Id`."""

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> list[WriteResult]:
        """Upsert at most 200 records by an external-id field each of them carries."""

    def parallel(self, call: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[tuple[T, R | Exception]]:
        """Run *call* for each item, at most *lanes* at once; yield results in the items' order, errors as values."""

    def open_upsert_job(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> str:
        """Upload records as a Bulk API 2.0 job and return its id; nothing is written before `finish_upsert_job`."""

    def finish_upsert_job(
        self, job_id: str, external_id_field: str, told: Callable[[int], None]
    ) -> dict[str, WriteResult]:
        """Let a job run and return the results by external id; a row without one was not processed.

        *told* hears how many rows are done. Raises `UnknownOutcome` for a job that takes longer than ten minutes.
        """

    def end_job(self, job_id: str) -> bool:
        """Stop a job that was left behind, or wait for its end; tell whether it has ended."""


class IPaaSPort(Protocol):
    """One company of iPaaS.com. Ids are opaque strings. Every method may raise `ServiceError` subclasses."""

    @property
    def system_id(self) -> str:
        """The subscription id of Salesforce, as used in every external id."""

    @property
    def calls(self) -> int:
        """API calls sent so far, login calls not counted."""

    @property
    def lanes(self) -> int:
        """How many calls `parallel` keeps under way at most."""

    def server_now(self) -> datetime: ...

    def list(self, kind: Kind) -> Iterator[Record]:
        """Stream every row, page by page, each id once. Rows may be shorter than what `get` answers."""

    def get(self, kind: Kind, record_id: str) -> Record | None:
        """Read one whole record; None when it does not exist (404)."""

    def find(self, kind: Kind, value: str) -> Sequence[Record]:
        """Look records up by e-mail (customer) or name (company), compared again on this side, case-folded."""

    def create(self, kind: Kind, body: Record) -> Record:
        """Create a record and return it as the service shows it; never repeated blindly: raises `UnknownOutcome`."""

    def update(self, kind: Kind, record_id: str, body: Record) -> Record | None:
        """PUT a record; return it as the answer shows it, or None when the answer carries no whole record."""

    def external_id_of(self, kind: Kind, record_id: str) -> str | None:
        """Return the Salesforce id stored for an iPaaS.com record; `DELETED:` links count as none."""

    def record_with_external_id(self, kind: Kind, external_id: str) -> str | None:
        """Return the iPaaS.com id that carries this Salesforce id, or None."""

    def set_external_id(self, kind: Kind, record_id: str, external_id: str) -> None:
        """Create or update the stored external id."""

    def relationships(self, customer_id: str) -> Sequence[Record]: ...

    def relate(self, customer_id: str, company_id: str) -> None: ...

    def parallel(self, call: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, R | Exception]]:
        """Run *call* for each item, at most `lanes` at once; yield results in the items' order, errors as values."""
