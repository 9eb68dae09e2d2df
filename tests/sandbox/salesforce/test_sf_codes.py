from __future__ import annotations

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth import challenge_of
from tests.sandbox.salesforce.person import Person, exchange

EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}


@pytest.fixture
def person(anonymous):
    return Person(anonymous.url)


def code_of(person, **params):
    person.connect(sandbox_decision="allow", **params)
    return person.answer()["code"]


def alive(client, token):
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    return requests.get(f"{client.base}/limits", headers=headers, timeout=30).status_code == 200


def test_a_second_use_of_a_code_ends_what_the_first_gave(anonymous, person):
    code = code_of(person)
    token = exchange(anonymous, code).json()
    assert alive(anonymous, token)
    again = exchange(anonymous, code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert not alive(anonymous, token)
    refreshed = anonymous.token(grant_type="refresh_token", refresh_token=token["refresh_token"])
    assert refreshed.json() == EXPIRED


def test_a_code_is_good_for_one_attempt(anonymous, person):
    code = code_of(person)
    assert exchange(anonymous, code, code_verifier="w" * 64).status_code == 400
    assert exchange(anonymous, code).json()["error_description"] == "invalid authorization code"


@pytest.mark.parametrize("verifier", ["w" * 64, "short", "v" * 129, "v" * 42 + "!"])
def test_verifiers_that_do_not_fit_are_an_invalid_request(anonymous, person, verifier):
    code = code_of(person, code_challenge=challenge_of(verifier if verifier != "w" * 64 else "v" * 64))
    assert exchange(anonymous, code, code_verifier=verifier).json() == {
        "error": "invalid_request",
        "error_description": "invalid code verifier",
    }


def test_challenge_and_verifier_belong_together(anonymous, person):
    assert exchange(anonymous, code_of(person), code_verifier="").json()["error"] == "invalid_grant"
    without = code_of(person, code_challenge="")
    assert exchange(anonymous, without).json()["error"] == "invalid_grant"
    without = code_of(person, code_challenge="")
    assert exchange(anonymous, without, code_verifier="").status_code == 200


def test_the_secret_is_needed_beside_the_verifier(anonymous, person):
    assert exchange(anonymous, code_of(person), client_secret="wrong").json()["error"] == "invalid_client"
    form = {"grant_type": "authorization_code", "client_id": credentials.CONSUMER_KEY, "code": code_of(person)}
    answer = requests.post(f"{anonymous.url}/services/oauth2/token", data=form, timeout=30)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client")


def test_the_callback_must_be_the_same(anonymous, person):
    assert exchange(anonymous, code_of(person), redirect_uri="").json()["error"] == "redirect_uri_missing"
    other = exchange(anonymous, code_of(person), redirect_uri="http://localhost:8080/callback/")
    assert other.json()["error"] == "redirect_uri_mismatch"


@pytest.mark.parametrize(("age_s", "status"), [(900, 200), (901, 400)])
def test_a_code_lives_fifteen_minutes(anonymous, person, age_s, status):
    anonymous.clock("2026-11-23T10:00:00Z")
    code = code_of(person)
    anonymous.control("POST", "/clock", {"advance_s": age_s})
    assert exchange(anonymous, code).status_code == status


def test_an_unknown_code_ends_nothing(anonymous, person):
    token = exchange(anonymous, code_of(person)).json()
    assert exchange(anonymous, "").json()["error"] == "invalid_grant"
    assert alive(anonymous, token)


def test_what_was_granted_is_what_a_refresh_gives(anonymous, person):
    token = exchange(anonymous, code_of(person, scope="offline_access api")).json()
    assert token["scope"] == "refresh_token api"
    refreshed = anonymous.token(grant_type="refresh_token", refresh_token=token["refresh_token"]).json()
    assert refreshed["scope"] == "refresh_token api"
    assert not {"refresh_token", "expires_in"} & set(refreshed)


def test_scopes_say_what_a_token_opens(anonymous, person, error_of):
    api = exchange(anonymous, code_of(person, scope="api")).json()
    identity = exchange(anonymous, code_of(person, scope="openid")).json()
    assert alive(anonymous, api)
    answer = requests.get(
        f"{anonymous.base}/limits", headers={"Authorization": f"Bearer {identity['access_token']}"}, timeout=30
    )
    assert error_of(answer) == (401, "INVALID_SESSION_ID", "This session is not valid for use with the REST API")
    url = f"{anonymous.url}/services/oauth2/userinfo"
    answers = [
        requests.get(url, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=30)
        for token in (api, identity)
    ]
    assert [answer.status_code for answer in answers] == [403, 200]
    assert answers[0].text == "Bad_OAuth_Token"
