"""What the ledger knows of one record, and a ledger that only looks on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_ipaas.errors import LedgerError
from airflow_provider_ipaas.ledger import SqlLedger, telling
from airflow_provider_ipaas.ledger.history import Recorded
from airflow_provider_ipaas.ledger.monitoring import reading
from airflow_provider_ipaas.ledger.preview import PreviewLedger
from airflow_provider_ipaas.sync.model import Claim, Item, JournalEntry, Link, Run, Seen, Unresolved

ORG = "00DHs000001AbCdMAK"
SCOPE, OTHER_SCOPE = f"{ORG}/5501", f"{ORG}/77"
A, B = "001Hs0000000001IAA", "001Hs0000000002IAA"
NOW = datetime(2026, 5, 4, 10, 15, tzinfo=UTC)
STAMP = "2026-05-01T08:00:00.000+0000"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture
def ledger(url: str) -> Iterator[SqlLedger]:
    with closing(SqlLedger.open(url)) as opened:
        yield opened


def add_run(
    ledger: SqlLedger, key: str, *, facts: dict[str, Any] | None = None, scope: str = SCOPE, **params: Any
) -> None:
    minutes = len(key) + int(key[-1])
    started = NOW + timedelta(minutes=minutes)
    ledger.start_run(Run(key, "dag", key, "account", scope=scope, params=params, started_at=started))
    ledger.update_run(key, phase="reported", facts=facts or {})


def add_pair(ledger: SqlLedger, ids: tuple[str, str] = (A, "1"), scope: str = SCOPE, **more: Any) -> None:
    shown = {"name": "Acme", "phone": None}
    values = {"salesforce_showing": shown, "ipaas_showing": shown, "settled_at": NOW, "settled_by": "run1", **more}
    assert ledger.add_link(Link(scope, "account", *ids, **values)) is not None
    ledger.save_seen(scope, "account", "salesforce", [Seen(ids[0], STAMP, "h", fate="unchanged")])


def known(url: str, record_id: str, side: Any = "salesforce") -> Recorded:
    with reading(url) as ledger:
        assert ledger is not None
        (found,) = ledger.recorded(record_id, side)
    return found


def told(url: str, record_id: str = A) -> str:
    return "\n".join(telling.sentences(known(url, record_id), NOW + timedelta(hours=1)))


def test_a_pair_is_known_by_either_id(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_pair(ledger)
    assert known(url, A) == known(url, "1", "ipaas")
    assert telling.title(known(url, A)) == f"Account {A} = Company 1"
    text = told(url)
    assert "It is linked; both sides last agreed 2026-05-04 10:15 UTC, by run run1 of dag." in text
    assert f"Salesforce, version of {STAMP}: in step." in text


def test_a_record_that_nothing_is_known_of_is_not_there(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_pair(ledger)
    with reading(url) as opened:
        assert opened is not None
        assert opened.recorded(B, "salesforce") == []
        assert opened.recorded(A, "ipaas") == []
        assert opened.recorded(A, "salesforce", "contact") == []
        assert opened.recorded(A, "salesforce", None, OTHER_SCOPE) == []


def test_two_pairs_of_services_may_know_the_same_number(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_run(ledger, "run2", scope=OTHER_SCOPE)
    add_pair(ledger)
    add_pair(ledger, scope=OTHER_SCOPE)
    with reading(url) as opened:
        assert opened is not None
        assert {each.scope for each in opened.recorded("1", "ipaas")} == {SCOPE, OTHER_SCOPE}


def test_the_last_write_of_each_field_comes_from_the_journal(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_run(ledger, "run2")
    add_pair(ledger)

    def written(run: str, direction: Any, source: str, *fields: str, outcome: str = "updated") -> None:
        entry = JournalEntry(run, SCOPE, "account", direction, source, None, "update", "outcome", outcome, None, fields)
        ledger.journal([entry])

    written("run1", "to_ipaas", A, "name", "phone")
    written("run2", "to_salesforce", "1", "phone")
    written("run2", "to_ipaas", A, "name", outcome="failed")
    found = known(url, A)
    last = {each.key: telling.last_write(each.written, found) for each in found.fields}
    assert last["name"].endswith("UTC to iPaaS.com, by run run1 of dag")
    assert last["phone"].endswith("UTC to Salesforce, by run run2 of dag")
    assert "Last written:" in told(url)
    assert "(phone), by run run2 of dag." in told(url)


@pytest.mark.parametrize(
    ("fate", "text"),
    [
        ("skipped:filtered", "skipped (filtered)"),
        ("skipped:contact_without_account", "Next step:"),
        ("parked:conflict", "parked (conflict)"),
        ("failed:STRING_TOO_LONG", "failed (STRING_TOO_LONG)"),
        ("baseline", "baseline (before_first_contact)"),
        ("", "listed, not decided on yet."),
    ],
)
def test_what_was_last_decided_is_said_in_words(url: str, ledger: SqlLedger, fate: str, text: str) -> None:
    add_run(ledger, "run1")
    ledger.save_seen(SCOPE, "account", "salesforce", [Seen(A, STAMP, "h", fate=fate)])
    assert text in told(url)
    assert "Not linked" in told(url)


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("salesforce_deleted", "the Salesforce record is deleted"),
        ("ipaas_deleted", "it is not created again"),
        ("merged", "a person has to remove a duplicate"),
    ],
)
def test_a_link_that_does_not_live_says_why(url: str, ledger: SqlLedger, state: Any, text: str) -> None:
    add_run(ledger, "run1")
    add_pair(ledger, state=state)
    assert text in told(url)


def test_what_waits_on_either_side_says_when_and_what_to_do(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_pair(ledger)
    details = {"fields": {"name": {"salesforce": "a", "ipaas": "b", "salesforce_before": "c", "ipaas_before": "c"}}}
    rows = [
        Unresolved(SCOPE, "account", "to_ipaas", A, "conflict", first_at=NOW, next_step="Decide.", details=details),
        Unresolved(SCOPE, "account", "to_salesforce", "1", "refused_before", code="X", attempts=3, first_at=NOW,
                   next_at=NOW + timedelta(hours=5), run_key="run1"),
    ]  # fmt: skip
    ledger.save_unresolved(rows)
    text = told(url)
    assert (
        "Waits since 2026-05-04 10:15 UTC, Accounts -> Companies: conflict. Attempts 0, next attempt: next run. Next step: Decide."
        in text
    )
    assert "refused_before (X). Attempts 3, next attempt: 2026-05-04 15:15 UTC, by run run1 of dag." in text
    assert telling.in_conflict(known(url, A), "name", 40) == '"a" against "b"'
    assert telling.in_conflict(known(url, A), "phone", 40) == ""


def test_a_create_of_unknown_outcome_is_told(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    ledger.claim([Claim(SCOPE, "account", "to_ipaas", A, "run1", state="unknown")])
    assert "Its creation in iPaaS.com was begun and its outcome is not known" in told(url)


def test_the_last_run_is_one_of_a_window_and_says_what_it_left_out(url: str, ledger: SqlLedger) -> None:
    window = {"salesforce_window": {"start": "2026-05-03T00:00:00+00:00"}}
    brake = {"reason": "max_creates", "message": "This run plans 9 creates.", "allow": "max_creates = 9"}
    add_run(ledger, "run1", facts=window | {"brakes": [brake]}, direction="to_ipaas")
    add_run(ledger, "run2", dry_run=True)
    add_run(ledger, "run3", record_ids=[A])
    add_pair(ledger)
    ledger.set_watermark(SCOPE, "account", "salesforce", NOW, "run1")
    text = told(url)
    assert "The last run of the collection: run1 of dag" in text
    assert "It wrote to_ipaas only" in text
    assert "A brake stopped it: This run plans 9 creates. Allow it with max_creates = 9." in text
    assert "It read what changed in Salesforce since 2026-05-03 00:00 UTC." in text
    assert "The version last seen is older than that" in text
    assert "Watermark of Salesforce: 2026-05-04 10:15 UTC." in text


def test_values_are_in_no_repr_and_in_the_dictionary_only_when_asked_for(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_pair(ledger)
    found = known(url, A)
    assert "Acme" not in repr(found) + repr(found.fields)
    assert "Acme" not in str(telling.as_dict(found, NOW, values=False))
    assert "Acme" in str(telling.as_dict(found, NOW, values=True))


def test_who_looks_on_knows_what_is_known_and_leaves_nothing(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    add_pair(ledger)
    ledger.set_fact(SCOPE, "fields:Account", ["Name"])
    ledger.pin("salesforce:sf", ORG)
    with closing(PreviewLedger.over(url)) as preview:
        assert preview.links(SCOPE, "account", "ipaas", ["1"])["1"].salesforce_id == A
        assert preview.pin("salesforce:sf", "another") == ORG
        assert preview.pin("salesforce:new", "another") == "another"
        preview.start_run(Run("look", "explain", "look", "account", scope=SCOPE))
        preview.add_items("look", [Item("account", "salesforce", A)])
        preview.set_fact(SCOPE, "fields:Account", ["Name", "Phone"])
        assert preview.fact(SCOPE, "fields:Account")[0] == ["Name", "Phone"]  # type: ignore[index]
        preview.drop_fact(SCOPE, "fields:Account")
        assert preview.fact(SCOPE, "fields:Account") is None
        preview.forget_seen(SCOPE, "account", "salesforce", [A])
        assert preview.seen(SCOPE, "account", "salesforce", [A]) == {}
        assert list(preview.items_by_id("look", "account", "salesforce", [A])) == [A]
        with pytest.raises(NotImplementedError):
            preview.save_seen(SCOPE, "account", "salesforce", [Seen(A)])
    assert ledger.run("look") is None
    assert ledger.pinned("salesforce:new") is None
    assert ledger.fact(SCOPE, "fields:Account")[0] == ["Name"]  # type: ignore[index]
    assert A in ledger.seen(SCOPE, "account", "salesforce", [A])


def test_what_it_knows_by_can_not_write(url: str, ledger: SqlLedger) -> None:
    add_run(ledger, "run1")
    with closing(PreviewLedger.over(url)) as preview, pytest.raises(LedgerError):
        preview._known.set_fact(SCOPE, "x", 1)
    assert ledger.fact(SCOPE, "x") is None
