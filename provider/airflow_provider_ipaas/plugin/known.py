"""The connections that the pages are about: what Airflow's database and the environment define."""

from __future__ import annotations

import os
from dataclasses import dataclass

from airflow.models.connection import Connection
from airflow.secrets.environment_variables import CONN_ENV_PREFIX
from airflow.utils.session import create_session

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.hooks._connection import ConnectionNotFound, read_connection
from airflow_provider_ipaas.hooks.ipaas import IPaaSHook
from airflow_provider_ipaas.hooks.salesforce import SalesforceConnectedAppHook

SALESFORCE, IPAAS = SalesforceConnectedAppHook.conn_type, IPaaSHook.conn_type
TYPES = {SALESFORCE: SalesforceConnectedAppHook.hook_name, IPAAS: IPaaSHook.hook_name}


@dataclass(frozen=True, slots=True)
class Known:
    """A connection of one of our types; *variable* is the environment variable that defines it, if one does."""

    conn_id: str
    kind: str
    host: str = ""
    variable: str = ""

    @property
    def type_name(self) -> str:
        """The type as Airflow's form calls it."""
        return TYPES[self.kind]


def listed() -> list[Known]:
    """Return the connections of our types that can be listed; those of a secrets backend can't."""
    with create_session() as session:
        rows = session.query(Connection.conn_id, Connection.conn_type, Connection.host)
        stored = [Known(*row[:2], row[2] or "") for row in rows.filter(Connection.conn_type.in_(TYPES))]
    found = {known.conn_id: known for known in stored}
    # Airflow looks into the environment first.
    found |= {known.conn_id: known for known in _in_environment()}
    return sorted(found.values(), key=lambda known: (list(TYPES).index(known.kind), known.conn_id))


def known_connection(conn_id: str) -> Known:
    """Return one connection, wherever it is defined.

    Raises ConnectionNotFound, and ConfigurationError for a connection of another type.
    """
    connection = read_connection(conn_id)
    if connection.conn_type not in TYPES:
        raise ConfigurationError(
            f"Connection `{conn_id}` is of type `{connection.conn_type}`, and this page is about Salesforce and iPaaS.com.",
            next_step=f"Choose one of the type {' or '.join(f'{name} (`{kind}`)' for kind, name in TYPES.items())}.",
        )
    variable = f"{CONN_ENV_PREFIX}{conn_id.upper()}"
    return Known(conn_id, connection.conn_type, connection.host or "", variable if variable in os.environ else "")


def _in_environment() -> list[Known]:
    """Return what the environment defines; ids are written in lower case, since variables don't tell."""
    found = []
    for variable in os.environ:
        # Variables of teams begin with two underscores, and only the tasks of a team see them.
        if variable.startswith(CONN_ENV_PREFIX) and not variable.startswith(f"{CONN_ENV_PREFIX}_"):
            try:
                found.append(known_connection(variable.removeprefix(CONN_ENV_PREFIX).lower()))
            except (ConnectionNotFound, ConfigurationError):
                continue
    return found
