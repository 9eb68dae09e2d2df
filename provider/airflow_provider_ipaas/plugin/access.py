"""Who may see and do what: Airflow's own answers about the DAGs and connections it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity, DagDetails
from airflow.models.connection import Connection
from airflow.models.dag import DagModel

# The pages show what a run's state, the result of its report and its log show.
_NEEDED = (DagAccessEntity.RUN, DagAccessEntity.XCOM, DagAccessEntity.TASK_LOGS)


def readable_dags(user: BaseUser, dag_ids: Iterable[str]) -> set[str]:
    """Return those DAGs whose runs, results and logs the user may read."""
    return {dag_id for dag_id in dag_ids if _may_read(user, dag_id)}


def may_trigger(user: BaseUser, dag_ids: Iterable[str]) -> bool:
    """Tell whether the user may trigger one of these DAGs, and so have any record's values shown by a dry run."""
    manager = get_auth_manager()
    return any(
        manager.is_authorized_dag(
            method="POST",
            access_entity=DagAccessEntity.RUN,
            details=DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id)),
            user=user,
        )
        for dag_id in dag_ids
    )


def _may_read(user: BaseUser, dag_id: str) -> bool:
    details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
    manager = get_auth_manager()
    return all(
        manager.is_authorized_dag(method="GET", access_entity=entity, details=details, user=user) for entity in _NEEDED
    )


def may_read_connection(user: BaseUser, conn_id: str) -> bool:
    """Tell whether the user may read a connection, and so learn where a database is."""
    details = ConnectionDetails(conn_id=conn_id, team_name=Connection.get_team_name(conn_id))
    return get_auth_manager().is_authorized_connection(method="GET", details=details, user=user)


def may_edit_connection(user: BaseUser, conn_id: str) -> bool:
    """Tell whether the user may edit a connection, whether or not there is one.

    Asked directly: with teams switched on, Airflow's own dependency for routes takes JSON bodies only.
    """
    details = ConnectionDetails(conn_id=conn_id, team_name=Connection.get_team_name(conn_id))
    return get_auth_manager().is_authorized_connection(method="PUT", details=details, user=user)


def may_edit_connections(user: BaseUser) -> bool:
    """Tell whether the user may edit connections in general."""
    return get_auth_manager().is_authorized_connection(method="PUT", details=ConnectionDetails(), user=user)


def editable_connections(user: BaseUser, conn_ids: Iterable[str]) -> set[str]:
    """Return those connections that the user may edit."""
    by_team: dict[str | None, set[str]] = defaultdict(set)
    wanted = set(conn_ids)
    teams = Connection.get_conn_id_to_team_name_mapping(sorted(wanted))
    for conn_id in wanted:
        by_team[teams.get(conn_id)].add(conn_id)
    manager = get_auth_manager()
    found: set[str] = set()
    for team, ids in by_team.items():
        found |= manager.filter_authorized_connections(conn_ids=ids, user=user, method="PUT", team_name=team)
    return found
