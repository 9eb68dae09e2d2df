"""Tokens of a Salesforce connected app: refresh token, client credentials, JWT bearer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import jwt

from airflow_provider_ipaas.clients._http import ANSWER_LOST, Answer, RetryPolicy, Transport, may_repeat, with_retries
from airflow_provider_ipaas.clients.salesforce.auth_faults import login_fault
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.hosts import checked_instance_url
from airflow_provider_ipaas.clients.salesforce.soql import id18, same_id
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    ConfigurationError,
    IPaaSSyncError,
    MalformedAnswer,
    ServiceError,
    WrongOrgError,
)

log = logging.getLogger(__name__)

AuthFlow = Literal["web_server", "client_credentials", "jwt_bearer"]
MALFORMED_TOKEN = "MALFORMED_TOKEN"  # noqa: S105
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# At most three minutes are documented; less leaves room for clocks that differ.
_ASSERTION_S = 150
_SKEW_S = 60.0
_READ_TIMEOUT_S = 60.0


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


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, where it works, and whom it stands for (ids of 18 characters)."""

    access_token: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str
    issued_at: datetime | None = None


class Authenticator:
    """Fetch tokens. A refusal is remembered: asking again with the same credentials could lock the user out."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        *,
        on_rotation: Callable[[str], None] | None = None,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """*on_rotation* must store a new refresh token durably before it returns: the old one is dead by then."""
        self.credentials = credentials
        self._transport = transport
        self._on_rotation = on_rotation
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._wall = wall
        self._refresh_token = credentials.refresh_token
        self._refused: IPaaSSyncError | None = None
        for secret in (credentials.consumer_secret, credentials.refresh_token, credentials.private_key):
            transport.secrets.add(secret)

    def login(self) -> Token:
        """Return a fresh token of the pinned org.

        Raises AuthenticationError or ConfigurationError for what a person has to mend, TransientServiceError when the
        token endpoint could not be reached or was overloaded.
        """
        if self._refused is not None:
            raise self._refused
        try:
            answer = self._ask()
            self._rotate(answer)
            token = self._read(answer)
            self._check_org(token)
        except (AuthenticationError, ConfigurationError) as error:
            self._refused = error
            raise
        log.debug("Logged in to org %s by %s.", token.org_id, self.credentials.flow)
        return token

    def _ask(self) -> dict[str, Any]:
        """Make the token call; repeat it once by the server's clock when a skewed worker clock spoilt the assertion."""
        try:
            return self._retried()
        except AuthenticationError as error:
            if self.credentials.flow != "jwt_bearer" or error.code != "invalid_grant" or not self._skewed():
                raise
            log.warning("The worker's clock is off by more than %d s; signing by Salesforce's clock.", _SKEW_S)
            self._wall = self._server_wall
            return self._retried()

    def _retried(self) -> dict[str, Any]:
        return with_retries(self._attempt, policy=self._policy, sleep=self._sleep, when=self._may_ask_again)

    def _may_ask_again(self, error: BaseException) -> bool:
        """Say whether the token call may be repeated.

        Not once an answer that could have carried a rotated refresh token is lost: showing the used one again would
        revoke every token of this grant.
        """
        if self.credentials.flow == "web_server" and self._on_rotation is not None:
            code = error.code if isinstance(error, ServiceError) else ""
            return may_repeat(error) and code not in (MALFORMED_TOKEN, ANSWER_LOST)
        return may_repeat(error)

    def _server_wall(self) -> float:
        now = self._transport.clock.now()
        return now.timestamp() if now else time.time()

    def _skewed(self) -> bool:
        now = self._transport.clock.now()
        return now is not None and abs(now.timestamp() - self._wall()) > _SKEW_S

    def _attempt(self) -> dict[str, Any]:
        answer = self._transport.send(
            "POST",
            self.credentials.token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(self._form()),
            may_repeat=True,
            counted=False,
            read_timeout_s=_READ_TIMEOUT_S,
        )
        if answer.status != 200:
            raise login_fault(answer, self.credentials.flow, self.credentials.connection, self._host, self._mask)
        return self._object(answer)

    @property
    def _host(self) -> str:
        return urlsplit(self.credentials.token_url).hostname or ""

    def _mask(self, text: str) -> str:
        return self._transport.secrets.mask(text)

    def _form(self) -> dict[str, str]:
        credentials = self.credentials
        if credentials.flow == "jwt_bearer":
            return {"grant_type": JWT_GRANT, "assertion": self._assertion()}
        form = {"client_id": credentials.consumer_key}
        if credentials.consumer_secret:
            form["client_secret"] = credentials.consumer_secret
        if credentials.flow == "client_credentials":
            return {"grant_type": "client_credentials", **form}
        return {"grant_type": "refresh_token", "refresh_token": self._refresh_token, **form}

    def _assertion(self) -> str:
        credentials = self.credentials
        claims = {
            "iss": credentials.consumer_key,
            "sub": credentials.username,
            "aud": credentials.audience,
            "exp": int(self._wall()) + _ASSERTION_S,
        }
        try:
            return jwt.encode(claims, credentials.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            # The library's own message may quote the key.
            raise ConfigurationError(
                f"Connection `{credentials.connection}`: the field Private key (`private_key`) is not an RSA key in PEM form, "
                "or it has a passphrase.",
                next_step="Enter the whole file, from -----BEGIN to -----END, without a passphrase.",
            ) from None

    def _object(self, answer: Answer) -> dict[str, Any]:
        try:
            body = answer.json()
        except ValueError:
            body = None
        if not isinstance(body, dict) or not isinstance(body.get("access_token"), str) or not body["access_token"]:
            what = "a web page" if answer.text.lstrip().startswith("<") else "something else"
            raise MalformedAnswer(
                f"The token endpoint of Salesforce ({self._host}) answered with {what} instead of a token.",
                next_step="Check the fields API Url (`host`) and Token URL (`token_url`), and any proxy in between.",
                service=SERVICE,
                status=answer.status,
                code=MALFORMED_TOKEN,
            )
        return body

    def _rotate(self, answer: dict[str, Any]) -> None:
        """Hand a rotated refresh token over before anything else happens: the one it replaces is dead already."""
        new = answer.get("refresh_token")
        if self.credentials.flow != "web_server" or not isinstance(new, str) or not new or new == self._refresh_token:
            return
        self._transport.secrets.add(new)
        if self._on_rotation is None:
            raise ConfigurationError(
                f"Connection `{self.credentials.connection}`: this org rotates refresh tokens, and there is no store for the "
                "new one; the refresh token of the connection is used up now.",
                next_step="Set Authentication (`auth_flow`) to jwt_bearer or client_credentials, which need no refresh token.",
            )
        self._refresh_token = new
        self._on_rotation(new)

    def _read(self, answer: dict[str, Any]) -> Token:
        access_token = str(answer["access_token"])
        self._transport.secrets.add(access_token)
        instance_url = checked_instance_url(answer.get("instance_url"), self.credentials.allowed_hosts)
        if instance_url is None:
            raise ConfigurationError(
                f"Connection `{self.credentials.connection}`: Salesforce named an instance URL that is not on an allowed host: "
                f"{_shown(answer.get('instance_url'))}.",
                next_step="If you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the Airflow configuration.",
            )
        parts = [part for part in urlsplit(str(answer.get("id") or "")).path.split("/") if part]
        try:
            org_id, user_id = (id18(part) for part in parts[-2:])
        except ValueError:
            raise MalformedAnswer(
                f"The token endpoint of Salesforce ({self._host}) did not say which org and user the token is for.",
                service=SERVICE,
                code=MALFORMED_TOKEN,
            ) from None
        return Token(access_token, instance_url, org_id, user_id, _epoch_ms(answer.get("issued_at")))

    def _check_org(self, token: Token) -> None:
        for pin in self.credentials.org_pins:
            if not same_id(pin, token.org_id):
                raise WrongOrgError(
                    f"Connection `{self.credentials.connection}` is for org {pin}, but its credentials belong to org "
                    f"{token.org_id}; nothing was read or written.",
                    next_step=(
                        "Correct API Url and credentials, or, if the other org is meant, the field Organization id (`org_id`); "
                        "links of one org never fit another."
                    ),
                )


def _shown(value: object) -> str:
    return str(value)[:100] if value else "none"


def _epoch_ms(value: object) -> datetime | None:
    """Read `issued_at`: milliseconds since 1970 as a text (old documents wrongly say seconds)."""
    try:
        return datetime.fromtimestamp(int(str(value)) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
