"""Clients that know nothing of this project must find the real thing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from airflow.providers.salesforce.hooks.salesforce import SalesforceHook
from oauthlib.oauth2.rfc6749.errors import InvalidGrantError
from requests_oauthlib import OAuth2Session
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from airflow_provider_ipaas.sandbox import credentials
from tests.sandbox.salesforce.person import REDIRECT, Person


@pytest.fixture
def session(sf: Any) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.verify = str(sf.sandbox.ca_path)
        session.trust_env = False  # REQUESTS_CA_BUNDLE would win over `verify`
        yield session


@pytest.fixture
def client(sf: Any, session: requests.Session) -> Salesforce:
    return Salesforce(instance_url=sf.sandbox.salesforce_tls_url, session_id=sf.login(), session=session)


def test_simple_salesforce_rows(client):
    created = client.Account.create({"Name": "Acme"})
    assert created["success"]
    account = created["id"]
    assert client.Account.get(account)["Name"] == "Acme"
    assert client.Account.update(account, {"Phone": "1"}) == 204
    assert client.Account.get(account)["Phone"] == "1"
    assert client.Account.upsert("iPaaS_Id__c/A-1", {"Name": "By key"}) == 201
    assert client.Account.upsert("iPaaS_Id__c/A-1", {"Name": "By key 2"}) == 200
    assert client.Account.get_by_custom_id("iPaaS_Id__c", "A-1")["Name"] == "By key 2"
    assert client.Account.delete(account) == 204
    with pytest.raises(SalesforceResourceNotFound, match="entity is deleted"):
        client.Account.get(account)


def test_simple_salesforce_queries(client, sf):
    for number in range(450):
        sf.sandbox.salesforce.insert("Contact", {"LastName": f"L{number:03}", "Email": f"u{number}@example.com"})
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 450
    soql = "SELECT LastName FROM Contact ORDER BY LastName"
    assert len(client.query_all(soql)["records"]) == 450
    small = {"Sforce-Query-Options": "batchSize=200"}
    found = [record["LastName"] for record in client.query_all_iter(soql, headers=small)]
    assert found == [f"L{number:03}" for number in range(450)]
    first = client.query(soql, headers=small)
    assert first["done"] is False
    assert len(client.query_more(first["nextRecordsUrl"], identifier_is_url=True)["records"]) == 200
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Nope'"):
        client.query("SELECT Nope FROM Contact")


def test_simple_salesforce_bulk_2(client, sf, tmp_path):
    sf.create("Account", Name="Known", iPaaS_Id__c="A-1")
    records = [{"Name": f"Bulk {number}", "iPaaS_Id__c": f"A-{number}"} for number in range(1, 4)]
    records.append({"Name": "x" * 256, "iPaaS_Id__c": "A-4"})
    (told,) = client.bulk2.Account.upsert(records=records, external_id_field="iPaaS_Id__c")
    assert (told["numberRecordsProcessed"], told["numberRecordsFailed"]) == (4, 1)
    assert sf.names("iPaaS_Id__c != null") == ["Bulk 1", "Bulk 2", "Bulk 3"]
    found = client.bulk2.Account.get_all_ingest_records(told["job_id"])
    assert len(found["successfulRecords"]) == 3
    assert found["failedRecords"][0]["sf__Error"].startswith("STRING_TOO_LONG:")
    assert found["unprocessedRecords"] == []
    (gone,) = client.bulk2.Account.delete(records=[{"Id": one["sf__Id"]} for one in found["successfulRecords"]])
    assert gone["numberRecordsProcessed"] == 3
    assert sf.names("iPaaS_Id__c != null") == []


def test_simple_salesforce_describe_and_limits(client):
    assert client.describe()["sobjects"][0]["name"] == "Account"
    assert client.Account.describe()["keyPrefix"] == "001"
    assert client.Account.metadata()["objectDescribe"]["name"] == "Account"
    assert client.limits()["DailyApiRequests"]["Max"] == 15000
    assert client.api_usage["api-usage"].total == 15000


def test_simple_salesforce_replication(client, sf):
    sf.clock("2026-11-23T10:00:00Z")
    client.session_id = sf.login()
    client.headers["Authorization"] = sf.http.headers["Authorization"]
    account = sf.create("Account", Name="A")
    sf.control("POST", "/clock", {"advance_s": 120})
    span = datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert client.Account.updated(*span)["ids"] == [account]
    client.Account.delete(account)
    assert client.Account.deleted(*span)["deletedRecords"][0]["id"] == account


def test_simple_salesforce_understands_the_errors(client, sf):
    for _ in range(2):
        client.Contact.create({"LastName": "D", "Email": "d@example.com"})
    with pytest.raises(SalesforceMoreThanOneRecord):
        client.Contact.upsert("Email/d@example.com", {"LastName": "E"})
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Contact.create({"FirstName": "A"})
    assert caught.value.content[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    sf.control("POST", "/salesforce/session/expire")
    with pytest.raises(SalesforceExpiredSession, match="INVALID_SESSION_ID"):
        client.limits()


class _Hook(SalesforceHook):
    """The hook of Airflow's provider, with a client that is logged in already."""

    def __init__(self, client: Salesforce) -> None:
        super().__init__(salesforce_conn_id="unused")
        self._client = client

    @property
    def conn(self) -> Salesforce:  # type: ignore[override]
        return self._client

    def get_conn(self) -> Salesforce:  # type: ignore[override]
        return self._client


def test_airflow_s_hook_reads(client):
    client.Account.create({"Name": "Acme", "BillingCity": "Berlin"})
    hook = _Hook(client)
    found = hook.make_query("SELECT Name, BillingCity FROM Account")
    assert [record["Name"] for record in found["records"]] == ["Acme"]
    assert hook.describe_object("Account")["name"] == "Account"
    fields = hook.get_available_fields("Account")
    assert {"Id", "Name", "iPaaS_Id__c"} <= set(fields)
    whole = hook.get_object_from_salesforce("Account", ["Id", "Name", "SystemModstamp"])
    frame = hook.object_to_df(whole["records"])
    assert list(frame["name"]) == ["Acme"]
    assert hook.test_connection() == (True, "Connection successfully tested")


def oauth_session(sandbox: Any) -> OAuth2Session:
    scopes = ["api", "refresh_token", "openid"]
    session = OAuth2Session(credentials.CONSUMER_KEY, redirect_uri=REDIRECT, scope=scopes, pkce="S256")
    session.verify = str(sandbox.ca_path)
    session.trust_env = False
    return session


def test_requests_oauthlib_connects_refreshes_and_is_revoked(sf):
    """A general OAuth client: authorization code with PKCE, a browser's worth of consent, refresh with rotation."""
    sf.switch(refresh_token_rotation=True, pkce_required=True)
    url = sf.sandbox.salesforce_tls_url
    token_url = f"{url}/services/oauth2/token"
    form = {"client_id": credentials.CONSUMER_KEY, "client_secret": credentials.CONSUMER_SECRET}
    with oauth_session(sf.sandbox) as app:
        address, state = app.authorization_url(f"{url}/services/oauth2/authorize")
        person = Person(url)
        person.http.verify = str(sf.sandbox.ca_path)
        person.http.trust_env = False
        person.open(address)
        person.log_in()
        person.press("oaapprove")
        answer = person.answer()
        assert answer["state"] == state
        secret = credentials.CONSUMER_SECRET
        first = app.fetch_token(token_url, code=answer["code"], client_secret=secret, include_client_id=True)
        assert first["scope"] == ["api", "refresh_token", "openid"]
        assert app.get(f"{url}/services/oauth2/userinfo").json()["preferred_username"] == credentials.USERNAME
        second = app.refresh_token(token_url, **form)
        assert second["refresh_token"] != first["refresh_token"]
        assert app.get(f"{url}/services/data/v64.0/limits").status_code == 200
        with pytest.raises(InvalidGrantError, match="expired access/refresh token"):
            app.refresh_token(token_url, refresh_token=first["refresh_token"], **form)
        assert app.get(f"{url}/services/data/v64.0/limits").status_code == 401
    assert sf.control("GET", "/salesforce/oauth")["replays"] == 1
