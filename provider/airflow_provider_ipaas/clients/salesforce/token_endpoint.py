"""One call to the token endpoint of a connected app: the form sent, the answer checked, refusals as typed errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

from airflow_provider_ipaas.catalogue import about
from airflow_provider_ipaas.clients._http import ANSWER_LOST, Answer, Transport
from airflow_provider_ipaas.clients._session import can_be_sent
from airflow_provider_ipaas.clients.salesforce.auth_faults import login_fault
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.hosts import checked_instance_url
from airflow_provider_ipaas.clients.salesforce.soql import id18, same_id
from airflow_provider_ipaas.errors import ConfigurationError, MalformedAnswer, ServiceError, WrongOrgError

AuthFlow = Literal["web_server", "client_credentials", "jwt_bearer"]
MALFORMED_TOKEN = "MALFORMED_TOKEN"  # noqa: S105  (the code of an error)
READ_TIMEOUT_S = 30.0
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one connected app logs in with; *connection* names the Airflow connection in messages."""

    connection: str
    flow: AuthFlow
    token_url: str
    consumer_key: str
    consumer_secret: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    username: str = ""
    private_key: str = field(default="", repr=False)
    audience: str = ""
    allowed_hosts: tuple[str, ...] = ()
    org_pins: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The field that says where Salesforce is, for messages."""
        return f"the field API Url (`host`) of connection `{self.connection}`"

    @property
    def host(self) -> str:
        """The host of the token endpoint."""
        return urlsplit(self.token_url).hostname or ""

    def endpoint(self, name: str) -> str:
        """Return the URL of another OAuth endpoint beside the token endpoint: `authorize`, `revoke`, `introspect`."""
        return f"{self.token_url.removesuffix('/token')}/{name}"

    def client_form(self) -> dict[str, str]:
        """Return what every form says about the app itself."""
        form = {"client_id": self.consumer_key}
        if self.consumer_secret:
            form["client_secret"] = self.consumer_secret
        return form


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, where it works, and whom it stands for (ids of 18 characters).

    *shared*: another process fetched it, so it may have ended since.
    """

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str
    issued_at: datetime | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Issued:
    """What a token call gave; `TokenEndpoint.token` reads the access token in it."""

    body: Mapping[str, Any] = field(repr=False)
    refresh_token: str = field(default="", repr=False)
    scopes: tuple[str, ...] = ()


class TokenEndpoint:
    """The token endpoint of one app. Every secret that passes through is announced for masking first."""

    def __init__(self, credentials: Credentials, transport: Transport) -> None:
        self.credentials = credentials
        self.transport = transport
        for secret in (credentials.consumer_secret, credentials.refresh_token, credentials.private_key):
            transport.secrets.add(secret)

    def ask(self, form: Mapping[str, str]) -> Issued:
        """Make one call, without retries, and return what was issued.

        Nothing in it is checked yet: a rotated refresh token has to be saved whatever is wrong with the rest. Raises
        AuthenticationError or ConfigurationError for what a person has to mend (`GrantRefused` when the grant is gone),
        TransientServiceError when the endpoint can't be reached or is overloaded, MalformedAnswer when a success can't be
        read.
        """
        answer = self.post(self.credentials.token_url, form)
        if answer.status != 200:
            raise self.refusal(answer)
        body = self._object(answer)
        refresh_token = body.get("refresh_token")
        scopes = body.get("scope")
        issued = str(refresh_token) if isinstance(refresh_token, str) else ""
        self.transport.secrets.add(issued)
        self.transport.secrets.add(str(body["access_token"]))
        return Issued(body, issued, tuple(scopes.split()) if isinstance(scopes, str) else ())

    def token(self, issued: Issued) -> Token:
        """Return the access token that was issued, after checking where it works and which org it is for.

        Raises ConfigurationError for a host that is not allowed or an org that is not the pinned one, MalformedAnswer
        when org and user can't be told.
        """
        token = self._read(issued.body)
        self.check_org(token)
        return token

    def post(self, url: str, form: Mapping[str, str]) -> Answer:
        """Post a form to an OAuth endpoint; not counted as an API call."""
        return self.transport.send(
            "POST",
            url,
            headers=_FORM,
            body=urlencode(form),
            may_repeat=True,
            counted=False,
            read_timeout_s=READ_TIMEOUT_S,
        )

    def refusal(self, answer: Answer) -> ServiceError:
        """Return the error of a call that was refused."""
        credentials = self.credentials
        mask = self.transport.secrets.mask
        return login_fault(answer, credentials.flow, credentials.connection, credentials.host, mask)

    def check_org(self, token: Token) -> None:
        """Raise WrongOrgError for a token of another org than those pinned."""
        for pin in self.credentials.org_pins:
            if not same_id(pin, token.org_id):
                raise WrongOrgError(
                    f"Connection `{self.credentials.connection}` is for org {pin}, but its credentials belong to org "
                    f"{token.org_id}; nothing was read or written.",
                    next_step=(
                        "Correct API Url and credentials, or, if the other org is meant, the field Organization id "
                        "(`org_id`); links of one org never fit another."
                    ),
                )

    def _object(self, answer: Answer) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not can_be_sent(body.get("access_token")):
            what = "a web page" if answer.text.lstrip().startswith("<") else "something else"
            raise MalformedAnswer(
                f"The token endpoint of Salesforce ({self.credentials.host}) answered with {what} instead of a token.",
                next_step=about("login", MALFORMED_TOKEN).advice(),
                service=SERVICE,
                status=answer.status,
                code=MALFORMED_TOKEN,
            )
        return body

    def _read(self, body: Mapping[str, Any]) -> Token:
        access_token = str(body["access_token"])
        instance_url = checked_instance_url(body.get("instance_url"), self.credentials.allowed_hosts)
        if instance_url is None:
            raise ConfigurationError(
                f"Connection `{self.credentials.connection}`: Salesforce named an instance URL that is not on an allowed "
                f"host: {_shown(body.get('instance_url'))}.",
                next_step="If you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the Airflow configuration.",
            )
        try:
            parts = [part for part in urlsplit(str(body.get("id") or "")).path.split("/") if part]
            org_id, user_id = (id18(part) for part in parts[-2:])
        except ValueError:
            raise MalformedAnswer(
                f"The token endpoint of Salesforce ({self.credentials.host}) did not say which org and user the token is for.",
                service=SERVICE,
                code=MALFORMED_TOKEN,
            ) from None
        return Token(access_token, instance_url, org_id, user_id, _epoch_ms(body.get("issued_at")))


def outcome_unknown(error: BaseException) -> bool:
    """Say whether the endpoint may have issued something that never arrived: a lost or unreadable success."""
    return isinstance(error, ServiceError) and error.code in (ANSWER_LOST, MALFORMED_TOKEN)


def _shown(value: object) -> str:
    return str(value)[:100] if value else "none"


def _epoch_ms(value: object) -> datetime | None:
    """Read `issued_at`: milliseconds since 1970 as a text (old documents wrongly say seconds)."""
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
