from __future__ import annotations

import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth import JWT_GRANT, challenge_of

EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def refresh(client: Any, token: str, **more: str) -> requests.Response:
    return client.token(grant_type="refresh_token", refresh_token=token, **more)


def works(client: Any, token: str) -> bool:
    answer = requests.get(f"{client.base}/limits", headers={"Authorization": f"Bearer {token}"}, timeout=30)
    return answer.status_code == 200


def test_a_refresh_answers_like_salesforce(anonymous):
    answer = refresh(anonymous, credentials.REFRESH_TOKEN)
    body = answer.json()
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["access_token"].startswith(credentials.ORG_ID[:15] + "!")
    assert body["instance_url"] == anonymous.url
    assert body["id"].endswith(f"/id/{credentials.ORG_ID}/{credentials.INTEGRATION_USER_ID}")
    assert isinstance(body["issued_at"], str)
    assert len(body["issued_at"]) == 13
    assert not {"expires_in", "refresh_token"} & set(body)
    assert works(anonymous, body["access_token"])


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_secret": "wrong"}, ("invalid_client", "invalid client credentials")),
        ({"client_id": "wrong"}, ("invalid_client_id", "client identifier invalid")),
        ({"refresh_token": "wrong"}, ("invalid_grant", "expired access/refresh token")),
        ({"grant_type": "password"}, ("unsupported_grant_type", "grant type not supported")),
    ],
)
def test_wrong_credentials_are_named(anonymous, form, error):
    answer = anonymous.token(**{"grant_type": "refresh_token", "refresh_token": credentials.REFRESH_TOKEN, **form})
    assert answer.status_code == 400
    assert answer.json() == dict(zip(("error", "error_description"), error, strict=True))


def test_the_token_endpoint_wants_a_form(anonymous):
    form = {"grant_type": "client_credentials", "client_id": credentials.CONSUMER_KEY}
    answer = requests.post(f"{anonymous.url}/services/oauth2/token", json=form, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")


def test_without_rotation_a_refresh_token_is_good_for_ever(anonymous):
    first = refresh(anonymous, credentials.REFRESH_TOKEN).json()["access_token"]
    second = refresh(anonymous, credentials.REFRESH_TOKEN).json()["access_token"]
    assert first != second
    assert works(anonymous, first)
    anonymous.switch(refresh_ends_access_token=True)
    third = refresh(anonymous, credentials.REFRESH_TOKEN).json()["access_token"]
    assert [works(anonymous, token) for token in (first, second, third)] == [False, False, True]


def test_rotation_gives_a_new_refresh_token_and_replay_revokes_everything(anonymous):
    anonymous.switch(refresh_token_rotation=True)
    first = refresh(anonymous, credentials.REFRESH_TOKEN).json()
    second = refresh(anonymous, first["refresh_token"]).json()
    assert len({credentials.REFRESH_TOKEN, first["refresh_token"], second["refresh_token"]}) == 3
    assert refresh(anonymous, first["refresh_token"]).json() == EXPIRED
    assert not works(anonymous, second["access_token"])
    assert refresh(anonymous, second["refresh_token"]).json() == EXPIRED


def test_the_secret_may_be_optional_for_a_refresh(anonymous):
    form = {
        "grant_type": "refresh_token",
        "client_id": credentials.CONSUMER_KEY,
        "refresh_token": credentials.REFRESH_TOKEN,
    }
    url = f"{anonymous.url}/services/oauth2/token"
    assert requests.post(url, data=form, timeout=30).status_code == 400
    anonymous.switch(refresh_needs_secret=False)
    assert requests.post(url, data=form, timeout=30).status_code == 200
    assert refresh(anonymous, credentials.REFRESH_TOKEN, client_secret="wrong").status_code == 400


def test_client_credentials_by_body_and_by_basic(anonymous):
    url = f"{anonymous.url}/services/oauth2/token"
    form = {"grant_type": "client_credentials"}
    pair = (credentials.CONSUMER_KEY, credentials.CONSUMER_SECRET)
    answers = [anonymous.token(**form), requests.post(url, data=form, auth=pair, timeout=30)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("refresh_token" not in answer.json() for answer in answers)
    assert all(works(anonymous, answer.json()["access_token"]) for answer in answers)
    assert requests.post(url, data=form, auth=(pair[0], "wrong"), timeout=30).json()["error"] == "invalid_client"


def assertion(key: rsa.RSAPrivateKey, **claims: Any) -> str:
    whole = {
        "iss": credentials.CONSUMER_KEY,
        "sub": credentials.USERNAME,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 120,
        **claims,
    }
    return jwt.encode(whole, key, algorithm="RS256")


def test_jwt_bearer_with_a_registered_key(anonymous, key):
    unknown = anonymous.token(grant_type=JWT_GRANT, assertion=assertion(key))
    assert unknown.json()["error_description"] == "user hasn't approved this consumer"
    anonymous.control("POST", "/salesforce/tokens/public-key", {"public_key": public_pem(key)})
    for audience in ("https://login.salesforce.com", anonymous.url):
        answer = anonymous.token(grant_type=JWT_GRANT, assertion=assertion(key, aud=audience))
        assert works(anonymous, answer.json()["access_token"])
        assert "refresh_token" not in answer.json()


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"exp": int(time.time()) - 60}, ("invalid_grant", "invalid assertion")),
        ({"exp": int(time.time()) + 3600}, ("invalid_grant", "invalid assertion")),
        ({"aud": "https://elsewhere.example"}, ("invalid_grant", "Audience validation failed")),
        ({"iss": "wrong"}, ("invalid_client_id", "client identifier invalid")),
        ({"sub": "nobody@sandbox.example"}, ("invalid_grant", "user hasn't approved this consumer")),
    ],
)
def test_jwt_claims_are_checked(anonymous, key, claims, error):
    anonymous.control("POST", "/salesforce/tokens/public-key", {"public_key": public_pem(key)})
    answer = anonymous.token(grant_type=JWT_GRANT, assertion=assertion(key, **claims))
    assert (answer.json()["error"], answer.json()["error_description"]) == error


def test_a_jwt_signed_by_another_key_or_algorithm_is_refused(anonymous, key):
    anonymous.control("POST", "/salesforce/tokens/public-key", {"public_key": public_pem(key)})
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    claims = {
        "iss": credentials.CONSUMER_KEY,
        "sub": credentials.USERNAME,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 60,
    }
    for forged in (assertion(stranger), jwt.encode(claims, "x" * 32, algorithm="HS256"), "rubbish"):
        answer = anonymous.token(grant_type=JWT_GRANT, assertion=forged)
        assert answer.json()["error_description"] == "invalid assertion"


def test_sessions_expire_by_control_and_when_idle(sf, error_of):
    assert sf.call("GET", "/limits").status_code == 200
    sf.control("POST", "/salesforce/session/expire")
    assert error_of(sf.call("GET", "/limits")) == (401, "INVALID_SESSION_ID", "Session expired or invalid")
    sf.login()
    sf.clock("2026-11-23T10:00:00Z")
    sf.login()
    sf.switch(session_timeout_s=600)
    for _ in range(3):
        sf.control("POST", "/clock", {"advance_s": 500})
        assert sf.call("GET", "/limits").status_code == 200
    sf.control("POST", "/clock", {"advance_s": 601})
    assert sf.call("GET", "/limits").status_code == 401


def test_tokens_are_revoked_by_request_and_by_control(anonymous):
    url = f"{anonymous.url}/services/oauth2/revoke"
    access = refresh(anonymous, credentials.REFRESH_TOKEN).json()["access_token"]
    other = refresh(anonymous, credentials.REFRESH_TOKEN).json()["access_token"]
    assert requests.post(url, data={"token": access}, timeout=30).status_code == 200
    assert [works(anonymous, token) for token in (access, other)] == [False, True]
    assert requests.post(url, data={"token": "rubbish"}, timeout=30).json()["error"] == "invalid_token"
    assert requests.post(url, data={"token": credentials.REFRESH_TOKEN}, timeout=30).status_code == 200
    assert not works(anonymous, other)
    assert refresh(anonymous, credentials.REFRESH_TOKEN).json() == EXPIRED
    anonymous.control("POST", "/reset")
    anonymous.login()
    anonymous.control("POST", "/salesforce/tokens/revoke")
    assert anonymous.call("GET", "/limits").status_code == 401
    assert refresh(anonymous, credentials.REFRESH_TOKEN).json() == EXPIRED


def test_userinfo_and_introspection(sf):
    info = sf.http.get(f"{sf.url}/services/oauth2/userinfo", timeout=30).json()
    assert (info["organization_id"], info["preferred_username"]) == (credentials.ORG_ID, credentials.USERNAME)
    assert len(credentials.ORG_ID) == 18
    bad = requests.get(f"{sf.url}/services/oauth2/userinfo", headers={"Authorization": "Bearer x"}, timeout=30)
    assert (bad.status_code, bad.text) == (403, "Bad_OAuth_Token")
    form = {"client_id": credentials.CONSUMER_KEY, "client_secret": credentials.CONSUMER_SECRET}
    url = f"{sf.url}/services/oauth2/introspect"
    shown = requests.post(url, data={**form, "token": credentials.REFRESH_TOKEN}, timeout=30).json()
    assert (shown["active"], shown["username"]) == (True, credentials.USERNAME)
    assert requests.post(url, data={**form, "token": "x"}, timeout=30).json() == {"active": False}


REDIRECT = "http://localhost:8080/callback"


def authorize(client: Any, **params: str) -> requests.Response:
    whole = {"response_type": "code", "client_id": credentials.CONSUMER_KEY, "redirect_uri": REDIRECT, **params}
    url = f"{client.url}/services/oauth2/authorize"
    return requests.get(url, params=whole, allow_redirects=False, timeout=30)


def answer_of(redirect: requests.Response) -> dict[str, str]:
    assert redirect.status_code == 302, redirect.text
    return {name: values[0] for name, values in parse_qs(urlsplit(redirect.headers["Location"]).query).items()}


def exchange(client: Any, code: str, **more: str) -> requests.Response:
    return client.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT, **more)


def test_the_web_server_flow_with_pkce(anonymous):
    anonymous.switch(auto_approve=True)
    verifier = "v" * 64
    answer = answer_of(authorize(anonymous, state="a&b", code_challenge=challenge_of(verifier)))
    assert answer["state"] == "a&b"
    done = exchange(anonymous, answer["code"], code_verifier=verifier)
    assert works(anonymous, done.json()["access_token"])
    assert refresh(anonymous, done.json()["refresh_token"]).status_code == 200
    again = exchange(anonymous, answer["code"], code_verifier=verifier)
    assert again.json()["error_description"] == "invalid authorization code"


def test_the_web_server_flow_refuses_what_does_not_fit(anonymous):
    anonymous.switch(auto_approve=True)
    code = answer_of(authorize(anonymous, code_challenge=challenge_of("v" * 64)))["code"]
    assert exchange(anonymous, code, code_verifier="w" * 64).json()["error"] == "invalid_request"
    code = answer_of(authorize(anonymous, code_challenge=challenge_of("v" * 64)))["code"]
    assert exchange(anonymous, code).json()["error"] == "invalid_grant"
    code = answer_of(authorize(anonymous))["code"]
    mismatch = anonymous.token(grant_type="authorization_code", code=code, redirect_uri="http://localhost/other")
    assert mismatch.json()["error"] == "redirect_uri_mismatch"
    anonymous.switch(pkce_required=True, auto_approve=False)
    assert answer_of(authorize(anonymous))["error"] == "invalid_request"
    anonymous.switch(pkce_required=False)
    assert answer_of(authorize(anonymous, sandbox_decision="deny"))["error"] == "access_denied"
    anonymous.control("POST", "/salesforce/tokens/redirect-uris", {"redirect_uris": ["http://localhost/only"]})
    refused = authorize(anonymous)
    assert (refused.status_code, "redirect_uri_mismatch" in refused.text) == (400, True)


def test_a_sixth_approval_revokes_the_oldest(anonymous):
    anonymous.switch(auto_approve=True)
    for _ in range(4):
        exchange(anonymous, answer_of(authorize(anonymous))["code"])
    assert refresh(anonymous, credentials.REFRESH_TOKEN).status_code == 200
    exchange(anonymous, answer_of(authorize(anonymous))["code"])
    assert refresh(anonymous, credentials.REFRESH_TOKEN).json() == EXPIRED


def test_codes_live_fifteen_minutes(anonymous):
    anonymous.switch(auto_approve=True)
    code = answer_of(authorize(anonymous))["code"]
    anonymous.control("POST", "/clock", {"advance_s": 901})
    assert exchange(anonymous, code).json()["error_description"] == "expired authorization code"
