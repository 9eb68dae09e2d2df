"""Use Airflow's connections from a plain process, as far as it can see them."""

from __future__ import annotations

import contextlib
import os
import sys

ELSEWHERE = (
    "Here, connections of Admin > Connections are seen only where Airflow's configuration reaches its metadata database "
    "(the host of a scheduler or API server); elsewhere, use the DAG salesforce_ipaas_maintenance or the page in Airflow."
)


def see_connections() -> None:
    """Import Airflow so that it looks connections up in its metadata database too, and keeps its log off the output.

    Call it before anything else imports Airflow. Airflow asks the database only in its server processes, which say so by
    the variable; in a task it stays as it is, for there the connections come from the supervisor.
    """
    os.environ.setdefault("_AIRFLOW_PROCESS_CONTEXT", "server")
    os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
    # Its log goes to what is standard output at this import; what a command prints must stay readable by programs.
    with contextlib.redirect_stdout(sys.stderr):
        import airflow.settings  # noqa: F401
