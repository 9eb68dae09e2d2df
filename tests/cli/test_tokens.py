"""`airflow-ipaas tokens`."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import Result

from airflow_provider_ipaas.hooks import consent
from tests.cli.command import Browser, Host
from tests.tokens.support import OTHER_KEY

Run = Callable[..., Result]
KEYS = "AIRFLOW__CORE__FERNET_KEY"


def test_grants_follow_a_new_fernet_key(
    host: Host, here: Run, connected: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = host.environment()[KEYS]
    host.env[KEYS] = f"{OTHER_KEY},{old}"
    ended = host.run("tokens", "rotate-fernet-key")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out == "Encrypted 1 grant with the first Fernet key; the token store needs the others no more.\n"
    monkeypatch.setenv(KEYS, OTHER_KEY)
    assert consent.view("sf").status == "connected"


def test_there_may_be_nothing_to_do(here: Run, connected: Browser) -> None:
    done = here("tokens", "rotate-fernet-key")
    assert done.exit_code == 0
    assert done.stdout.startswith("Nothing to do: every stored grant is encrypted with the first Fernet key")


def test_no_store_is_made_for_it(here: Run, host: Host) -> None:
    assert here("tokens", "rotate-fernet-key").exit_code == 0
    assert not (host.home / "ipaas").exists()


def test_a_grant_of_a_lost_key_is_an_error(here: Run, host: Host, connected: Browser) -> None:
    host.env[KEYS] = OTHER_KEY
    done = here("tokens", "rotate-fernet-key")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "encrypted with a Fernet key that is not configured here" in done.stderr


def test_without_a_key_nothing_is_stored(here: Run, host: Host) -> None:
    host.env[KEYS] = ""
    done = here("connect", "sf", "--paste")
    assert done.exit_code == 1
    assert "tokens are never stored unencrypted" in done.stderr
