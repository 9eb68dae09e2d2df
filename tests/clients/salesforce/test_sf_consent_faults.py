"""What an authorization that ended without a code means, and a code that Salesforce does not take."""

from __future__ import annotations

import pytest

from airflow_provider_ipaas.clients.salesforce.auth_faults import consent_fault
from airflow_provider_ipaas.errors import AuthenticationError, TransientServiceError

CAUSES = [
    ("access_denied", "end-user denied authorization", "Deny was pressed", "choose Allow"),
    ("access-denied", "", "Deny was pressed", "choose Allow"),
    ("redirect_uri_mismatch", "", "the callback URL is not among the app's", "Add it to the app's Callback URLs"),
    ("unsupported_response_type", "", "the web server flow is not enabled", "Enable the authorization code flow"),
    ("invalid_grant", "expired authorization code", "the authorization code has expired", "compare the clock"),
    ("invalid_request", "invalid code verifier", "does not belong to this Connect", "Press Connect again."),
    (
        "invalid_request",
        "unsupported code_challenge_method",
        "the request lacks something",
        "Check the app's OAuth settings",
    ),
    ("brand_new_error", "surprise", "see the code", "Check the app's OAuth settings"),
]


@pytest.mark.parametrize(("error", "description", "cause", "mend"), CAUSES)
def test_the_documented_errors_are_told_apart(error: str, description: str, cause: str, mend: str) -> None:
    found = consent_fault(error, description, "crm")
    assert isinstance(found, AuthenticationError)
    assert found.message.startswith("Connection `crm`: Salesforce ended the authorization, ")
    assert cause in found.message
    assert mend in found.next_step
    assert found.code == error.replace("-", "_")
    assert (description in found.message) or not description


@pytest.mark.parametrize("error", ["server_error", "temporarily_unavailable"])
def test_an_outage_passes(error: str) -> None:
    found = consent_fault(error, "try later", "crm")
    assert isinstance(found, TransientServiceError)
    assert "press Connect again" in found.next_step
