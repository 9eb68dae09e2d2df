"""The compose file as Docker Compose would fill it in."""

from __future__ import annotations

import pytest

from _cluster import COMPOSE
from _compose import ComposeError, interpolate, read_services
from env_file import MAKERS

VARIABLES = {name: f"value-of-{name}" for name in MAKERS}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("${A}", "a"),
        ("$A", "a"),
        ("$$A", "$A"),
        ("$${A}", "${A}"),
        ("x${A:-b}y", "xay"),
        ("${NONE:-b}", "b"),
        ("${EMPTY:-b}", "b"),
        ("${EMPTY-b}", ""),
        ("${NONE}", ""),
        ("${A:?message}", "a"),
    ],
)
def test_fills_in_variables(text: str, filled: str) -> None:
    assert interpolate([{"key": text}, 1], {"A": "a", "EMPTY": ""}) == [{"key": filled}, 1]


@pytest.mark.parametrize("text", ["${NONE:?say so}", "${EMPTY:?say so}", "${NONE?say so}"])
def test_a_variable_that_must_be_given_is_missed(text: str) -> None:
    with pytest.raises(ComposeError, match="say so"):
        interpolate(text, {"EMPTY": ""})


@pytest.mark.parametrize("name", MAKERS)
def test_our_file_wants_every_secret(name: str) -> None:
    with pytest.raises(ComposeError, match=name):
        read_services(COMPOSE, {other: value for other, value in VARIABLES.items() if other != name})


def test_our_file_can_be_read() -> None:
    services = read_services(COMPOSE, VARIABLES)
    assert services["scheduler"].command == ("scheduler",)
    assert services["worker"].depends_on["api-server"] == "service_healthy"
    assert services["worker"].volumes == {"/opt/airflow/logs": "logs"}
    assert services["worker"].env_files == ("airflow.env",)
    assert services["redis"].environment["REDIS_PASSWORD"] == "value-of-REDIS_PASSWORD"
    assert "${ADMIN_PASSWORD}" in services["init"].command[-1]
    assert services["init"].environment["ADMIN_PASSWORD"] == "value-of-ADMIN_PASSWORD"
