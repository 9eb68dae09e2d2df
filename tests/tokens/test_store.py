"""The store itself: one grant per connection, claims that end, states that work once, nothing in clear."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from airflow_provider_ipaas.errors import ConfigurationError
from airflow_provider_ipaas.tokens import Authorization, Cipher, StoredGrant, TokenStore
from tests.tokens.support import KEY, NOW, OTHER_KEY, Clock, a_grant

LIFE = timedelta(seconds=60)


def stored(store: TokenStore, connection_id: str = "sf") -> StoredGrant:
    found = store.find(connection_id)
    assert found is not None
    return found


def rows(url: str, table: str) -> list[str]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}"))]
    finally:
        engine.dispose()


def test_a_grant_comes_back_whole_and_is_encrypted(store: TokenStore, store_url: str) -> None:
    assert store.find("sf") is None
    assert store.put(a_grant(scopes="api refresh_token", connected_by="Ada")) is None
    found = stored(store)
    assert (found.refresh_token, found.access_token) == ("5Aep-refresh", "00D!access")
    assert (found.scopes, found.connected_by, found.connected_at) == ("api refresh_token", "Ada", NOW)
    (row,) = rows(store_url, "ipaas_token")
    assert "5Aep-refresh" not in row
    assert "00D!access" not in row
    assert "5Aep-refresh" not in repr(found)
    assert "00D!access" not in repr(found)


def test_a_new_grant_hands_back_the_one_it_replaces(store: TokenStore) -> None:
    store.put(a_grant(refresh_token="first"))
    before = stored(store)
    replaced = store.put(a_grant(refresh_token="second"))
    assert replaced is not None
    assert replaced.refresh_token == "first"
    assert stored(store).refresh_token == "second"
    assert store.claim(before, "me", LIFE) is None


def test_a_forgotten_grant_is_gone_and_a_new_one_is_another(store: TokenStore) -> None:
    store.put(a_grant())
    before = stored(store)
    assert store.exists("sf")
    forgotten = store.forget("sf")
    assert forgotten is not None
    assert forgotten.refresh_token == "5Aep-refresh"
    assert (store.find("sf"), store.exists("sf"), store.forget("sf")) == (None, False, None)
    store.put(a_grant())
    assert store.claim(before, "me", LIFE) is None


def test_the_first_grant_is_taken_over_once(store: TokenStore) -> None:
    store.seed(a_grant(seed="hash-1", refresh_token="in-the-connection"))
    store.renewed(stored(store), refresh_token="rotated")
    store.seed(a_grant(seed="hash-1", refresh_token="in-the-connection"))
    assert stored(store).refresh_token == "rotated"
    store.seed(a_grant(seed="hash-2", refresh_token="entered-anew"))
    assert stored(store).refresh_token == "entered-anew"


def test_grants_are_found_by_their_app_the_newest_first(store: TokenStore, clock: Clock) -> None:
    store.put(a_grant("old", refresh_token="older"))
    clock.move(hours=1)
    store.put(a_grant("new", refresh_token="newer"))
    store.put(a_grant("other", app="app-2"))
    found = store.find_by_app("app-1")
    assert found is not None
    assert found.refresh_token == "newer"
    assert store.find_by_app("app-3") is None


def test_one_holds_the_claim_until_it_is_given_back(store: TokenStore) -> None:
    store.put(a_grant())
    grant = stored(store)
    assert store.claim(grant, "me", LIFE) == 1
    assert store.claim(grant, "you", LIFE) is None
    assert store.claim(grant, "me", LIFE) == 2
    store.uncount(grant, "me")
    store.uncount(grant, "you")
    store.release(grant, "you")
    assert store.claim(grant, "you", LIFE) is None
    store.release(grant, "me")
    assert store.claim(grant, "you", LIFE) == 2


def test_a_claim_ends_by_itself_and_its_call_counts(store: TokenStore, clock: Clock) -> None:
    store.put(a_grant())
    grant = stored(store)
    store.claim(grant, "dead", LIFE)
    clock.move(seconds=60)
    assert store.claim(grant, "me", LIFE) is None
    clock.move(seconds=1)
    assert store.claim(grant, "me", LIFE) == 2


def test_what_was_renewed_is_another_version(store: TokenStore, clock: Clock) -> None:
    store.put(a_grant())
    grant = stored(store)
    store.claim(grant, "me", LIFE)
    clock.move(seconds=5)
    assert store.renewed(grant, refresh_token="new", access_token="new!access", rotates=True)
    found = stored(store)
    assert (found.refresh_token, found.access_token, found.rotates) == ("new", "new!access", True)
    assert (found.tries, found.holder, found.refreshed_at) == (0, None, NOW + timedelta(seconds=5))
    assert not store.renewed(grant, refresh_token="late")
    assert stored(store).refresh_token == "new"


def test_an_answer_is_saved_even_after_the_claim_ran_out(store: TokenStore, clock: Clock) -> None:
    store.put(a_grant())
    grant = stored(store)
    store.claim(grant, "slow", LIFE)
    clock.move(minutes=5)
    store.claim(grant, "next", LIFE)
    assert store.renewed(grant, refresh_token="from the slow one")
    store.end(grant, "next", "refused", "too late")
    assert (stored(store).refresh_token, stored(store).state) == ("from the slow one", "connected")


def test_an_ended_grant_keeps_its_reason_and_no_access_token(store: TokenStore) -> None:
    store.put(a_grant())
    grant = stored(store)
    store.claim(grant, "me", LIFE)
    store.end(grant, "me", "refused", "revoked by an administrator")
    found = stored(store)
    assert (found.state, found.reason, found.access_token, found.holder) == (
        "refused",
        "revoked by an administrator",
        None,
        None,
    )


def begun(**more: str) -> Authorization:
    fields = {"app": "app-1", "bound_to": "ada", "redirect_uri": "http://localhost:1717/callback", **more}
    return Authorization("sf", verifier="the-verifier", **fields)


def test_a_state_works_once_and_for_its_owner(store: TokenStore, store_url: str) -> None:
    store.begin("the-state", begun())
    assert store.connection_of("the-state") == "sf"
    assert store.connection_of("made up") is None
    with pytest.raises(ConfigurationError, match="begun by somebody else"):
        store.take("the-state", "eve")
    taken = store.take("the-state", "ada")
    assert (taken.verifier, taken.redirect_uri) == ("the-verifier", "http://localhost:1717/callback")
    assert "the-verifier" not in repr(taken)
    with pytest.raises(ConfigurationError, match="taken already; each works once"):
        store.take("the-state", "ada")
    (row,) = rows(store_url, "ipaas_authorization")
    assert "the-state" not in row
    assert "the-verifier" not in row


def test_an_unknown_state_and_an_old_one_are_refused(store: TokenStore, clock: Clock) -> None:
    with pytest.raises(ConfigurationError, match="belongs to no Connect") as caught:
        store.take("made up", "ada")
    assert caught.value.next_step == "Go back to the connection and press Connect again."
    store.begin("s1", begun())
    clock.move(minutes=10)
    assert store.take("s1", "ada").connection_id == "sf"
    store.begin("s2", begun())
    clock.move(minutes=10, seconds=1)
    with pytest.raises(ConfigurationError, match="more than 10 minutes ago"):
        store.take("s2", "ada")


def test_old_authorizations_are_dropped(store: TokenStore, store_url: str, clock: Clock) -> None:
    store.begin("s1", begun())
    clock.move(days=2)
    store.begin("s2", begun())
    assert len(rows(store_url, "ipaas_authorization")) == 1


def test_two_connects_at_once_are_two(store: TokenStore) -> None:
    store.begin("tab-1", begun())
    store.begin("tab-2", begun(redirect_uri="http://localhost:2/callback"))
    assert store.take("tab-2", "ada").redirect_uri == "http://localhost:2/callback"
    assert store.take("tab-1", "ada").redirect_uri == "http://localhost:1717/callback"


def test_reading_with_a_new_key_encrypts_anew(store: TokenStore, store_url: str) -> None:
    store.put(a_grant())
    with closing(TokenStore.open(store_url, Cipher([OTHER_KEY, KEY]))) as rotated:
        assert stored(rotated).refresh_token == "5Aep-refresh"
    with closing(TokenStore.open(store_url, Cipher([OTHER_KEY]))) as after:
        assert stored(after).access_token == "00D!access"
    with pytest.raises(ConfigurationError, match="encrypted with a Fernet key that is not configured"):
        store.find("sf")


def test_all_are_encrypted_anew_at_once(store: TokenStore, store_url: str) -> None:
    for conn_id in ("a", "b", "c"):
        store.put(a_grant(conn_id, access_token=None))
    with closing(TokenStore.open(store_url, Cipher([OTHER_KEY, KEY]))) as rotated:
        assert rotated.find("b") is not None
        assert rotated.encrypt_anew() == 2
        assert rotated.encrypt_anew() == 0
    with closing(TokenStore.open(store_url, Cipher([OTHER_KEY]))) as after:
        assert [stored(after, conn_id).refresh_token for conn_id in "abc"] == ["5Aep-refresh"] * 3


def test_a_grant_whose_key_is_lost_can_be_replaced_and_forgotten(store: TokenStore, store_url: str) -> None:
    store.put(a_grant())
    with closing(TokenStore.open(store_url, Cipher([OTHER_KEY]))) as other:
        assert other.put(a_grant(refresh_token="new")) is None
        assert stored(other).refresh_token == "new"
    assert store.exists("sf")
    assert store.forget("sf") is None
    assert not store.exists("sf")


def test_the_servers_clock_counts(store_url: str) -> None:
    with closing(TokenStore.open(store_url, Cipher([KEY]))) as opened:
        opened.put(a_grant())
        assert stored(opened).connected_at.tzinfo is not None
        assert opened.claim(stored(opened), "me", LIFE) == 1
        assert opened.claim(stored(opened), "you", LIFE) is None
        opened.begin("s1", begun())
        assert opened.take("s1", "ada").connection_id == "sf"


def test_the_password_of_the_database_is_not_shown(store: TokenStore) -> None:
    assert repr(store) == f"TokenStore({store.place!r})"
    assert "tester" not in store.place or "@" not in store.place
