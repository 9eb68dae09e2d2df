"""The page of one record in a real API server."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import pytest

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import Collection, JournalEntry, Link, Seen
from tests.plugin.conftest import ACCOUNTS, CONTACTS, PAGE, READER, STRANGER, USER, ApiServer, Html
from tests.plugin.records import SCOPE, START, add_run, waiting

pytestmark = pytest.mark.e2e

RECORD = f"{PAGE}/record"
ACCOUNT, COMPANY = "001Hs0000000001IAA", "4711"
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}"
VALUE = "+1 512 555 0100"


def page(server: ApiServer, record_id: str, user: str = USER, status: int = 200) -> Html:
    answer = server.page(user, RECORD, id=record_id)
    assert answer.status_code == status, answer.text
    return Html(answer.text)


def pair(
    ledger: SqlLedger, *, collection: Collection = "account", ids: tuple[str, str] = (ACCOUNT, COMPANY), **values: Any
) -> None:
    """Store a pair as a run leaves it: linked, seen, and written."""
    run_key = f"{ACCOUNTS}:r1"
    shown = {"phone": VALUE, "fax": None, **values}
    link = Link(SCOPE, collection, *ids, shown, {**shown, "fax": "blank there"}, settled_at=START, settled_by=run_key)
    assert ledger.add_link(link) is not None
    ledger.save_seen(
        SCOPE, collection, "salesforce", [Seen(ids[0], "2026-05-04T10:00:00.000+0000", "h", fate="unchanged")]
    )
    entry = JournalEntry(
        run_key, SCOPE, collection, "to_ipaas", ids[0], ids[1], "update", "outcome", "updated", None, ("phone",)
    )
    ledger.journal([entry])


def test_a_pair_is_found_by_either_id_and_by_the_short_one(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    pair(ledger)
    for record_id in (ACCOUNT, ACCOUNT[:15], COMPANY, f" {COMPANY} "):
        found = page(server, record_id)
        assert f"Account {ACCOUNT} = Company {COMPANY}" in found.text
        assert f"both sides last agreed {START:%Y-%m-%d %H:%M} UTC, by run r1 of {ACCOUNTS}" in found.text
        assert f'phone "{VALUE}" "{VALUE}"' in found.text
        assert 'fax (blank) "blank there" not in the journal' in found.text
        assert any("run_id=r1" in link for link in found.links)


def test_what_waits_says_its_next_step_and_leads_here(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    row = waiting(1, source_id=ACCOUNT)
    ledger.save_unresolved([row])
    found = page(server, ACCOUNT)
    assert "possible_duplicate" in found.text
    assert "Next step: Look at both records." in found.text
    group = server.page(
        path=f"{PAGE}/waiting", scope=SCOPE, collection="account", direction="to_ipaas", reason=row.reason
    )
    assert f"{RECORD}?id={ACCOUNT}" in Html(group.text).links


def test_a_conflict_shows_both_values_to_those_who_may_see_them(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    pair(ledger)
    details = {"fields": {"phone": {"salesforce": "one value", "ipaas": None}}}
    ledger.save_unresolved([waiting(1, source_id=ACCOUNT, reason="conflict", details=details)])
    assert '"one value" against (blank)' in page(server, ACCOUNT).text
    assert "one value" not in page(server, ACCOUNT, READER).source


def test_a_refused_record_of_a_run_leads_here(server: ApiServer, ledger: SqlLedger) -> None:
    error = {"source_id": ACCOUNT, "target_id": COMPANY, "code": "X", "message": "m", "next_step": "n"}
    add_run(ledger, ACCOUNTS, "r1", failed=1, errors=[error])
    run = server.page(path=f"{PAGE}/run", dag_id=ACCOUNTS, run_id="r1")
    assert f"{RECORD}?id={ACCOUNT}" in Html(run.text).links


def test_the_overview_has_a_search_box_and_nothing_that_changes_anything(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    answer = server.page()
    forms = re.findall(r"<form [^>]+>", answer.text)
    assert forms == [f'<form method="get" action="{RECORD}" class="actions">']
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("999999", "No run of the DAGs that you may read has met a record with this id."),
        ("no id!", "is neither a Salesforce id nor an iPaaS.com id"),
        ("0055g00000IntegAAB", "is not the id of an Account or Contact"),
        ("0015g00000ZZZZZAAA", "has a wrong checksum"),
        (HOSTILE, "is neither a Salesforce id nor an iPaaS.com id"),
        ("", "Why did, or didn't, this record sync?"),
    ],
)
def test_an_id_that_leads_nowhere_says_so(server: ApiServer, ledger: SqlLedger, asked: str, told: str) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    found = page(server, asked)
    assert told in found.text
    assert "<script" not in found.source
    assert "49" not in found.text


def test_values_are_escaped_cut_and_printable(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    pair(ledger, name=HOSTILE, description="x" * 5000, website="a\u202eb")
    answer = server.page(path=RECORD, id=ACCOUNT)
    found = Html(answer.text)
    assert "<script" not in found.source
    assert "<img" not in found.source
    assert "… (5000 characters)" in found.text
    assert "\u202e" not in found.source
    [digest] = re.findall(r"style-src 'sha256-([^']+)'", answer.headers["Content-Security-Policy"])
    style = re.search(r"<style>(.*?)</style>", answer.text, re.S)
    assert style is not None
    assert digest == base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert answer.headers["Cache-Control"] == "no-store"


def test_who_may_not_trigger_the_dag_sees_no_values(server: ApiServer, ledger: SqlLedger) -> None:
    add_run(ledger, ACCOUNTS, "r1")
    pair(ledger)
    found = page(server, ACCOUNT, READER)
    assert f"Account {ACCOUNT} = Company {COMPANY}" in found.text
    assert VALUE not in found.source
    assert "blank there" not in found.source
    assert "The values are shown to those who may trigger a DAG" in found.text


def test_who_may_not_read_the_dag_sees_nothing(server: ApiServer, ledger: SqlLedger) -> None:
    contact = ("003Hs0000000001IAA", "4712")
    add_run(ledger, ACCOUNTS, "r1")
    add_run(ledger, CONTACTS, "r2", collection="contact")
    pair(ledger, collection="contact", ids=contact)
    assert "= Customer 4712" in page(server, contact[0]).text
    hidden = page(server, contact[0], READER)
    assert "No run of the DAGs that you may read" in hidden.text
    assert "4712" not in hidden.text
    page(server, contact[0], STRANGER, status=403)
    assert server.page(None, RECORD, id=ACCOUNT).status_code in (302, 303, 307, 401)


def test_without_a_ledger_it_says_so(server: ApiServer) -> None:
    assert "no ledger" in page(server, ACCOUNT).text
