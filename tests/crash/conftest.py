"""One sandbox and one forking process of workers per test process; a ledger for each database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.crash.ground import Ground, Workers
from tests.crash.ledgers import PostgresShelf, SqliteShelf
from tests.support.postgres import PostgresCluster, postgres_cluster

__all__ = ["postgres_cluster"]
COUNTED = "crash"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-course", action="store_true", help="kill each scenario at every point it passes, retried and not"
    )


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    with Workers() as workers:
        yield workers


@pytest.fixture(scope="session")
def on_sqlite(sandbox: Sandbox, workers: Workers, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    folder: Path = tmp_path_factory.mktemp("ledger")
    return Ground(sandbox, SqliteShelf(folder), workers)


@pytest.fixture(scope="session")
def on_postgres(sandbox: Sandbox, workers: Workers, postgres_cluster: PostgresCluster) -> Ground:
    return Ground(sandbox, PostgresShelf(postgres_cluster), workers)


@pytest.fixture(params=["sqlite", "postgres"])
def ground(request: pytest.FixtureRequest) -> Ground:
    """Both services and a ledger, as the test before left them."""
    made: Ground = request.getfixturevalue(f"on_{request.param}")
    return made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how often workers died, and that nothing came of it."""
    counts: Counter[str] = Counter()
    for report in (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")):
        for name, value in report.user_properties:
            if report.when == "call" and name.startswith(f"{COUNTED}:"):
                counts[name.removeprefix(f"{COUNTED}:")] += value
    for name, count in sorted(counts.items()):
        terminalreporter.write_line(f"{name}: {count}")
