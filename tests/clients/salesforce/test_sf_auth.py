"""Logging in without a person: the flows, every way they fail, and what a person then reads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_ipaas.errors import (
    AuthenticationError,
    ConfigurationError,
    MalformedAnswer,
    TransientServiceError,
)
from airflow_provider_ipaas.sandbox import credentials as known

TOKEN = "/services/oauth2/token"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def private_pem(key: rsa.RSAPrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, form, serialization.NoEncryption()).decode()


@pytest.fixture
def jwt_app(sandbox: Any, key: rsa.RSAPrivateKey, private_pem: str) -> dict[str, Any]:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    public = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    sandbox.org.oauth.public_key = public
    return {
        "flow": "jwt_bearer",
        "consumer_secret": "",
        "username": known.USERNAME,
        "private_key": private_pem,
        "audience": "https://login.salesforce.com",
    }


def test_logs_in_on_first_use_and_once(client: Any, logins: Any, sandbox: Any) -> None:
    assert logins() == 0
    assert client.org_id == "00D5g00000SandBEAR"
    assert client.user_id == "0055g00000IntegAAB"
    assert client.instance_url == sandbox.salesforce_url
    list(client.query("SELECT Id FROM Account"))
    assert (logins(), client.calls) == (1, 1)


def test_jwt_bearer_needs_no_secret(make_client: Any, jwt_app: dict[str, Any]) -> None:
    assert make_client(**jwt_app).org_id == known.ORG_ID


def test_jwt_bearer_signs_by_salesforces_clock_when_the_workers_is_wrong(
    make_client: Any, jwt_app: dict[str, Any], logins: Any
) -> None:
    wrong = datetime.now(UTC) - timedelta(hours=3)
    client = make_client(**jwt_app, wall=wrong.timestamp)
    assert client.org_id == known.ORG_ID
    assert logins() == 2


def test_a_key_that_is_none_is_never_quoted(make_client: Any, jwt_app: dict[str, Any], logins: Any) -> None:
    client = make_client(**{**jwt_app, "private_key": "-----BEGIN nonsense-secret-----"})
    with pytest.raises(ConfigurationError) as caught:
        client.org_id  # noqa: B018
    assert str(caught.value) == (
        "Connection `sf`: the field Private key (`private_key`) is not an RSA key in PEM form, or it has a passphrase. "
        "Next step: Enter the whole file, from -----BEGIN to -----END, without a passphrase."
    )
    assert logins() == 0


REFUSALS = [
    (
        {"consumer_secret": "wrong-secret-value"},
        "Connection `sf`: Salesforce refused the login, the Consumer Secret is wrong "
        "(invalid_client: invalid client credentials). Next step: Correct the field Consumer Secret (`password`) with the "
        "one shown under the app's settings in Salesforce.",
    ),
    (
        {"consumer_key": "wrong-key"},
        "Connection `sf`: Salesforce refused the login, the Consumer Key is not known here "
        "(invalid_client_id: client identifier invalid). Next step: Correct the field Consumer Key (`login`), and check "
        "that API Url is the org's own; a new app needs up to ten minutes.",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), REFUSALS)
def test_a_refused_login_names_cause_and_mend_and_is_not_repeated(
    make_client: Any, logins: Any, wrong: dict[str, Any], message: str
) -> None:
    client = make_client(**wrong)
    for _ in range(3):
        with pytest.raises(AuthenticationError) as caught:
            list(client.query("SELECT Id FROM Account"))
        assert str(caught.value) == message
        assert not caught.value.transient
    assert (logins(), client.calls) == (1, 0)


JWT_REFUSALS = [
    ({"audience": "https://elsewhere.salesforce.com"}, "the audience is not the login host of this org"),
    ({"username": "somebody@else.example"}, "the user has not approved the app"),
]


@pytest.mark.parametrize(("wrong", "cause"), JWT_REFUSALS)
def test_a_refused_assertion_says_which_part_is_wrong(
    make_client: Any, jwt_app: dict[str, Any], logins: Any, wrong: dict[str, Any], cause: str
) -> None:
    with pytest.raises(AuthenticationError) as caught:
        make_client(**{**jwt_app, **wrong}).org_id  # noqa: B018
    assert f"Connection `sf`: Salesforce refused the login, {cause} (invalid_grant: " in str(caught.value)
    assert logins() == 1


OTHER_CAUSES = [
    ({"error": "invalid_grant", "error_description": "ip restricted"}, "the address of this worker is not allowed"),
    ({"error": "inactive_user", "error_description": "user is inactive"}, "the user is inactive"),
    ({"error": "invalid_app_access", "error_description": "not approved"}, "the user may not use the app"),
    (
        {"error": "invalid_grant", "error_description": "request not supported on this domain"},
        "this host does not serve the client credentials flow",
    ),
    ({"error": "brand_new_error", "error_description": "surprise"}, "see the code"),
]


@pytest.mark.parametrize(("body", "cause"), OTHER_CAUSES)
def test_documented_oauth_errors_are_told_apart(client: Any, fault: Any, body: dict[str, str], cause: str) -> None:
    fault(TOKEN, type="status", status=400, body=body)
    with pytest.raises(AuthenticationError) as caught:
        client.org_id  # noqa: B018
    said = f"{body['error']}: {body['error_description']}"
    assert caught.value.message == f"Connection `sf`: Salesforce refused the login, {cause} ({said})."
    assert caught.value.next_step


def test_an_echoed_secret_is_masked(client: Any, fault: Any) -> None:
    body = {"error": "invalid_client", "error_description": f"secret {known.CONSUMER_SECRET} does not fit"}
    fault(TOKEN, type="status", status=400, body=body)
    with pytest.raises(AuthenticationError, match=r"secret \*\*\* does not fit") as caught:
        client.org_id  # noqa: B018
    assert known.CONSUMER_SECRET not in str(caught.value)


def test_an_outage_that_says_invalid_grant_is_an_outage(client: Any, fault: Any, waits: list[float]) -> None:
    body = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    fault(TOKEN, times=2, type="status", status=503, body=body)
    assert client.org_id == known.ORG_ID
    assert len(waits) == 2


def test_an_outage_that_lasts_is_transient(client: Any, fault: Any, logins: Any) -> None:
    fault(TOKEN, type="status", status=503, body="<html>Down</html>")
    with pytest.raises(TransientServiceError) as caught:
        client.create("Account", [{"Name": "X"}])
    assert str(caught.value) == (
        "The token endpoint of Salesforce (127.0.0.1) is not available now (HTTP 503). "
        "Next step: This is usually short-lived; a later run goes on."
    )
    assert logins() == 4


def test_too_many_logins_wait(client: Any, fault: Any, waits: list[float]) -> None:
    body = {"error": "rate_limit_exceeded", "error_description": "login rate exceeded"}
    fault(TOKEN, times=1, type="status", status=400, body=body, headers={"Retry-After": "7"})
    assert client.org_id == known.ORG_ID
    assert waits == [7.0]


def test_a_web_page_instead_of_a_token(client: Any, fault: Any, logins: Any) -> None:
    fault(TOKEN, type="html")
    with pytest.raises(MalformedAnswer) as caught:
        client.org_id  # noqa: B018
    assert str(caught.value) == (
        "The token endpoint of Salesforce (127.0.0.1) answered with a web page instead of a token. Next step: Check the "
        "fields API Url (`host`) and Token URL (`token_url`), and any proxy in between."
    )
    assert logins() == 4


def test_no_token_endpoint(client: Any, fault: Any) -> None:
    fault(TOKEN, type="status", status=404, body="<html>Not found</html>")
    with pytest.raises(AuthenticationError) as caught:
        client.org_id  # noqa: B018
    assert str(caught.value) == (
        "Connection `sf`: Salesforce refused the login, there is no token endpoint at 127.0.0.1 (HTTP 404). "
        "Next step: Correct the field API Url (`host`), or Token URL (`token_url`) if it is set."
    )


def test_an_unreachable_host_is_named(make_client: Any, waits: list[float]) -> None:
    client = make_client(token_url="http://127.0.0.1:9/services/oauth2/token")
    with pytest.raises(TransientServiceError) as caught:
        client.org_id  # noqa: B018
    assert str(caught.value) == (
        "Salesforce can't be reached at 127.0.0.1: the connection was refused. Next step: Check the field API Url (`host`) "
        "of connection `sf`, and that this worker may reach 127.0.0.1 (DNS, firewall, proxy)."
    )
    assert len(waits) == 3


def test_an_unknown_certificate_is_named(make_client: Any, sandbox: Any) -> None:
    client = make_client(token_url=f"{sandbox.salesforce_tls_url}{TOKEN}")
    with pytest.raises(TransientServiceError, match=r"its certificate can't be verified \("):
        client.org_id  # noqa: B018


def token_answer(sandbox: Any, **changes: Any) -> dict[str, Any]:
    answer = {
        "access_token": "00Dxx!an-access-token",
        "instance_url": sandbox.salesforce_url,
        "id": f"https://login.salesforce.com/id/{known.ORG_ID}/{known.INTEGRATION_USER_ID}",
        "issued_at": "1790000000000",
    }
    return {**answer, **changes}


@pytest.mark.parametrize(
    "instance_url",
    [
        "https://salesforce.com.evil.example",
        "https://evil.example/.salesforce.com",
        "http://acme.my.salesforce.com",
        "https://acme.lightning.force.com",
        "https://user@acme.my.salesforce.com",
        None,
    ],
)
def test_a_token_never_goes_to_a_host_that_is_not_allowed(
    client: Any, sandbox: Any, fault: Any, instance_url: str | None
) -> None:
    fault(TOKEN, type="status", status=200, body=token_answer(sandbox, instance_url=instance_url))
    with pytest.raises(ConfigurationError) as caught:
        list(client.query("SELECT Id FROM Account"))
    assert str(caught.value) == (
        "Connection `sf`: Salesforce named an instance URL that is not on an allowed host: "
        f"{instance_url or 'none'}. Next step: If you trust this host, add it to `[ipaas] allowed_salesforce_hosts` in the "
        "Airflow configuration."
    )
    assert client.calls == 0


def test_an_instance_on_the_allow_list(make_client: Any, sandbox: Any, fault: Any) -> None:
    fault(TOKEN, type="status", status=200, body=token_answer(sandbox, instance_url="https://crm.example/"))
    assert make_client(allowed_hosts=("crm.example",)).instance_url == "https://crm.example"


@pytest.mark.parametrize("identity", [None, "http://[broken", "https://login.salesforce.com/id/x", 7])
def test_a_token_for_nobody(client: Any, sandbox: Any, fault: Any, identity: object) -> None:
    fault(TOKEN, type="status", status=200, body=token_answer(sandbox, id=identity))
    with pytest.raises(MalformedAnswer, match="did not say which org and user the token is for"):
        client.org_id  # noqa: B018


@pytest.mark.parametrize("token", ["\u0100", "two\r\nlines", "", None])
def test_a_token_that_fits_into_no_header_is_none(client: Any, sandbox: Any, fault: Any, token: str | None) -> None:
    fault(TOKEN, type="status", status=200, body=token_answer(sandbox, access_token=token))
    with pytest.raises(MalformedAnswer, match="instead of a token"):
        client.org_id  # noqa: B018


def test_another_org_is_refused_before_any_data_call(make_client: Any) -> None:
    client = make_client(org_pins=("00D000000000001",))
    with pytest.raises(ConfigurationError) as caught:
        client.create("Account", [{"Name": "X"}])
    assert str(caught.value) == (
        "Connection `sf` is for org 00D000000000001, but its credentials belong to org 00D5g00000SandBEAR; nothing was read "
        "or written. Next step: Correct API Url and credentials, or, if the other org is meant, the field Organization id "
        "(`org_id`); links of one org never fit another."
    )
    assert client.calls == 0


@pytest.mark.parametrize("pin", [known.ORG_ID, known.ORG_ID[:15]])
def test_an_org_pin_fits_with_15_and_18_characters(make_client: Any, pin: str) -> None:
    assert make_client(org_pins=(pin,)).org_id == known.ORG_ID


def test_every_secret_is_announced_for_masking(make_client: Any, sandbox: Any) -> None:
    heard: list[str] = []
    client = make_client(on_secret=heard.append)
    assert {known.CONSUMER_SECRET, known.REFRESH_TOKEN, client.token.access_token} == set(heard)
    assert client.token.access_token not in repr(client.token)
    assert known.CONSUMER_SECRET not in repr(client._wire._auth.credentials)


def test_threads_share_one_login_and_one_renewal(make_client: Any, sandbox: Any, logins: Any) -> None:
    client = make_client()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: client.resources(), range(16)))
        assert logins() == 1
        sandbox.org.oauth.expire_sessions()
        list(pool.map(lambda _: client.resources(), range(16)))
    assert logins() == 2
