"""How a connection stands: what it says, and what it is connected as."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from airflow_provider_ipaas.errors import IPaaSSyncError, ServiceError
from airflow_provider_ipaas.hooks import consent
from airflow_provider_ipaas.hooks.consent import GrantView
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook
from airflow_provider_ipaas.plugin.known import IPAAS, SALESFORCE, Known

Tone = Literal["good", "bad", "wait", ""]

_STATES: dict[str, tuple[Tone, str]] = {
    "connected": ("good", "connected"),
    "not_connected": ("wait", "not connected"),
    "refused": ("bad", "needs attention"),
    "lost": ("bad", "needs attention"),
    "other_app": ("bad", "needs attention"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A connection as the pages show it.

    *flow* is empty when the connection itself is wrong, *grant* is there for web_server only. *problem* is what is wrong
    with the connection or the token store, *unasked* why the org could not be asked. *connectable*: a person can consent
    to it now.
    """

    known: Known
    url: str
    flow: str = ""
    connectable: bool = False
    authorize_origin: str = ""
    grant: GrantView | None = None
    problem: IPaaSSyncError | None = None
    unasked: IPaaSSyncError | None = None

    @property
    def has_companies(self) -> bool:
        """Whether there are companies to choose from, also while the connection lacks one."""
        return self.known.kind == IPAAS

    @property
    def tone(self) -> Tone:
        """The colour of the state."""
        return self._state[0]

    @property
    def state(self) -> str:
        """The state in two words."""
        return self._state[1]

    @property
    def _state(self) -> tuple[Tone, str]:
        if self.problem is not None:
            return "bad", "needs attention"
        if self.grant is None:
            return "", "no consent needed"
        return _STATES[self.grant.status]


def standing(known: Known, *, store_fault: IPaaSSyncError | None, ask: bool = False) -> Standing:
    """Return how a connection stands; *store_fault* is why nothing is known of its grant.

    With *ask* the org is asked about the grant, which may take seconds.
    """
    try:
        if known.kind != SALESFORCE:
            found = IPaaSHook(known.conn_id).settings
            return Standing(known, found.base_url, found.auth_mode)
        settings = SalesforceConnectedAppHook(known.conn_id).settings
    except IPaaSSyncError as error:
        return Standing(known, _plain(known.host), problem=error)
    if settings.auth_flow != "web_server":
        return Standing(known, settings.api_url, settings.auth_flow)
    grant, problem, unasked = (None, store_fault, None) if store_fault else _grant(known.conn_id, ask=ask)
    parts = urlsplit(settings.token_url)
    return Standing(
        known,
        settings.api_url,
        settings.auth_flow,
        connectable=store_fault is None,
        authorize_origin=f"{parts.scheme}://{parts.netloc}",
        grant=grant,
        problem=problem,
        unasked=unasked,
    )


def _grant(conn_id: str, *, ask: bool) -> tuple[GrantView | None, IPaaSSyncError | None, IPaaSSyncError | None]:
    try:
        if not ask:
            return consent.view(conn_id), None, None
        try:
            return consent.look_up(conn_id), None, None
        except ServiceError as error:
            # What is stored is worth showing without.
            return consent.view(conn_id), None, error
    except IPaaSSyncError as error:
        return None, error, None


def _plain(host: str) -> str:
    """Return a host that was not accepted as far as it can be shown: without what may be a password."""
    return "" if set(host) & set("@?#") else host[:200]
