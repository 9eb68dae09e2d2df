"""Runs last: no secret of the whole session stands anywhere outside the encrypted stores."""

from __future__ import annotations

import pytest

from _stack import Stack
from airflow_provider_ipaas.sandbox import credentials
from tests.support.secrets import leaks, leaks_below

from .searching import Secrets
from .steps import Synced
from .traffic import Exchange, exchanges
from .visits import Visitors


@pytest.fixture(scope="module")
def given(synced: Synced, visitors: Visitors) -> list[Exchange]:
    """Return what all browsers of the session were given."""
    visitors.close()
    return list(exchanges(visitors.traffic))


@pytest.fixture(scope="module")
def secrets(stack: Stack, visitors: Visitors, given: list[Exchange]) -> Secrets:
    return Secrets.of(stack, given, visitors.sessions)


def test_what_is_looked_for_was_in_use(stack: Stack, secrets: Secrets) -> None:
    connects = stack.sandbox.control("GET", "/salesforce/oauth")["logins"]["authorization_code"]
    known = (credentials.CONSUMER_SECRET, credentials.IPAAS_PASSWORD, stack.airflow.password)
    found = [secret in secrets.lasting for secret in known]
    single_use, lasting, sessions = len(secrets.single_use), len(secrets.lasting), len(secrets.sessions)
    assert found == [True, True, True]
    assert connects >= 1
    # Of each Connect a code and a state came through a browser; a verifier, an access and a refresh token did not.
    assert single_use >= 2 * connects
    assert lasting >= 3 * connects
    assert sessions >= 1


def test_nothing_that_airflow_or_a_process_wrote_holds_a_secret(stack: Stack, secrets: Secrets) -> None:
    assert secrets.in_files(stack) == []


def test_no_address_and_no_answer_of_airflow_holds_a_secret(
    stack: Stack, secrets: Secrets, given: list[Exchange]
) -> None:
    assert secrets.in_browsers(stack, given) == []


def test_the_search_sees_what_is_there(stack: Stack, synced: Synced, given: list[Exchange]) -> None:
    """Look for things that are no secret in the same places."""
    home = stack.airflow.home
    found = leaks_below([home], [synced.account_id, synced.run_id])
    places = {leak.rpartition(": ")[0].removeprefix(f"{home}/").partition("/run_id=")[0] for leak in found}
    tables = {f"airflow.db, table {name}" for name in ("dag_run", "log", "rendered_task_instance_fields", "xcom")}
    assert places > {*tables, "ipaas/ledger.db, table ipaas_link", "logs/dag_id=salesforce_ipaas_accounts"}
    assert leaks_below([home / "airflow.db"], [credentials.CONSUMER_KEY])
    assert leaks_below([home / "ipaas" / "tokens.db"], [credentials.USERNAME])
    assert leaks_below([stack.processes.log_file("api-server")], ["/ipaas/oauth/callback"])
    pages = [exchange for exchange in given if exchange.is_page_of_ours]
    assert sum(b"</html>" not in page.told for page in pages) == 0
    assert any(leaks(page.told, [credentials.USERNAME]) for page in pages)
    assert any(exchange.is_callback for exchange in given)
