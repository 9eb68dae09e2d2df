"""`make demo`, whole: a real Airflow, both services, three runs of both DAGs, and nothing left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_provider_ipaas.sandbox import credentials as known
from tests.support.secrets import leaks_below

ROOT = Path(__file__).parents[2]
# The last one is how every access token of the sandbox's org begins.
IN_USE = [known.CONSUMER_SECRET, known.IPAAS_PASSWORD, f"{known.ORG_ID[:15]}!AQ"]


@pytest.mark.e2e
def test_the_demo_brings_both_services_into_step_and_leaves_nothing_running(tmp_path: Path) -> None:
    """The demo checks itself: every edit arrived, the third run wrote nothing; else it ends with another exit code."""
    home = tmp_path / "home"
    home.mkdir()
    env = {**os.environ, "HOME": str(home), "COLUMNS": "160"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "demo.py")],
        capture_output=True,
        text=True,
        env=env,
        timeout=480,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "the third run wrote nothing" in done.stdout
    assert "✗" not in done.stdout
    assert "sandbox-consumer-secret" not in done.stdout
    assert list(home.iterdir()) == []
    # Airflow's own secrets are in files of their own; the sandbox's log welcomes people with its public credentials.
    written = [ROOT / ".airflow" / "demo", ROOT / ".airflow" / "demo-logs"]
    assert leaks_below(written, IN_USE, without=["passwords.json", "secrets.json", "sandbox.log"]) == []
    assert running_from(ROOT / ".airflow" / "demo") == []


def running_from(place: Path) -> list[str]:
    """Return the command lines of processes that work in the demo's Airflow home."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(place) in line]
