"""What a service says of a refused record, put into words that hold none of its values."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.sync.refusals import classify


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("bad e-mail ann@example.com here", "bad e-mail ... here"),
        ("bad e-mail <ann@example.com>", "bad e-mail ..."),
        ("to:ann@example.com,bob@example.com", "..."),
        ("no value 'Jane Private' there", "no value ... there"),
        ("x" * 131_072, "x" * 300),
        ("@" * 131_072, "@" * 300),
    ],
)
def test_values_are_masked_whatever_their_length(said: str, shown: str) -> None:
    assert classify("NEVER_SEEN", said).message.endswith(f": {shown}")
