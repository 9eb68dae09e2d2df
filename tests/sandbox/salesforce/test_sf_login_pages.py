from __future__ import annotations

import pytest
import requests

from airflow_provider_ipaas.sandbox import credentials
from airflow_provider_ipaas.sandbox.salesforce.oauth import challenge_of
from tests.sandbox.salesforce.person import REDIRECT, VERIFIER, Person, exchange

ADMIN = credentials.ADMIN_USERNAME


@pytest.fixture
def person(anonymous):
    return Person(anonymous.url)


def identity(client, token):
    answer = requests.get(token["id"], headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=30)
    return answer.json()


def test_a_person_logs_in_and_allows_access(anonymous, person):
    page = person.connect()
    assert page.answer.request.path_url.startswith("/?startURL=")
    page = person.log_in()
    assert "Allow Access?" in page.answer.text
    assert page.texts["user"] == credentials.USERNAME
    assert page.texts["app"] == "Airflow iPaaS Sync"
    assert "Manage user data via APIs" in page.texts["scopes"]
    assert "Perform requests at any time" in page.texts["scopes"]
    person.press("oaapprove")
    assert person.callback.startswith(REDIRECT + "?")
    answer = person.answer()
    assert answer["state"] == "s t&/+%"
    token = exchange(anonymous, answer["code"]).json()
    assert token["scope"].split() == ["api", "refresh_token", "openid", "id"]
    assert "expires_in" not in token
    assert identity(anonymous, token)["username"] == credentials.USERNAME


def test_deny_goes_back_to_the_app(person):
    person.connect()
    person.log_in()
    person.press("oadeny")
    assert person.answer() == {
        "error": "access_denied",
        "error_description": "end-user denied authorization",
        "state": "s t&/+%",
    }


@pytest.mark.parametrize(("username", "password"), [(credentials.USERNAME, "wrong"), ("nobody@sandbox.example", "x")])
def test_a_wrong_password_shows_the_login_again(person, username, password):
    person.connect()
    person.username = username
    page = person.log_in(password)
    assert "Please check your username and password" in page.texts["error"]
    assert page.fields["username"] == username
    assert page.fields["pw"] == ""
    assert not person.http.cookies
    person.username = credentials.USERNAME
    assert "oaapprove" in person.log_in().ids


def test_user_names_know_no_case(person):
    person.username = credentials.USERNAME.upper()
    person.connect()
    assert person.log_in().texts["user"] == credentials.USERNAME


def test_an_inactive_user_cannot_log_in(anonymous, person):
    anonymous.switch(user_inactive=True)
    person.connect()
    assert "Your access is disabled" in person.log_in().texts["error"]


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(person):
    person.connect()
    assert person.page is not None
    form = {"username": credentials.USERNAME, "pw": credentials.SALESFORCE_PASSWORD, "startURL": "/"}
    cookie = requests.post(person.url, data=form, allow_redirects=False, timeout=30).headers["Set-Cookie"]
    assert cookie.startswith("sid=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))


def test_pages_are_not_stored_framed_or_fed_from_elsewhere(person):
    pages = [person.connect(), person.log_in(), person.connect(client_id="wrong")]
    for page in pages:
        headers = page.answer.headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Frame-Options"] == "DENY"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "src=" not in page.answer.text
        assert "sandbox" in page.answer.text
    assert pages[0].labels == {"username", "password"}
    assert {"username", "password", "Login"} <= set(pages[0].ids)


def test_the_login_leads_nowhere_else(person):
    for target in ("https://elsewhere.example/", "//elsewhere.example/", "/\\elsewhere.example", "elsewhere"):
        assert person.open("/", startURL=target).fields["startURL"] == "/"
    person.page.fields["startURL"] = "https://elsewhere.example/"
    page = person.log_in()
    assert page.texts["user"] == credentials.USERNAME
    assert not person.callback


def test_not_you_lets_somebody_else_log_in(anonymous, person):
    person.connect()
    page = person.log_in()
    page = person.open(page.ids["not-you"]["href"])
    assert "Login" in page.ids
    person.username = ADMIN
    assert person.log_in().texts["user"] == ADMIN
    person.press("oaapprove")
    token = exchange(anonymous, person.answer()["code"]).json()
    assert identity(anonymous, token)["user_id"] == credentials.ADMIN_USER_ID
    assert person.open("/").texts["user"] == ADMIN
    assert "Login" in person.open("/secur/logout.jsp").ids
    assert "Login" in person.connect().ids


def test_records_are_stamped_with_the_user_who_approved(anonymous):
    token = exchange(anonymous, Person(anonymous.url, ADMIN).allow()).json()
    anonymous.http.headers["Authorization"] = f"Bearer {token['access_token']}"
    created = anonymous.create("Account", Name="Acme")
    assert anonymous.read("Account", created)["CreatedById"] == credentials.ADMIN_USER_ID
    assert anonymous.call("GET", "").json()["identity"] == token["id"]
    info = anonymous.http.get(f"{anonymous.url}/services/oauth2/userinfo", timeout=30).json()
    assert (info["user_id"], info["preferred_username"]) == (credentials.ADMIN_USER_ID, ADMIN)


def test_who_approved_before_is_not_asked_again(anonymous, person):
    exchange(anonymous, person.allow())
    person.connect()
    assert "code" in person.answer()
    person.connect(scope="api refresh_token")
    assert "code" in person.answer()
    assert "oaapprove" in person.connect(prompt="consent").ids


def test_more_scopes_than_before_are_asked_for(anonymous, person):
    person.connect(scope="api")
    page = person.log_in()
    assert "Perform requests at any time" not in page.texts["scopes"]
    person.press("oaapprove")
    token = exchange(anonymous, person.answer()["code"]).json()
    assert (token["scope"], "refresh_token" in token) == ("api", False)
    assert "oaapprove" in person.connect(scope="api offline_access").ids


def test_an_approval_ends_with_its_token(anonymous, person):
    token = exchange(anonymous, person.allow()).json()
    url = f"{anonymous.url}/services/oauth2/revoke"
    assert requests.post(url, data={"token": token["refresh_token"]}, timeout=30).status_code == 200
    assert "oaapprove" in person.connect().ids


def test_an_approval_is_one_user_s(anonymous, person):
    exchange(anonymous, person.allow())
    other = Person(anonymous.url, ADMIN)
    other.connect()
    assert "oaapprove" in other.log_in().ids


def test_the_documented_refresh_token_is_no_approval(person):
    person.connect()
    assert "oaapprove" in person.log_in().ids


def test_prompt_login_asks_for_the_password_once_more(anonymous, person):
    exchange(anonymous, person.allow())
    for _ in range(2):
        assert "Login" in person.connect(prompt="login").ids
        person.log_in()
        assert "code" in person.answer()
    assert "Login" in person.connect(prompt="login consent").ids
    assert "oaapprove" in person.log_in().ids


@pytest.mark.parametrize("silent", [{"prompt": "none"}, {"immediate": "true"}])
def test_silent_requests_need_login_and_approval(anonymous, person, silent):
    person.connect(**silent)
    assert person.answer()["error"] == "immediate_unsuccessful"
    person.connect()
    person.log_in()
    person.connect(**silent)
    assert person.answer()["error"] == "immediate_unsuccessful"
    exchange(anonymous, person.allow())
    person.connect(**silent)
    assert "code" in person.answer()


def test_login_hint_and_display_are_understood(person):
    page = person.connect(login_hint=ADMIN, display="popup", nonce="n")
    assert page.fields["username"] == ADMIN
    assert "oaapprove" in person.log_in().ids
    assert "oaapprove" in person.connect(login_hint=ADMIN, display="hologram").ids
    assert person.page.texts["user"] == credentials.USERNAME


def test_an_approval_cannot_be_forged_or_sent_twice(anonymous, person):
    person.connect()
    page = person.log_in()
    url = f"{anonymous.url}{page.action}"
    honest = {**page.fields, "decision": "allow"}
    stranger = Person(anonymous.url, ADMIN)
    stranger.connect()
    stranger.log_in()
    for http, form in (
        (person.http, {**honest, "csrf": "x"}),
        (person.http, {**honest, "csrf": "é"}),
        (person.http, {**honest, "request": "x"}),
        (person.http, {}),
        (requests.Session(), honest),
        (stranger.http, honest),
    ):
        answer = http.post(url, data=form, allow_redirects=False, timeout=30)
        assert (answer.status_code, "Location" in answer.headers) == (403, False)
    person.press("oaapprove")
    assert "code" in person.answer()
    again = person.http.post(url, data=honest, allow_redirects=False, timeout=30)
    assert (again.status_code, "no longer valid" in again.text) == (403, True)


def test_two_tabs_are_two_requests(anonymous, person):
    person.connect(state="first")
    first = person.log_in()
    person.connect(state="second")
    person.press("oaapprove")
    assert person.answer()["state"] == "second"
    person.page = first
    person.press("oadeny")
    assert (person.answer()["state"]) == "first"


@pytest.mark.parametrize(
    "uri",
    [
        "https://airflow.example/ipaas/oauth/callback",
        "http://localhost/x",
        "http://127.0.0.1:8080/ipaas/oauth/callback",
        "http://[::1]:8080/callback",
        "com.example.app:/callback",
    ],
)
def test_callbacks_an_app_may_have(person, uri):
    person.connect(redirect_uri=uri, sandbox_decision="deny")
    assert person.callback.startswith(uri + "?error=access_denied")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://airflow.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/relative",
        "https:///x",
        "https://a/#b",
        "https://[x",
    ],
)
def test_other_callbacks_are_told_on_a_page(person, uri):
    page = person.connect(redirect_uri=uri, sandbox_decision="deny")
    assert page.answer.status_code == 400
    assert page.texts["error"].startswith("redirect_uri_mi")
    assert not person.callback


def test_registered_callbacks_match_to_the_letter(anonymous, person):
    anonymous.control("POST", "/salesforce/tokens/redirect-uris", {"redirect_uris": [REDIRECT, "https://a.example/b"]})
    for uri in (REDIRECT + "/", "http://localhost:8081/callback", "http://127.0.0.1:8080/callback", REDIRECT + "?a=b"):
        page = person.connect(redirect_uri=uri)
        assert (page.answer.status_code, "redirect_uri_mismatch" in page.texts["error"]) == (400, True)
    person.connect(redirect_uri="https://a.example/b", sandbox_decision="allow")
    assert "code" in person.answer()


def test_an_unknown_app_is_told_on_a_page(person):
    page = person.connect(client_id="<b>wrong</b>")
    assert (page.answer.status_code, page.texts["error"]) == (400, "invalid_client_id: client identifier invalid")


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"scope": "api everything"}, "invalid_scope"),
        ({"scope": "full"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
    ],
)
def test_wrong_requests_go_back_to_the_app(person, params, error):
    person.connect(**params)
    assert (person.answer() | {"error_description": ""}) == {
        "error": error,
        "error_description": "",
        "state": "s t&/+%",
    }


def test_a_callback_with_a_query_keeps_it(person):
    person.connect(redirect_uri=f"{REDIRECT}?tenant=1", state="", sandbox_decision="allow")
    assert list(person.answer()) == ["tenant", "code"]


def test_full_is_all_but_coming_back(anonymous, person):
    anonymous.switch(app_scopes=["full"])
    person.connect(scope="full refresh_token")
    assert person.answer()["error"] == "invalid_scope"
    person.connect(scope="web api", sandbox_decision="allow")
    assert exchange(anonymous, person.answer()["code"]).json()["scope"] == "web api"


def test_pkce_can_be_required(anonymous, person):
    anonymous.switch(pkce_required=True)
    person.connect(code_challenge="")
    assert person.answer()["error_description"] == "missing required code challenge"
    assert "Login" in person.connect(code_challenge=challenge_of(VERIFIER), code_challenge_method="S256").ids


def test_pages_are_no_api_calls(anonymous, person):
    person.connect()
    person.log_in()
    person.press("oaapprove")
    requests.get(f"{anonymous.url}/favicon.ico", timeout=30)
    calls = anonymous.control("GET", "/calls")["salesforce"]
    assert calls["api"] == 0
    assert calls["login"] == 6
