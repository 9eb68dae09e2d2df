"""One Salesforce org: describe, query, read by id, create, update, upsert. Implements the sync core's port."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from airflow_provider_ipaas.catalogue import Handling, about
from airflow_provider_ipaas.clients._http import Answer, RetryPolicy, Secrets, Timeouts, Transport
from airflow_provider_ipaas.clients._lanes import in_lanes
from airflow_provider_ipaas.clients.salesforce import bulk, collections, soql
from airflow_provider_ipaas.clients.salesforce.auth import Authenticator, Login
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.query import stream
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Credentials, Token
from airflow_provider_ipaas.clients.salesforce.wire import Call, NotAnAnswer, Wire, read_object
from airflow_provider_ipaas.errors import ServiceError
from airflow_provider_ipaas.sync.ports import FieldFacts, ObjectFacts, R, Record, SalesforcePort, T, WriteResult

# The `updated` resource looks back 30 days; one less leaves room for clocks.
_UPDATED_DAYS = 29
# Shorter than the time after which another run may take over what this one creates.
_JOB_S = 600.0


class SalesforceClient:
    """A client of one org; logs in on first use, safe to use from several threads. Close it, or use it in a `with`."""

    def __init__(
        self,
        credentials: Credentials,
        *,
        api_url: str,
        api_version: str = "64.0",
        timeouts: Timeouts | None = None,
        policy: RetryPolicy | None = None,
        login: Callable[[Transport], Login] | None = None,
        on_secret: Callable[[str], None] | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """*login* makes what gets tokens over the client's transport; without it the app logs in by itself.

        *on_secret* hears every secret, tokens included, so that logs can mask it.
        """
        self._transport = Transport(
            SERVICE,
            name="Salesforce",
            timeouts=timeouts,
            monotonic=monotonic,
            secrets=Secrets(on_secret),
            address=credentials.address,
        )
        auth: Login = (
            login(self._transport)
            if login is not None
            else Authenticator(credentials, self._transport, policy=policy, sleep=sleep, wall=wall)
        )
        self._wire = Wire(auth, self._transport, api_url=api_url, api_version=api_version, policy=policy, sleep=sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections kept open."""
        self._transport.close()

    @property
    def token(self) -> Token:
        """The access token in use and what came with it; logs in when there is none yet."""
        return self._wire.token

    @property
    def org_id(self) -> str:
        """The 18-character id of the org behind the token."""
        return self._wire.token.org_id

    @property
    def user_id(self) -> str:
        """The 18-character id of the API user."""
        return self._wire.token.user_id

    @property
    def instance_url(self) -> str:
        """Where the org answers, as the token answer named it."""
        return self._wire.token.instance_url

    @property
    def calls(self) -> int:
        """API calls sent so far, token calls not counted, repeated ones counted each time."""
        return self._transport.calls

    @property
    def usage(self) -> tuple[int, int] | None:
        """Calls of the org in the last 24 hours, used and allowed, as the last answer told; None where none did."""
        used, allowed = self.limit_used, self.limit_max
        return None if used is None or allowed is None else (used, allowed)

    @property
    def limit_used(self) -> int | None:
        """API calls of the whole org in the last 24 hours, as the last answer told; None before any."""
        return self._wire.limit_used

    @property
    def limit_max(self) -> int | None:
        """API calls the org may make in 24 hours, as the last answer told; None before any."""
        return self._wire.limit_max

    def server_now(self) -> datetime:
        """Return the org's clock (UTC, aware), never the worker's."""
        return self._wire.server_now()

    def resources(self) -> dict[str, Any]:
        """Return what this API version offers: the cheapest call that proves token and API access."""
        return self._wire.send(Call("GET", "", "list the resources of its API"), read_object)

    def read(self, path: str, what: str) -> dict[str, Any]:
        """Return a resource below the version's path as it stands; *what* completes "Salesforce could not ..."."""
        return self._wire.send(Call("GET", path, what), read_object)

    def describe(self, sobject: str) -> ObjectFacts:
        """Return the fields of an object that the API user sees."""
        call = Call("GET", f"sobjects/{soql.name(sobject)}/describe", f"describe {sobject}")
        return self._wire.send(call, _read_describe)

    def latest_date_covered(self, sobject: str, start: datetime, end: datetime) -> datetime:
        """Return up to when every committed change is visible; never later than *end*, *start* when it can't be told.

        Seconds are ignored by the service, and start and end must differ by a minute. More than 600,000 changes in the
        window are refused (EXCEEDED_ID_LIMIT): then nothing is known to be covered.
        """
        first = max(start, end - timedelta(days=_UPDATED_DAYS)).astimezone(UTC).replace(second=0, microsecond=0)
        if end - first < timedelta(minutes=1):
            return start
        params = {"start": first.isoformat(), "end": end.astimezone(UTC).replace(microsecond=0).isoformat()}
        path = f"sobjects/{soql.name(sobject)}/updated/"
        call = Call("GET", path, f"tell up to when changes of {sobject} are complete", params=params)
        try:
            return min(self._wire.send(call, _read_covered), end)
        except ServiceError as error:
            if about(SERVICE, error.code).handling is Handling.GO_ON:
                return start
            raise

    def query(self, soql: str, *, include_deleted: bool = False) -> Iterator[Record]:
        """Stream the rows of a query page by page (`queryAll` when *include_deleted*)."""
        return stream(self._wire, soql, include_deleted=include_deleted)

    def retrieve(self, sobject: str, ids: Sequence[str], fields: Sequence[str]) -> list[Record | None]:
        """Read rows by id, at most 2,000 per call, aligned with *ids*; None for one that is deleted or not visible."""
        return collections.retrieve(self._wire, sobject, ids, fields)

    def create(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        """Create at most 200 records; never repeated blindly: raises `UnknownOutcome` when the answer was lost."""
        return collections.create(self._wire, sobject, records)

    def update(self, sobject: str, records: Sequence[Record]) -> list[WriteResult]:
        """Update at most 200 records, each with its `Id`."""
        return collections.update(self._wire, sobject, records)

    def upsert(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> list[WriteResult]:
        """Upsert at most 200 records by an external-id field each of them carries."""
        return collections.upsert(self._wire, sobject, external_id_field, records)

    def parallel(self, call: Callable[[T], R], items: Iterable[T], lanes: int) -> Iterator[tuple[T, R | Exception]]:
        """Run *call* for each item, at most *lanes* at once; yield results in the items' order, errors as values."""
        return in_lanes(call, items, lanes)

    def open_upsert_job(self, sobject: str, external_id_field: str, records: Sequence[Record]) -> str:
        """Upload records as a Bulk API 2.0 job and return its id; nothing is written before `finish_upsert_job`."""
        return bulk.open_upsert(self._wire, sobject, external_id_field, records)

    def finish_upsert_job(
        self, job_id: str, external_id_field: str, told: Callable[[int], None]
    ) -> dict[str, WriteResult]:
        """Let a job run and return the results by external id; a row without one was not processed.

        *told* hears how many rows are done. Raises `UnknownOutcome` for a job that takes longer than ten minutes.
        """
        return bulk.finish(self._wire, job_id, external_id_field, limit_s=_JOB_S, told=told)

    def end_job(self, job_id: str) -> bool:
        """Stop a job that was left behind, or wait for its end; tell whether it has ended."""
        return bulk.end(self._wire, job_id, limit_s=_JOB_S)


def _read_describe(answer: Answer) -> ObjectFacts:
    body = read_object(answer)
    fields = body.get("fields")
    if not isinstance(fields, list) or not all(isinstance(item, dict) and item.get("name") for item in fields):
        raise NotAnAnswer("JSON that describes no object")
    return ObjectFacts(str(body.get("name") or ""), {str(item["name"]): _field(item) for item in fields})


def _field(item: dict[str, Any]) -> FieldFacts:
    length = item.get("length")
    return FieldFacts(
        name=str(item["name"]),
        label=str(item.get("label") or item["name"]),
        type=str(item.get("type") or ""),
        length=length if isinstance(length, int) else 0,
        createable=item.get("createable") is True,
        updateable=item.get("updateable") is True,
        external_id=item.get("externalId") is True,
        unique=item.get("unique") is True,
        calculated=item.get("calculated") is True,
        nillable=item.get("nillable") is not False,
        defaulted_on_create=item.get("defaultedOnCreate") is True,
        values=_active_values(item.get("picklistValues")),
    )


def _active_values(found: object) -> tuple[str, ...]:
    values = found if isinstance(found, list) else []
    return tuple(str(v.get("value")) for v in values if isinstance(v, dict) and v.get("active") is not False)


def _read_covered(answer: Answer) -> datetime:
    try:
        covered = datetime.fromisoformat(str(read_object(answer).get("latestDateCovered")))
        return covered.astimezone(UTC) if covered.tzinfo else covered.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise NotAnAnswer("JSON without a readable latestDateCovered") from None


if TYPE_CHECKING:
    _fits_the_port: type[SalesforcePort] = SalesforceClient
