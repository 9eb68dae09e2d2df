"""Who may see what: Airflow's own answers about the DAGs that wrote it."""

from __future__ import annotations

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
