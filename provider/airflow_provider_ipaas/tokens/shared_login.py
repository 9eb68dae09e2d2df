"""Access tokens of the web-server flow: shared by all workers, renewed by one of them at a time, never lost.

Before each token call the claim on the grant is written, after it the outcome; no transaction is open in between. With
refresh-token rotation a used token that is shown again revokes everything, so after a call of unknown outcome the token
is tried exactly once more, and a new one is saved before anybody uses what came with it.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from collections.abc import Callable
from datetime import timedelta

from airflow_provider_ipaas.catalogue import about
from airflow_provider_ipaas.clients._http import RetryPolicy, Transport, may_repeat, with_retries
from airflow_provider_ipaas.clients.salesforce.auth_faults import RECONNECT
from airflow_provider_ipaas.clients.salesforce.faults import SERVICE
from airflow_provider_ipaas.clients.salesforce.token_endpoint import (
    READ_TIMEOUT_S,
    Credentials,
    Issued,
    Token,
    TokenEndpoint,
    outcome_unknown,
)
from airflow_provider_ipaas.clients.salesforce.web_server import introspect, refresh
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    ConfigurationError,
    GrantRefused,
    IPaaSSyncError,
    TransientServiceError,
)
from airflow_provider_ipaas.tokens.store import StoredGrant, TokenStore, fingerprint

log = logging.getLogger(__name__)

# Longer than a call can take (connecting, then waiting for bytes): a holder that is alive never loses its claim.
CLAIM_LIFE = timedelta(seconds=READ_TIMEOUT_S + 25)
# Two claims that ran out, and one that did not.
_PATIENCE_S = 3 * CLAIM_LIFE.total_seconds()
_MAX_UNKNOWN = 2


def app_of(credentials: Credentials) -> str:
    """Return the fingerprint of the app that a grant belongs to: Consumer Key and token host."""
    return fingerprint(f"{credentials.consumer_key}\n{credentials.host}")


def seed_of(credentials: Credentials) -> str:
    """Return the fingerprint of the refresh token that stands in the connection, empty without one."""
    return fingerprint(credentials.refresh_token) if credentials.refresh_token else ""


class SharedLogin:
    """The `Login` of a connection whose grant is in the token store."""

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        store: TokenStore,
        *,
        policy: RetryPolicy | None = None,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.credentials = credentials
        self._endpoint = TokenEndpoint(credentials, transport)
        self._store = store
        self._policy = policy or RetryPolicy()
        self._sleep = sleep
        self._monotonic = monotonic
        self._holder = uuid.uuid4().hex
        self._refused: IPaaSSyncError | None = None

    def login(self, rejected: Token | None = None) -> Token:
        """Return the token that all workers share, or renew it when it is *rejected* or there is none. See `Login`."""
        if self._refused is not None:
            raise self._refused
        try:
            return self._login(rejected)
        except (AuthenticationError, ConfigurationError) as error:
            self._refused = error
            raise

    def _login(self, rejected: Token | None) -> Token:
        deadline = self._monotonic() + _PATIENCE_S
        wait_s = 0.05
        while True:
            grant = self._grant()
            if grant.access_token and (rejected is None or grant.access_token != rejected.access_token):
                return self._shared(grant)
            tries = self._store.claim(grant, self._holder, CLAIM_LIFE)
            if tries is not None and (token := self._renew(grant, tries)) is not None:
                return token
            if self._monotonic() > deadline:
                raise TransientServiceError(
                    f"Connection `{self.credentials.connection}`: another process has been renewing the access token for "
                    f"{_PATIENCE_S:.0f} s.",
                    next_step=about("login", "TOKEN_CLAIMED").advice(),
                    service=SERVICE,
                    code="TOKEN_CLAIMED",
                )
            self._sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311
            wait_s = min(wait_s * 1.5, 1.0)

    def _grant(self) -> StoredGrant:
        """Return the connection's grant, taking over the one that stands in the connection when that is new."""
        credentials = self.credentials
        grant = self._store.find(credentials.connection)
        app, seed = app_of(credentials), seed_of(credentials)
        # The one it was taken over from is used up by now if the org rotates, so it counts once, whatever else changes.
        if seed and (grant is None or grant.seed != seed):
            log.info("Connection `%s`: taking over its refresh token into the token store.", credentials.connection)
            first = StoredGrant(credentials.connection, app, seed, credentials.refresh_token, connected_by="connection")
            self._store.seed(first)
            grant = self._store.find(credentials.connection)
        if grant is None:
            raise ConfigurationError(
                f"Connection `{credentials.connection}` is not connected to Salesforce yet.", next_step=_CONNECT
            )
        if grant.app != app:
            raise ConfigurationError(
                f"Connection `{credentials.connection}` was connected with another Consumer Key or API Url than it has now.",
                next_step=f"Correct them, or connect again. {_CONNECT}",
            )
        if grant.state != "connected":
            raise self._ended(grant.reason)
        return grant

    def _shared(self, grant: StoredGrant) -> Token:
        token = Token(
            str(grant.access_token), grant.instance_url, grant.org_id, grant.user_id, grant.issued_at, shared=True
        )
        self._endpoint.transport.secrets.add(grant.refresh_token)
        self._endpoint.transport.secrets.add(token.access_token)
        self._endpoint.check_org(token)
        return token

    def _renew(self, grant: StoredGrant, tries: int) -> Token | None:
        """Renew the grant that is claimed for us; the store learns what is known of every call.

        None when somebody else has changed the grant meanwhile.
        """
        calls = _Calls(self._store, grant, self._holder, unknown=tries - 1)
        try:
            if calls.exhausted:
                self._check_alive(grant)
                calls.unknown = 0
            issued = with_retries(
                lambda: calls.run(lambda: refresh(self._endpoint, grant.refresh_token)),
                policy=self._policy,
                sleep=self._sleep,
                when=lambda error: may_repeat(error) and not calls.exhausted,
            )
        except _TakenOver:
            return None
        except GrantRefused as error:
            if calls.unknown:
                raise self._lost(grant) from None
            self._store.end(grant, self._holder, "refused", error.message)
            raise
        except IPaaSSyncError:
            try:
                if calls.exhausted:
                    self._check_alive(grant)
            finally:
                self._store.release(grant, self._holder)
            raise
        return self._save(grant, issued)

    def _check_alive(self, grant: StoredGrant) -> None:
        """Find out, without using it, whether a token whose last calls have no known outcome still stands.

        Raises GrantRefused when it does not, or when the org does not tell: showing a used one again would only end what
        may be left of the grant.
        """
        found = introspect(self._endpoint, grant.refresh_token)
        if found is None or not found.active:
            raise self._lost(grant)

    def _save(self, grant: StoredGrant, issued: Issued) -> Token | None:
        """Save a rotated refresh token before anything about the answer is checked: the one it replaces is dead."""
        rotated = bool(issued.refresh_token) and issued.refresh_token != grant.refresh_token
        changes = {"refresh_token": issued.refresh_token or grant.refresh_token, "rotates": rotated}
        scopes = " ".join(issued.scopes) or grant.scopes
        try:
            token = self._endpoint.token(issued)
        except IPaaSSyncError:
            self._store.renewed(grant, **changes, access_token=None)
            raise
        saved = self._store.renewed(
            grant,
            **changes,
            access_token=token.access_token,
            instance_url=token.instance_url,
            org_id=token.org_id,
            user_id=token.user_id,
            issued_at=token.issued_at,
            scopes=scopes,
            refreshes=grant.refreshes + 1,
        )
        if not saved:
            return None
        log.info("Connection `%s`: renewed the access token of org %s.", self.credentials.connection, token.org_id)
        return token

    def _lost(self, grant: StoredGrant) -> GrantRefused:
        reason = (
            f"Connection `{grant.connection_id}`: the answer to a renewal was lost, and with it the refresh token that "
            "replaced the old one."
        )
        self._store.end(grant, self._holder, "lost", reason)
        return self._ended(reason)

    @staticmethod
    def _ended(reason: str) -> GrantRefused:
        return GrantRefused(reason, next_step=RECONNECT, service=SERVICE, code="invalid_grant")


class BorrowedLogin(SharedLogin):
    """Use the token that the workers share, and never renew it: for those who look on and must leave the grant alone."""

    def _login(self, rejected: Token | None) -> Token:
        grant = self._store.find_by_app(app_of(self.credentials))
        if grant is None or grant.state != "connected" or not grant.access_token:
            problem = "there is no access token that could be used without renewing it"
        elif rejected is not None and grant.access_token == rejected.access_token:
            problem = "the access token has ended, and renewing it is left to the runs"
        else:
            return self._shared(grant)
        raise ConfigurationError(
            f"Connection `{self.credentials.connection}`: {problem}.",
            next_step="Run the sync DAG once (its tasks renew the token), then ask again.",
        )


class _TakenOver(Exception):
    """Somebody else has changed the grant, or holds its claim by now."""


class _Calls:
    """The token calls of one renewal. *unknown* counts those that may have rotated the token without our knowing."""

    def __init__(self, store: TokenStore, grant: StoredGrant, holder: str, *, unknown: int) -> None:
        self.unknown = unknown
        self._store = store
        self._grant = grant
        self._holder = holder
        self._counted = True  # by the claim that we come with

    @property
    def exhausted(self) -> bool:
        """Whether the token may not be shown again: it was, once more after an outcome that is not known.

        Where the org is known not to rotate, showing it again does no harm.
        """
        return self.unknown >= _MAX_UNKNOWN and self._grant.rotates is not False

    def run(self, call: Callable[[], Issued]) -> Issued:
        """Make a call that the store counts before it is sent; take the count back when it surely did nothing."""
        if not self._counted and self._store.claim(self._grant, self._holder, CLAIM_LIFE) is None:
            raise _TakenOver
        self._counted = False
        try:
            return call()
        except IPaaSSyncError as error:
            if outcome_unknown(error):
                self.unknown += 1
            else:
                self._store.uncount(self._grant, self._holder)
            raise


_CONNECT = (
    "Press Connect in Airflow under Browse > iPaaS.com connections, run `airflow-ipaas connect` with the connection id, or "
    "set Authentication (`auth_flow`) to client_credentials or jwt_bearer."
)
