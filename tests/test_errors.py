"""What an error says can be logged and stored, whatever a service or a file has said."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.errors import ConfigurationError, IPaaSSyncError


@pytest.mark.parametrize("said", ["half \ud800 pair", "nul \x00 in it"])
def test_what_can_not_be_stored_is_replaced(said: str) -> None:
    error = ConfigurationError(said, next_step=said)
    assert str(error) == f"{error.message} Next step: {error.next_step}"
    assert error.message == said.replace("\ud800", "?").replace("\x00", "?")
    assert error.args == (error.message,)


def test_a_long_text_keeps_both_ends() -> None:
    error = IPaaSSyncError("begin " + "x" * 1_000_000 + " end")
    assert len(str(error)) == 6_000
    assert error.message.startswith("begin ")
    assert error.message.endswith(" end")
