"""What is around one company of iPaaS.com: its login, companies, subscriptions, tables, and the API's own documents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_provider_ipaas.clients._http import Answer
from airflow_provider_ipaas.clients._json import parse_json
from airflow_provider_ipaas.clients.ipaas import answers
from airflow_provider_ipaas.clients.ipaas.auth import Login
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.tables import TableNames
from airflow_provider_ipaas.clients.ipaas.wire import Api, Call, Wire
from airflow_provider_ipaas.sync.ports import Kind, Record

# Where each API is documented to publish its description (DevelopmentUtility, BUILDMODELS).
SWAGGER_PATH = "swagger/v2/swagger.json"


@dataclass(frozen=True, slots=True)
class Company:
    """One company that a login may work in."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A system that is connected to the company; its id is the `system_id` of external ids.

    *type* is the number of the integration; 1 is iPaaS.com itself.
    """

    id: str
    type: str
    name: str
    description: str


class Account:
    """The calls of one client; all of them only read."""

    def __init__(self, wire: Wire, tables: TableNames, profile: Profile) -> None:
        self._wire = wire
        self._tables = tables
        self._paths = profile.paths

    def login(self) -> Login | None:
        """Log in without choosing a company; None with an API key, which stands for no person."""
        return self._wire.sign_in()

    def enter(self) -> None:
        """Get a token of the chosen company, unless there is one; an API key has its company from the start."""
        self._wire.enter()

    def companies(self) -> list[Company] | None:
        """List the companies behind the login, whatever company is chosen; None with an API key."""
        login = self._wire.sign_in()
        if login is None:
            return None
        ids = {"user_id": login.user_id}
        call = Call("GET", "sso", self._paths.user_companies, "list the companies of this login", ids=ids)
        return self._wire.send_as(login, call, _companies)

    def subscriptions(self) -> list[Subscription]:
        """List the systems that are connected to the company."""
        call = Call("GET", "subscriptions", self._paths.subscriptions, "list the subscriptions")
        return self._wire.send(call, _subscriptions, missing=[])

    def subscription(self, system_id: str) -> Record | None:
        """Return one subscription with what its integration keeps there; None when there is none.

        Its settings and values may hold secrets of that integration: they are for looking at, never for showing.
        """
        call = Call(
            "GET",
            "subscriptions",
            self._paths.subscription,
            "read the subscription",
            ids={"system_id": system_id},
            params={"include": "persistentdata"},
        )
        return self._wire.send(call, lambda answer: answers.read_record(answer.text), missing=None)

    def tables(self, kind: Kind) -> list[str]:
        """Return the names of the tables that the service lists for a kind of record."""
        return self._tables.listed(kind)

    def swagger(self, api: Api) -> dict[str, Any] | None:
        """Return the description that one API publishes of itself; None where it publishes none."""
        call = Call("GET", api, SWAGGER_PATH, f"describe its API {api}")
        return self._wire.send(call, _document, missing=None)


def _companies(answer: Answer) -> list[Company]:
    found = [] if answer.status == 204 else list(_rows(answers.read_json(answer.text)))
    return [Company(str(row["id"]), str(row.get("name") or "")) for row in found if row.get("id")]


def _rows(parsed: Any) -> Iterator[dict[str, Any]]:
    """Walk the rows of a list; an older form of the answer keeps the companies apart in several lists."""
    lists = parsed.values() if isinstance(parsed, dict) else [parsed]
    for rows in lists:
        if isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))


def _subscriptions(answer: Answer) -> list[Subscription]:
    rows = [] if answer.status == 204 else answers.read_rows(answer.text)
    return [
        Subscription(row["id"], *(str(row.get(name) or "") for name in ("type", "name", "description")))
        for row in rows
        if row.get("id")
    ]


def _document(answer: Answer) -> dict[str, Any] | None:
    """Read a description; a web page in its place, as portals answer for anything, means that there is none."""
    try:
        parsed = parse_json(answer.text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) and isinstance(parsed.get("paths"), dict) else None
