"""The monitoring page in a real API server."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.schedule import NO_TIME
from tests.plugin.conftest import ACCOUNTS, CONTACTS, PAGE, READER, STRANGER, USER, ApiServer, Html, files_below
from tests.plugin.records import ORG, SCOPE, START, add_run, waiting

pytestmark = pytest.mark.e2e

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"
WAITING, RUN = f"{PAGE}/waiting", f"{PAGE}/run"
GROUP = {"scope": SCOPE, "collection": "account", "direction": "to_ipaas", "reason": "possible_duplicate"}


def seen_by(server: ApiServer, user: str | None = USER, path: str = PAGE, **query: object) -> Html:
    answer = server.page(user, path, **query)
    assert answer.status_code == 200, answer.text
    return Html(answer.text)


def test_the_navigation_leads_to_the_page(server: ApiServer) -> None:
    token = server.log_in(USER).cookies["_token"]
    plugins = requests.get(
        f"{server.url}/api/v2/plugins", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ).json()["plugins"]
    [ours] = [plugin for plugin in plugins if plugin["name"] == "ipaas"]
    [view] = [view for view in ours["external_views"] if view["name"] == "Integration monitoring"]
    assert (view["href"], view["destination"]) == ("ipaas/monitoring", "nav")
    assert server.page(path=f"/{view['href']}").status_code == 200
    errors = requests.get(
        f"{server.url}/api/v2/plugins/importErrors", headers={"Authorization": f"Bearer {token}"}, timeout=30
    ).json()
    assert errors["import_errors"] == []


def test_without_a_ledger_the_page_says_how_it_comes_and_makes_none(server: ApiServer) -> None:
    before = files_below(server.home)
    assert "There is no ledger yet" in seen_by(server).text
    assert "There is no ledger yet" in seen_by(server, path=WAITING, **GROUP).text
    assert "ipaas_ledger" in seen_by(server).text
    assert [file for file in files_below(server.home) if file not in before and file.startswith("ipaas")] == []


def test_an_empty_ledger_says_so(server: ApiServer, ledger: SqlLedger) -> None:
    assert "No runs yet" in seen_by(server).text


def test_runs_are_shown_with_their_numbers(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(
        ledger,
        ACCOUNTS,
        "scheduled__2026-05-04T10:15:00+00:00",
        seen=1234,
        created=1200,
        parked=30,
        failed=4,
        parked_by_reason={"possible_duplicate": 30},
        warnings={"address_incomplete": 2},
    )
    add_run(ledger, CONTACTS, "at work", collection="contact", started_at=START + timedelta(hours=1), reported=False)
    text = seen_by(server).text
    assert "Accounts → Companies 1,234 1,200 0 0 0 30 4" in text
    assert "Companies → Accounts 0 0 0 0 0 0 0" in text
    assert "parked: possible_duplicate 30" in text
    assert "warnings: address_incomplete 2" in text
    assert text.index(CONTACTS) < text.index(ACCOUNTS)
    assert "The run left no report." in text
    assert "Nothing waits" in text


def test_a_run_that_airflow_knows_is_linked_with_its_report(server: ApiServer, ledger: SqlLedger) -> None:
    run_id = "manual__2026-05-04T10:15:00+00:00"
    add_run(ledger, ACCOUNTS, run_id)
    add_run(ledger, ACCOUNTS, "pruned from Airflow")
    dag_run_in_airflow(server, ACCOUNTS, run_id)
    page = seen_by(server)
    there = f"/dags/{ACCOUNTS}/runs/manual__2026-05-04T10%3A15%3A00%2B00%3A00"
    logs = [f"{there}/tasks/{task}" for task in ("report", "upsert_ipaas", "upsert_salesforce")]
    assert [link for link in page.links if "/runs/" in link] == [there, *logs]
    assert "not in Airflow any more" in page.text
    assert "success" in page.text


def test_older_runs_are_a_page_away(server: ApiServer, ledger: SqlLedger) -> None:
    for n in range(25):
        add_run(ledger, ACCOUNTS, f"run-{n:02}", started_at=START + timedelta(minutes=15 * n))
    first, second = seen_by(server), seen_by(server, runs=2)
    assert ("run-24" in first.text, "run-05" in first.text, "run-04" in first.text) == (True, True, False)
    assert f"{PAGE}?runs=2" in first.links
    assert ("run-04" in second.text, "run-00" in second.text, "run-05" in second.text) == (True, True, False)
    assert f"{PAGE}?runs=3" not in second.links


def test_five_thousand_waiting_records_are_groups_first_and_a_hundred_at_a_time(
    server: ApiServer, ledger: SqlLedger
) -> None:
    add_run(ledger, ACCOUNTS, "r")
    ledger.save_unresolved([waiting(n) for n in range(4990)])
    refused = {"reason": "refused_before", "code": "STRING_TOO_LONG", "message": "too long"}
    ledger.save_unresolved([waiting(n, **refused) for n in range(5000, 5010)])
    page = seen_by(server)
    assert "5,000" in page.text
    assert "4,990" in page.text
    assert "STRING_TOO_LONG 10" in page.text
    assert "001Hs" not in page.text
    assert len(page.source) < 20_000
    [link] = [link for link in page.links if "possible_duplicate" in link]
    first = Html(server.page(path=link).text)
    assert first.text.count("001Hs") == 100
    assert "Records 1 to 100 of 4,990" in first.text
    assert len(first.source) < 100_000
    last = seen_by(server, path=WAITING, page=50, **GROUP)
    assert last.text.count("001Hs") == 90
    assert "Records 4,901 to 4,990 of 4,990" in last.text
    assert not [link for link in last.links if "page=51" in link]
    assert "Nothing waits here any more" in seen_by(server, path=WAITING, page=51, **GROUP).text


def test_a_record_is_shown_with_all_that_is_known_of_it(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r")
    now = datetime.now(UTC)
    ledger.save_unresolved(
        [
            waiting(
                1,
                reason="refused_before",
                target_id="4711",
                code="STRING_TOO_LONG",
                message="Name is longer than 255.",
                next_step="Shorten the name.",
                attempts=3,
                next_at=now + timedelta(minutes=90),
                first_at=now - timedelta(days=2, minutes=1),
                details={"name": "a record's value"},
                content_hash="a hash",
            )
        ]
    )
    text = seen_by(server, path=WAITING, **(GROUP | {"reason": "refused_before"})).text
    for shown in ("001Hs0000000001AAA", "4711", "STRING_TOO_LONG", "Name is longer than 255.", "Shorten the name."):
        assert shown in text
    assert re.search(r"\b3 20\d\d-\d\d-\d\d \d\d:\d\d in 1 h 20\d\d-\d\d-\d\d \d\d:\d\d 2 d ago", text)
    assert "a record's value" not in text
    assert "a hash" not in text


def test_what_waits_for_a_word_has_no_time(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r")
    ledger.save_unresolved([waiting(1, reason="awaiting_first_contact", next_at=NO_TIME)])
    for text in (
        server.page().text,
        seen_by(server, path=WAITING, **(GROUP | {"reason": "awaiting_first_contact"})).text,
    ):
        assert "when confirmed" in text
        assert "9999" not in text


def test_a_group_is_narrowed_to_one_code(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r")
    refused = {"reason": "refused_before", "message": "no"}
    ledger.save_unresolved([waiting(n, code=f"VALD-10{n % 7:02}", **refused) for n in range(700)])
    ledger.save_unresolved([waiting(n, code="STRING_TOO_LONG", **refused) for n in range(700, 950)])
    overview = seen_by(server)
    assert "STRING_TOO_LONG 250" in overview.text
    assert "and 3 more" in overview.text
    [link] = [link for link in overview.links if "code=STRING_TOO_LONG" in link]
    first = Html(server.page(path=link).text)
    assert "Records 1 to 100 of 250" in first.text
    assert first.text.count("STRING_TOO_LONG") == 101
    assert "Code: all · STRING_TOO_LONG 250 · VALD-1000 100 · VALD-1001 100" in first.text
    [third] = {link for link in first.links if "page=3" in link}
    last = Html(server.page(path=third).text)
    assert "Records 201 to 250 of 250" in last.text
    assert last.text.count("001Hs") == 50
    other = seen_by(server, path=WAITING, **(GROUP | {"reason": "refused_before", "code": "vald-1006"}))
    assert "of 100" in other.text
    none = seen_by(server, path=WAITING, **(GROUP | {"reason": "refused_before", "code": "nothing"}))
    assert "Nothing waits here any more" in none.text


def test_a_waiting_record_leads_to_the_log_that_tells_why(server: ApiServer, ledger: SqlLedger) -> None:
    run_id = "manual__2026-05-05T10:15:00+00:00"
    add_run(ledger, ACCOUNTS, run_id)
    add_run(ledger, CONTACTS, run_id, collection="contact")
    for dag_id in (ACCOUNTS, CONTACTS):
        dag_run_in_airflow(server, dag_id, run_id)
    theirs, ours = f"{CONTACTS}:{run_id}", f"{ACCOUNTS}:{run_id}"
    refused = {"reason": "refused_before", "code": "VALD-1025"}
    ledger.save_unresolved(
        [
            waiting(1, run_key=ours),
            waiting(2, run_key=theirs),
            waiting(3, run_key="pruned"),
            waiting(4),
            waiting(5, run_key=ours, **refused),
            waiting(6, run_key=ours, source_id="77", direction="to_salesforce", **refused),
        ]
    )

    def logs(user: str = USER, **group: str) -> list[str]:
        page = seen_by(server, user, path=WAITING, **(GROUP | group))
        return [link.removeprefix("/dags/").replace("%3A", ":") for link in page.links if "/tasks/" in link]

    there = f"runs/{run_id.replace('+', '%2B')}/tasks"
    assert logs() == [f"{ACCOUNTS}/{there}/plan", f"{CONTACTS}/{there}/prerequisites"]
    assert logs(READER) == [f"{ACCOUNTS}/{there}/plan"], "the reader may not read the Contacts' runs"
    assert logs(reason="refused_before") == [f"{ACCOUNTS}/{there}/upsert_ipaas"]
    assert logs(reason="refused_before", direction="to_salesforce") == [f"{ACCOUNTS}/{there}/upsert_salesforce"]


def test_what_failed_in_a_run_is_a_click_away(server: ApiServer, ledger: SqlLedger) -> None:
    run_id = "manual__2026-05-06T10:15:00+00:00"
    error = {
        "source_id": "001Hs0000000001AAA",
        "target_id": None,
        "code": "VALD-1025",
        "message": "Field name is not valid.",
        "next_step": "Correct the name.",
    }
    add_run(ledger, ACCOUNTS, run_id, seen=3, created=1, failed=2, errors=[error, error | {"code": HOSTILE}, "odd"])
    dag_run_in_airflow(server, ACCOUNTS, run_id)
    [link] = {link for link in seen_by(server).links if link.startswith(f"{PAGE}/run?")}
    page = Html(server.page(path=link).text)
    assert "Failed in this run 2" in page.text
    assert "Accounts → Companies 3 1 0 0 0 0 2" in page.text
    assert "001Hs0000000001AAA – VALD-1025 Field name is not valid. Correct the name." in page.text
    assert "<script" not in page.source
    assert len([link for link in page.links if "/tasks/" in link]) == 4
    add_run(ledger, CONTACTS, "quiet", collection="contact", reported=False)
    quiet = seen_by(server, path=RUN, dag_id=CONTACTS, run_id="quiet").text
    assert "The run left no report." in quiet
    assert "No record was refused." in quiet
    assert server.page(READER, RUN, dag_id=CONTACTS, run_id="quiet").status_code == 403
    assert server.page(STRANGER, RUN, dag_id=ACCOUNTS, run_id=run_id).status_code == 403
    assert server.page(path=RUN, dag_id=ACCOUNTS, run_id="nobody's").status_code == 404
    assert server.page(None, f"{RUN}?dag_id={ACCOUNTS}&run_id=r").status_code == 401


def test_hostile_texts_stay_texts(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, f"run {HOSTILE}", parked_by_reason={HOSTILE: 1})
    texts = {"target_id": HOSTILE, "code": HOSTILE, "message": f"{HOSTILE} \ud83d half \x00", "next_step": HOSTILE}
    ledger.save_unresolved([waiting(1, **texts), waiting(2, **(texts | {"reason": HOSTILE, "next_step": "b"}))])
    ledger.save_unresolved([waiting(3, source_id=HOSTILE)])
    overview = server.page()
    pages = [overview.text]
    [hostile_link] = [link for link in Html(overview.text).links if "reason=%3Cscript" in link and "code=" not in link]
    pages.append(server.page(path=hostile_link).text)
    pages.append(seen_by(server, path=WAITING, **GROUP).source)
    for page in pages:
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script" not in page
        assert "<img" not in page
        assert "{{ 7*7 }}" in page


def test_the_browser_is_told_to_run_nothing(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r")
    answer = server.page()
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert " style=" not in answer.text
    assert "http" not in re.sub(r"<style>.*?</style>", "", answer.text).replace("http-equiv", "")


@pytest.mark.parametrize("path", [PAGE, f"{WAITING}?scope=x&collection=account&direction=to_ipaas&reason=y"])
def test_nobody_sees_it_without_a_login(server: ApiServer, ledger: SqlLedger, path: str) -> None:
    add_run(ledger, ACCOUNTS, "r")
    assert server.page(None, path).status_code == 401
    browser = requests.get(f"{server.url}{path}", headers={"Accept": "text/html"}, timeout=30, allow_redirects=False)
    assert browser.status_code == 303
    assert browser.headers["location"].startswith("/api/v2/auth/login?next=%2Fipaas%2Fmonitoring")
    forged = requests.get(f"{server.url}{path}", cookies={"_token": "e30.e30.e30"}, timeout=30, allow_redirects=False)
    assert forged.status_code == 403
    assert ACCOUNTS not in browser.text + forged.text


def test_a_bearer_token_works_too(server: ApiServer, ledger: SqlLedger) -> None:
    token = server.log_in(USER).cookies["_token"]
    for given, status in ((token, 200), ("e30.e30.e30", 403)):
        headers = {"Authorization": f"Bearer {given}", "Accept": "text/html"}
        assert requests.get(f"{server.url}{PAGE}", headers=headers, timeout=30).status_code == status


def test_people_see_what_belongs_to_the_dags_they_may_read(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "accounts-run")
    add_run(ledger, CONTACTS, "contacts-run", collection="contact")
    contact = {"collection": "contact", "reason": "parent_not_synced", "source_id": "003Hs0000000001AAA"}
    ledger.save_unresolved([waiting(1), waiting(2, **contact), waiting(3, scope="00DHs000000ZZZZMAK/9")])
    everything, part = seen_by(server).text, seen_by(server, READER).text
    assert "contacts-run" in everything
    assert "parent_not_synced" in everything
    assert ("accounts-run" in part, "contacts-run" in part, "parent_not_synced" in part) == (True, False, False)
    theirs = GROUP | {"collection": "contact", "reason": "parent_not_synced"}
    assert server.page(USER, WAITING, **theirs).status_code == 200
    refused = server.page(READER, WAITING, **theirs)
    assert refused.status_code == 403
    assert "003Hs" not in refused.text
    assert server.page(READER, WAITING, **(GROUP | {"scope": "00DHs000000ZZZZMAK/9"})).status_code == 403
    assert server.page(STRANGER).status_code == 403
    assert server.page(STRANGER, WAITING, **GROUP).status_code == 403


def test_a_wrong_address_leads_back(server: ApiServer, ledger: SqlLedger) -> None:
    for path, status in ((WAITING, 400), (f"{PAGE}?runs=0", 400), (f"{PAGE}/nothing", 404), ("/ipaas/docs", 404)):
        answer = server.page(path=path)
        assert answer.status_code == status
        assert PAGE in Html(answer.text).links
    assert server.log_in(USER).post(f"{server.url}{PAGE}", timeout=30).status_code == 405


def test_a_ledger_in_a_connection_of_airflow_s_database(server: ApiServer, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    opened = SqlLedger.open(f"sqlite:///{elsewhere}")
    add_run(opened, ACCOUNTS, "run-of-elsewhere")
    opened.close()
    server.define("ipaas_ledger", conn_type="sqlite", host=str(elsewhere))
    try:
        assert "run-of-elsewhere" in seen_by(server).text
    finally:
        server.undefine("ipaas_ledger")
    assert "There is no ledger yet" in seen_by(server).text


def test_a_ledger_that_can_not_be_read_says_why_to_those_who_may_know(server: ApiServer) -> None:
    nobody_listens = {"host": "127.0.0.1", "port": 1, "schema": "nowhere", "login": "u", "password": "s3cret-word"}
    server.define("ipaas_ledger", conn_type="postgres", **nobody_listens)
    try:
        told, untold = server.page(), server.page(READER)
    finally:
        server.undefine("ipaas_ledger")
    assert (told.status_code, untold.status_code) == (503, 503)
    assert "127.0.0.1:1/nowhere" in told.text
    assert "Next step:" in told.text
    assert "nowhere" not in untold.text
    assert "s3cret-word" not in told.text + untold.text


def test_records_lead_to_salesforce_by_the_connection_that_reached_their_org(
    server: ApiServer, ledger: SqlLedger
) -> None:
    add_run(ledger, ACCOUNTS, "r")
    ledger.pin("salesforce:gone_since", ORG)
    ledger.pin("salesforce:production", ORG)
    ledger.save_unresolved(
        [
            waiting(1),
            waiting(2, source_id="javascript:alert(1)"),
            waiting(3, source_id="77", target_id="001Hs0000000009AAA", direction="to_salesforce"),
        ]
    )
    here, there = GROUP, GROUP | {"direction": "to_salesforce"}
    own = f"{PAGE}/record?id="
    links = seen_by(server, path=WAITING, **here).links
    assert not [link for link in links if "001Hs" in link and not link.startswith(own)]
    server.define(
        "production",
        conn_type="salesforce_connected_app",
        host="https://acme.my.salesforce.com",
        login="key",
        password="s3cret-word",
        extra=json.dumps({"auth_flow": "client_credentials"}),
    )
    try:
        page, back = seen_by(server, path=WAITING, **here), seen_by(server, path=WAITING, **there)
    finally:
        server.undefine("production")
    outside = [link for link in page.links if "://" in link or ("javascript" in link and not link.startswith(own))]
    assert outside == ["https://acme.my.salesforce.com/001Hs0000000001AAA"]
    assert [link for link in back.links if "://" in link] == ["https://acme.my.salesforce.com/001Hs0000000009AAA"]
    assert "s3cret-word" not in page.source + back.source


def dag_run_in_airflow(server: ApiServer, dag_id: str, run_id: str) -> None:
    """Store a run in Airflow's database as its scheduler would."""
    import sqlite3

    now = "2026-05-04 10:15:00.000000"
    with sqlite3.connect(server.home / "airflow.db", timeout=30) as database:
        database.execute(
            "INSERT INTO dag_run (dag_id, run_id, state, run_type, run_after, queued_at, start_date, log_template_id, "
            "updated_at, clear_number, span_status, created_at, partition_date) "
            "VALUES (?, ?, 'success', 'manual', ?, ?, ?, (SELECT min(id) FROM log_template), ?, 0, 'not_started', ?, NULL)",
            [dag_id, run_id, now, now, now, now, now],
        )
    database.close()
