"""What services answer: any status, headers and bytes, read by whole clients over real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

from airflow_provider_ipaas.clients._http import RetryPolicy, Transport
from airflow_provider_ipaas.clients.ipaas.client import IPaaSClient
from airflow_provider_ipaas.clients.ipaas.profile import Profile
from airflow_provider_ipaas.clients.ipaas.settings import IPaaSSettings
from airflow_provider_ipaas.clients.salesforce import Credentials, SalesforceClient, web_server
from airflow_provider_ipaas.clients.salesforce.token_endpoint import TokenEndpoint
from airflow_provider_ipaas.doctor import swagger

from .server import RawServer, answer
from .target import SECRET, Target, typed
from .values import TEXTS, bodies, dumped, mutated

ORG, USER, ACCOUNT = "00D5g00000SandBEAR", "0055g00000abcDEAAY", "0015g00000abcDEAAY"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
# Successes come often enough to get behind the status.
STATUSES = st.one_of(
    st.just(200),
    st.sampled_from([200, 201, 204, 206, 300, 302, 304, 400, 401, 403, 404, 405, 408, 409, 414, 420, 429, 431]),
    st.sampled_from([500, 502, 503, 599, 600, 999]),
)
HEADERS: dict[str, list[str]] = {
    "Date": [
        "Thu, 26 Nov 2026 12:00:00 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "soon",
        "",
    ],
    "Retry-After": [
        "1",
        "-5",
        "9" * 400,
        "1.5",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "²",
    ],
    "Sforce-Limit-Info": ["api-usage=1/15000", "api-usage=" + "9" * 5000 + "/1", "api-usage=x", "api-usage=٣/٣"],
    "X-Pagination": [
        '{"current_Page": 1, "total_Pages": 1}',
        '{"total_Pages": 1e999}',
        '{"total_Pages": -1}',
        '{"total_Pages": "many"}',
        '{"total_Pages": NaN}',
        '{"total_Pages": 3}',
        "[" * 3000,
        "null",
    ],
    "Content-Encoding": ["gzip", "br", "identity", "x"],
    "Transfer-Encoding": ["chunked"],
    "Content-Length": ["0", "5", "99999999", "-1", "x"],
    "Content-Type": ["application/json", "application/json; charset=utf-16", "text/html; charset=nope", "\x7f"],
    "Location": ["https://evil.example/", "http://[broken", ""],
    "Set-Cookie": ["a=b", "\xff"],
}
TOKEN = {
    "access_token": "00D5g!AQ.token",
    "instance_url": "https://example.my.salesforce.com",
    "id": f"https://login.salesforce.com/id/{ORG}/{USER}",
    "token_type": "Bearer",
    "issued_at": "1732622400000",
    "scope": "api refresh_token",
    "refresh_token": "5Aep861.refresh",
}
REFUSALS = [
    [{"errorCode": "INVALID_FIELD", "message": "No such column 'x'", "fields": ["Name"]}],
    [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
    {"error": "invalid_grant", "error_description": "expired access/refresh token"},
    {"errors": [{"code": "VALD-1002", "message": "The field email_address is required", "field": "email_address"}]},
    {"code": "AUTH-1001", "message": "Token expired"},
]
PAGE = {
    "totalSize": 1,
    "done": True,
    "records": [
        {
            "attributes": {"type": "Account"},
            "Id": ACCOUNT,
            "SystemModstamp": "2026-11-26T12:00:00.000+0000",
            "Name": "A",
        }
    ],
}
MORE = {**PAGE, "totalSize": 2, "done": False, "nextRecordsUrl": "/services/data/v64.0/query/01g5g00000abcDE-2000"}
FIELD = {"name": "Name", "label": "Name", "type": "string", "length": 255, "createable": True, "updateable": True}
RECORD: dict[str, Any] = {
    "id": "7",
    "name": "Acme",
    "addresses": [{"id": 1, "city": "Austin"}],
    "custom_fields": [],
    "external_ids": [{"system_id": 5501, "external_id": ACCOUNT}],
}
LOGIN = {
    "id": "9",
    "name": "Ann",
    "access_token": "token-of-a-login",
    "refresh_token": "refresh-of-a-login",
    "access_token_expiration": "2026-11-26T13:00:00Z",
}


@st.composite
def answers(draw: st.DrawFn, *documents: Any) -> bytes:
    """Draw one answer: mostly well-formed HTTP around something odd, at times no HTTP at all."""
    if draw(st.integers(0, 15)) == 0:
        return draw(
            st.one_of(st.binary(max_size=80), st.sampled_from([b"HTTP/1.1 200\r\n\r\n{}", b"HTTP/9.9 abc d\r\n\r\n"]))
        )
    names = draw(st.lists(st.sampled_from(list(HEADERS)), max_size=2, unique=True))
    told = {name: draw(st.sampled_from(HEADERS[name])) for name in names}
    body = draw(bodies(*documents, *REFUSALS))
    reason = draw(st.sampled_from(["OK", "", "VALD-1002 e-mail: not valid", "é\x00"]))
    return answer(draw(STATUSES), body, told, reason)


@cache
def server() -> RawServer:
    return RawServer()


def credentials(flow: Any = "client_credentials") -> Credentials:
    return Credentials(
        connection="sf",
        flow=flow,
        token_url=f"{server().url}/services/oauth2/token",
        consumer_key="key",
        consumer_secret=SECRET,
    )


def in_turn(parts: list[bytes], login: Callable[[str], bytes | None]) -> Callable[[str, str], bytes]:
    """Answer logins by *login*, and the calls of the API with each part in turn; the last one stays."""
    turn = iter(parts)
    return lambda _method, path: login(path) or next(turn, parts[-1])


def login_of_salesforce(path: str) -> bytes | None:
    return answer(200, dumped({**TOKEN, "instance_url": server().url})) if "/oauth2/" in path else None


def login_of_ipaas(path: str) -> bytes | None:
    return answer(200, dumped(LOGIN)) if "/Auth/" in path or "ChangeCompany" in path else None


SALESFORCE_CALLS: dict[str, tuple[Callable[[SalesforceClient], Any], list[Any]]] = {
    "query": (
        lambda c: list(c.query("SELECT Id, SystemModstamp FROM Account ORDER BY SystemModstamp, Id")),
        [PAGE, MORE],
    ),
    "query-any": (lambda c: list(c.query("SELECT Name FROM Account")), [PAGE, MORE]),
    "describe": (lambda c: c.describe("Account"), [{"name": "Account", "fields": [FIELD]}]),
    "updated": (
        lambda c: c.latest_date_covered("Account", NOW - timedelta(days=1), NOW),
        [{"ids": [], "latestDateCovered": "2026-11-26T11:59:00.000+0000"}],
    ),
    "retrieve": (lambda c: c.retrieve("Account", [ACCOUNT], ["Name"]), [[{"Id": ACCOUNT, "Name": "A"}]]),
    "create": (
        lambda c: c.create("Account", [{"Name": "A"}, {"Name": "B"}]),
        [[{"id": ACCOUNT, "success": True, "errors": []}] * 2],
    ),
    "update": (
        lambda c: c.update("Account", [{"Id": ACCOUNT, "Name": "A"}]),
        [
            [
                {
                    "id": ACCOUNT,
                    "success": False,
                    "errors": [{"statusCode": "UNABLE_TO_LOCK_ROW", "message": "m", "fields": []}],
                }
            ]
        ],
    ),
    "upsert": (
        lambda c: c.upsert("Account", "iPaaS_Id__c", [{"iPaaS_Id__c": "7", "Name": "A"}]),
        [[{"id": ACCOUNT, "success": True, "created": True, "errors": []}]],
    ),
    "server-now": (lambda c: c.server_now(), [[{"version": "64.0"}]]),
}


def check_salesforce(drawn: tuple[str, list[bytes]]) -> None:
    call, parts = drawn
    server().answers = in_turn(parts, login_of_salesforce)
    policy = RetryPolicy(attempts=2)
    with SalesforceClient(credentials(), api_url=server().url, policy=policy, sleep=lambda _: None) as client:
        typed(lambda: SALESFORCE_CALLS[call][0](client))


def calls_with_answers(table: dict[str, tuple[Any, list[Any]]]) -> st.SearchStrategy[tuple[str, list[bytes]]]:
    return st.sampled_from(sorted(table)).flatmap(
        lambda call: st.tuples(st.just(call), st.lists(answers(*table[call][1]), min_size=1, max_size=3))
    )


IPAAS_CALLS: dict[str, tuple[Callable[[IPaaSClient], Any], list[Any]]] = {
    "list": (lambda c: list(c.list("customer")), [[RECORD]]),
    "get": (lambda c: c.get("company", "7"), [RECORD]),
    "find": (lambda c: c.find("customer", "Ann@example.com"), [[{**RECORD, "email_address": "ann@example.com"}]]),
    "create": (lambda c: c.create("company", {"name": "Acme"}), [RECORD, {"id": 7}]),
    "update": (lambda c: c.update("company", "7", {"name": "Acme"}), [RECORD]),
    "external-id": (lambda c: c.external_id_of("customer", "7"), [ACCOUNT]),
    "by-external-id": (lambda c: c.record_with_external_id("customer", ACCOUNT), ["7", 7]),
    "set-external-id": (lambda c: c.set_external_id("customer", "7", ACCOUNT), [{}]),
    "company-table": (
        lambda c: c.external_id_of("company", "7"),
        [[{"name": "Customer Company", "mapping_collection_type_id": 49}]],
    ),
    "relationships": (lambda c: c.relationships("7"), [[{"id": 1, "related_to_id": 7}]]),
    "companies": (lambda c: c.account.companies(), [[{"id": "guid", "name": "A"}], {"a": [{"id": "guid"}]}]),
    "subscriptions": (lambda c: c.account.subscriptions(), [[{"id": 5501, "type": 2, "name": "Salesforce"}]]),
    "subscription": (lambda c: c.account.subscription("5501"), [{"id": 5501, "settings": []}]),
    "swagger": (
        lambda c: described(c.account.swagger("customers")),
        [{"swagger": "2.0", "paths": {"/v2/Customer": {"get": {}}}}],
    ),
    "server-now": (lambda c: c.server_now(), [RECORD]),
}


def described(document: dict[str, Any] | None) -> None:
    """Read a description of the API as the doctor does."""
    if document is not None:
        swagger.Document.read(document, "customers")


def ipaas_client() -> IPaaSClient:
    settings = IPaaSSettings(
        system_id="5501",
        login="ann@example.com",
        password=SECRET,
        company_id="6f9619ff-8b86-d011-b42d-00cf4fc964ff",
        base_url=server().url,
        profile=Profile.load({"relationships": "on"}),
    )
    return IPaaSClient(settings, sleep=lambda _: None)


def check_ipaas(drawn: tuple[str, list[bytes]]) -> None:
    call, parts = drawn
    server().answers = in_turn(parts, login_of_ipaas)
    with ipaas_client() as client:
        typed(lambda: IPAAS_CALLS[call][0](client))


def check_ipaas_login(parts: list[bytes]) -> None:
    server().answers = in_turn(parts, lambda _: None)
    with ipaas_client() as client:
        typed(lambda: client.get("company", "7"))


# Tokens

TOKEN_CALLS: dict[str, Callable[[TokenEndpoint], Any]] = {
    "ask": lambda e: e.token(e.ask({"grant_type": "client_credentials"})),
    "exchange": lambda e: e.token(
        web_server.exchange(e, code="code1", verifier="v" * 43, redirect_uri="http://localhost")
    ),
    "refresh": lambda e: e.token(web_server.refresh(e, SECRET)),
    "revoke": lambda e: web_server.revoke(e, SECRET),
    "introspect": lambda e: web_server.introspect(e, SECRET),
}


def check_token(drawn: tuple[str, str, bytes]) -> None:
    call, flow, said = drawn
    server().answers = lambda _method, _path: said
    transport = Transport("salesforce", name="Salesforce")
    try:
        token = typed(lambda: TOKEN_CALLS[call](TokenEndpoint(credentials(flow), transport)))
    finally:
        transport.close()
    if token is not None and call in ("ask", "exchange", "refresh"):
        assert token.access_token.isascii()
        assert token.access_token.isprintable()
        assert token.instance_url.endswith(".salesforce.com") or token.instance_url.startswith("http://127.0.0.1")
        assert token.access_token not in repr(token)


def check_first_token(parts: list[bytes]) -> None:
    """Log in with whatever the endpoint answers, and use it."""
    server().answers = lambda _method, path: parts[0] if "/oauth2/" in path else parts[-1]
    policy = RetryPolicy(attempts=2)
    with SalesforceClient(credentials(), api_url=server().url, policy=policy, sleep=lambda _: None) as client:
        typed(lambda: list(client.query("SELECT Id FROM Account")))


def near_tokens() -> st.SearchStrategy[bytes]:
    """Return token answers that name this server, with odd tokens in them."""
    return st.builds(
        lambda token, spoilt: answer(200, dumped({**spoilt, "instance_url": server().url, "access_token": token})),
        TEXTS,
        mutated(TOKEN).filter(lambda document: isinstance(document, dict)),
    )


INTROSPECTION = {"active": True, "username": "a@b.example", "scope": "api", "exp": 1732622400}
TARGETS = [
    Target("salesforce-answers", calls_with_answers(SALESFORCE_CALLS), check_salesforce, short=150, share=6),
    Target("ipaas-answers", calls_with_answers(IPAAS_CALLS), check_ipaas, short=120, share=6),
    Target("ipaas-logins", st.lists(answers(LOGIN), min_size=1, max_size=3), check_ipaas_login, short=60, share=2),
    Target(
        "salesforce-tokens",
        st.tuples(
            st.sampled_from(sorted(TOKEN_CALLS)),
            st.sampled_from(["web_server", "client_credentials", "jwt_bearer"]),
            answers(TOKEN, INTROSPECTION),
        ),
        check_token,
        short=150,
        share=2,
    ),
    Target(
        "salesforce-first-calls",
        st.lists(near_tokens() | answers(TOKEN), min_size=1, max_size=2),
        check_first_token,
        short=60,
        share=2,
    ),
]
