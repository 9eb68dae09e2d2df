"""`python -m airflow_provider_ipaas.cli` is the `airflow-ipaas` command."""

from __future__ import annotations

from airflow_provider_ipaas.cli.main import app

app(prog_name="airflow-ipaas")
