"""One access token for all workers: shared, renewed by one, saved before use, and every way a renewal can go wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_ipaas.clients._http import Secrets, Transport
from airflow_provider_ipaas.clients.salesforce import SalesforceClient
from airflow_provider_ipaas.errors import (
    AuthenticationError,
    ConfigurationError,
    GrantRefused,
    MalformedAnswer,
    TransientServiceError,
)
from airflow_provider_ipaas.sandbox import credentials as known
from airflow_provider_ipaas.sandbox.server import Sandbox
from airflow_provider_ipaas.tokens import SharedLogin, StoredGrant, TokenStore
from airflow_provider_ipaas.tokens.shared_login import CLAIM_LIFE, app_of
from tests.tokens.support import TOKEN, Clock, a_client, a_grant, consent, the_app, token_calls


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(sandbox: Sandbox, store: TokenStore, waits: list[float]) -> SalesforceClient:
    return a_client(the_app(sandbox.salesforce_url), store, waits=waits)


def another(sandbox: Sandbox, store: TokenStore, **changes: Any) -> SalesforceClient:
    """Return the client of another worker."""
    return a_client(the_app(sandbox.salesforce_url, **changes), store, waits=[])


def the_grant(store: TokenStore) -> StoredGrant:
    found = store.find("sf")
    assert found is not None
    return found


def disturb(sandbox: Sandbox, *, times: int | None = 1, nth: int | None = None, **action: Any) -> None:
    rule = {"service": "salesforce", "path": TOKEN, "times": times, "nth": nth, "action": action}
    sandbox.faults.add({key: value for key, value in rule.items() if value is not None})


def alive(sandbox: Sandbox) -> bool:
    return not sandbox.org.oauth.grants[0].revoked


# Sharing


def test_the_first_grant_comes_from_the_connection_and_is_used_once(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    assert client.org_id == known.ORG_ID
    grant = the_grant(store)
    assert grant.refresh_token == sandbox.org.oauth.grants[0].refresh_token != known.REFRESH_TOKEN
    assert (grant.org_id, grant.user_id, grant.rotates) == (known.ORG_ID, known.INTEGRATION_USER_ID, True)
    assert token_calls(sandbox) == 1


def test_other_workers_share_the_token_and_its_renewal(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    client.resources()
    others = [another(sandbox, store) for _ in range(3)]
    for other in others:
        other.resources()
    assert token_calls(sandbox) == 1
    sandbox.org.oauth.expire_sessions()
    for each in (client, *others):
        each.resources()
    assert token_calls(sandbox) == 2
    assert alive(sandbox)
    assert the_grant(store).refreshes == 2


def test_threads_of_many_workers_renew_once(sandbox: Sandbox, store: TokenStore) -> None:
    workers = [a_client(the_app(sandbox.salesforce_url), store) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        for expected in (1, 2, 3):
            list(pool.map(lambda number: workers[number % 4].resources(), range(16)))
            assert token_calls(sandbox) == expected
            sandbox.org.oauth.expire_sessions()
    assert alive(sandbox)


def test_a_shared_token_that_has_ended_is_renewed_although_somebody_else_has_just_done_so(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    """Our token has ended; the one another worker fetched since has ended as well: one more renewal is due."""
    client.resources()
    sandbox.org.oauth.expire_sessions()
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    client.resources()
    assert token_calls(sandbox) == 3


def test_a_fresh_token_that_is_refused_ends_the_call(client: SalesforceClient, sandbox: Sandbox) -> None:
    client.resources()
    sandbox.faults.add({"service": "salesforce", "path": "/services/data", "action": {"type": "expired_token"}})
    with pytest.raises(AuthenticationError):
        client.resources()
    assert token_calls(sandbox) == 2


def test_an_org_that_does_not_rotate_keeps_its_refresh_token(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    sandbox.salesforce.switches.set("refresh_token_rotation", False)
    client.resources()
    assert (the_grant(store).refresh_token, the_grant(store).rotates) == (known.REFRESH_TOKEN, False)


# The connection changes


def test_a_token_entered_anew_into_the_connection_takes_over(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    sandbox.org.oauth.revoke_all()
    with pytest.raises(GrantRefused):
        client.resources()
    issued = consent(sandbox)
    another(sandbox, store, refresh_token=issued["refresh_token"]).resources()
    assert the_grant(store).state == "connected"


def test_a_mistyped_api_url_does_not_touch_the_grant(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    client.resources()
    before = the_grant(store)
    with pytest.raises(ConfigurationError) as caught:
        another(sandbox, store, token_url=f"http://localhost:9{TOKEN}").resources()
    assert caught.value.message == "Connection `sf` was connected with another Consumer Key or API Url than it has now."
    assert the_grant(store) == before
    another(sandbox, store).resources()
    assert token_calls(sandbox) == 1


def test_a_connection_that_nobody_connected_says_how(sandbox: Sandbox, store: TokenStore) -> None:
    with pytest.raises(ConfigurationError) as caught:
        another(sandbox, store, refresh_token="").resources()
    assert str(caught.value) == (
        "Connection `sf` is not connected to Salesforce yet. Next step: Press Connect in Airflow under Browse > iPaaS.com "
        "connections, run `airflow-ipaas connect` with the connection id, or set Authentication (`auth_flow`) to "
        "client_credentials or jwt_bearer."
    )
    assert token_calls(sandbox) == 0


def test_a_shared_token_of_another_org_than_the_pinned_is_refused(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    client.resources()
    with pytest.raises(ConfigurationError, match="is for org 00D000000000001, but its credentials belong to org"):
        another(sandbox, store, org_pins=("00D000000000001",)).resources()


def test_the_rotated_token_is_saved_even_when_the_org_is_the_wrong_one(sandbox: Sandbox, store: TokenStore) -> None:
    with pytest.raises(ConfigurationError, match="is for org"):
        another(sandbox, store, org_pins=("00D000000000001",)).resources()
    assert the_grant(store).refresh_token == sandbox.org.oauth.grants[0].refresh_token
    another(sandbox, store).resources()
    assert alive(sandbox)


def test_the_rotated_token_is_saved_even_when_the_rest_of_the_answer_is_no_use(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    body = {"access_token": "00D!x", "refresh_token": "the-new-one", "instance_url": sandbox.salesforce_url, "id": "?"}
    disturb(sandbox, type="status", status=200, body=body)
    with pytest.raises(MalformedAnswer, match="did not say which org and user"):
        client.resources()
    assert (the_grant(store).refresh_token, the_grant(store).access_token) == ("the-new-one", None)


# Refusals


def test_a_refused_grant_stops_everybody_with_one_call(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    client.resources()
    sandbox.org.oauth.revoke_all()
    calls = token_calls(sandbox)
    message = (
        "Connection `sf`: Salesforce refused the login, the refresh token has expired or was revoked "
        "(invalid_grant: expired access/refresh token). Next step: Connect again: in Airflow under Browse > iPaaS.com "
        "connections, or with `airflow-ipaas connect` and the connection id."
    )
    for each in (client, client, another(sandbox, store), another(sandbox, store)):
        with pytest.raises(GrantRefused) as caught:
            each.resources()
        assert str(caught.value) == message
        assert not caught.value.transient
    assert token_calls(sandbox) == calls + 1
    assert the_grant(store).state == "refused"


@pytest.mark.parametrize(
    ("error", "description"),
    [
        ("invalid_client", "invalid client credentials"),
        ("invalid_grant", "ip restricted"),
        ("inactive_user", "inactive"),
    ],
)
def test_a_refusal_that_is_not_about_the_grant_leaves_it(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore, error: str, description: str
) -> None:
    disturb(sandbox, type="status", status=400, body={"error": error, "error_description": description})
    with pytest.raises(AuthenticationError) as caught:
        client.resources()
    assert not isinstance(caught.value, GrantRefused)
    assert (the_grant(store).state, the_grant(store).tries, the_grant(store).holder) == ("connected", 0, None)
    another(sandbox, store).resources()
    assert alive(sandbox)


def test_an_outage_is_waited_for_and_holds_the_others_back(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore, waits: list[float]
) -> None:
    body = {"error": "invalid_grant", "error_description": "expired access/refresh token"}
    disturb(sandbox, times=2, type="status", status=503, body=body)
    assert client.org_id == known.ORG_ID
    assert (len(waits), token_calls(sandbox)) == (2, 3)
    assert the_grant(store).tries == 0


def test_an_outage_that_lasts_is_transient_and_leaves_the_grant(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    disturb(sandbox, times=None, type="status", status=503)
    with pytest.raises(TransientServiceError, match="not available now"):
        client.resources()
    assert (the_grant(store).tries, the_grant(store).holder, the_grant(store).state) == (0, None, "connected")
    sandbox.faults.clear()
    another(sandbox, store).resources()


def test_a_host_that_can_not_be_reached_leaves_the_grant(sandbox: Sandbox, store: TokenStore) -> None:
    lost = another(sandbox, store, token_url=f"http://127.0.0.1:9{TOKEN}")
    with pytest.raises(TransientServiceError, match="the connection was refused"):
        lost.resources()
    assert (the_grant(store).tries, the_grant(store).state) == (0, "connected")


# Unknown outcomes


def test_a_call_lost_before_it_was_done_is_made_once_more(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    disturb(sandbox, type="drop")
    client.resources()
    assert token_calls(sandbox) == 2
    assert alive(sandbox)
    assert the_grant(store).tries == 0


def test_a_lost_answer_ends_in_reconnect_after_exactly_one_more_try(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    client.resources()
    sandbox.org.oauth.expire_sessions()
    calls = token_calls(sandbox)
    disturb(sandbox, type="drop", when="after")
    message = (
        "Connection `sf`: the answer to a renewal was lost, and with it the refresh token that replaced the old one. Next "
        "step: Connect again: in Airflow under Browse > iPaaS.com connections, or with `airflow-ipaas connect` and the "
        "connection id."
    )
    for each in (client, another(sandbox, store)):
        with pytest.raises(GrantRefused) as caught:
            each.resources()
        assert str(caught.value) == message
    assert token_calls(sandbox) == calls + 2
    assert the_grant(store).state == "lost"


def test_two_lost_calls_that_were_not_done_leave_the_grant(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    """The org tells, without using the token up, that it still stands."""
    disturb(sandbox, times=2, type="drop")
    with pytest.raises(TransientServiceError, match="was lost"):
        client.resources()
    assert token_calls(sandbox) == 2
    another(sandbox, store).resources()
    assert token_calls(sandbox) == 3
    assert alive(sandbox)


def test_two_lost_answers_without_introspection_end_in_reconnect(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore
) -> None:
    answer = {"type": "status", "status": 400, "body": {"error": "unsupported_token_type"}}
    sandbox.faults.add({"service": "salesforce", "path": "introspect", "action": answer})
    disturb(sandbox, times=2, type="drop")
    with pytest.raises(GrantRefused):
        client.resources()
    assert the_grant(store).state == "lost"
    assert token_calls(sandbox) == 2


def test_an_org_that_does_not_rotate_forgives_lost_answers(
    client: SalesforceClient, sandbox: Sandbox, store: TokenStore, waits: list[float]
) -> None:
    sandbox.salesforce.switches.set("refresh_token_rotation", False)
    client.resources()
    sandbox.org.oauth.expire_sessions()
    disturb(sandbox, times=3, type="drop", when="after")
    client.resources()
    assert len(waits) == 3
    assert the_grant(store).state == "connected"


def test_a_worker_that_died_during_the_call_is_followed_by_one_more_try(
    sandbox: Sandbox, store: TokenStore, clock: Clock
) -> None:
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    dead = the_grant(store)
    assert store.claim(dead, "dead", CLAIM_LIFE) == 1
    clock.move(seconds=CLAIM_LIFE.total_seconds() + 1)
    another(sandbox, store).resources()
    assert the_grant(store).tries == 0
    assert alive(sandbox)


def test_a_worker_that_died_after_the_rotation_leaves_a_lost_grant(
    sandbox: Sandbox, store: TokenStore, clock: Clock
) -> None:
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    dead = the_grant(store)
    store.claim(dead, "dead", CLAIM_LIFE)
    form = {"grant_type": "refresh_token", "refresh_token": dead.refresh_token}
    sandbox.org.oauth.token(form, (known.CONSUMER_KEY, known.CONSUMER_SECRET), sandbox.salesforce_url)
    clock.move(seconds=CLAIM_LIFE.total_seconds() + 1)
    with pytest.raises(GrantRefused, match="the answer to a renewal was lost"):
        another(sandbox, store).resources()


def test_a_worker_that_stays_in_the_call_is_waited_for(sandbox: Sandbox, store: TokenStore) -> None:
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    held = the_grant(store)
    store.claim(held, "busy", CLAIM_LIFE)
    waits: list[float] = []

    class Finishes(list[float]):
        def append(self, wait: float) -> None:
            waits.append(wait)
            if len(waits) == 3:
                form = {"grant_type": "refresh_token", "refresh_token": held.refresh_token}
                client = (known.CONSUMER_KEY, known.CONSUMER_SECRET)
                issued = sandbox.org.oauth.token(form, client, sandbox.salesforce_url)
                tokens = {name: issued[name] for name in ("access_token", "refresh_token", "instance_url")}
                assert store.renewed(held, **tokens)

    a_client(the_app(sandbox.salesforce_url), store, waits=Finishes()).resources()
    assert len(waits) == 3
    assert alive(sandbox)


def test_a_claim_that_never_ends_is_told(sandbox: Sandbox, store: TokenStore) -> None:
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    store.claim(the_grant(store), "stuck", timedelta(days=1))
    now = [0.0]

    def sleep(wait: float) -> None:
        now[0] += wait

    app = the_app(sandbox.salesforce_url)
    stuck = SalesforceClient(
        app,
        api_url=sandbox.salesforce_url,
        login=lambda transport: SharedLogin(app, transport, store, sleep=sleep, monotonic=lambda: now[0]),
    )
    with pytest.raises(TransientServiceError, match="another process has been renewing the access token for 165 s"):
        stuck.resources()


def test_a_person_who_connects_meanwhile_wins(sandbox: Sandbox, store: TokenStore) -> None:
    """The answer of a renewal that a new consent overtook is not saved, and the new grant is used."""
    app = the_app(sandbox.salesforce_url)
    another(sandbox, store).resources()
    sandbox.org.oauth.expire_sessions()
    old = the_grant(store)
    issued = consent(sandbox)
    new = a_grant(
        app=app_of(app),
        seed=old.seed,
        refresh_token=issued["refresh_token"],
        access_token=issued["access_token"],
        instance_url=sandbox.salesforce_url,
        org_id=known.ORG_ID,
        user_id=known.INTEGRATION_USER_ID,
    )

    claim = store.claim

    def overtaken(grant: StoredGrant, holder: str, life: timedelta) -> int | None:
        counted = claim(grant, holder, life)
        if grant.version == old.version:
            store.put(new)
        return counted

    store.claim = overtaken  # type: ignore[method-assign]
    another(sandbox, store).resources()
    assert the_grant(store).refresh_token == issued["refresh_token"]


def test_every_secret_is_announced_for_masking(sandbox: Sandbox, store: TokenStore) -> None:
    heard: list[str] = []
    app = the_app(sandbox.salesforce_url)
    for _ in range(2):
        transport = Transport("salesforce", name="Salesforce", secrets=Secrets(heard.append))
        login = SharedLogin(app, transport, store).login()
        transport.close()
        assert login.access_token not in repr(login)
    grant = the_grant(store)
    secrets = {known.CONSUMER_SECRET, known.REFRESH_TOKEN, grant.refresh_token, grant.access_token}
    assert secrets == set(heard)
