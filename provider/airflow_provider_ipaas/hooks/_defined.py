"""Say which connection is missing, or is of another kind, and where to create it; its hook reads it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError, ErrorType

from airflow_provider_ipaas.errors import ConfigurationError


def check_defined(get_connection: Callable[[str], Any], conn_id: str, kind: str, elsewhere: str = "") -> Any:
    """Return a connection; one that is missing raises `ConfigurationError`, *kind* being what its type is called.

    *elsewhere* says where else to look, for a process that does not see every connection.
    """
    try:
        return get_connection(conn_id)
    except AirflowNotFoundException:
        pass
    except AirflowRuntimeError as error:
        if error.error.error != ErrorType.CONNECTION_NOT_FOUND:
            raise
    raise ConfigurationError(
        f"Connection {conn_id} is not defined.",
        next_step=(
            f"Create it under Admin > Connections with the type {kind}, or set AIRFLOW_CONN_{conn_id.upper()} "
            f"(a secrets backend that fails looks the same: see its DEBUG lines).{f' {elsewhere}' if elsewhere else ''}"
        ),
    )


def check_type(connection: Any, conn_type: str, kind: str) -> None:
    """Raise `ConfigurationError` for a connection of another type: its secrets are not for our services."""
    found = str(connection.conn_type or "none")
    if found != conn_type:
        raise ConfigurationError(
            f"Connection `{connection.conn_id}` is of the type `{found}`.",
            next_step=f"Give the id of a connection of the type {kind} (`{conn_type}`), or change its type.",
        )
