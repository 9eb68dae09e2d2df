"""A short run of every target: the same values each time. `make fuzz` draws new ones for minutes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from .target import Target
from .targets import TARGETS


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
