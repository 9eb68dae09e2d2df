"""Salesforce up to the door of its data: the way there, the login, whose org it is, version and headroom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from urllib.parse import urlsplit

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients.salesforce import SalesforceClient
from airflow_provider_ipaas.clients.salesforce.soql import quote, same_id
from airflow_provider_ipaas.doctor.checks import Check
from airflow_provider_ipaas.doctor.description import Description
from airflow_provider_ipaas.doctor.findings import Finding, Notes
from airflow_provider_ipaas.doctor.network import Place, Way
from airflow_provider_ipaas.doctor.patients import SalesforcePatient
from airflow_provider_ipaas.errors import ConfigurationError, ServiceError, WrongOrgError

USED_WARNING, USED_ERROR = 0.6, 0.8
VERSIONS_PATH = "/services/data/"
_FLOWS = {
    "web_server": "the grant of a browser login (web_server)",
    "client_credentials": "client_credentials",
    "jwt_bearer": "jwt_bearer",
}


class SalesforceExam:
    """One connection under examination; what a check has read is there for the later ones."""

    def __init__(self, load: Callable[[], SalesforcePatient], pinned_org_id: Callable[[], str | None] | None) -> None:
        self._load = load
        self._pinned_org_id = pinned_org_id
        self._wrong_org: WrongOrgError | None = None
        self._versions: list[str] = []
        self._descriptions: dict[str, Description] = {}

    @cached_property
    def patient(self) -> SalesforcePatient:
        """The connection. Raises ConfigurationError for a field that is wrong."""
        return self._load()

    @cached_property
    def way(self) -> Way:
        """The hosts: the org's, and the one that gives tokens where that is another."""
        conn_id = self.patient.conn_id
        token = urlsplit(self.patient.token_url)
        places = (
            Place(self.patient.api_url, f"the field API Url (`host`) of connection `{conn_id}`"),
            Place(f"{token.scheme}://{token.netloc}", f"the field Token URL (`token_url`) of connection `{conn_id}`"),
        )
        return Way("salesforce", "Salesforce", places, VERSIONS_PATH)

    @cached_property
    def client(self) -> SalesforceClient:
        """The hook's client."""
        return self.patient.connect()

    def close(self) -> None:
        """Close what was opened."""
        for name in ("way", "client"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def described(self, sobject: str) -> Description:
        """Describe an object, once."""
        if sobject not in self._descriptions:
            body = self.client.read(f"sobjects/{sobject}/describe", f"describe {sobject}")
            self._descriptions[sobject] = Description.read(sobject, body)
        return self._descriptions[sobject]

    def checks(self) -> tuple[Check, ...]:
        """Return the checks of this room in their order."""
        ledger = () if self._pinned_org_id is None else (Check("ledger", self._ledger, ("salesforce.org",)),)
        return (
            Check("salesforce.connection", self._connection),
            Check("salesforce.dns", lambda note: self.way.dns(note), ("salesforce.connection",)),
            Check("salesforce.tls", lambda note: self.way.tls(note), ("salesforce.dns",)),
            Check("salesforce.reach", self._reach, ("salesforce.tls",)),
            Check("salesforce.clock", self._clock, ("salesforce.reach",)),
            Check("salesforce.api_version", self._api_version, ("salesforce.reach",)),
            Check("salesforce.token", self._token, ("salesforce.reach",)),
            Check("salesforce.org", self._org, ("salesforce.token",)),
            *ledger,
            Check("salesforce.access", self._access, ("salesforce.org", "salesforce.api_version")),
            Check("salesforce.identity", self._identity, ("salesforce.access",)),
            Check("salesforce.limits", self._limits, ("salesforce.access",)),
        )

    def _connection(self, note: Notes) -> Iterator[Finding]:
        patient = self.patient
        yield note.ok(patient.conn_id, f"Its fields can be used: {patient.api_url}, {patient.auth_flow}.")

    def _reach(self, note: Notes) -> Iterator[Finding]:
        patient = self.patient
        answer = self.way.ask()
        self._versions = [] if answer is None else _versions(answer)
        if answer is not None and answer.status >= 500:
            yield note.error(
                patient.api_url,
                f"Salesforce is not available now (status {answer.status}).",
                "This is usually short-lived; examine it again later, or look at status.salesforce.com.",
            )
            return
        if not self._versions:
            yield note.error(
                patient.api_url,
                f"There is no Salesforce API here ({f'status {answer.status}' if answer else 'it leads elsewhere'}).",
                f"Correct the field API Url (`host`) of connection `{patient.conn_id}`: the org's My Domain URL.",
            )
            return
        yield note.ok(patient.api_url, f"Salesforce answers, with API {self._versions[0]} to {self._versions[-1]}.")

    def _clock(self, note: Notes) -> Iterator[Finding]:
        yield from self.way.clock(note, signs=self.patient.auth_flow == "jwt_bearer")

    def _api_version(self, note: Notes) -> Iterator[Finding]:
        patient = self.patient
        if patient.api_version in self._versions:
            yield note.ok(patient.api_url, f"API {patient.api_version} is on offer.")
            return
        yield note.error(
            patient.api_url,
            f"API {patient.api_version} is not on offer.",
            f"Correct the field API version (`api_version`) of connection `{patient.conn_id}`; on offer is "
            f"{self._versions[0]} to {self._versions[-1]}.",
        )

    def _token(self, note: Notes) -> Iterator[Finding]:
        patient = self.patient
        try:
            token = self.client.token
        except WrongOrgError as error:
            # The login works; whose org it is, is the next check's business.
            self._wrong_org = error
            yield note.ok(patient.conn_id, f"Salesforce gave a token for {_FLOWS[patient.auth_flow]}.")
            return
        yield note.ok(
            patient.conn_id, f"Logged in by {_FLOWS[patient.auth_flow]}; the org answers at {token.instance_url}."
        )

    def _org(self, note: Notes) -> Iterator[Finding]:
        patient = self.patient
        if self._wrong_org is not None:
            yield note.of(patient.conn_id, self._wrong_org)
            return
        org_id = self.client.org_id
        if patient.org_id is None:
            yield note.ok(
                org_id,
                "The connection names no org, so the first run's is kept to.",
                f"To pin it now, set the field Organization id (`org_id`) to {org_id}.",
            )
        else:
            yield note.ok(org_id, "The token is for the org that the connection is pinned to.")

    def _ledger(self, note: Notes) -> Iterator[Finding]:
        conn_id, org_id = self.patient.conn_id, self.client.org_id
        pinned = self._pinned_org_id() if self._pinned_org_id else None
        if pinned is None:
            yield note.ok("ledger", f"No run has synced by connection `{conn_id}` yet.")
        elif same_id(pinned, org_id):
            yield note.ok("ledger", "Its links belong to this org.")
        else:
            yield note.error(
                "ledger",
                f"Connection `{conn_id}` answers for org {org_id}, and the ledger's links belong to org {pinned}.",
                "Correct API Url and credentials; another org needs a connection and a DAG of its own.",
            )

    def _access(self, note: Notes) -> Iterator[Finding]:
        found = self.client.resources()
        yield note.ok(self.client.org_id, f"The user may call the REST API ({len(found)} resources).")

    def _identity(self, note: Notes) -> Iterator[Finding]:
        client = self.client
        try:
            org = next(client.query("SELECT Name, OrganizationType, IsSandbox FROM Organization LIMIT 1"), {})
            user_is = f"SELECT Username, Name FROM User WHERE Id = {quote(client.user_id)}"  # noqa: S608 (a checked id)
            user = next(client.query(user_is), {})
        except ServiceError as error:
            yield note.ok(client.org_id, f"User {client.user_id}; their names can't be read ({error.code}).")
            return
        kind = "sandbox" if org.get("IsSandbox") else "production"
        yield note.ok(
            client.org_id,
            f"{org.get('Name') or 'An org without a name'} ({org.get('OrganizationType') or 'unknown edition'}, {kind}), "
            f"as {user.get('Name') or 'user'} ({user.get('Username') or 'unknown'}, {client.user_id}).",
        )

    def _limits(self, note: Notes) -> Iterator[Finding]:
        used, most = self._usage()
        if not most:
            yield note.warning(
                "API calls",
                "How many of the org's API calls of 24 hours are used up can't be told.",
                "Let the proxy in between pass the header Sforce-Limit-Info on, or look under Setup > System Overview.",
            )
            return
        share = used / most
        said = f"{used:,} of {most:,} calls of the last 24 hours are used up ({share:.0%}), by everybody in the org."
        mend = "Find out what else calls so often (Setup > System Overview, API Usage), or buy more calls."
        if share >= USED_ERROR:
            yield note.error("API calls", said, mend)
        elif share >= USED_WARNING:
            yield note.warning("API calls", said, mend)
        else:
            yield note.ok("API calls", said)

    def _usage(self) -> tuple[int, int]:
        """Return used and allowed calls, from the header every answer carries, else from the limits; zeros if unknown."""
        client = self.client
        if client.limit_used is not None and client.limit_max:
            return client.limit_used, client.limit_max
        try:
            daily = client.read("limits", "tell its limits").get("DailyApiRequests") or {}
            most, left = int(daily["Max"]), int(daily["Remaining"])
        except (ServiceError, ConfigurationError, KeyError, TypeError, ValueError):
            return 0, 0
        return most - left, most


def _versions(answer: Answer) -> list[str]:
    """Return the versions that the answer offers, oldest first; none where it is not what Salesforce answers."""
    try:
        listed = answer.json() if answer.status == 200 else None
    except ValueError:
        return []
    rows = listed if isinstance(listed, list) else []
    found = [str(row["version"]) for row in rows if isinstance(row, dict) and "version" in row]
    return sorted(found, key=_number)


def _number(version: str) -> float:
    try:
        return float(version)
    except ValueError:
        return 0.0
