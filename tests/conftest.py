"""Keep the tests away from the caller's Airflow, home directory and proxies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same examples each time, however slow the machine: `make fuzz` and `make simulate` are what looks for new ones.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# Airflow reads its settings when it is first imported, so they are in place before any test module is.
_AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="airflow-tests-"))


def _isolate() -> None:
    for name in list(os.environ):
        if name.startswith(("AIRFLOW", "_AIRFLOW")):
            del os.environ[name]
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, [os.environ.get(name), "127.0.0.1,localhost"]))
    os.environ |= {
        "AIRFLOW_HOME": str(_AIRFLOW_HOME),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(_AIRFLOW_HOME / "dags"),
        # Public and for tests only: any valid key does.
        "AIRFLOW__CORE__FERNET_KEY": "ZmVybmV0LWtleS1vZi10aGUtdGVzdC1zdWl0ZS4uLjE=",
        "AIRFLOW__API_AUTH__JWT_SECRET": "secret-of-the-test-suite-" * 4,
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{_AIRFLOW_HOME / 'airflow.db'}",
    }


_isolate()


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(_AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def airflow_home() -> Path:
    """Return the Airflow home of this test process."""
    return _AIRFLOW_HOME


@pytest.fixture(scope="session")
def airflow_database(airflow_home: Path) -> Path:
    """Create Airflow's metadata database for this test process, as `dag.test()` needs it; return its file."""
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return airflow_home / "airflow.db"
