"""Records to begin with: a small messy pair of services, or as many plain records as wanted."""

from airflow_provider_ipaas.sandbox.seeds.bulk import seed_n
from airflow_provider_ipaas.sandbox.seeds.demo import DemoSummary, seed_demo

__all__ = ["DemoSummary", "seed_demo", "seed_n"]
