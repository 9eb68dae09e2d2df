"""Two-way sync between Salesforce and iPaaS.com for Apache Airflow."""

__version__ = "0.1.0"
