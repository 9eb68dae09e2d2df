"""One sandbox for all behaviours, reset before each, and a fresh ledger for each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sandbox.server import Sandbox
from tests.support.rig import Rig


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger file with its tables, to be copied: quicker than making them anew for each test."""
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    SqlLedger.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def rig(sandbox: Sandbox, empty_ledger: Path, tmp_path: Path) -> Iterator[Rig]:
    """Both services empty, with the harsh defaults of iPaaS.com, and an empty ledger."""
    sandbox.machine.reset()
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    ledger = SqlLedger.open(f"sqlite:///{tmp_path}/ledger.db")
    try:
        yield Rig(sandbox, ledger)
    finally:
        ledger.close()


@pytest.fixture(params=["harsh", "mild"])
def either(request: pytest.FixtureRequest, rig: Rig) -> Rig:
    """The rig, once with the harsh defaults of iPaaS.com and once with its mildest readings."""
    if request.param == "mild":
        rig.control("POST", "ipaas/switches/preset/mild")
    return rig
