"""The pinned org: a connection that suddenly answers for another one is refused before anything is read."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.clients.salesforce.client import SalesforceClient
from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.sandbox import credentials
from tests.behaviour.world import account, companies, is_quiet
from tests.support.rig import Rig

OTHER_ORG = "00D5g00000XYZabEAH"


@pytest.fixture
def moved(rig: Rig) -> Rig:
    """A rig that has worked with its org, and whose connection then leads to another one."""
    account(rig)
    rig.run("account").ok.counts("to_ipaas")
    account(rig)
    calm = rig.salesforce_client

    class Elsewhere(SalesforceClient):
        @property
        def org_id(self) -> str:
            return OTHER_ORG

    def elsewhere() -> SalesforceClient:
        client = calm()
        client.__class__ = Elsewhere
        return client

    rig.salesforce_client = elsewhere  # type: ignore[method-assign]
    rig.control("POST", "calls/reset")
    return rig


def test_another_org_is_refused_before_anything_is_read(moved: Rig) -> None:
    result = moved.run("account")

    assert isinstance(result.errors["extract_salesforce"], ConfigurationError)
    assert moved.calls()["salesforce"]["api"] == 0
    assert len(companies(moved)) == 1


def test_the_refusal_names_connection_both_orgs_and_the_mend(moved: Rig) -> None:
    error = moved.run("account").errors["extract_salesforce"]

    assert isinstance(error, ConfigurationError)
    for part in ("salesforce_connected_app_default", OTHER_ORG, credentials.ORG_ID):
        assert part in error.message
    assert "connection" in error.next_step


@pytest.mark.parametrize("params", [{"dry_run": True}, {"full": True}, {"direction": "to_salesforce"}])
def test_no_param_gets_around_the_pin(moved: Rig, params: dict[str, object]) -> None:
    assert isinstance(moved.run("account", **params).errors["extract_salesforce"], ConfigurationError)


def test_the_other_collection_is_held_by_the_same_pin(moved: Rig) -> None:
    assert isinstance(moved.run("contact").errors["extract_salesforce"], ConfigurationError)


def test_another_connection_id_is_another_pair(moved: Rig) -> None:
    moved.settings["salesforce_conn_id"] = "salesforce_second_org"

    result = moved.run("account", dry_run=True)

    assert "extract_salesforce" not in result.errors
    stored = moved.ledger.run("account:run2")
    assert stored is not None
    assert stored.scope.startswith(OTHER_ORG)


def test_the_first_org_goes_on_after_the_connection_is_mended(moved: Rig) -> None:
    assert moved.run("account").errors
    del moved.salesforce_client  # type: ignore[method-assign]

    assert moved.run("account").ok.counts("to_ipaas") == {"created": 1, "unchanged": 1}
    assert is_quiet(moved.run("account"))


def test_a_failed_login_pins_nothing(rig: Rig) -> None:
    with rig.fault(service="salesforce", path="oauth2/token", action={"type": "status", "status": 400}):
        assert rig.run("account").errors

    assert rig.ledger.pinned("salesforce:salesforce_connected_app_default") is None
