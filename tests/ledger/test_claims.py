"""Claims and the journal."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import create_engine, text

from airflow_provider_ipaas.ledger import SqlLedger
from airflow_provider_ipaas.sync.model import JournalEntry
from tests.ledger.support import NOW, SCOPE, a_claim, a_run, an_item


def test_only_free_source_ids_are_claimed(ledger: SqlLedger) -> None:
    assert ledger.claim([a_claim("2"), a_claim("1")]) == {"1", "2"}
    assert ledger.claim([a_claim("1", "r2"), a_claim("3", "r2"), a_claim("3", "r3")]) == {"3"}
    assert ledger.claim([]) == set()
    owners = {key: claim.run_key for key, claim in ledger.claims(SCOPE, "account", "to_ipaas", "1234").items()}
    assert owners == {"1": "r1", "2": "r1", "3": "r2"}
    assert ledger.claims(SCOPE, "account", "to_salesforce", "123") == {}


def test_thousands_are_claimed_at_once(ledger: SqlLedger) -> None:
    assert len(ledger.claim([a_claim(str(n)) for n in range(0, 3_000, 2)])) == 1_500
    assert ledger.claim([a_claim(str(n), "r2") for n in range(3_000)]) == {str(n) for n in range(1, 3_000, 2)}


def test_a_claim_comes_back_whole(ledger: SqlLedger) -> None:
    claim = a_claim("1", state="unknown", claimed_at=NOW, sent_at=NOW, sent={"Name": "A"}, target_id="c1")
    ledger.claim([claim])
    assert ledger.claims(SCOPE, "account", "to_ipaas", ["1"]) == {"1": claim}
    claim.state, claim.target_id, claim.sent = "done", "c2", {}
    ledger.save_claims([claim])
    assert ledger.claims(SCOPE, "account", "to_ipaas", ["1"]) == {"1": claim}


def test_a_claim_is_taken_only_as_it_was_known(ledger: SqlLedger) -> None:
    ledger.claim([a_claim("1", state="unknown", claimed_at=NOW, sent={"a": 1})])
    known = ledger.claims(SCOPE, "account", "to_ipaas", ["1"])["1"]
    later = NOW + timedelta(hours=1)
    assert ledger.take_claim(a_claim("1", state="sending"), "r2", later) is False
    assert ledger.take_claim(known, "r2", later) is True
    assert ledger.take_claim(known, "r3", later) is False
    taken = ledger.claims(SCOPE, "account", "to_ipaas", ["1"])["1"]
    assert (taken.run_key, taken.claimed_at, taken.state, taken.sent) == ("r2", later, "unknown", {"a": 1})
    assert ledger.take_claim(a_claim("gone"), "r2", later) is False


def test_open_claims_are_those_that_are_not_done(ledger: SqlLedger) -> None:
    ledger.claim([a_claim("2", state="unknown", sent={"a": 1}), a_claim("1"), a_claim("3", state="done")])
    assert ledger.open_claims(SCOPE, "account", "to_ipaas") == [
        a_claim("1"),
        a_claim("2", state="unknown", sent={"a": 1}),
    ]
    ledger.save_claims([a_claim("1", state="done")])
    assert [claim.source_id for claim in ledger.open_claims(SCOPE, "account", "to_ipaas")] == ["2"]
    assert ledger.open_claims(SCOPE, "account", "to_salesforce") == []


def test_dropped_claims_are_free_again(ledger: SqlLedger) -> None:
    ledger.claim([a_claim("1"), a_claim("2")])
    ledger.drop_claims(SCOPE, "account", "to_ipaas", ["1", "9"])
    assert ledger.claim([a_claim("1", "r2"), a_claim("2", "r2")]) == {"1"}


def test_the_journal_is_appended_to(ledger: SqlLedger, ledger_url: str) -> None:
    entry = JournalEntry("r1", SCOPE, "account", "to_ipaas", "1", None, "create", "intent", fields=("name",))
    ledger.journal([entry, JournalEntry("r1", SCOPE, "account", "to_ipaas", "1", "c1", "create", "outcome", "created")])
    ledger.journal([])
    engine = create_engine(ledger_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT phase, target_id, outcome, fields FROM ipaas_journal ORDER BY no")).all()
    engine.dispose()
    assert [tuple(row) for row in rows] == [("intent", None, "", '["name"]'), ("outcome", "c1", "created", "[]")]


def test_prune_keeps_to_the_ages(ledger: SqlLedger) -> None:
    day = timedelta(days=1)
    ledger.start_run(a_run("old", started_at=NOW - 401 * day))
    ledger.start_run(a_run("reported", started_at=NOW - 8 * day))
    ledger.start_run(a_run("unreported", started_at=NOW - 300 * day))
    for run_key in ("old", "reported", "unreported", "r1"):
        ledger.add_items(run_key, [an_item(str(n)) for n in range(1_200)])
    ledger.update_run("reported", phase="reported", summary={})
    ledger.journal([JournalEntry("r1", SCOPE, "account", "to_ipaas", "1", None, "create", "intent")] * 3)

    assert ledger.prune(NOW + 6 * day) == {"journal": 0, "items": 1_200, "runs": 1}
    assert ledger.run("old") is None
    assert ledger.prune(NOW + 8 * day) == {"journal": 0, "items": 1_200, "runs": 0}
    assert ledger.count_items("reported", collection="account", side="salesforce") == 0
    assert ledger.count_items("unreported", collection="account", side="salesforce") == 1_200
    assert ledger.prune(NOW + 91 * day) == {"journal": 3, "items": 0, "runs": 0}
    assert ledger.run("reported") is not None
