"""One sandbox for all tests below, reset before each, reached over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.server import Sandbox

TIMEOUT_S = 30


class Client:
    """Talk to the emulated Salesforce, and to the controls."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = requests.Session()
        self.url = sandbox.salesforce_url
        self.base = f"{self.url}/services/data/v64.0"

    def login(self) -> str:
        """Log in with the documented refresh token."""
        token = str(
            self.token(grant_type="refresh_token", refresh_token=credentials.REFRESH_TOKEN).json()["access_token"]
        )
        self.http.headers["Authorization"] = f"Bearer {token}"
        return token

    def token(self, **form: str) -> requests.Response:
        """Call the token endpoint with the consumer key and secret, unless the form says otherwise."""
        whole = {"client_id": credentials.CONSUMER_KEY, "client_secret": credentials.CONSUMER_SECRET, **form}
        return self.http.post(f"{self.url}/services/oauth2/token", data=whole, timeout=TIMEOUT_S)

    def call(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call the REST API below /services/data/v64.0."""
        return self.http.request(method, self.base + path, timeout=TIMEOUT_S, **more)

    def query(self, soql: str, *, everything: bool = False, **more: Any) -> requests.Response:
        """Run a query."""
        return self.call("GET", "/queryAll" if everything else "/query", params={"q": soql}, **more)

    def ids(self, soql: str, **more: Any) -> list[str]:
        """Return the ids a query finds."""
        answer = self.query(soql, **more)
        assert answer.status_code == 200, answer.text
        return [record["Id"] for record in answer.json()["records"]]

    def names(self, where: str) -> list[str]:
        """Return the names of the Accounts that meet a condition, in order."""
        answer = self.query(f"SELECT Name FROM Account WHERE {where} ORDER BY Name, Id")
        assert answer.status_code == 200, answer.text
        return [record["Name"] for record in answer.json()["records"]]

    def create(self, sobject: str, **fields: Any) -> str:
        """Create a record and return its id."""
        answer = self.call("POST", f"/sobjects/{sobject}", json=fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def read(self, sobject: str, record_id: str) -> dict[str, Any]:
        """Return a record."""
        answer = self.call("GET", f"/sobjects/{sobject}/{record_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def control(self, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
        """Call a control and return its answer."""
        answer = requests.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == status if status else answer.ok, answer.text
        return answer.json()

    def switch(self, **values: Any) -> None:
        """Set switches of Salesforce."""
        self.control("POST", "/switches", {"salesforce": values})

    def fault(self, action: dict[str, Any], **match: Any) -> None:
        """Add a fault rule."""
        self.control("POST", "/faults", {"action": action, **match})

    def clock(self, now: str) -> None:
        """Freeze the clocks."""
        self.control("POST", "/clock", {"now": now})


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """Return the sandbox as it is after a reset."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Iterator[Client]:
    """Return a client that has not logged in."""
    client = Client(sandbox)
    with client.http:
        yield client


@pytest.fixture
def sf(anonymous: Client) -> Client:
    """Return a client with an access token."""
    anonymous.login()
    return anonymous


def error_of(answer: requests.Response) -> tuple[int, str, str]:
    """Return status, code and message of a refusal."""
    entry = answer.json()[0]
    return answer.status_code, entry["errorCode"], entry["message"]


@pytest.fixture(name="error_of")
def _error_of() -> Any:
    return error_of
