"""A short run of every target: the same values each time. `make fuzz` draws new ones for minutes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from airflow_provider_ipaas.backfill import backfill_dag
from airflow_provider_ipaas.factory import run_params
from airflow_provider_ipaas.hooks import _salesforce_settings, ipaas

from . import connections, queries
from .target import Target
from .targets import TARGETS


def test_every_param_and_every_field_of_a_connection_is_among_what_is_spoilt() -> None:
    of_backfill = set(backfill_dag().params) - {"collection"}
    assert set(queries.PARAMS) == set(run_params("both")) | of_backfill
    assert set(connections.SALESFORCE) == _salesforce_settings.EXTRAS
    assert set(connections.IPAAS) == ipaas._EXTRAS


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_whatever_comes_in_is_understood_or_refused_by_a_typed_error(target: Target) -> None:
    once = settings(
        max_examples=target.short,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
    )
    once(given(target.drawn)(target.check))()
