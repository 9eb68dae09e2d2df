"""Logging in without a person: client credentials and JWT bearer. `tokens/` has the flow that a person consents to."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

import jwt

from airflow_provider_ipaas.clients._http import RetryPolicy, Transport, with_retries
from airflow_provider_ipaas.clients.salesforce.token_endpoint import Credentials, Issued, Token, TokenEndpoint
from airflow_provider_ipaas.errors import AuthenticationError, ConfigurationError, IPaaSSyncError

log = logging.getLogger(__name__)

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
# At most three minutes are documented; less leaves room for clocks that differ.
_ASSERTION_S = 150
_SKEW_S = 60.0


class Login(Protocol):
    """Where a client gets its access tokens."""

    def login(self, rejected: Token | None = None) -> Token:
        """Return a token of the pinned org, another one than *rejected*, which Salesforce no longer accepts.

        Raises AuthenticationError or ConfigurationError for what a person has to mend, TransientServiceError when the
        token endpoint could not be reached or was overloaded.
        """
        ...


class Authenticator:
    """Fetch tokens. A refusal is remembered: asking again with the same credentials could lock the user out."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        *,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.credentials = credentials
        self._transport = transport
        self._endpoint = TokenEndpoint(credentials, transport)
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._wall = wall
        self._refused: IPaaSSyncError | None = None

    def login(self, rejected: Token | None = None) -> Token:
        """Return a fresh token of the pinned org; each call asks the token endpoint. See `Login`."""
        if self._refused is not None:
            raise self._refused
        try:
            token = self._endpoint.token(self._ask())
        except (AuthenticationError, ConfigurationError) as error:
            self._refused = error
            raise
        again = "again " if rejected is not None else ""
        log.debug("Logged in %sto org %s by %s.", again, token.org_id, self.credentials.flow)
        return token

    def _ask(self) -> Issued:
        """Make the token call; repeat it once by the server's clock when a skewed worker clock spoilt the assertion."""
        try:
            return self._retried()
        except AuthenticationError as error:
            if self.credentials.flow != "jwt_bearer" or error.code != "invalid_grant" or not self._skewed():
                raise
            log.warning("The worker's clock is off by more than %d s; signing by Salesforce's clock.", _SKEW_S)
            self._wall = self._server_wall
            return self._retried()

    def _retried(self) -> Issued:
        return with_retries(lambda: self._endpoint.ask(self._form()), policy=self._policy, sleep=self._sleep)

    def _server_wall(self) -> float:
        now = self._transport.clock.now()
        return now.timestamp() if now else time.time()

    def _skewed(self) -> bool:
        now = self._transport.clock.now()
        return now is not None and abs(now.timestamp() - self._wall()) > _SKEW_S

    def _form(self) -> dict[str, str]:
        if self.credentials.flow == "jwt_bearer":
            return {"grant_type": JWT_GRANT, "assertion": self._assertion()}
        return {"grant_type": "client_credentials", **self.credentials.client_form()}

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
