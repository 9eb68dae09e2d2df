"""iPaaS.com: the way there, the login, company and subscription, table names, a read of each collection."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.network import Place, Way
from airflow_provider_ipaas.doctor.patients import IPaaSPatient
from airflow_provider_ipaas.errors import AuthenticationError, ServiceError
from airflow_provider_ipaas.sync.ports import Kind, Record

KINDS: tuple[Kind, ...] = ("company", "customer")
PLURAL: Mapping[Kind, str] = {"company": "companies", "customer": "customers"}
# A time that the stock integration noted this recently says that it runs.
RECENT = timedelta(days=2)
# Refusals that meet every call alike: of the plan.
_OF_THE_PLAN = frozenset({"AUTZ-1001", "AUTZ-1004"})
_DOTNET_STAMPS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S")


class IPaaSExam:
    """One connection under examination; what a check has read is there for the later ones."""

    def __init__(self, load: Callable[[], IPaaSPatient]) -> None:
        self._load = load
        self._pages: dict[Kind, tuple[list[Record], int | None]] = {}

    @cached_property
    def patient(self) -> IPaaSPatient:
        """The connection. Raises ConfigurationError for a field that is wrong."""
        return self._load()

    @property
    def settings(self) -> IPaaSSettings:
        """The connection's fields."""
        return self.patient.settings

    @cached_property
    def way(self) -> Way:
        """The one host."""
        settings = self.settings
        field = f"the field Base URL (`host`) of connection `{settings.connection}`"
        return Way("ipaas", "iPaaS.com", [Place(settings.base_url, field)], "/")

    @cached_property
    def client(self) -> IPaaSClient:
        """The hook's client."""
        return self.patient.connect()

    def close(self) -> None:
        """Close what was opened."""
        for name in ("way", "client"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of this room in their order."""
        return (
            Check("ipaas.connection", self._connection),
            Check("ipaas.dns", lambda note: self.way.dns(note), ("ipaas.connection",)),
            Check("ipaas.tls", lambda note: self.way.tls(note), ("ipaas.dns",)),
            Check("ipaas.reach", self._reach, ("ipaas.tls",)),
            Check("ipaas.clock", lambda note: self.way.clock(note, signs=False), ("ipaas.reach",)),
            Check("ipaas.login", self._login, ("ipaas.reach",)),
            Check("ipaas.company", self._company, ("ipaas.login",)),
            Check("ipaas.access", self._access, ("ipaas.company",)),
            Check("ipaas.system_id", self._system_id, ("ipaas.access",)),
            Check("ipaas.tables", self._tables, ("ipaas.access",)),
            Check("ipaas.read", self._read, ("ipaas.access",)),
            Check("ipaas.stock_integration", self._stock_integration, ("ipaas.system_id",)),
        )

    def _connection(self, note: Notes) -> Iterator[Finding]:
        settings = self.settings
        yield note.ok(settings.connection, f"Its fields can be used: {settings.base_url}, {settings.auth_mode}.")

    def _reach(self, note: Notes) -> Iterator[Finding]:
        # Nothing is documented to be at the bare address; any answer will do.
        self.way.ask()
        yield note.ok(self.settings.base_url, "iPaaS.com answers.")

    def _login(self, note: Notes) -> Iterator[Finding]:
        login = self.client.account.login()
        if login is None:
            yield note.ok(self.settings.connection, "An API key needs no login.")
        else:
            who = login.name or "a user without a name"
            yield note.ok(self.settings.connection, f"Logged in as {who} (user {login.user_id or 'unknown'}).")

    def _company(self, note: Notes) -> Iterator[Finding]:
        settings = self.settings
        chosen = settings.company_id
        try:
            companies = self.client.account.companies()
        except ServiceError as error:
            # The list is a help; whether the company can be worked in, changing to it tells.
            self.client.account.enter()
            yield note.ok(chosen, f"This login may work in it; its companies can't be listed ({error.code}).")
            return
        if companies is None:
            yield note.ok(settings.connection, "An API key has its company from the start.")
            return
        name = next((company.name for company in companies if company.id.casefold() == chosen.casefold()), None)
        if name is None:
            offered = "; ".join(f"{company.name} = {company.id}" for company in companies) or "none"
            yield note.error(
                chosen,
                "This login has no such company.",
                f"Correct the field Company id (`company_id`) of connection `{settings.connection}`. It has: {offered}.",
            )
            return
        self.client.account.enter()
        yield note.ok(chosen, f"The company {name or 'without a name'}, one of {len(companies)} of this login.")

    def _access(self, note: Notes) -> Iterator[Finding]:
        """Make one call of the data APIs; only what would refuse every other one as well is told here."""
        try:
            self._first_page("company")
        except AuthenticationError:
            raise
        except ServiceError as error:
            if error.transient or error.code in _OF_THE_PLAN:
                raise
        yield note.ok(self.settings.connection, "The data APIs let this connection in.")

    def _first_page(self, kind: Kind) -> tuple[list[Record], int | None]:
        if kind not in self._pages:
            self._pages[kind] = self.client.page(kind, self.settings.profile.paging.first_page)
        return self._pages[kind]

    def _system_id(self, note: Notes) -> Iterator[Finding]:
        settings = self.settings
        subject = f"subscription {settings.system_id}"
        field = f"the field System id (`system_id`) of connection `{settings.connection}`"
        try:
            found = self.client.account.subscriptions()
        except ServiceError as error:
            if error.transient:
                raise
            yield note.warning(
                subject,
                f"The subscriptions can't be listed ({error.code}), so it is not known whether this is Salesforce's.",
                error.next_step or f"Look it up in the iPaaS.com portal, and compare it with {field}.",
            )
            return
        mine = next((it for it in found if it.id == settings.system_id), None)
        offered = "; ".join(f"{it.name or 'unnamed'} = {it.id}" for it in found) or "none"
        if mine is None:
            yield note.error(subject, "This company has no such subscription.", f"Correct {field}. It has: {offered}.")
        elif "salesforce" in f"{mine.name} {mine.description}".casefold():
            yield note.ok(subject, f"It is {mine.name}.")
        else:
            yield note.warning(
                subject,
                f"It is called {mine.name or 'nothing'!r}, which does not sound like Salesforce. External ids under "
                "another system's number mix with that system's.",
                f"Check {field}. The company has: {offered}.",
            )

    def _tables(self, note: Notes) -> Iterator[Finding]:
        for kind in KINDS:
            known: str | None = getattr(self.settings.profile.table_names, kind)
            try:
                listed = self.client.account.tables(kind)
            except ServiceError as error:
                if known is None or error.transient:
                    raise
                yield note.ok(PLURAL[kind], f"The profile says {known!r}; the tables can't be listed ({error.code}).")
                continue
            yield self._table(note, kind, known, listed)

    def _table(self, note: Notes, kind: Kind, known: str | None, listed: list[str]) -> Finding:
        wanted = getattr(self.settings.profile.mapping_collection_types, kind)
        subject = f"table of {PLURAL[kind]}"
        if known is None:
            if len(listed) == 1:
                return note.ok(subject, f"It is called {listed[0]!r}, by the look-up (type {wanted}).")
            said = f"the tables {', '.join(listed)}" if listed else "no table"
            return note.error(
                subject,
                f"iPaaS.com lists {said} of type {wanted}, where there should be one; its name is needed for external ids.",
                f'Set the right one in `api_profile`: {{"table_names": {{"{kind}": "..."}}}}.',
            )
        if known.casefold() in (name.casefold() for name in listed):
            return note.ok(subject, f"It is called {known!r}, in the profile and by the look-up.")
        if len(listed) == 1:
            return note.error(
                subject,
                f"iPaaS.com calls it {listed[0]!r}, the profile {known!r}; under a wrong name every record seems unlinked.",
                "Put the override into `api_profile`.",
                override={"table_names": {kind: listed[0]}},
            )
        return note.ok(
            subject, f"The profile says {known!r}; iPaaS.com lists {', '.join(listed) or 'none'} by this type."
        )

    def _read(self, note: Notes) -> Iterator[Finding]:
        header = self.settings.profile.paging.header
        for kind in KINDS:
            try:
                rows, pages = self._first_page(kind)
            except ServiceError as error:
                yield note.of(PLURAL[kind], error)
                continue
            if not rows:
                yield note.ok(PLURAL[kind], "The list answers; it is empty.")
            elif pages is None:
                yield note.warning(
                    PLURAL[kind],
                    f"The list came without the header {header}, so its {len(rows)} rows are taken for all there are.",
                    "If there are more, look which header tells the pages and set `paging` in `api_profile`.",
                )
            else:
                yield note.ok(PLURAL[kind], f"Read {len(rows)} rows, page 1 of {pages}.")

    def _stock_integration(self, note: Notes) -> Iterator[Finding]:
        """Look for a recent time among what the integration of this subscription notes for itself."""
        settings = self.settings
        subject = f"stock integration of subscription {settings.system_id}"
        try:
            record = self.client.account.subscription(settings.system_id)
        except ServiceError as error:
            if error.transient:
                raise
            record, reason = None, f" ({error.code})"
        else:
            reason = ""
        if record is None or not isinstance(record.get("persistent_data"), list):
            yield note.ok(
                subject,
                f"Unknown: what it notes for itself can't be read{reason}.",
                "Make sure in the iPaaS.com portal that it is off: two syncs on one subscription echo into each other.",
            )
            return
        now = self.client.server_now()
        marks = sorted(_marks(record["persistent_data"], now))
        if marks and now - marks[-1][0] <= RECENT:
            moment, name = marks[-1]
            yield note.warning(
                subject,
                f"It seems active: it noted the time {moment:%Y-%m-%d %H:%M} UTC as {name}. Two syncs on one subscription "
                "echo into each other.",
                "Switch it off in the iPaaS.com portal before the DAGs run, or use a subscription of its own.",
            )
            return
        last = f"the last time it noted is {marks[-1][0]:%Y-%m-%d %H:%M} UTC" if marks else "it has noted no time"
        yield note.ok(subject, f"It seems off: {last}.")


def _marks(items: list[Any], now: datetime) -> Iterator[tuple[datetime, str]]:
    """Yield the past times among noted values with their names; the values themselves may be anything, secrets too."""
    for item in items:
        if not isinstance(item, Mapping):
            continue
        moment = _moment(item.get("value"))
        if moment is not None and moment <= now + timedelta(minutes=5):
            yield moment, f"`{str(item.get('name'))[:60]}`"


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or not 8 <= len(value.strip()) <= 40:
        return None
    text = value.strip()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        for form in _DOTNET_STAMPS:
            try:
                moment = datetime.strptime(text, form)  # noqa: DTZ007  (made UTC below)
            except ValueError:
                continue
            break
        else:
            return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
