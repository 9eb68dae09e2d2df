from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth import JWT_GRANT
from tests.sandbox.salesforce.person import Person, exchange

EXPIRED = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
ADMIN = credentials.ADMIN_USERNAME
CLIENT = {"client_id": credentials.CONSUMER_KEY, "client_secret": credentials.CONSUMER_SECRET}


@pytest.fixture
def person(anonymous):
    return Person(anonymous.url)


def refresh(client, token=credentials.REFRESH_TOKEN):
    return client.token(grant_type="refresh_token", refresh_token=token)


def alive(client, token):
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    return requests.get(f"{client.base}/limits", headers=headers, timeout=30).status_code == 200


def introspect(client, token, **more):
    form = {**CLIENT, "token": token, **more}
    return requests.post(f"{client.url}/services/oauth2/introspect", data=form, timeout=30)


def shown(client):
    return client.control("GET", "/salesforce/oauth")


# How long tokens last


def test_an_idle_refresh_token_ends(anonymous):
    anonymous.clock("2026-11-23T10:00:00Z")
    anonymous.switch(refresh_token_policy="idle", refresh_token_life_s=3600)
    for _ in range(3):
        assert refresh(anonymous).status_code == 200
        anonymous.control("POST", "/clock", {"advance_s": 3599})
    assert refresh(anonymous).status_code == 200
    anonymous.control("POST", "/clock", {"advance_s": 3600})
    assert refresh(anonymous).json() == EXPIRED


def test_a_refresh_token_of_fixed_life_ends_however_busy(anonymous, person):
    anonymous.clock("2026-11-23T10:00:00Z")
    anonymous.switch(refresh_token_policy="fixed", refresh_token_life_s=3600, refresh_token_rotation=True)
    token = exchange(anonymous, person.allow()).json()["refresh_token"]
    anonymous.control("POST", "/clock", {"advance_s": 3599})
    token = refresh(anonymous, token).json()["refresh_token"]
    anonymous.control("POST", "/clock", {"advance_s": 1})
    assert refresh(anonymous, token).json() == EXPIRED


def test_a_refresh_token_may_end_at_once(anonymous, person):
    anonymous.switch(refresh_token_policy="immediately")
    token = exchange(anonymous, person.allow()).json()
    assert alive(anonymous, token)
    assert refresh(anonymous, token["refresh_token"]).json() == EXPIRED
    assert introspect(anonymous, token["refresh_token"]).json() == {"active": False}


def test_an_access_token_of_fixed_life_ends_however_busy(anonymous):
    anonymous.clock("2026-11-23T10:00:00Z")
    anonymous.switch(access_token_life_s=10, session_timeout_s=600)
    token = refresh(anonymous).json()
    for _ in range(9):
        anonymous.control("POST", "/clock", {"advance_s": 1})
        assert alive(anonymous, token)
    anonymous.control("POST", "/clock", {"advance_s": 1})
    assert not alive(anonymous, token)
    assert introspect(anonymous, token["access_token"]).json() == {"active": False}


# The five approvals


def test_five_approvals_are_counted_per_user(anonymous):
    first = exchange(anonymous, Person(anonymous.url, ADMIN).allow()).json()["refresh_token"]
    for _ in range(5):
        exchange(anonymous, Person(anonymous.url).allow())
    assert refresh(anonymous).json() == EXPIRED
    assert refresh(anonymous, first).status_code == 200
    admin = Person(anonymous.url, ADMIN)
    for _ in range(4):
        exchange(anonymous, admin.allow())
    assert refresh(anonymous, first).status_code == 200
    exchange(anonymous, admin.allow())
    assert refresh(anonymous, first).json() == EXPIRED
    grants = shown(anonymous)["grants"]
    living = [grant["user"] for grant in grants if not grant["revoked"]]
    assert (living.count(ADMIN), living.count(credentials.USERNAME)) == (5, 5)


def test_approvals_without_a_refresh_token_do_not_count(anonymous, person):
    for _ in range(6):
        person.connect(scope="api", sandbox_decision="allow")
        assert exchange(anonymous, person.answer()["code"]).status_code == 200
    assert refresh(anonymous).status_code == 200


# Rotation


def test_a_replay_revokes_the_current_token_and_all_access_tokens(anonymous):
    anonymous.switch(refresh_token_rotation=True)
    tokens = [refresh(anonymous).json()]
    for _ in range(3):
        tokens.append(refresh(anonymous, tokens[-1]["refresh_token"]).json())
    assert all(alive(anonymous, token) for token in tokens)
    assert refresh(anonymous).json() == EXPIRED
    assert not any(alive(anonymous, token) for token in tokens)
    assert refresh(anonymous, tokens[-1]["refresh_token"]).json() == EXPIRED
    assert refresh(anonymous, tokens[0]["refresh_token"]).json() == EXPIRED
    report = shown(anonymous)
    assert (report["refreshes"], report["replays"], report["expiries"]) == (4, 2, 0)
    assert (report["grants"][0]["revoked"], report["grants"][0]["rotations"]) == (True, 4)


def test_a_replay_ends_one_grant_only(anonymous, person):
    anonymous.switch(refresh_token_rotation=True)
    other = exchange(anonymous, person.allow()).json()
    refresh(anonymous)
    assert refresh(anonymous).json() == EXPIRED
    assert alive(anonymous, other)
    assert refresh(anonymous, other["refresh_token"]).status_code == 200


def test_of_many_refreshes_at_once_one_wins(anonymous):
    anonymous.switch(refresh_token_rotation=True)

    def attempt(_number):
        form = {**CLIENT, "grant_type": "refresh_token", "refresh_token": credentials.REFRESH_TOKEN}
        return requests.post(f"{anonymous.url}/services/oauth2/token", data=form, timeout=30).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(attempt, range(8)))
    assert sorted(statuses) == [200] + [400] * 7
    assert (shown(anonymous)["refreshes"], shown(anonymous)["replays"]) == (1, 7)


# Who may use the app


def test_only_users_an_admin_approved(anonymous):
    anonymous.switch(admin_approved_only=True)
    admin = Person(anonymous.url, ADMIN)
    admin.connect()
    admin.log_in()
    assert admin.answer() == {
        "error": "OAUTH_APP_ACCESS_DENIED",
        "error_description": "user is not admin approved to access this app",
        "state": "s t&/+%",
    }
    integration = Person(anonymous.url)
    integration.connect()
    integration.log_in()
    assert exchange(anonymous, integration.answer()["code"]).status_code == 200
    assert "oaapprove" in integration.connect(prompt="consent").ids


def test_permission_can_be_taken_away(anonymous):
    admin = Person(anonymous.url, ADMIN)
    token = exchange(anonymous, admin.allow()).json()
    code = admin.allow()
    anonymous.switch(admin_approved_only=True)
    for answer in (refresh(anonymous, token["refresh_token"]), exchange(anonymous, code)):
        assert answer.json() == {
            "error": "invalid_app_access",
            "error_description": "user is not admin approved to access this app",
        }
    anonymous.switch(permitted_users=[credentials.USERNAME, ADMIN])
    assert refresh(anonymous, token["refresh_token"]).status_code == 200
    anonymous.switch(permitted_users=[])
    assert anonymous.token(grant_type="client_credentials").status_code == 200


def test_jwt_bearer_is_for_permitted_users(anonymous):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()
    anonymous.control("POST", "/salesforce/tokens/public-key", {"public_key": pem})
    claims = {"iss": credentials.CONSUMER_KEY, "sub": ADMIN, "aud": anonymous.url, "exp": int(time.time()) + 60}
    assertion = jwt.encode(claims, key, algorithm="RS256")
    answer = anonymous.token(grant_type=JWT_GRANT, assertion=assertion).json()
    assert answer["error_description"] == "user hasn't approved this consumer"
    anonymous.switch(permitted_users=[ADMIN])
    answer = anonymous.token(grant_type=JWT_GRANT, assertion=assertion).json()
    assert answer["id"].endswith(credentials.ADMIN_USER_ID)
    assert "refresh_token" not in answer["scope"]


def test_a_blocked_app(anonymous, person):
    token = exchange(anonymous, person.allow()).json()
    anonymous.switch(app_blocked=True)
    blocked = {"error": "OAUTH_APP_BLOCKED", "error_description": "this app is blocked by admin"}
    assert refresh(anonymous).json() == blocked
    assert anonymous.token(grant_type="client_credentials").json() == blocked
    assert not alive(anonymous, token)
    person.connect(prompt="consent")
    assert person.answer()["error"] == "OAUTH_APP_BLOCKED"
    anonymous.switch(auto_approve=True)
    person.connect()
    assert person.answer()["error"] == "OAUTH_APP_BLOCKED"
    anonymous.switch(app_blocked=False, auto_approve=False)
    assert alive(anonymous, token)


def test_a_block_while_the_page_is_open(anonymous, person):
    person.connect()
    person.log_in()
    anonymous.switch(app_blocked=True)
    person.press("oaapprove")
    assert person.answer()["error"] == "OAUTH_APP_BLOCKED"


def test_a_deactivated_user(anonymous, person):
    token = exchange(anonymous, person.allow()).json()
    anonymous.switch(user_inactive=True)
    assert refresh(anonymous).json() == {"error": "inactive_user", "error_description": "user is inactive"}
    assert not alive(anonymous, token)
    assert "Login" in person.connect().ids
    person.connect(sandbox_decision="allow")
    assert person.answer()["error"] == "inactive_user"
    assert exchange(anonymous, Person(anonymous.url, ADMIN).allow()).status_code == 200


def test_a_restricted_address(anonymous, person):
    code = person.allow()
    anonymous.switch(ip_restricted=True)
    for answer in (refresh(anonymous), exchange(anonymous, code), anonymous.token(grant_type="client_credentials")):
        assert answer.json() == {"error": "invalid_grant", "error_description": "ip restricted"}


# Introspection and revocation


def test_introspection_says_whose_token_it_is_and_how_long(anonymous):
    anonymous.clock("2026-11-23T10:00:00Z")
    token = exchange(anonymous, Person(anonymous.url, ADMIN).allow()).json()
    now = 1_795_428_000
    whole = {
        "active": True,
        "scope": "api refresh_token openid id",
        "client_id": credentials.CONSUMER_KEY,
        "username": ADMIN,
        "sub": token["id"],
        "iat": now,
        "nbf": now,
    }
    assert introspect(anonymous, token["refresh_token"]).json() == {**whole, "token_type": "refresh_token"}
    assert introspect(anonymous, token["access_token"], token_type_hint="access_token").json() == {
        **whole,
        "token_type": "access_token",
        "exp": now + 7200,
    }
    anonymous.switch(refresh_token_policy="idle", session_timeout_s=900)
    assert introspect(anonymous, token["refresh_token"]).json()["exp"] == now + 30 * 24 * 3600
    assert introspect(anonymous, token["access_token"]).json()["exp"] == now + 900
    anonymous.switch(access_token_life_s=60)
    anonymous.control("POST", "/clock", {"advance_s": 30})
    assert introspect(anonymous, token["access_token"]).json()["exp"] == now + 60


def test_introspection_is_no_use_of_the_token(anonymous):
    anonymous.clock("2026-11-23T10:00:00Z")
    anonymous.switch(session_timeout_s=60)
    token = refresh(anonymous).json()
    for _ in range(2):
        anonymous.control("POST", "/clock", {"advance_s": 40})
        introspect(anonymous, token["access_token"])
    assert not alive(anonymous, token)


def test_introspection_is_for_the_app(anonymous):
    url = f"{anonymous.url}/services/oauth2/introspect"
    form = {"token": credentials.REFRESH_TOKEN}
    assert requests.post(url, data=form, timeout=30).json()["error"] == "invalid_client_id"
    wrong = requests.post(url, data={**form, **CLIENT, "client_secret": "x"}, timeout=30)
    assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_client")
    pair = (credentials.CONSUMER_KEY, credentials.CONSUMER_SECRET)
    assert requests.post(url, data=form, auth=pair, timeout=30).json()["active"] is True
    anonymous.switch(introspection=False)
    off = introspect(anonymous, credentials.REFRESH_TOKEN)
    assert (off.status_code, off.json()["error"]) == (400, "invalid_request")


def test_revocation_by_get_and_what_it_refuses(anonymous):
    url = f"{anonymous.url}/services/oauth2/revoke"
    token = refresh(anonymous).json()
    assert requests.get(url, params={"token": token["access_token"]}, timeout=30).status_code == 200
    assert not alive(anonymous, token)
    refused = [
        requests.get(url, params={"token": token["access_token"]}, timeout=30),
        requests.post(url, timeout=30),
        requests.post(url, data={"token": credentials.REFRESH_TOKEN, "token_type_hint": "id_token"}, timeout=30),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400]
    assert [answer.json()["error"] for answer in refused] == [
        "invalid_token",
        "invalid_token",
        "unsupported_token_type",
    ]
    assert refresh(anonymous).status_code == 200


def test_the_identity_url_is_one_user_s(sf):
    identity = sf.call("GET", "").json()["identity"]
    assert sf.http.get(identity, timeout=30).json()["user_id"] == credentials.INTEGRATION_USER_ID
    other_org = identity.replace(credentials.ORG_ID, "00D5g00000OtherEAX")
    answer = sf.http.get(other_org, timeout=30)
    assert (answer.status_code, answer.text) == (403, "Wrong_Org")
    other_user = identity.replace(credentials.INTEGRATION_USER_ID, credentials.ADMIN_USER_ID)
    assert sf.http.get(other_user, timeout=30).status_code == 404
    answer = requests.get(identity, timeout=30)
    assert (answer.status_code, answer.text) == (403, "Missing_OAuth_Token")


def test_discovery_names_the_endpoints(anonymous):
    document = requests.get(f"{anonymous.url}/.well-known/openid-configuration", timeout=30).json()
    assert document["issuer"] == anonymous.url
    for name in ("authorization", "token", "revocation", "introspection", "userinfo"):
        answer = requests.post(document[f"{name}_endpoint"], timeout=30)
        assert answer.status_code != 404, name


# What the control shows


def test_the_report_counts_what_happened(anonymous, person):
    anonymous.clock("2026-11-23T10:00:00Z")
    anonymous.switch(access_token_life_s=60)
    token = exchange(anonymous, person.allow()).json()
    anonymous.control("POST", "/clock", {"advance_s": 60})
    refresh(anonymous, token["refresh_token"])
    anonymous.token(grant_type="client_credentials")
    anonymous.control("POST", "/salesforce/session/expire")
    refresh(anonymous)
    anonymous.switch(access_token_life_s=None, session_timeout_s=30)
    anonymous.control("POST", "/clock", {"advance_s": 31})
    last = refresh(anonymous).json()
    requests.post(f"{anonymous.url}/services/oauth2/revoke", data={"token": last["access_token"]}, timeout=30)
    refresh(anonymous)
    report = shown(anonymous)
    assert (report["refreshes"], report["replays"], report["sessions_alive"]) == (4, 0, 1)
    assert report["expiries"] == 4  # one by age, two by the control, one idle; a revoked one is not among them
    assert report["logins"] == {"authorization_code": 1, "client_credentials": 1, "browser": 1}
    first, second = report["grants"]
    assert first["user"] == credentials.USERNAME
    assert second == {
        "user": credentials.USERNAME,
        "scopes": ["api", "refresh_token", "openid", "id"],
        "created": "2026-11-23T10:00:00+00:00",
        "last_used": "2026-11-23T10:01:00+00:00",
        "revoked": False,
        "rotations": 0,
    }
    text = json.dumps(report)
    assert not any(secret in text for secret in (token["access_token"], token["refresh_token"], last["access_token"]))
    assert credentials.REFRESH_TOKEN not in text


def test_a_reset_forgets_people_and_policies(anonymous, person):
    exchange(anonymous, person.allow())
    anonymous.switch(refresh_token_policy="fixed")
    anonymous.control("POST", "/reset")
    report = shown(anonymous)
    assert (len(report["grants"]), report["sessions_alive"], report["logins"]) == (1, 0, {"browser": 0})
    assert "Login" in person.connect().ids
    assert anonymous.control("GET", "/switches")["salesforce"]["refresh_token_policy"] == "until_revoked"
