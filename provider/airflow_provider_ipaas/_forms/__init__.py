"""Connection forms as plain data: read by provider discovery, so nothing here imports Airflow."""
